"""Answered creates survive the death of the process."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from filmgate.store import Store

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
import asyncio, sys
from pathlib import Path
from filmgate.store import Store
from filmgate.domain import NewVideo, Recipe, Size, new_id

async def create(store, account_id):
    while True:
        recipe = Recipe(prompt="p", size=Size(1280, 720), seconds=4, seed=1)
        new = NewVideo(id=new_id(), account_id=account_id, model="m", engine="e", recipe=recipe, price_micros=1)
        video, _ = await store.videos.create(new, 1.0)
        print(video.id, flush=True)

async def main():
    store = Store.open(Path(sys.argv[1]))
    account = await store.accounts.create_account("x", 1_000_000)
    await asyncio.gather(*(create(store, account.id) for _ in range(16)))

asyncio.run(main())
"""


async def test_every_answered_create_survives_a_kill(tmp_path: Path) -> None:
    """A process killed while it creates loses no video that it answered, and the ledger is correct."""
    path = tmp_path / "rows.sqlite"
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(path)], stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220 - our own interpreter and script; nothing else runs on the loop
        assert process.stdout is not None
        answered = [process.stdout.readline().strip() for _ in range(300)]
        process.kill()
        # The last line may be truncated by the kill.
        answered += [line.strip() for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
        process.stdout.close()
        process.wait()
        store = Store.open(path)
        missing = [video_id for video_id in answered if await store.videos.get(video_id) is None]
        assert missing == []
        assert await store.ledger.audit() == []
        await store.close()
