"""Who waits for a change is woken by its commit, and leaves nothing behind."""

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

WAITS = 100.0
"""Seconds that a waiter waits at most: it was woken if it returns long before."""


async def _waiting(store: Store, number: int) -> None:
    while sum(map(len, store.notifier._waiters.values())) < number:  # noqa: ASYNC110 - registering sets no event, and takes one turn
        await asyncio.sleep(0)


@pytest.fixture
def commits_alone(store: Store) -> None:
    """Nothing else than a commit wakes waiters: rows are not looked at once a second."""
    store.notifier._recheck = lambda loop: None  # type: ignore[method-assign]


@pytest.mark.usefixtures("commits_alone")
async def test_a_commit_wakes_its_waiters(store: Store, new_video: Make) -> None:
    """Every waiter of that video returns before its time; those of another go on waiting."""
    video, _ = await store.videos.create(new_video(), 1.0)
    other, _ = await store.videos.create(new_video(), 1.0)
    waits = [asyncio.ensure_future(store.notifier.wait(video.id, video.version, WAITS)) for _ in range(5)]
    stays = asyncio.ensure_future(store.notifier.wait(other.id, other.version, WAITS))
    await _waiting(store, 6)
    await store.videos.fail(video.id, VideoError("x", "x"), 2.0)
    async with asyncio.timeout(WAITS / 2):
        await asyncio.gather(*waits)
    assert not stays.done()
    stays.cancel()


async def test_a_change_before_the_wait_is_seen(store: Store, new_video: Make) -> None:
    """Whoever comes with an old version does not wait; nor for a video that is not there."""
    video, _ = await store.videos.create(new_video(), 1.0)
    await store.videos.record_intent(video.id, "t", 2.0)
    for video_id, version in ((video.id, video.version), ("video_none", 0)):
        with pytest.raises(StopIteration):  # it returns without giving way to the loop
            store.notifier.wait(video_id, version, WAITS).send(None)


@pytest.mark.usefixtures("commits_alone")
async def test_deleting_wakes_too(store: Store, new_video: Make) -> None:
    """A delete without files changes the video as well."""
    video, _ = await store.videos.create(new_video(), 1.0)
    await store.videos.fail(video.id, VideoError("x", "x"), 2.0)
    wait = asyncio.ensure_future(store.notifier.wait(video.id, video.version + 1, WAITS))
    await _waiting(store, 1)
    await store.videos.delete(video.id, video.account_id, 3.0)
    async with asyncio.timeout(WAITS / 2):
        await wait


async def test_another_processs_change_is_seen_within_a_second(store: Store, new_video: Make, tmp_path: Path) -> None:
    """The row itself is looked at once a second."""
    video, _ = await store.videos.create(new_video(), 1.0)
    wait = asyncio.ensure_future(store.notifier.wait(video.id, video.version, WAITS))
    await _waiting(store, 1)
    other = Store.open(tmp_path / "rows.sqlite")
    await other.videos.record_intent(video.id, "t", 2.0)
    await other.close()
    async with asyncio.timeout(WAITS / 2):
        await wait


async def test_all_who_wait_cost_one_look_a_second() -> None:
    """However many wait, the rows are asked once for all of them; only those that changed return."""
    looks: list[list[str]] = []
    versions = {f"video_{number}": 0 for number in range(200)}

    def look(ids: Collection[str]) -> dict[str, int]:
        looks.append(sorted(ids))
        return {each: versions[each] for each in ids}

    changes = ChangeNotifier(look)
    waits = {each: asyncio.ensure_future(changes.wait(each, 0, WAITS)) for each in versions}
    while len(looks) < len(waits):  # noqa: ASYNC110 - each looks for itself as it comes
        await asyncio.sleep(0)
    versions["video_7"] = 1
    async with asyncio.timeout(WAITS / 2):
        await waits["video_7"]
    shared = [ids for ids in looks if len(ids) > 1]
    assert shared[0] == sorted(versions)
    assert len(looks) <= len(waits) + 10
    assert sum(wait.done() for wait in waits.values()) == 1
    for wait in waits.values():
        wait.cancel()
    await asyncio.gather(*waits.values(), return_exceptions=True)


async def test_nothing_stays_behind(store: Store, new_video: Make) -> None:
    """Waiters that ran out or were cancelled are forgotten."""
    video, _ = await store.videos.create(new_video(), 1.0)
    await store.notifier.wait(video.id, video.version, 0.01)
    waits = [asyncio.ensure_future(store.notifier.wait(video.id, video.version, WAITS)) for _ in range(100)]
    await _waiting(store, 100)
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)
    assert store.notifier._waiters == {}
    assert store.notifier._recheck_timer is None
