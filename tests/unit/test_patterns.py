"""No regular expression takes more than linear time: counted in steps, over texts made from each pattern.

Prompts, chat texts, upstreams' texts and batch files come from strangers; one quadratic pattern on a text of 32,000
characters stops a process for minutes, and :mod:`re` can't be interrupted.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Struct
from tests.support.regex_steps import count_steps, hostile_texts

import filmgate
import filmgate_scene

ROOTS = (filmgate, filmgate_scene)
ANCHORED = {"match", "fullmatch"}
SEARCHES = {"search", "finditer", "findall", "sub", "subn", "split"}
LENGTH = 160
GROWTH = 2.6
"""Twice the text may cost so many times the steps: 2 is linear, 4 is quadratic; the rest is for short texts."""


class Used(Struct, frozen=True):
    """A pattern of the sources and whether it is only matched at the start of a text."""

    name: str
    pattern: re.Pattern[str]
    anchored: bool


def _sources() -> Iterator[tuple[str, ast.Module]]:
    for root in ROOTS:
        folder = Path(root.__path__[0])
        for path in sorted(folder.rglob("*.py")):
            parts = (root.__name__, *path.relative_to(folder).with_suffix("").parts)
            tree = ast.parse(path.read_text(encoding="utf-8"))
            if parts[-1] != "__main__" and any(_imports_re(node) for node in ast.walk(tree)):
                yield ".".join(part for part in parts if part != "__init__"), tree


def _imports_re(node: ast.AST) -> bool:
    return isinstance(node, ast.Import) and any(alias.name == "re" for alias in node.names)


def _used_patterns() -> Iterator[Used]:
    for module, tree in _sources():
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
        for name, value in vars(importlib.import_module(module)).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                methods = {_method(call) for call in calls if _owner(call) == name}
                yield Used(f"{module}.{name}", value, anchored=bool(methods) and methods <= ANCHORED)
        for call in calls:
            text = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
            if _owner(call) == "re" and _method(call) in SEARCHES | ANCHORED and isinstance(text, str):
                yield Used(f"{module}:{call.lineno}", re.compile(text), anchored=_method(call) in ANCHORED)


def _owner(call: ast.Call) -> str:
    return getattr(getattr(call.func, "value", None), "id", "")


def _method(call: ast.Call) -> str:
    return getattr(call.func, "attr", "")


def _superlinear(pattern: re.Pattern[str], *, anchored: bool) -> list[str]:
    """Return the texts that cost more than linearly many steps."""
    found = []
    pairs = zip(hostile_texts(pattern, LENGTH), hostile_texts(pattern, 2 * LENGTH), strict=True)
    for short, long in pairs:
        steps = count_steps(pattern, short, anchored=anchored, limit=10**6)
        limit = round(GROWTH * steps) + 20 * LENGTH
        if count_steps(pattern, long, anchored=anchored, limit=limit) > limit:
            found.append(short[:40])
    return found


@pytest.mark.parametrize("used", list(_used_patterns()), ids=lambda used: used.name)
def test_every_pattern_is_linear(used: Used) -> None:
    """Twice the text costs about twice the steps, whatever the pattern is fed with."""
    assert _superlinear(used.pattern, anchored=used.anchored) == []


@pytest.mark.parametrize(
    ("pattern", "anchored", "linear"),
    [
        (r"\s+x", False, False),
        (r"(?<!\s)\s++x", False, True),
        (r"\s*a?\s*b", True, False),
        (r"\s*+a?\s*+b", True, True),
        (r"(a|aa)+b", True, False),
        (r"a{1,4}b", False, True),
        (r"(?:and\s+)*then", False, False),
        (r"a.*b", True, True),
        (r"x.*?y", False, False),
        (r"x[^x]*y", False, True),
    ],
)
def test_steps_tell_linear_patterns_from_others(pattern: str, *, anchored: bool, linear: bool) -> None:
    """The counter finds the known slow shapes and accepts the known fast ones."""
    if pattern.startswith("(a|"):
        assert count_steps(re.compile(pattern), "a" * 16, anchored=anchored, limit=0) > 1_000
    else:
        assert (_superlinear(re.compile(pattern), anchored=anchored) == []) is linear
