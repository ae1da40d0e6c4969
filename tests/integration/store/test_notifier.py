"""A waiter is woken by the commit of its change, and leaves no state behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import pytest

from filmgate.domain import NewVideo, VideoError
from filmgate.store import ChangeNotifier, Store

if TYPE_CHECKING:
    from pathlib import Path

Make = Callable[..., NewVideo]

MAX_WAIT = 100.0
"""Maximum wait in seconds: a waiter that returns long before that was woken."""


async def _wait_for_waiters(store: Store, number: int) -> None:
    while sum(map(len, store.notifier._waiters.values())) < number:  # noqa: ASYNC110 - registering sets no event, and takes one turn
        await asyncio.sleep(0)


@pytest.fixture
def commits_alone(store: Store) -> None:
    """Only a commit wakes waiters: the rows are not checked once a second."""
    store.notifier._recheck = lambda loop: None  # type: ignore[method-assign]  # noqa: ARG005 - called with a loop


@pytest.mark.usefixtures("commits_alone")
async def test_a_commit_wakes_its_waiters(store: Store, new_video: Make) -> None:
    """Every waiter of that video returns early; those of another still wait."""
    video, _ = await store.videos.create(new_video(), 1.0)
    other, _ = await store.videos.create(new_video(), 1.0)
    tasks = [asyncio.ensure_future(store.notifier.wait(video.id, video.version, MAX_WAIT)) for _ in range(5)]
    unaffected = asyncio.ensure_future(store.notifier.wait(other.id, other.version, MAX_WAIT))
    await _wait_for_waiters(store, 6)
    await store.videos.fail(video.id, VideoError("x", "x"), 2.0)
    async with asyncio.timeout(MAX_WAIT / 2):
        await asyncio.gather(*tasks)
    assert not unaffected.done()
    unaffected.cancel()


async def test_a_change_before_the_wait_is_seen(store: Store, new_video: Make) -> None:
    """A caller with an old version does not wait, nor one for a missing video."""
    video, _ = await store.videos.create(new_video(), 1.0)
    await store.videos.record_intent(video.id, "t", 2.0)
    for video_id, version in ((video.id, video.version), ("video_none", 0)):
        with pytest.raises(StopIteration):  # it returns without yielding to the loop
            store.notifier.wait(video_id, version, MAX_WAIT).send(None)


@pytest.mark.usefixtures("commits_alone")
async def test_deleting_wakes_too(store: Store, new_video: Make) -> None:
    """Deletion of a video without files also notifier it."""
    video, _ = await store.videos.create(new_video(), 1.0)
    await store.videos.fail(video.id, VideoError("x", "x"), 2.0)
    wait = asyncio.ensure_future(store.notifier.wait(video.id, video.version + 1, MAX_WAIT))
    await _wait_for_waiters(store, 1)
    await store.videos.delete(video.id, video.account_id, 3.0)
    async with asyncio.timeout(MAX_WAIT / 2):
        await wait


async def test_another_processs_change_is_noticed_within_a_second(
    store: Store, new_video: Make, tmp_path: Path
) -> None:
    """The rows are checked once a second."""
    video, _ = await store.videos.create(new_video(), 1.0)
    wait = asyncio.ensure_future(store.notifier.wait(video.id, video.version, MAX_WAIT))
    await _wait_for_waiters(store, 1)
    other = Store.open(tmp_path / "rows.sqlite")
    await other.videos.record_intent(video.id, "t", 2.0)
    await other.close()
    async with asyncio.timeout(MAX_WAIT / 2):
        await wait


async def test_all_waiters_cost_one_query_per_second() -> None:
    """However many wait, one query checks all of them; only those that changed return."""
    queries: list[list[str]] = []
    versions = {f"video_{number}": 0 for number in range(200)}

    def read_versions(ids: Collection[str]) -> dict[str, int]:
        queries.append(sorted(ids))
        return {each: versions[each] for each in ids}

    notifier = ChangeNotifier(read_versions)
    tasks = {each: asyncio.ensure_future(notifier.wait(each, 0, MAX_WAIT)) for each in versions}
    while len(queries) < len(tasks):  # noqa: ASYNC110 - each checks for itself on arrival
        await asyncio.sleep(0)
    versions["video_7"] = 1
    async with asyncio.timeout(MAX_WAIT / 2):
        await tasks["video_7"]
    shared = [ids for ids in queries if len(ids) > 1]
    assert shared[0] == sorted(versions)
    assert len(queries) <= len(tasks) + 10
    assert sum(wait.done() for wait in tasks.values()) == 1
    for wait in tasks.values():
        wait.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


async def test_no_waiter_stays_behind(store: Store, new_video: Make) -> None:
    """Waiters that timed out or were cancelled are removed."""
    video, _ = await store.videos.create(new_video(), 1.0)
    await store.notifier.wait(video.id, video.version, 0.01)
    tasks = [asyncio.ensure_future(store.notifier.wait(video.id, video.version, MAX_WAIT)) for _ in range(100)]
    await _wait_for_waiters(store, 100)
    for wait in tasks:
        wait.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert store.notifier._waiters == {}
    assert store.notifier._recheck_timer is None
