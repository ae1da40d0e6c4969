"""Log of submissions: counted per minute, and each ticket belongs to one video."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from filmgate.domain import NewVideo, VideoError, VideoRecord
from filmgate.store.submissions import RETENTION, WINDOW

if TYPE_CHECKING:
    from pathlib import Path

    from filmgate.store import Store

Make = Callable[..., NewVideo]


async def _submitted(store: Store, new_video: Make, token: str, at: float, identity: str = "a") -> VideoRecord:
    video, _ = await store.videos.create(new_video(), at)
    assert await store.videos.record_intent(video.id, token, at, identity=identity, per_minute=2)
    return video


async def test_a_submission_above_the_limit_is_refused(store: Store, new_video: Make) -> None:
    """The rows are counted: of two per minute the third waits until the first is a minute old."""
    await _submitted(store, new_video, "one", 0.0)
    await _submitted(store, new_video, "two", 30.0)
    third, _ = await store.videos.create(new_video(), 31.0)
    assert await store.videos.next_slot_in("a", 2, 31.0) == pytest.approx(WINDOW - 31.0)
    assert not await store.videos.record_intent(third.id, "three", 31.0, identity="a", per_minute=2)
    assert await store.videos.next_slot_in("a", 2, WINDOW) == 0
    assert await store.videos.record_intent(third.id, "three", WINDOW, identity="a", per_minute=2)


async def test_rows_of_a_wrong_clock_do_not_count(store: Store, new_video: Make) -> None:
    """A clock that was years ahead has been corrected: its submissions count in no present minute."""
    await _submitted(store, new_video, "one", 1e9)
    await _submitted(store, new_video, "two", 1e9)
    assert await store.videos.next_slot_in("a", 2, 50.0) == 0
    await _submitted(store, new_video, "three", 50.0)
    await _submitted(store, new_video, "four", 60.0)
    assert await store.videos.next_slot_in("a", 2, 55.0) == pytest.approx(WINDOW - 5.0)


async def test_a_cancelled_intent_counts_too(store: Store, new_video: Make) -> None:
    """It may have reached the upstream; another upstream's limit is not affected."""
    video = await _submitted(store, new_video, "one", 0.0)
    await store.videos.cancel_intent(video.id, "one", 1.0)
    assert await store.videos.next_slot_in("a", 1, 2.0) > 0
    assert await store.videos.next_slot_in("b", 1, 2.0) == 0


async def test_local_engines_have_no_entries(store: Store, new_video: Make) -> None:
    """Submissions without an identity are neither counted nor stored."""
    await _submitted(store, new_video, "one", 0.0, identity="")
    assert await store.videos.next_slot_in("", 1, 1.0) == 0


async def test_a_ticket_belongs_to_one_video(store: Store, new_video: Make) -> None:
    """A second video can't record it under the same identity, not even after the first has moved elsewhere."""
    first, second = [await _submitted(store, new_video, token, 0.0) for token in ("one", "two")]
    assert await store.videos.record_ticket(first.id, "one", "t", 1.0)
    assert not await store.videos.record_ticket(second.id, "two", "t", 1.0)
    assert await store.videos.claimed_by_others("a", ["t", "u"], second.id) == {"t"}
    assert await store.videos.claimed_by_others("a", ["t"], first.id) == set()
    assert await store.videos.fail_over(first.id, "one", engine="scene", to="b", now=2.0)
    assert not await store.videos.record_ticket(second.id, "two", "t", 3.0)
    assert await store.videos.record_ticket(second.id, "two", "u", 3.0)


async def test_another_upstream_may_use_the_same_ticket(store: Store, new_video: Make) -> None:
    """Tickets are compared under one identity only."""
    first = await _submitted(store, new_video, "one", 0.0)
    second = await _submitted(store, new_video, "two", 0.0, identity="b")
    assert await store.videos.record_ticket(first.id, "one", "t", 1.0)
    assert await store.videos.record_ticket(second.id, "two", "t", 1.0)


async def test_a_twin_has_the_same_prompt_and_is_in_flight(store: Store, new_video: Make) -> None:
    """Not one that was submitted elsewhere, long ago, or has its ticket."""
    video, twin = [await _submitted(store, new_video, token, 10.0) for token in ("one", "two")]
    assert await store.videos.twin_submitted_at(video, "a", 5.0) == 10.0
    assert await store.videos.twin_submitted_at(video, "a", 10.0) is None
    assert await store.videos.twin_submitted_at(video, "b", 5.0) is None
    await store.videos.record_ticket(twin.id, "two", "t", 11.0)
    assert await store.videos.twin_submitted_at(video, "a", 5.0) is None


async def test_old_submissions_are_deleted_unless_the_video_runs(store: Store, new_video: Make) -> None:
    """The entries of finished videos are deleted after a quarter of a year."""
    finished, running = [await _submitted(store, new_video, token, 0.0) for token in ("one", "two")]
    await store.videos.record_ticket(finished.id, "one", "t", 1.0)
    await store.videos.fail(finished.id, VideoError("engine_error", "It broke."), 2.0)
    assert await store.videos.delete_old_submissions(RETENTION) == 0
    assert await store.videos.delete_old_submissions(RETENTION + 1) == 1
    assert await store.videos.claimed_by_others("a", ["t"], running.id) == set()


async def test_a_second_failover_is_refused(store: Store, new_video: Make) -> None:
    """By the method, and by the table for any statement."""
    video = await _submitted(store, new_video, "one", 0.0)
    assert await store.videos.fail_over(video.id, "one", engine="scene", to="b", now=1.0)
    moved = await store.videos.get(video.id)
    assert moved is not None
    assert (moved.engine, moved.failovers, moved.epoch, moved.identity) == ("b", 1, video.epoch + 1, None)
    assert await store.videos.record_intent(video.id, "two", 200.0, identity="b")
    assert not await store.videos.fail_over(video.id, "two", engine="b", to="scene", now=201.0)


async def test_the_table_rejects_invalid_engine_changes(store: Store, new_video: Make, tmp_path: Path) -> None:
    """No third engine after a failure, no other engine under a submitted video, no failover undone."""
    video = await _submitted(store, new_video, "one", 0.0)
    with sqlite3.connect(tmp_path / "rows.sqlite") as connection:
        for change in ("failovers = 2", "engine = 'b'"):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(f"UPDATE video SET {change} WHERE id = ?", (video.id,))  # noqa: S608 - from above
        connection.execute("UPDATE video SET failovers = 1 WHERE id = ?", (video.id,))
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("UPDATE video SET failovers = 0 WHERE id = ?", (video.id,))
    connection.close()
