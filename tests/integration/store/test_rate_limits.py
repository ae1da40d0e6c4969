"""Limits of an API key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from filmgate.domain import NewVideo, VideoError
from filmgate.errors import TooManyRequests, TooManyRunning
from filmgate.store import Account, RateLimitStatus, Store

Make = Callable[..., NewVideo]


async def _refusal(store: Store, new: NewVideo, now: float) -> TooManyRequests:
    with pytest.raises(TooManyRequests) as caught:
        await store.videos.create(new, now)
    return caught.value


async def test_creates_per_minute_are_limited(store: Store, account: Account, new_video: Make) -> None:
    """Only so many creates are accepted in any 60 seconds, and the refusal gives the time until the next is free."""
    key, _ = await store.accounts.create_key(account.id, "k", requests_per_minute=2)
    for at in (100.0, 110.0):
        await store.videos.create(new_video(key_id=key.id), at)
    error = await _refusal(store, new_video(key_id=key.id), 130.0)
    assert not isinstance(error, TooManyRunning)
    assert error.retry_after == 30.0
    assert await store.videos.rate_limit_status(key.id, 130.0) == RateLimitStatus(2, 0, 40.0)
    await store.videos.create(new_video(key_id=key.id), 160.0)
    assert (await _refusal(store, new_video(key_id=key.id), 160.0)).retry_after == 10.0


async def test_rows_of_a_wrong_clock_do_not_count(store: Store, account: Account, new_video: Make) -> None:
    """A clock that was years ahead has been corrected: what was created then counts in no minute since."""
    key, _ = await store.accounts.create_key(account.id, "k", requests_per_minute=1)
    await store.videos.create(new_video(key_id=key.id), 1e9)
    assert await store.videos.rate_limit_status(key.id, 100.0) == RateLimitStatus(1, 1, 0.0)
    await store.videos.create(new_video(key_id=key.id), 100.0)
    assert (await _refusal(store, new_video(key_id=key.id), 100.0)).retry_after == 60.0


async def test_a_limit_of_zero_refuses_all_creates(store: Store, account: Account, new_video: Make) -> None:
    """Even the first one."""
    key, _ = await store.accounts.create_key(account.id, "k", requests_per_minute=0)
    assert (await _refusal(store, new_video(key_id=key.id), 1.0)).retry_after == 60.0


async def test_other_keys_do_not_count(store: Store, account: Account, new_video: Make) -> None:
    """Each key has its own limits, and one without limits has none."""
    tight, _ = await store.accounts.create_key(account.id, "k", requests_per_minute=1, running_limit=1)
    free, _ = await store.accounts.create_key(account.id, "k")
    for _ in range(3):
        await store.videos.create(new_video(key_id=free.id), 1.0)
    await store.videos.create(new_video(key_id=tight.id), 1.0)
    assert await store.videos.rate_limit_status(free.id, 1.0) is None
    assert await store.videos.rate_limit_status("key_unknown", 1.0) is None


async def test_unfinished_videos_are_limited(store: Store, account: Account, new_video: Make) -> None:
    """A video that ended frees its place at once."""
    key, _ = await store.accounts.create_key(account.id, "k", running_limit=1)
    first, _ = await store.videos.create(new_video(key_id=key.id), 1.0)
    error = await _refusal(store, new_video(key_id=key.id), 2.0)
    assert isinstance(error, TooManyRunning)
    assert error.message == "Too many running tasks."
    assert await store.videos.fail(first.id, VideoError("x", "x"), 3.0)
    await store.videos.create(new_video(key_id=key.id), 4.0)


async def test_replays_and_resends_count_against_no_limit(store: Store, account: Account, new_video: Make) -> None:
    """A request that returns an existing video is never refused, and never counted."""
    key, _ = await store.accounts.create_key(account.id, "k", requests_per_minute=1, running_limit=1)
    new = new_video(key_id=key.id, idempotency_key="i", fingerprint="f")
    first, _ = await store.videos.create(new, 1.0)
    assert await store.videos.create(new, 2.0) == (first, False)
    resend = new_video(key_id=key.id, fingerprint="f", resend_since=0.5)
    assert await store.videos.create(resend, 3.0) == (first, False)
    assert await store.videos.rate_limit_status(key.id, 3.0) == RateLimitStatus(1, 0, 58.0)


async def test_a_resend_needs_the_same_key_request_and_time(store: Store, account: Account, new_video: Make) -> None:
    """A video of another key, of another request or an older one is not returned."""
    key, _ = await store.accounts.create_key(account.id, "k")
    first, _ = await store.videos.create(new_video(key_id=key.id, fingerprint="f"), 1.0)
    for other in (
        new_video(key_id="key_other", fingerprint="f", resend_since=0.0),
        new_video(key_id=key.id, fingerprint="g", resend_since=0.0),
        new_video(key_id=key.id, fingerprint="f", resend_since=1.5),
    ):
        video, created = await store.videos.create(other, 2.0)
        assert created
        assert video.id != first.id


async def test_concurrent_resends_create_one_video(store: Store, account: Account, new_video: Make) -> None:
    """The check is in the accepting transaction."""
    key, _ = await store.accounts.create_key(account.id, "k")
    new = [new_video(key_id=key.id, fingerprint="f", resend_since=0.0) for _ in range(50)]
    answers = await asyncio.gather(*(store.videos.create(each, 1.0) for each in new))
    assert sum(created for _, created in answers) == 1
    assert len({video.id for video, _ in answers}) == 1


async def test_limits_hold_across_processes(store: Store, account: Account, new_video: Make) -> None:
    """Several stores over one file count together, and so does one that was closed and opened reopened."""
    path = store._database.path
    key, _ = await store.accounts.create_key(account.id, "k", requests_per_minute=7, running_limit=7)
    stores = [Store.open(path) for _ in range(2)]
    creates = [each.videos.create(new_video(key_id=key.id), 1.0) for each in (store, *stores) for _ in range(20)]
    answers = await asyncio.gather(*creates, return_exceptions=True)
    assert sum(isinstance(answer, tuple) for answer in answers) == 7
    assert sum(isinstance(answer, TooManyRequests) for answer in answers) == 53
    for each in stores:
        await each.close()
    reopened = Store.open(path)
    assert isinstance(await _refusal(reopened, new_video(key_id=key.id), 70.0), TooManyRunning)
    await reopened.close()
