"""How fast creates may follow each other: as asked for, and as the server says on the way."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

from filmgate.client.effects import ApiResponse, Request
from filmgate.client.responses import retry_after
from filmgate.client.retrying import REFUSAL_STATUSES

__all__ = ["RateLimiter"]

_DURATION_PATTERN = re.compile(r"(?:([0-9.]+)h)?(?:([0-9.]+)m(?!s))?(?:([0-9.]+)s)?(?:([0-9.]+)ms)?", re.ASCII)
_UNITS = (3600.0, 60.0, 1.0, 0.001)
MAX_PAUSE = 600.0
FIRST_BACKOFF, MAX_BACKOFF = 1.0, 60.0
"""Seconds of the first pause that nobody asked for, and of the longest."""


class RateLimiter:
    """Gives creates their turns.

    Args:
        per_minute: how many there may be; None: as many as the server takes.
        clock: seconds, never backwards.
        sleep: what waits.
    """

    def __init__(
        self,
        per_minute: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._interval = 60.0 / per_minute if per_minute else 0.0
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0
        self._refusals = 0
        self._lock = asyncio.Lock()

    @property
    def seconds_until_next(self) -> float:
        """Seconds until the next turn."""
        return max(0.0, self._next - self._clock())

    async def acquire(self) -> None:
        """Wait for one's turn."""
        async with self._lock:
            while (left := self.seconds_until_next) > 0:
                await self._sleep(left)
            self._next = self._clock() + self._interval

    def on_response(self, request: Request, response: ApiResponse) -> None:
        """Learn from the answer to a create."""
        if request.method != "POST":
            return
        if response.status in REFUSAL_STATUSES:
            self.pause(retry_after(response))
            return
        self._refusals = 0
        if response.headers.get("x-ratelimit-remaining-requests") == "0":
            self._block_for(parse_reset_seconds(response.headers.get("x-ratelimit-reset-requests", "")))

    def pause(self, seconds: float | None = None) -> None:
        """Let nobody on for so long; None: a pause that doubles each time."""
        pause = min(MAX_BACKOFF, FIRST_BACKOFF * 2.0**self._refusals) if seconds is None else seconds
        self._refusals = min(self._refusals + 1, 10)
        self._block_for(pause)

    def _block_for(self, seconds: float) -> None:
        self._next = max(self._next, self._clock() + min(seconds, MAX_PAUSE))


def parse_reset_seconds(text: str) -> float:
    """Seconds of ``1s``, ``6m0s``, ``250ms``, ``12``; none for anything else."""
    try:
        return float(text)
    except ValueError:
        pass
    match = _DURATION_PATTERN.fullmatch(text.strip())
    if match is None:
        return 0.0
    return sum(float(part) * unit for part, unit in zip(match.groups(), _UNITS, strict=True) if part)
