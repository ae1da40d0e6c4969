"""Fair rate limiter for engines with a limit of submissions per minute: slots go round the accounts.

An account's first video comes before every account's second; within a turn, acceptance order counts. Between processes
the rows alone decide (``record_intent``); the order holds among the videos that wait in this process.
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


_Position = tuple[int, int]
"""A video's turn in its account, then its place in acceptance order."""


class _WaitQueue:
    """The videos that wait for one engine, by position; there may be twenty thousand."""

    def __init__(self) -> None:
        self._positions: list[_Position] = []  # sorted
        self._waiting: dict[int, tuple[_Position, float]] = {}  # by place: when it will ask again at the latest

    def enqueue(self, position: _Position, recheck_at: float) -> None:
        """Add a video, or move it and extend its wait."""
        self.remove(position[1])
        insort(self._positions, position)
        self._waiting[position[1]] = position, recheck_at

    def remove(self, place: int) -> None:
        """Remove a video."""
        position, _ = self._waiting.pop(place, (None, 0.0))
        if position is not None:
            del self._positions[bisect_left(self._positions, position)]

    def count_ahead(self, position: _Position, limit: int, now: float) -> int:
        """Count the videos ahead of this one, up to ``limit``; drops those that did not ask again in time."""
        count = 0
        while count < min(limit, len(self._positions)) and self._positions[count] < position:
            place = self._positions[count][1]
            if self._waiting[place][1] < now:
                self.remove(place)
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
        free_slots = limit - queue.count_ahead(self._position(video), limit, now)
        return await self._videos.next_slot_in(engine.identity, free_slots, now) if free_slots > 0 else RECHECK

    def enqueue(self, engine: Engine, video: VideoRecord, seconds: float) -> None:
        """Record that a video waits for a slot there, and asks again within so many seconds."""
        if engine.capabilities.creates_per_minute is not None:
            self._queues[engine.identity].enqueue(self._position(video), self._clock() + seconds)

    def _position(self, video: VideoRecord) -> _Position:
        return self._videos.turn(video.account_id, video.seq), video.seq
