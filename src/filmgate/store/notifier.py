"""Change notifier: wakes the coroutines of this process that wait for a video to change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping

__all__ = ["ChangeNotifier"]

RECHECK_SECONDS = 1.0
"""Seconds between two checks of the rows, one for all waiters: another process may have changed them."""

Waiters = dict[asyncio.Future[None], int]
"""The waiters of one video, and the version that each has seen."""


class ChangeNotifier:
    """Wakes waiters after commits.

    Args:
        read_versions: returns the current versions of rows; a missing row is left out.
    """

    def __init__(self, read_versions: Callable[[Collection[str]], Mapping[str, int]]) -> None:
        self._read_versions = read_versions
        self._waiters: dict[str, Waiters] = {}
        self._recheck_timer: asyncio.TimerHandle | None = None

    async def wait(self, video_id: str, version: int, timeout: float) -> None:  # noqa: ASYNC109 - running out is an answer, not an error
        """Return as soon as the version of the video's row differs from ``version``, else after ``timeout`` seconds."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout
        while self._read_versions((video_id,)).get(video_id) == version:
            remaining = until - loop.time()
            if remaining <= 0:
                return
            await self._wait_notified(video_id, version, remaining)

    def notify(self, video_id: str) -> None:
        """Wake all waiters of this video; called on the event loop after a commit."""
        for waiter in self._waiters.pop(video_id, ()):
            if not waiter.done():
                waiter.set_result(None)

    async def _wait_notified(self, video_id: str, version: int, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._waiters.setdefault(video_id, {})[waiter] = version
        if self._recheck_timer is None:
            self._recheck_timer = loop.call_later(RECHECK_SECONDS, self._recheck, loop)
        try:
            await asyncio.wait([waiter], timeout=seconds)
        finally:
            waiter.cancel()
            self._remove_waiter(video_id, waiter)

    def _recheck(self, loop: asyncio.AbstractEventLoop) -> None:
        self._recheck_timer = loop.call_later(RECHECK_SECONDS, self._recheck, loop) if self._waiters else None
        versions = self._read_versions(self._waiters.keys())
        for video_id, waiters in list(self._waiters.items()):
            if any(seen != versions.get(video_id) for seen in waiters.values()):
                self.notify(video_id)

    def _remove_waiter(self, video_id: str, waiter: asyncio.Future[None]) -> None:
        remaining = self._waiters.get(video_id, {})
        remaining.pop(waiter, None)
        if not remaining:
            self._waiters.pop(video_id, None)
        if not self._waiters and self._recheck_timer is not None:
            self._recheck_timer.cancel()
            self._recheck_timer = None
