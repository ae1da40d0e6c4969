"""How long the event loop keeps others waiting, watched as long as somebody asks."""

from __future__ import annotations

import asyncio

__all__ = ["LoopLag"]

EVERY = 0.25
"""Seconds between two samples."""

INTEREST = 300.0
"""Seconds after the last question at which watching ends, until the next one."""


class LoopLag:
    """Samples the loop; the first question starts it and is answered with 0."""

    def __init__(self) -> None:
        self._worst = 0.0
        self._until = 0.0
        self._next: asyncio.TimerHandle | None = None

    def worst(self) -> float:
        """The longest delay since the last question, in seconds."""
        loop = asyncio.get_running_loop()
        self._until = loop.time() + INTEREST
        if self._next is None:
            self._watch(loop)
        worst, self._worst = self._worst, 0.0
        return worst

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        self._next = loop.call_later(EVERY, self._sample, loop, loop.time() + EVERY)

    def _sample(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        now = loop.time()
        self._worst = max(self._worst, now - due)
        self._next = None
        if now < self._until:
            self._watch(loop)
