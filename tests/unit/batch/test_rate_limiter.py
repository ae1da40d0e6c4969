"""Creates are not sent faster than allowed."""

from __future__ import annotations

import pytest

from filmgate.batch.rate_limiter import RateLimiter, parse_reset_seconds
from filmgate.client.effects import ApiResponse, Request

POST = Request(method="POST", path="videos")


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    def limiter(self, per_minute: float | None = None) -> RateLimiter:
        return RateLimiter(per_minute, clock=lambda: self.now, sleep=self.sleep)


async def test_creates_are_spaced_by_the_rate() -> None:
    """The first at once, the others evenly."""
    clock = _Clock()
    limiter, send_times = clock.limiter(30), []
    for _ in range(4):
        await limiter.acquire()
        send_times.append(clock.now)
    assert send_times == [0, 2, 4, 6]


async def test_the_servers_limits_are_followed() -> None:
    """``retry-after`` of a refusal, and the reset time of an exhausted limit."""
    clock = _Clock()
    limiter = clock.limiter()
    limiter.on_response(POST, ApiResponse(429, {"retry-after": "7"}))
    await limiter.acquire()
    assert clock.now == 7
    limiter.on_response(
        POST, ApiResponse(200, {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s"})
    )
    await limiter.acquire()
    assert clock.now == 97
    limiter.on_response(
        POST, ApiResponse(200, {"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "60s"})
    )
    limiter.on_response(Request(method="GET", path="videos"), ApiResponse(429, {"retry-after": "7"}))
    assert limiter.seconds_until_next == 0


async def test_pauses_double_without_a_hint() -> None:
    """Up to a minute; a success resets them."""
    clock = _Clock()
    limiter, pauses = clock.limiter(), []
    for _ in range(8):
        limiter.on_response(POST, ApiResponse(503, {}))
        pauses.append(limiter.seconds_until_next)
        await limiter.acquire()
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    limiter.on_response(POST, ApiResponse(200, {}))
    limiter.on_response(POST, ApiResponse(429, {}))
    assert limiter.seconds_until_next == 1


@pytest.mark.parametrize(
    ("text", "seconds"), [("1s", 1), ("6m0s", 360), ("250ms", 0.25), ("1h2m3s", 3723), ("12", 12), ("", 0), ("soon", 0)]
)
def test_reset_times_are_parsed(text: str, seconds: float) -> None:
    """In the formats that servers use."""
    assert parse_reset_seconds(text) == seconds
