"""Fair rate limiter for engines with a limit of submissions per minute: slots go in acceptance order.

Between processes the rows alone decide (``record_intent``); the order holds among the videos that wait in this process.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable

from filmgate.domain import VideoRecord
from filmgate.engines.base import Engine
from filmgate.store import VideoRepository

__all__ = ["FairRateLimiter"]

RECHECK = 61.0
"""Seconds until a video asks again that has a whole minute's submissions ahead of it."""


class _WaitQueue:
    """The videos that wait for one engine, by their position in acceptance order; there may be twenty thousand."""

    def __init__(self) -> None:
        self._positions: list[int] = []  # sorted
        self._recheck_at: dict[int, float] = {}  # when each will ask again at the latest

    def enqueue(self, position: int, recheck_at: float) -> None:
        """Add a video, or extend its wait."""
        if position not in self._recheck_at:
            insort(self._positions, position)
        self._recheck_at[position] = recheck_at

    def remove(self, position: int) -> None:
        """Remove a video."""
        if self._recheck_at.pop(position, None) is not None:
            del self._positions[bisect_left(self._positions, position)]

    def count_ahead(self, position: int, limit: int, now: float) -> int:
        """Count the videos ahead of this one, up to ``limit``; drops those that did not ask again in time."""
        count = 0
        while count < min(limit, len(self._positions)) and self._positions[count] < position:
            if self._recheck_at[self._positions[count]] < now:
                self.remove(self._positions[count])
            else:
                count += 1
        return count


class FairRateLimiter:
    """Grants submission slots.

    Args:
        videos: repository of videos, which counts submissions.
        clock: Unix seconds.
    """

    def __init__(self, videos: VideoRepository, clock: Callable[[], float]) -> None:
        self._videos = videos
        self._clock = clock
        self._queues: dict[str, _WaitQueue] = defaultdict(_WaitQueue)  # by identity

    async def seconds_until_turn(self, engine: Engine, video: VideoRecord) -> float:
        """Return the estimated seconds until the video may be submitted; 0: now."""
        limit, now = engine.capabilities.creates_per_minute, self._clock()
        if limit is None:
            return 0.0
        queue = self._queues[engine.identity]
        queue.remove(video.seq)
        free_slots = limit - queue.count_ahead(video.seq, limit, now)
        return await self._videos.next_slot_in(engine.identity, free_slots, now) if free_slots > 0 else RECHECK

    def enqueue(self, engine: Engine, video: VideoRecord, seconds: float) -> None:
        """Record that a video waits for a slot there, and asks again within so many seconds."""
        if engine.capabilities.creates_per_minute is not None:
            self._queues[engine.identity].enqueue(video.seq, self._clock() + seconds)
