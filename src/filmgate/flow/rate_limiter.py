"""Whose turn it is at an engine that takes so many submissions a minute: the videos' that were accepted first.

Between processes the rows decide alone (``intend``); the order is kept among the videos that wait in this one.
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
"""Seconds until a video asks again that has a whole minute's submissions before it."""


class _WaitQueue:
    """Who waits at one engine, by their places in the order of acceptance; twenty thousand may."""

    def __init__(self) -> None:
        self._positions: list[int] = []  # in order
        self._recheck_at: dict[int, float] = {}  # when each surely asks again

    def enqueue(self, position: int, recheck_at: float) -> None:
        """Wait, or wait longer."""
        if position not in self._recheck_at:
            insort(self._positions, position)
        self._recheck_at[position] = recheck_at

    def remove(self, position: int) -> None:
        """Wait no longer."""
        if self._recheck_at.pop(position, None) is not None:
            del self._positions[bisect_left(self._positions, position)]

    def count_ahead(self, position: int, limit: int, now: float) -> int:
        """How many wait before it, counted no further than ``limit``; those that did not ask again are gone."""
        found = 0
        while found < min(limit, len(self._positions)) and self._positions[found] < position:
            if self._recheck_at[self._positions[found]] < now:
                self.remove(self._positions[found])
            else:
                found += 1
        return found


class FairRateLimiter:
    """Shares out the turns.

    Args:
        videos: the rows, which know what was submitted.
        clock: Unix seconds.
    """

    def __init__(self, videos: VideoRepository, clock: Callable[[], float]) -> None:
        self._videos = videos
        self._clock = clock
        self._queues: dict[str, _WaitQueue] = defaultdict(_WaitQueue)  # by identity

    async def seconds_until_turn(self, engine: Engine, video: VideoRecord) -> float:
        """Seconds until it is the video's turn, as far as can be said; 0: now."""
        limit, now = engine.capabilities.creates_per_minute, self._clock()
        if limit is None:
            return 0.0
        line = self._queues[engine.identity]
        line.remove(video.seq)
        left = limit - line.count_ahead(video.seq, limit, now)
        return await self._videos.next_slot_in(engine.identity, left, now) if left > 0 else RECHECK

    def enqueue(self, engine: Engine, video: VideoRecord, seconds: float) -> None:
        """Note that a video waits for its turn there, and asks again within so many seconds."""
        if engine.capabilities.creates_per_minute is not None:
            self._queues[engine.identity].enqueue(video.seq, self._clock() + seconds)
