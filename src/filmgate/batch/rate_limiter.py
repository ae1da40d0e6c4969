"""How fast creates may follow each other: as asked for, and as the server says on the way."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

from filmgate.client.effects import Answer, Request
from filmgate.client.responses import retry_after
from filmgate.client.retrying import REFUSED

__all__ = ["Pace"]

_SPAN = re.compile(r"(?:([0-9.]+)h)?(?:([0-9.]+)m(?!s))?(?:([0-9.]+)s)?(?:([0-9.]+)ms)?", re.ASCII)
_UNITS = (3600.0, 60.0, 1.0, 0.001)
LONGEST = 600.0
FIRST, MOST = 1.0, 60.0
"""Seconds of the first pause that nobody asked for, and of the longest."""


class Pace:
    """Gives creates their turns.

    Args:
        a_minute: how many there may be; None: as many as the server takes.
        clock: seconds, never backwards.
        sleep: what waits.
    """

    def __init__(
        self,
        a_minute: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._gap = 60.0 / a_minute if a_minute else 0.0
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0
        self._refused = 0
        self._turn = asyncio.Lock()

    @property
    def left(self) -> float:
        """Seconds until the next turn."""
        return max(0.0, self._next - self._clock())

    async def turn(self) -> None:
        """Wait for one's turn."""
        async with self._turn:
            while (left := self.left) > 0:
                await self._sleep(left)
            self._next = self._clock() + self._gap

    def observe(self, request: Request, answer: Answer) -> None:
        """Learn from the answer to a create."""
        if request.method != "POST":
            return
        if answer.status in REFUSED:
            self.hold(retry_after(answer))
            return
        self._refused = 0
        if answer.headers.get("x-ratelimit-remaining-requests") == "0":
            self._until(span(answer.headers.get("x-ratelimit-reset-requests", "")))

    def hold(self, seconds: float | None = None) -> None:
        """Let nobody on for so long; None: a pause that doubles each time."""
        pause = min(MOST, FIRST * 2.0**self._refused) if seconds is None else seconds
        self._refused = min(self._refused + 1, 10)
        self._until(pause)

    def _until(self, seconds: float) -> None:
        self._next = max(self._next, self._clock() + min(seconds, LONGEST))


def span(text: str) -> float:
    """Seconds of ``1s``, ``6m0s``, ``250ms``, ``12``; none for anything else."""
    try:
        return float(text)
    except ValueError:
        pass
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        return 0.0
    return sum(float(part) * unit for part, unit in zip(match.groups(), _UNITS, strict=True) if part)
