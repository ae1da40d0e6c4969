"""What importing the SDK loads."""

from __future__ import annotations

import subprocess
import sys


def test_importing_loads_no_heavy_packages() -> None:
    """Neither the server nor a renderer nor the HTTP library."""
    modules = "sys, filmgate.client, filmgate.media.mp4_boxes"
    code = f"import {modules}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"numpy", "av", "PIL", "dbos", "starlette", "uvicorn", "sqlalchemy", "aiohttp", "httpx2", "numba", "rich"}
    assert not heavy & set(loaded)
    code = "import sys, filmgate; print('msgspec' in sys.modules)"
    msgspec_loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert msgspec_loaded.strip() == "False"


def test_importing_loads_few_modules() -> None:
    """At most 260 modules, most of them the standard library's; ``make bench`` measures the time."""
    code = "import sys; before = len(sys.modules); import filmgate.client; print(len(sys.modules) - before)"
    assert int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout) <= 260
