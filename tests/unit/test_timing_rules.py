"""No test asserts how long something took, and none sleeps to wait for something: checked by the syntax of all tests.

Only ``tests/support/polling.py`` waits, with a deadline, for something observable.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.paths import ROOT

ALLOWED = {ROOT / "tests" / "support" / "polling.py", ROOT / "tests" / "unit" / "test_tiers.py"}
"""The helper, and the tests of the guard that refuses sleeps."""

FILES = [
    path
    for folder in (ROOT / "tests", *(ROOT / "packages").glob("*/tests"))
    for path in sorted(folder.rglob("*.py"))
    if path not in ALLOWED
]
CLOCKS = {"monotonic", "perf_counter", "process_time", "thread_time", "monotonic_ns", "perf_counter_ns", "getrusage"}
"""Functions that measure elapsed or processor time. ``time.time`` gives dates: an assertion may not subtract it."""


def _called(node: ast.AST) -> str:
    """The last name of a called function: ``sleep`` of ``asyncio.sleep(1)``."""
    function = node.func if isinstance(node, ast.Call) else None
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _owner(node: ast.Call) -> str:
    """The object of a called function: ``asyncio``; none for a plain function."""
    return ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""


def _sleeps(tree: ast.AST) -> Iterator[int]:
    """Lines that sleep for more than one turn of the event loop."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) == "sleep" and _owner(node) in {"time", "asyncio", "anyio", ""}:
            delay = node.args[0] if node.args else None
            if not (isinstance(delay, ast.Constant) and delay.value == 0):
                yield node.lineno


def _measures(node: ast.AST, measured: set[str]) -> bool:
    """Whether an expression reads a measuring clock, directly or by a name that was set from one."""
    return any(
        _called(part) in CLOCKS
        or (isinstance(part, ast.Name) and part.id in measured)
        or (isinstance(part, ast.Call) and _called(part) == "time" and _owner(part).endswith(("loop", "loop()")))
        for part in ast.walk(node)
    )


def _timed(function: ast.AST) -> Iterator[int]:
    """Lines of a function that assert on a measured time."""
    measured: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and _measures(node.value, measured):
            measured |= {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    for node in ast.walk(function):
        if isinstance(node, ast.Assert) and (_measures(node.test, measured) or _subtracts_dates(node.test)):
            yield node.lineno


def _subtracts_dates(test: ast.AST) -> bool:
    """Whether an expression subtracts from the current date, which measures time as well."""
    return any(
        isinstance(part, ast.BinOp)
        and isinstance(part.op, ast.Sub)
        and any(isinstance(side, ast.Call) and ast.unparse(side.func) == "time.time" for side in ast.walk(part))
        for part in ast.walk(test)
    )


def _violations(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    found = {f"{line}: sleeps" for line in _sleeps(tree)}
    found |= {f"{line}: asserts on a measured time" for function in functions for line in _timed(function)}
    return sorted(found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_test_measures_time_or_sleeps(path: Path) -> None:
    """Tests count, check order, use an injected clock, or wait with ``until`` for something observable."""
    assert _violations(path) == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("time.sleep(0.1)", 1),
        ("async def f():\n    await asyncio.sleep(delay)", 1),
        ("async def f():\n    await asyncio.sleep(0)", 0),
        ("def f():\n    began = time.monotonic()\n    assert time.monotonic() - began < 2", 1),
        ("def f():\n    took = time.process_time() - began\n    assert took < 2", 1),
        ("def f():\n    assert time.time() - row.at < 5", 1),
        ("def f():\n    assert row.at <= time.time()", 0),
        ("async def f():\n    assert loop.time() < until", 1),
        ("def f():\n    clock.sleep(3)\n    assert clock.now == 3", 0),
    ],
)
def test_the_rules_find_every_forbidden_form(tmp_path: Path, code: str, found: int) -> None:
    """Each way to measure or to sleep is found; an injected clock is not."""
    file = tmp_path / "test_it.py"
    file.write_text(code)
    assert len(_violations(file)) == found
