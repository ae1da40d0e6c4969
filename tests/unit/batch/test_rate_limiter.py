"""Creates follow each other no faster than they may."""

from __future__ import annotations

import pytest

from filmgate.batch.rate_limiter import RateLimiter, parse_reset_seconds
from filmgate.client.effects import ApiResponse, Request

POST = Request(method="POST", path="videos")


class _Time:
    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    def pace(self, a_minute: float | None = None) -> RateLimiter:
        return RateLimiter(a_minute, clock=lambda: self.now, sleep=self.sleep)


async def test_as_many_a_minute_as_asked_for() -> None:
    """The first at once, the others evenly."""
    time = _Time()
    pace, turns = time.pace(30), []
    for _ in range(4):
        await pace.acquire()
        turns.append(time.now)
    assert turns == [0, 2, 4, 6]


async def test_the_servers_word_is_obeyed() -> None:
    """``retry-after`` of a refusal, and the reset of a limit that is used up."""
    time = _Time()
    pace = time.pace()
    pace.on_response(POST, ApiResponse(429, {"retry-after": "7"}))
    await pace.acquire()
    assert time.now == 7
    pace.on_response(
        POST, ApiResponse(200, {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s"})
    )
    await pace.acquire()
    assert time.now == 97
    pace.on_response(
        POST, ApiResponse(200, {"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "60s"})
    )
    pace.on_response(Request(method="GET", path="videos"), ApiResponse(429, {"retry-after": "7"}))
    assert pace.seconds_until_next == 0


async def test_pauses_grow_where_the_server_does_not_say() -> None:
    """Up to a minute; a success ends that."""
    time = _Time()
    pace, pauses = time.pace(), []
    for _ in range(8):
        pace.on_response(POST, ApiResponse(503, {}))
        pauses.append(pace.seconds_until_next)
        await pace.acquire()
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    pace.on_response(POST, ApiResponse(200, {}))
    pace.on_response(POST, ApiResponse(429, {}))
    assert pace.seconds_until_next == 1


@pytest.mark.parametrize(
    ("text", "seconds"), [("1s", 1), ("6m0s", 360), ("250ms", 0.25), ("1h2m3s", 3723), ("12", 12), ("", 0), ("soon", 0)]
)
def test_spans(text: str, seconds: float) -> None:
    """As servers write them."""
    assert parse_reset_seconds(text) == seconds
