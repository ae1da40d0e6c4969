"""Waits of running drives that can be cut short."""

from __future__ import annotations

import asyncio

__all__ = ["Nudges"]


class Nudges:
    """One future a video that waits; nothing is kept for the others.

    Twenty thousand drives may wait at once, each coming and going every few seconds: a bare future with a timer costs
    a third of an event under ``asyncio.timeout``, which ends by throwing a cancellation.
    """

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Future[None] | None] = {}  # None: it ran on, and waits again later
        self._nudged: set[str] = set()

    async def pause(self, video_id: str, seconds: float) -> None:
        """Wait so long, or until somebody nudges."""
        if video_id in self._nudged:
            self._nudged.discard(video_id)
            return
        loop = asyncio.get_running_loop()
        wait = self._running[video_id] = loop.create_future()
        timer = loop.call_later(seconds, _end, wait)
        try:
            await wait
        finally:
            timer.cancel()
            self._running[video_id] = None

    def nudge(self, video_id: str) -> bool:
        """End the video's wait, present or next; False if it does not run here."""
        if video_id not in self._running:
            return False
        wait = self._running[video_id]
        if wait is None:
            self._nudged.add(video_id)
        else:
            _end(wait)
        return True

    def forget(self, video_id: str) -> None:
        """The video's drive is over."""
        self._running.pop(video_id, None)
        self._nudged.discard(video_id)


def _end(wait: asyncio.Future[None]) -> None:
    if not wait.done():
        wait.set_result(None)
