"""What keeps the storage as small as the rows say: expiry, files that no row names, staged files left behind."""

from __future__ import annotations

from collections.abc import Callable

from filmgate.storage.base import Storage
from filmgate.store import VideoRows

__all__ = ["ORPHAN_AFTER", "Sweeps"]

ORPHAN_AFTER = 3600.0
"""Seconds for which a file that no row names (yet) is left alone."""

BATCH = 500


class Sweeps:
    """The sweeps. Each may be run at any time, by every process."""

    def __init__(self, videos: VideoRows, storage: Storage, clock: Callable[[], float]) -> None:
        self._videos = videos
        self._storage = storage
        self._clock = clock
        self._unnamed: dict[str, float] = {}  # keys that no row named, and when that was first seen

    async def expire(self) -> int:
        """Remove the files of films whose retention is over; returns how many."""
        count = 0
        while keys := await self._videos.expire(self._clock()):
            for key in keys:
                await self._storage.delete(key)
            count += len(keys)
        return count

    async def stale(self) -> int:
        """Discard staged files that nobody finished; returns how many."""
        return await self._storage.sweep(self._clock() - ORPHAN_AFTER)

    async def orphans(self) -> int:
        """Remove files that no row names; returns how many.

        A film's files are orphans as soon as its row is finished without naming them. Any other file may be one that
        is about to be named, so it has to be seen twice, ``ORPHAN_AFTER`` apart.
        """
        now, count = self._clock(), 0
        self._unnamed = {key: self._unnamed.get(key, now) for key in await self._all_unnamed()}
        for key, since in list(self._unnamed.items()):
            if now - since >= ORPHAN_AFTER or await self._is_over(key):
                await self._storage.delete(key)
                del self._unnamed[key]
                count += 1
        return count

    async def useless(self, touched: Callable[[str], float]) -> list[str]:
        """The files that no row names and none will, for somebody who can't wait to see them twice.

        Args:
            touched: when a file was written; Unix time.
        """
        before = self._clock() - ORPHAN_AFTER
        return [key for key in await self._all_unnamed() if touched(key) < before or await self._is_over(key)]

    async def _all_unnamed(self) -> list[str]:
        return [key for batch in await self._batches() for key in await self._without_row(batch)]

    async def _batches(self) -> list[list[str]]:
        keys = [key async for key in self._storage.keys("")]
        return [keys[first : first + BATCH] for first in range(0, len(keys), BATCH)]

    async def _without_row(self, keys: list[str]) -> list[str]:
        known = await self._videos.known_keys(keys)
        return [key for key in keys if key not in known]

    async def _is_over(self, key: str) -> bool:
        folder, _, name = key.rpartition("/")
        if not folder.startswith("videos/"):
            return False
        video = await self._videos.get(name.partition(".")[0].partition("-")[0])
        return video is None or video.finished
