"""The command in a process of its own."""

from __future__ import annotations

import subprocess
import sys


def test_help_loads_few_modules_and_no_engine() -> None:
    """At most 180 modules, most of them the standard library's; ``make bench`` measures the time."""
    code = "import sys; from filmgate.cli.main import run; from filmgate.cli.environment import Environment\n"
    code += "run(['--help'], Environment.of_process()); print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = shown.splitlines()[-1].split()
    assert len(loaded) <= 180
    assert not {"numpy", "av", "dbos", "starlette", "httpx2", "rich", "sqlalchemy", "asyncio"} & set(loaded)
