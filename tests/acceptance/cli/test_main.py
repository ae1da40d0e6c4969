"""The command in a process of its own."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_help_is_shown_at_once() -> None:
    """It costs less than 120 ms of a processor beyond an interpreter that does nothing, and loads no engine."""
    assert _cost("-m", "filmgate", "--help") - _cost("-c", "pass") < 0.12
    code = "import sys; from filmgate.cli.main import run; from filmgate.cli.environment import Environment\n"
    code += "run(['--help'], Environment.of_process()); print(*{name.partition('.')[0] for name in sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "av", "dbos", "starlette", "httpx2", "rich", "sqlalchemy", "asyncio"} & set(found)


def _cost(*arguments: str) -> float:
    """Processor seconds of the cheapest of several runs: others may need the machine meanwhile."""
    costs = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(costs)
