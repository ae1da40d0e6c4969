"""Waits of running drives that can be cut short."""

from __future__ import annotations

import asyncio

__all__ = ["Nudges"]


class Nudges:
    """One event a video that waits; nothing is kept for the others."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Event] = {}

    async def pause(self, video_id: str, seconds: float) -> None:
        """Wait so long, or until somebody nudges."""
        event = self._waiting.setdefault(video_id, asyncio.Event())
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
        event.clear()

    def nudge(self, video_id: str) -> bool:
        """End the video's wait, present or next; False if it does not run here."""
        event = self._waiting.get(video_id)
        if event is not None:
            event.set()
        return event is not None

    def forget(self, video_id: str) -> None:
        """The video's drive is over."""
        self._waiting.pop(video_id, None)
