"""Rate of creates: limited by the option, and by the server's responses."""

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
"""Seconds of the first pause for which the server gives no length, and of the longest such pause."""


class RateLimiter:
    """Spaces out creates.

    Args:
        per_minute: creates per minute; None: as many as the server accepts.
        clock: seconds, monotonic.
        sleep: waits for the given seconds.
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
        """Seconds until the next create may be sent."""
        return max(0.0, self._next - self._clock())

    async def acquire(self) -> None:
        """Wait until the next create may be sent."""
        async with self._lock:
            while (delay := self.seconds_until_next) > 0:
                await self._sleep(delay)
            self._next = self._clock() + self._interval

    def on_response(self, request: Request, response: ApiResponse) -> None:
        """Learn from the response to a create."""
        if request.method != "POST":
            return
        if response.status in REFUSAL_STATUSES:
            self.pause(retry_after(response))
            return
        self._refusals = 0
        if response.headers.get("x-ratelimit-remaining-requests") == "0":
            self._block_for(parse_reset_seconds(response.headers.get("x-ratelimit-reset-requests", "")))

    def pause(self, seconds: float | None = None) -> None:
        """Block all creates for ``seconds``; None: for a pause that doubles each time."""
        pause = min(MAX_BACKOFF, FIRST_BACKOFF * 2.0**self._refusals) if seconds is None else seconds
        self._refusals = min(self._refusals + 1, 10)
        self._block_for(pause)

    def _block_for(self, seconds: float) -> None:
        self._next = max(self._next, self._clock() + min(seconds, MAX_PAUSE))


def parse_reset_seconds(text: str) -> float:
    """Parse ``1s``, ``6m0s``, ``250ms`` or ``12`` to seconds; 0 for anything else."""
    try:
        return float(text)
    except ValueError:
        pass
    match = _DURATION_PATTERN.fullmatch(text.strip())
    if match is None:
        return 0.0
    return sum(float(part) * unit for part, unit in zip(match.groups(), _UNITS, strict=True) if part)
