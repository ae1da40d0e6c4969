"""A whole Filmgate in a process of its own: ``python -m benchmarks.server_process FOLDER``.

It writes its address and a key to ``FOLDER/ready`` once it responds. It makes no videos (``worker`` is off): the
server is measured, and rendering accepted videos would disturb it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import uvloop

from filmgate.bootstrap.application import build_application
from filmgate.config.settings import load
from filmgate.server.serve import serve


async def main(folder: Path) -> None:
    """Serve until SIGTERM."""
    settings = load(environ=os.environ, overrides={"data": folder, "log_level": "warning", "worker": False})
    async with build_application(settings) as gate:
        account = await gate.store.accounts.create_account("benchmarks", None)
        _, secret = await gate.store.accounts.create_key(account.id, "benchmarks", time.time())

        def announce(url: str) -> None:
            staged = folder / "ready.tmp"
            staged.write_text(f"{url} {secret}", encoding="utf-8")
            staged.rename(folder / "ready")

        await serve(gate.app, "127.0.0.1", 0, on_ready=announce, drain_timeout=2)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(Path(sys.argv[1])))
