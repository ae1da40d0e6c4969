"""What importing the SDK loads."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest


def test_importing_costs_little() -> None:
    """Neither the server nor a renderer nor the HTTP library comes along with the import."""
    modules = "sys, filmgate.client, filmgate.media.mp4_boxes"
    code = f"import {modules}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"numpy", "av", "PIL", "dbos", "starlette", "uvicorn", "sqlalchemy", "aiohttp", "httpx2", "numba", "rich"}
    assert not heavy & set(found)
    code = "import sys, filmgate; print('msgspec' in sys.modules)"
    light = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert light.strip() == "False"


@pytest.mark.slow
def test_importing_takes_little_time() -> None:
    """Less than 150 ms of a processor beyond an interpreter that does nothing."""
    assert _cost("import filmgate.client") - _cost("pass") < 0.15


def _cost(code: str) -> float:
    """Processor seconds of the cheapest of several runs: others may need the machine meanwhile."""
    costs = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(costs)
