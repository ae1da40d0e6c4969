"""The lock on a data folder between processes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from filmgate.ops.data_lock import acquire

if TYPE_CHECKING:
    from pathlib import Path


def test_the_lock_is_released_with_its_process(tmp_path: Path) -> None:
    """However the holder dies, the folder is free afterwards."""
    program = f"""
import os, signal
from pathlib import Path
from filmgate.ops.data_lock import acquire
lock = acquire(Path({str(tmp_path)!r}), "server", exclusive=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    died = subprocess.run([sys.executable, "-c", program], check=False, env={**os.environ})
    assert died.returncode == -9
    acquire(tmp_path, "server", exclusive=True).release()
