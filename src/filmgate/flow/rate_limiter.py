"""Whose turn it is at an engine that takes so many submissions a minute: the videos' that were accepted first.

Between processes the rows decide alone (``intend``); the order is kept among the videos that wait in this one.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable

from filmgate.domain import Video
from filmgate.engines.base import Engine
from filmgate.store import VideoRows

__all__ = ["Turns"]

AHEAD = 61.0
"""Seconds until a video asks again that has a whole minute's submissions before it."""


class _Line:
    """Who waits at one engine, by their places in the order of acceptance; twenty thousand may."""

    def __init__(self) -> None:
        self._places: list[int] = []  # in order
        self._until: dict[int, float] = {}  # when each surely asks again

    def join(self, place: int, until: float) -> None:
        """Wait, or wait longer."""
        if place not in self._until:
            insort(self._places, place)
        self._until[place] = until

    def leave(self, place: int) -> None:
        """Wait no longer."""
        if self._until.pop(place, None) is not None:
            del self._places[bisect_left(self._places, place)]

    def ahead(self, place: int, most: int, now: float) -> int:
        """How many wait before it, counted no further than ``most``; those that did not ask again are gone."""
        found = 0
        while found < min(most, len(self._places)) and self._places[found] < place:
            if self._until[self._places[found]] < now:
                self.leave(self._places[found])
            else:
                found += 1
        return found


class Turns:
    """Shares out the turns.

    Args:
        videos: the rows, which know what was submitted.
        clock: Unix seconds.
    """

    def __init__(self, videos: VideoRows, clock: Callable[[], float]) -> None:
        self._videos = videos
        self._clock = clock
        self._lines: dict[str, _Line] = defaultdict(_Line)  # by identity

    async def wait(self, engine: Engine, video: Video) -> float:
        """Seconds until it is the video's turn, as far as can be said; 0: now."""
        limit, now = engine.capabilities.creates_a_minute, self._clock()
        if limit is None:
            return 0.0
        line = self._lines[engine.identity]
        line.leave(video.seq)
        left = limit - line.ahead(video.seq, limit, now)
        return await self._videos.pace(engine.identity, left, now) if left > 0 else AHEAD

    def line_up(self, engine: Engine, video: Video, seconds: float) -> None:
        """Note that a video waits for its turn there, and asks again within so many seconds."""
        if engine.capabilities.creates_a_minute is not None:
            self._lines[engine.identity].join(video.seq, self._clock() + seconds)
