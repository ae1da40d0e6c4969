"""The lower bound of a durable create: the same rows, committed in groups by one thread for 64 tasks, and nothing else.

A bare ``sqlite3`` connection (WAL, synchronous=FULL) writes the rows of one accepted video: the video, its hold and
its first history entry. Prints the wall seconds for N videos.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SCHEMA = """
CREATE TABLE video (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, account_id TEXT, status TEXT, recipe TEXT, at REAL);
CREATE TABLE ledger (id INTEGER PRIMARY KEY, video_id TEXT, kind TEXT, amount INTEGER, UNIQUE (video_id, kind));
CREATE TABLE event (seq INTEGER PRIMARY KEY, video_id TEXT, status TEXT, at REAL);
"""
RECIPE = '{"prompt":"' + "a dog on a beach " * 12 + '","size":{"width":1280,"height":720},"seconds":4,"seed":1}'


class BaselineWriter:
    """Creates that arrive during a commit are the next batch."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + SCHEMA)
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._committing = False
        self._thread = ThreadPoolExecutor(1)

    async def create(self, video_id: str) -> None:
        """Return when the rows are on disk."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((video_id, future))
        if not self._committing:
            self._committing = True
            asyncio.get_running_loop().create_task(self._run())
        await future

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await loop.run_in_executor(self._thread, self._commit, [video_id for video_id, _ in batch])
            for _, future in batch:
                future.set_result(None)
        self._committing = False

    def _commit(self, ids: list[str]) -> None:
        execute, now = self._db.execute, time.time()
        execute("BEGIN IMMEDIATE")
        for each in ids:
            execute(
                "INSERT INTO video (id, account_id, status, recipe, at) VALUES (?,?,?,?,?)",
                (each, "a", "queued", RECIPE, now),
            )
            execute("INSERT INTO ledger (video_id, kind, amount) VALUES (?,?,?)", (each, "hold", 0))
            execute("INSERT INTO event (video_id, status, at) VALUES (?,?,?)", (each, "queued", now))
        execute("COMMIT")


async def run(path: Path, total: int) -> float:
    """Wall seconds for ``total`` creates by 64 tasks."""
    batcher, left = BaselineWriter(path), iter(range(total))

    async def one() -> None:
        for number in left:
            await batcher.create(f"video_{number:032x}")

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(64)))
    return time.perf_counter() - began


if __name__ == "__main__":
    print(asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2]))))
