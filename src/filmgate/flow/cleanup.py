"""Storage cleanup: expired files, files that no row references, abandoned staged files."""

from __future__ import annotations

from collections.abc import Callable

from filmgate.storage.base import Storage
from filmgate.store import FileRepository, VideoRepository

__all__ = ["ORPHAN_MIN_AGE", "StorageCleaner"]

ORPHAN_MIN_AGE = 3600.0
"""Seconds that an unreferenced file is kept: a row may be about to reference it."""

BATCH_SIZE = 500


class StorageCleaner:
    """Cleanup passes. Each may run at any time, in any process."""

    def __init__(
        self, videos: VideoRepository, files: FileRepository, storage: Storage, clock: Callable[[], float]
    ) -> None:
        self._videos = videos
        self._files = files
        self._storage = storage
        self._clock = clock
        self._orphan_since: dict[str, float] = {}  # unreferenced keys, and when each was first seen

    async def remove_expired(self) -> int:
        """Delete the files of videos whose retention is over, and uploaded files that expired; returns how many."""
        count = 0
        for rows in (self._videos, self._files):
            while keys := await rows.drop_expired(self._clock()):
                for key in keys:
                    await self._storage.delete(key)
                count += len(keys)
        return count

    async def remove_stale_staging(self) -> int:
        """Discard staged files that were abandoned; returns how many."""
        return await self._storage.discard_stale(self._clock() - ORPHAN_MIN_AGE)

    async def remove_orphans(self) -> int:
        """Delete files that no row references; returns how many.

        A video's file is an orphan as soon as its row is finished without a reference to it. Any other file may be
        about to be referenced, so it must be found twice, ``ORPHAN_MIN_AGE`` apart.
        """
        now, count = self._clock(), 0
        self._orphan_since = {key: self._orphan_since.get(key, now) for key in await self._unreferenced_keys()}
        for key, since in list(self._orphan_since.items()):
            if now - since >= ORPHAN_MIN_AGE or await self._is_finished(key):
                await self._storage.delete(key)
                del self._orphan_since[key]
                count += 1
        return count

    async def find_orphans(self, modified_at: Callable[[str], float]) -> list[str]:
        """Return the keys of orphans, for a caller that cannot wait to find them twice.

        Args:
            modified_at: when a file was written; Unix time.
        """
        cutoff = self._clock() - ORPHAN_MIN_AGE
        return [
            key for key in await self._unreferenced_keys() if modified_at(key) < cutoff or await self._is_finished(key)
        ]

    async def _unreferenced_keys(self) -> list[str]:
        return [key for batch in await self._key_batches() for key in await self._filter_unreferenced(batch)]

    async def _key_batches(self) -> list[list[str]]:
        keys = [key async for key in self._storage.keys("")]
        return [keys[first : first + BATCH_SIZE] for first in range(0, len(keys), BATCH_SIZE)]

    async def _filter_unreferenced(self, keys: list[str]) -> list[str]:
        referenced = await self._videos.referenced_keys(keys)
        return [key for key in keys if key not in referenced]

    async def _is_finished(self, key: str) -> bool:
        folder, _, name = key.rpartition("/")
        if not folder.startswith("videos/"):
            return False
        video = await self._videos.get(name.partition(".")[0].partition("-")[0])
        return video is None or video.finished
