"""What importing the SDK loads."""

from __future__ import annotations

import subprocess
import sys


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


def test_importing_loads_few_modules() -> None:
    """At most 260 modules, most of them the standard library's: ``make bench`` measures the time."""
    code = "import sys; before = len(sys.modules); import filmgate.client; print(len(sys.modules) - before)"
    assert int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout) <= 260
