"""Waits of running drives that can be cut short."""

from __future__ import annotations

import asyncio

__all__ = ["Wakeups"]


class Wakeups:
    """One future a video that waits; nothing is kept for the others.

    Twenty thousand drives may wait at once, each coming and going every few seconds: a bare future with a timer costs
    a third of an event under ``asyncio.timeout``, which ends by throwing a cancellation.
    """

    def __init__(self) -> None:
        self._sleepers: dict[str, asyncio.Future[None] | None] = {}  # None: it ran on, and waits again later
        self._woken: set[str] = set()

    async def sleep(self, video_id: str, seconds: float) -> None:
        """Wait so long, or until somebody nudges."""
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
        """End the video's wait, present or next; False if it does not run here."""
        if video_id not in self._sleepers:
            return False
        wait = self._sleepers[video_id]
        if wait is None:
            self._woken.add(video_id)
        else:
            _resolve(wait)
        return True

    def discard(self, video_id: str) -> None:
        """The video's drive is over."""
        self._sleepers.pop(video_id, None)
        self._woken.discard(video_id)


def _resolve(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)
