"""Whose turn it is at an engine that takes so many submissions a minute: the videos' that were accepted first.

Between processes the rows decide alone (``intend``); the order is kept among the videos that wait in this one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from filmgate.engines.base import Engine
from filmgate.store import VideoRows
from filmgate.video import Video

__all__ = ["Turns"]

AHEAD = 61.0
"""Seconds until a video asks again that has a whole minute's submissions before it."""


class Turns:
    """Shares out the turns.

    Args:
        videos: the rows, which know what was submitted.
        clock: Unix seconds.
    """

    def __init__(self, videos: VideoRows, clock: Callable[[], float]) -> None:
        self._videos = videos
        self._clock = clock
        # By identity and video: its place in the order of acceptance, and until when it surely asks again.
        self._waiting: dict[str, dict[str, tuple[int, float]]] = defaultdict(dict)

    async def wait(self, engine: Engine, video: Video) -> float:
        """Seconds until it is the video's turn, as far as can be said; 0: now."""
        limit, now = engine.capabilities.creates_a_minute, self._clock()
        if limit is None:
            return 0.0
        waiting = self._waiting[engine.identity]
        for other in [other for other, (_, until) in waiting.items() if until < now or other == video.id]:
            del waiting[other]
        left = limit - sum(place < video.seq for place, _ in waiting.values())
        return await self._videos.pace(engine.identity, left, now) if left > 0 else AHEAD

    def line_up(self, engine: Engine, video: Video, seconds: float) -> None:
        """Note that a video waits for its turn there, and asks again within so many seconds."""
        if engine.capabilities.creates_a_minute is not None:
            self._waiting[engine.identity][video.id] = video.seq, self._clock() + seconds
