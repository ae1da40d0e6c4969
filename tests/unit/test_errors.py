"""The exception tree."""

from __future__ import annotations

import inspect
import re

import pytest

from filmgate import errors
from filmgate.errors import FilmgateError, InvalidValue, UnknownModel


def _kinds(kind: type[FilmgateError]) -> list[type[FilmgateError]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in _kinds(child))]


def test_the_docstring_shows_the_class_tree() -> None:
    """The tree in the docstring equals the classes of the code."""
    drawn = []
    for line in (inspect.getdoc(errors) or "").splitlines():
        match = re.match(r"([│ ]*)[├└]── (\w+)", line.removeprefix("    "))
        if match:
            drawn.append((len(match[1]) // 4, match[2]))
    written = {
        (depth - 1, kind.__name__)
        for kind in _kinds(FilmgateError)[1:]
        for depth in [kind.__mro__.index(FilmgateError)]
    }
    assert set(drawn) == written


def test_everything_is_exported() -> None:
    """Every class of the tree is public, and the names are sorted."""
    classes = [name for name in errors.__all__ if name[0].isupper()]
    assert classes == sorted(kind.__name__ for kind in _kinds(FilmgateError))


@pytest.mark.parametrize("kind", _kinds(FilmgateError)[1:])
def test_every_class_has_message_code_and_status(kind: type[FilmgateError]) -> None:
    """Each has its own message and code, and an error status."""
    assert (kind.__doc__ or "").endswith(".")
    assert kind.code
    assert 400 <= kind.http_status < 600


@pytest.mark.parametrize(
    ("supported", "listed"),
    [
        ((), "none"),
        ((4,), "'4'"),
        ((4, 8), "'4' and '8'"),
        ((4, 8, 12), "'4', '8', and '12'"),
        (("a", "b", "c", "d"), "'a', 'b', 'c', and 'd'"),
    ],
)
def test_supported_values_are_listed(supported: tuple[object, ...], listed: str) -> None:
    """The list is correct English for any number of values."""
    assert InvalidValue.unsupported("p", 5, supported).message == f"Invalid value: '5'. Supported values are: {listed}."


def test_a_message_quotes_a_limited_part_of_the_input() -> None:
    """Of any input, a message quotes at most a hundred characters."""
    assert len(InvalidValue.unsupported("p", "x" * 10_000, (1,)).message) < 200
    assert len(UnknownModel.with_known("x" * 10_000, ["a"]).message) < 200
