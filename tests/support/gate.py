"""A whole Filmgate in a process of its own: the real rooms over a real socket, only the films are test cards.

Run as ``python gate.py FOLDER MODELS``; writes ``FOLDER/ready.json`` once it answers.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from filmgate.bootstrap.application import build_application
from filmgate.config.settings import load
from filmgate.server.serve import serve


async def main(folder: Path, models: Path) -> None:
    """Serve until SIGTERM."""
    settings = load(environ=os.environ, overrides={"data": folder / "data", "models": models, "log_level": "warning"})
    async with build_application(settings) as gate:
        account = await gate.store.accounts.create_account("conformance", None)
        _, secret = await gate.store.accounts.create_key(account.id, "conformance", time.time())

        def announce(url: str) -> None:
            staged = folder / "ready.tmp"
            staged.write_text(json.dumps({"url": url, "key": secret}), encoding="utf-8")
            staged.rename(folder / "ready.json")

        await serve(gate.app, "127.0.0.1", 0, on_ready=announce, drain_timeout=2)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
