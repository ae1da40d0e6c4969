"""DBOS in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

QUIET = """
import asyncio, sys
from pathlib import Path
opened = []
sys.addaudithook(lambda event, args: opened.append(args) if event in ("socket.connect", "socket.bind") else None)
assert "dbos" not in sys.modules, "imported before it is needed"
from filmgate.flow.dbos_backend import DbosBackend
import logging
async def main():
    async def run(video_id): ...
    backend = DbosBackend(Path(sys.argv[1]), executor_id="one", queues={"quick": 1}, run=run, listen=True)
    await backend.start()
    await backend.stop()
asyncio.run(main())
assert not opened, opened
assert not logging.getLogger().handlers and not logging.getLogger("dbos").handlers
"""


def test_it_is_quiet(tmp_path: Path) -> None:
    """Nothing is logged, no logger is configured, no connection is opened, DBOS is imported on first use."""
    command = [sys.executable, "-W", "error", "-c", QUIET, str(tmp_path / "flow.sqlite")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
