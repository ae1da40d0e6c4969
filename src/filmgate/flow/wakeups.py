"""Per-video sleeps that can be woken early."""

from __future__ import annotations

import asyncio

__all__ = ["Wakeups"]


class Wakeups:
    """One future for each sleeping video; nothing is stored for others.

    Twenty thousand executors may sleep at once, each starting and ending every few seconds: a bare future with a timer
    costs a third of an event under ``asyncio.timeout``, which ends by throwing a cancellation.
    """

    def __init__(self) -> None:
        self._sleepers: dict[str, asyncio.Future[None] | None] = {}  # None: it is running, and will sleep again later
        self._woken: set[str] = set()

    async def sleep(self, video_id: str, seconds: float) -> None:
        """Sleep for so many seconds, or until woken."""
        if video_id in self._woken:
            self._woken.discard(video_id)
            return
        loop = asyncio.get_running_loop()
        wait = self._sleepers[video_id] = loop.create_future()
        timer = loop.call_later(seconds, _resolve, wait)
        try:
            await wait
        finally:
            timer.cancel()
            self._sleepers[video_id] = None

    def wake(self, video_id: str) -> bool:
        """End the video's current or next sleep; False if it does not run here."""
        if video_id not in self._sleepers:
            return False
        wait = self._sleepers[video_id]
        if wait is None:
            self._woken.add(video_id)
        else:
            _resolve(wait)
        return True

    def discard(self, video_id: str) -> None:
        """Drop the state of a video whose executor has ended."""
        self._sleepers.pop(video_id, None)
        self._woken.discard(video_id)


def _resolve(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)
