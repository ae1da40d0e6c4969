"""Who waits for a video to change, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Changes"]

RECHECK_SECONDS = 1.0
"""How often a waiter looks at the row itself: another process may have changed it."""


class Changes:
    """Wakes waiters after commits.

    Args:
        version: a row's version now; None when there is no such row.
    """

    def __init__(self, version: Callable[[str], int | None]) -> None:
        self._version = version
        self._waiters: dict[str, set[asyncio.Future[None]]] = {}

    async def wait(self, video_id: str, version: int, timeout: float) -> None:  # noqa: ASYNC109 - running out is an answer, not an error
        """Return as soon as the video's row is at another version than ``version``, else after ``timeout`` seconds."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout
        while self._version(video_id) == version:
            remaining = until - loop.time()
            if remaining <= 0:
                return
            await self._woken(video_id, min(RECHECK_SECONDS, remaining))

    def notify(self, video_id: str) -> None:
        """Wake whoever waits for this video; called on the event loop after a commit."""
        for waiter in self._waiters.pop(video_id, ()):
            if not waiter.done():
                waiter.set_result(None)

    async def _woken(self, video_id: str, seconds: float) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(video_id, set()).add(waiter)
        try:
            await asyncio.wait([waiter], timeout=seconds)
        finally:
            waiter.cancel()
            remaining = self._waiters.get(video_id, set())
            remaining.discard(waiter)
            if not remaining:
                self._waiters.pop(video_id, None)
