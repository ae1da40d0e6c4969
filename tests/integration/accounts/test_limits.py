"""What a key may do, and what its owner may spend."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest
from openai import RateLimitError

from filmgate.domain import VideoError

if TYPE_CHECKING:
    import httpx2

Live = Any  # the fixtures' own class

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")

CREATE = {"prompt": "a paper boat", "model": "sora-2"}
SLOTS = ("limit", "remaining", "reset")


def _rate(answer: httpx2.Response) -> list[str | None]:
    return [answer.headers.get(f"x-ratelimit-{slot}-requests") for slot in SLOTS]


async def test_requests_a_minute(idle: Live) -> None:
    """Creates say how many are left; one too many is a 429 that says when to come back; polls never count."""
    _, secret = await idle.key(requests_per_minute=2)
    async with idle.client(secret) as client:
        answers = [await client.post("/v1/videos", json=CREATE) for _ in range(3)]
        polls = [await client.get(f"/v1/videos/{answers[0].json()['id']}") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [_rate(answer) for answer in answers] == [["2", "1", "60s"], ["2", "0", "60s"], ["2", "0", "60s"]]
    assert {answer.status_code for answer in polls} == {200}
    assert _rate(polls[0]) == [None] * 3
    error = answers[2].json()["error"]
    assert (error["type"], error["code"]) == ("rate_limit_exceeded", "rate_limit_exceeded")
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60
    assert answers[2].headers["x-should-retry"] == "true"


async def test_the_official_sdk_names_it(idle: Live) -> None:
    """It is a RateLimitError."""
    _, secret = await idle.key(requests_per_minute=0)
    async with idle.sdk(secret, max_retries=0) as sdk:
        with pytest.raises(RateLimitError):
            await sdk.videos.create(**CREATE)


async def test_refused_creates_do_not_count(idle: Live) -> None:
    """A request that is refused for what it says leaves the limit as it was."""
    _, secret = await idle.key(requests_per_minute=1)
    async with idle.client(secret) as client:
        assert (await client.post("/v1/videos", json=CREATE | {"seconds": "5"})).status_code == 400
        assert (await client.post("/v1/videos", json=CREATE)).status_code == 200


async def test_running_videos(idle: Live) -> None:
    """One too many at once is a 429 in the contract's words; a video that ended makes room."""
    _, secret = await idle.key(running_limit=1)
    async with idle.client(secret) as client:
        first = await client.post("/v1/videos", json=CREATE)
        second = await client.post("/v1/videos", json=CREATE)
        assert _rate(first) == [None] * 3
        why = VideoError("cancelled", "It was cancelled.")
        assert await idle.gate.store.videos.fail(first.json()["id"], why, time.time())
        assert (await client.post("/v1/videos", json=CREATE)).status_code == 200
    assert second.status_code == 429
    error = second.json()["error"]
    assert error["message"].startswith("Too many running tasks")
    assert error["type"] == "video_generation_user_error"
    assert 1 <= int(second.headers["retry-after"]) <= 120


async def test_models(idle: Live) -> None:
    """A key makes only what it may make."""
    _, secret = await idle.key(models=["sora-2-pro"])
    async with idle.client(secret) as client:
        refused = await client.post("/v1/videos", json=CREATE)
        taken = await client.post("/v1/videos", json=CREATE | {"model": "sora-2-pro"})
    assert (refused.status_code, refused.json()["error"]["param"]) == (403, "model")
    assert taken.status_code == 200


async def test_expiry(idle: Live) -> None:
    """An expired key is no key."""
    _, secret = await idle.key(expires_at=time.time() - 1)
    async with idle.client(secret) as client:
        answer = await client.get("/v1/videos")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


async def test_a_price_per_call(idle: Live) -> None:
    """Such a model costs the same whatever its length."""
    key, secret = await idle.key(1_000)
    async with idle.client(secret) as client:
        for seconds in ("4", "12"):
            body = CREATE | {"model": "sora-2-pro", "seconds": seconds}
            assert (await client.post("/v1/videos", json=body)).status_code == 200
        usage = (await client.get("/v1/usage")).json()
    assert usage == {
        "object": "usage",
        "balance_micros": 860,
        "held_micros": 140,
        "captured_micros": 0,
        "data": [],
    }
    assert key.account_id


async def test_two_thousand_creates_with_the_balance_for_a_hundred(idle: Live) -> None:
    """Over a real socket: exactly a hundred are accepted, the others are told why, and the books are right."""
    key, secret = await idle.key(100 * 100)
    async with idle.client(secret) as client:
        answers = await asyncio.gather(*(client.post("/v1/videos", json=CREATE) for _ in range(2_000)))
    accepted = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 403]
    assert (len(accepted), len(refused)) == (100, 1_900)
    error = refused[0].json()["error"]
    assert (error["type"], error["param"], error["code"]) == ("insufficient_quota", None, "insufficient_quota")
    assert refused[0].headers["x-should-retry"] == "false"
    usage = await idle.gate.store.ledger.usage(key.account_id, 0)
    assert (usage.balance_micros, usage.held_micros) == (0, 10_000)
    assert await idle.gate.store.ledger.audit() == []


async def test_usage_by_day_and_model(live: Live) -> None:
    """What was delivered is captured, and shown by day and model; what failed is free."""
    _, secret = await live.key(1_000)
    async with live.client(secret) as client:
        for model in ("sora-2", "sora-2-pro"):
            video = (await client.post("/v1/videos", json=CREATE | {"model": model})).json()
            while video["status"] not in {"completed", "failed"}:
                video = (await client.get(f"/v1/videos/{video['id']}", params={"wait": "20"})).json()
            assert video["status"] == "completed"
        usage = (await client.get("/v1/usage", params={"days": "2"})).json()
    assert (usage["balance_micros"], usage["held_micros"], usage["captured_micros"]) == (830, 0, 170)
    found = [(row["model"], row["videos"], row["seconds"], row["captured_micros"]) for row in usage["data"]]
    assert found == [("sora-2", 1, 4, 100), ("sora-2-pro", 1, 4, 70)]
