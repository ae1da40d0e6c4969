"""Every transition from every state, through the store and in plain SQL."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import pytest

from filmgate.domain import STAGE_STATUSES, TRANSITIONS, Asset, NewVideo, Stage, Status, VideoError, VideoRecord

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from filmgate.store import Store

State = tuple[Stage, Status]

STATES = [(stage, status) for stage, statuses in STAGE_STATUSES.items() for status in sorted(statuses)]
WHY = VideoError("engine_error", "It broke.")


async def _bring_to(store: Store, video_id: str, state: State) -> None:
    """Bring a new video to a state by the store's own methods."""
    stage, status = state
    rows = store.videos
    if stage in {Stage.ACCEPTED, Stage.SUBMITTING} and status is Status.IN_PROGRESS:
        await _bring_to(store, video_id, (Stage.WATCHING, Status.IN_PROGRESS))
        assert await rows.requeue(video_id, 3.0)
    if stage is Stage.ACCEPTED:
        return
    if state == (Stage.DONE, Status.FAILED):
        assert await rows.fail(video_id, WHY, 5.0)
        return
    assert await rows.record_intent(video_id, "token", 2.0)
    if stage is Stage.SUBMITTING:
        return
    assert await rows.record_ticket(video_id, "token", "ticket", 2.0)
    if status is not Status.QUEUED:
        assert await rows.advance(video_id, progress=40, working=True, now=3.0)
    if stage is not Stage.WATCHING:
        assert await rows.start_fetching(video_id, 4.0)
    if stage is Stage.DONE:
        assert await rows.complete(video_id, [], {}, 5.0, None)


def _transitions(store: Store, video_id: str) -> dict[str, tuple[Callable[[], Awaitable[bool]], set[Stage], Stage]]:
    """Each method: its call, the stages it starts from, the stage it ends in."""
    rows = store.videos
    unfinished = set(Stage) - {Stage.DONE}
    return {
        "intend": (lambda: rows.record_intent(video_id, "new", 9.0), {Stage.ACCEPTED}, Stage.SUBMITTING),
        "ticketed": (lambda: rows.record_ticket(video_id, "token", "t", 9.0), {Stage.SUBMITTING}, Stage.WATCHING),
        "rebind": (lambda: rows.reassign(video_id, engine="scene", to="b", now=9.0), {Stage.ACCEPTED}, Stage.ACCEPTED),
        "fail_over": (
            lambda: rows.fail_over(video_id, "token", engine="scene", to="b", now=9.0),
            {Stage.SUBMITTING, Stage.WATCHING},
            Stage.ACCEPTED,
        ),
        "withdraw": (lambda: rows.cancel_intent(video_id, "token", 9.0), {Stage.SUBMITTING}, Stage.ACCEPTED),
        "advance": (
            lambda: rows.advance(video_id, progress=50, working=True, now=9.0),
            {Stage.WATCHING},
            Stage.WATCHING,
        ),
        "fetching": (lambda: rows.start_fetching(video_id, 9.0), {Stage.WATCHING}, Stage.FETCHING),
        "restart": (lambda: rows.requeue(video_id, 9.0), {Stage.WATCHING, Stage.FETCHING}, Stage.ACCEPTED),
        "complete": (lambda: rows.complete(video_id, [], {}, 9.0, None), {Stage.FETCHING}, Stage.DONE),
        "fail": (lambda: rows.fail(video_id, WHY, 9.0), unfinished, Stage.DONE),
    }


async def _load(store: Store, video_id: str) -> VideoRecord:
    video = await store.videos.get(video_id)
    assert video is not None
    return video


@pytest.mark.parametrize("state", STATES, ids="-".join)
async def test_every_method_from_every_state(store: Store, new_video: Callable[..., NewVideo], state: State) -> None:
    """A method works exactly from its own stages; elsewhere it returns False and changes nothing."""
    names = list(_transitions(store, ""))
    for name in names:
        video, _ = await store.videos.create(new_video(), 1.0)
        await _bring_to(store, video.id, state)
        before = await _load(store, video.id)
        assert (before.stage, before.status) == state
        call, starts, end = _transitions(store, video.id)[name]
        succeeded = await call()
        after = await _load(store, video.id)
        assert succeeded is (state[0] in starts), name
        assert after.status in {before.status, *TRANSITIONS[before.status]}
        assert after.status in STAGE_STATUSES[after.stage]
        if succeeded:
            assert after.stage is end
            assert after.version > before.version
        else:
            assert after == before
    assert await store.ledger.audit() == []


_FIELDS = {
    Status.QUEUED: "progress = 0, completed_at = NULL, error_code = NULL, error_message = NULL",
    Status.IN_PROGRESS: "completed_at = NULL, error_code = NULL, error_message = NULL, started_at = 1",
    Status.COMPLETED: "progress = 100, completed_at = 1, error_code = NULL, error_message = NULL",
    Status.FAILED: "completed_at = NULL, error_code = 'x', error_message = 'x'",
}


@pytest.mark.parametrize("before", STATES, ids="-".join)
async def test_sql_refuses_every_other_pair(
    store: Store, new_video: Callable[..., NewVideo], tmp_path: Path, before: State
) -> None:
    """Plain SQL can reach exactly the (stage, status) pairs that the tables of the domain module allow."""
    video, _ = await store.videos.create(new_video(), 1.0)
    await _bring_to(store, video.id, before)
    bare = sqlite3.connect(tmp_path / "rows.sqlite", isolation_level=None)
    for stage in Stage:
        for status in Status:
            bare.execute("BEGIN")
            sql = f"UPDATE video SET stage = ?, status = ?, ticket = 'x', submit_token = 'x', {_FIELDS[status]}"  # noqa: S608 - constants of this file
            if status is Status.QUEUED and before[1] is Status.QUEUED:
                sql = sql.replace("progress = 0, ", "")
            allowed = status in STAGE_STATUSES[stage] and status in {before[1], *TRANSITIONS[before[1]]}
            try:
                bare.execute(sql, (stage, status))
                done = True
            except sqlite3.IntegrityError:
                done = False
            bare.execute("ROLLBACK")
            assert done is allowed, (before, stage, status)
    bare.close()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE video SET progress = 39",
        "UPDATE video SET progress = 100",
        "UPDATE video SET progress = 101",
        "UPDATE video SET completed_at = 5",
        "UPDATE video SET error_code = 'x', error_message = 'x'",
        "UPDATE video SET error_message = 'x'",
        "UPDATE video SET expires_at = 5",
        "UPDATE video SET deleted_at = 5, prompt = NULL",
        "UPDATE video SET ticket = NULL",
        "UPDATE video SET price_micros = -1",
        "UPDATE account SET balance_micros = -1",
        "DELETE FROM video",
        "DELETE FROM video_event",
        "UPDATE video_event SET progress = 1",
        "DELETE FROM ledger_entry",
        "UPDATE ledger_entry SET amount_micros = 0",
        (
            "INSERT INTO ledger_entry (account_id, video_id, kind, amount_micros, created_at)"
            " SELECT account_id, id, 'hold', 0, 1 FROM video"
        ),
        (
            "INSERT INTO ledger_entry (account_id, kind, amount_micros, created_at)"
            " SELECT account_id, 'hold', 0, 1 FROM video"
        ),
        (
            "INSERT INTO ledger_entry (account_id, video_id, kind, amount_micros, created_at)"
            " SELECT account_id, id, 'capture', 1, 1 FROM video"
        ),
    ],
)
async def test_sql_rejects_invalid_rows(
    store: Store, new_video: Callable[..., NewVideo], tmp_path: Path, sql: str
) -> None:
    """CHECKs and triggers reject every invalid change of a watched video at 40 %, and every edit of history."""
    video, _ = await store.videos.create(new_video(), 1.0)
    await _bring_to(store, video.id, (Stage.WATCHING, Status.IN_PROGRESS))
    bare = sqlite3.connect(tmp_path / "rows.sqlite", isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError):
        bare.execute(sql)
    bare.close()


@pytest.mark.parametrize(("first", "second"), [("capture", "release"), ("release", "capture")])
async def test_capture_and_release_exclude_each_other(
    store: Store, new_video: Callable[..., NewVideo], tmp_path: Path, first: str, second: str
) -> None:
    """SQL itself refuses to settle a video twice."""
    video, _ = await store.videos.create(new_video(), 1.0)
    bare = sqlite3.connect(tmp_path / "rows.sqlite", isolation_level=None)
    sql = "INSERT INTO ledger_entry (account_id, video_id, kind, amount_micros, created_at) VALUES (?, ?, ?, 0, 1)"
    bare.execute(sql, (video.account_id, video.id, first))
    with pytest.raises(sqlite3.IntegrityError):
        bare.execute(sql, (video.account_id, video.id, second))
    bare.close()


async def test_a_foreign_token_changes_nothing(store: Store, new_video: Callable[..., NewVideo]) -> None:
    """Only the writer of the intent may record its ticket or cancel it."""
    video, _ = await store.videos.create(new_video(), 1.0)
    assert await store.videos.record_intent(video.id, "ours", 2.0)
    assert not await store.videos.record_ticket(video.id, "theirs", "ticket", 3.0)
    assert not await store.videos.cancel_intent(video.id, "theirs", 3.0)
    assert await store.videos.cancel_intent(video.id, "ours", 3.0)
    after = await _load(store, video.id)
    assert (after.submit_token, after.submit_at, after.attempts) == (None, None, 1)


async def test_progress_never_falls_and_stops_at_99(store: Store, new_video: Callable[..., NewVideo]) -> None:
    """Whatever the engine reports, the row shows the highest progress so far, and 100 only when it is completed."""
    video, _ = await store.videos.create(new_video(), 1.0)
    await _bring_to(store, video.id, (Stage.WATCHING, Status.QUEUED))
    progresses = []
    for percent in (5, 80, 20, 250, 3):
        assert await store.videos.advance(video.id, progress=percent, working=percent == 80, now=4.0)
        progresses.append((await _load(store, video.id)).progress)
    assert progresses == [5, 80, 80, 99, 99]


async def test_a_poll_without_changes_writes_nothing(store: Store, new_video: Callable[..., NewVideo]) -> None:
    """For an unchanged progress, reading the row is enough."""
    video, _ = await store.videos.create(new_video(), 1.0)
    await _bring_to(store, video.id, (Stage.WATCHING, Status.IN_PROGRESS))
    before = await _load(store, video.id)
    assert await store.videos.advance(video.id, progress=40, working=True, now=9.0)
    assert await _load(store, video.id) == before


async def test_completion_is_one_transaction(
    store: Store, new_video: Callable[..., NewVideo], stored_file: Callable[..., Asset]
) -> None:
    """A completion whose file can't be inserted leaves status, ledger and outbox unchanged."""
    completed, _ = await store.videos.create(new_video(), 1.0)
    await _bring_to(store, completed.id, (Stage.FETCHING, Status.IN_PROGRESS))
    assert await store.videos.complete(completed.id, [stored_file("same-key")], {"seen": ["fox"]}, 6.0, 99.0)
    video, _ = await store.videos.create(new_video(), 1.0)
    await _bring_to(store, video.id, (Stage.FETCHING, Status.IN_PROGRESS))
    before = await _load(store, video.id)
    with pytest.raises(Exception, match="UNIQUE"):
        await store.videos.complete(video.id, [stored_file("same-key")], {}, 6.0, None)
    assert await _load(store, video.id) == before
    assert [event.video_id for event in await store.outbox.pending()] == [completed.id]
    assert await store.ledger.audit() == []
    assert (await _load(store, completed.id)).notes == {"seen": ["fox"]}


async def test_history_records_every_change(store: Store, new_video: Callable[..., NewVideo]) -> None:
    """Each change of status, stage or progress is one event; nothing else is."""
    video, _ = await store.videos.create(new_video(), 1.0)
    await _bring_to(store, video.id, (Stage.WATCHING, Status.IN_PROGRESS))
    await store.videos.request_cancel(video.id, video.account_id, 4.0)
    await store.videos.fail(video.id, VideoError("cancelled", "As you wished."), 5.0)
    history = [(event.at, event.stage, event.status, event.progress) for event in await store.videos.history(video.id)]
    assert history == [
        (1.0, Stage.ACCEPTED, Status.QUEUED, 0),
        (2.0, Stage.SUBMITTING, Status.QUEUED, 0),
        (2.0, Stage.WATCHING, Status.QUEUED, 0),
        (3.0, Stage.WATCHING, Status.IN_PROGRESS, 40),
        (5.0, Stage.DONE, Status.FAILED, 40),
    ]
    assert (await store.videos.history(video.id))[-1].error_code == "cancelled"


async def test_only_one_executor_wins_each_transition(store: Store, new_video: Callable[..., NewVideo]) -> None:
    """Of ten executors that record an intent, raise the epoch or fail at once, one gets True."""
    video, _ = await store.videos.create(new_video(), 1.0)
    intents = await asyncio.gather(*(store.videos.record_intent(video.id, f"t{n}", 2.0) for n in range(10)))
    epochs = await asyncio.gather(*(store.videos.raise_epoch(video.id, 0) for _ in range(10)))
    ends = await asyncio.gather(*(store.videos.fail(video.id, WHY, 3.0) for _ in range(10)))
    assert [sum(each) for each in (intents, epochs, ends)] == [1, 1, 1]
    assert await store.ledger.audit() == []
