"""``filmgate mock``: list of faults, options and errors."""

from __future__ import annotations

import io
import json

import pytest

from filmgate.cli.environment import Environment
from filmgate.cli.main import run
from filmgate.cli.texts import LANGUAGES
from filmgate.testing import mock


def filmgate(*arguments: str) -> tuple[int, str, str]:
    """Run ``filmgate mock``; return exit code, standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    env = Environment(stdin=io.StringIO(), stdout=out, stderr=err, environ={"LANG": "C"})
    code = run(["mock", *arguments], env)
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fault_is_listed(language: str) -> None:
    """As text with the expected outcome, localised; as JSON; as columns."""
    code, shown, _ = filmgate("--list-faults", "--format", "human", "--lang", language)
    assert code == 0
    lines = [line.split()[0] for line in shown.splitlines() if line.startswith("  ") and line[2] != " "]
    assert lines == list(mock.FAULTS)
    rows = json.loads(filmgate("--list-faults", "--format", "json", "--lang", language)[1])
    assert [row["id"] for row in rows] == list(mock.FAULTS)
    fault = mock.FAULTS["poll-404"].description
    assert {row["says"] for row in rows} >= {fault.zh if language == "zh" else fault.en}
    columns = [line.split("\t") for line in filmgate("--list-faults")[1].splitlines()]
    assert {len(row) for row in columns} == {5}


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--faults", "nonsense"), "--list-faults"),
        (("--seconds-per-job", "9..3"), "9..3"),
        (("--seconds-per-job", "soon"), "soon"),
        (("--dialect", "apiyi", "--flavour", "sglang"), "--flavour"),
        (("--fault-rate", "2"), "2"),
    ],
)
def test_wrong_options_are_reported(arguments: tuple[str, ...], word: str) -> None:
    """Before the mock starts, with the exit code of a usage error."""
    code, _, error = filmgate(*arguments)
    assert code == 2
    assert word in error
