"""Statistics over the rows."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import asdict

from filmgate.domain import VideoError, VideoRecord
from filmgate.errors import StorageFault
from filmgate.store import Snapshot, Statistics, Store
from filmgate.store import statistics as statistics_module
from filmgate.store.database import Database
from filmgate.store.group_commit import GroupCommitWriter
from filmgate.testing.harness import FlowHarness

if TYPE_CHECKING:
    from pathlib import Path


def _as_dict(snapshot: Snapshot) -> dict[str, object]:
    durations = {kind: (each.counts, each.total_seconds) for kind, each in snapshot.durations.items()}
    return asdict(snapshot) | {"durations": durations}


async def _complete(harness: FlowHarness, video: VideoRecord) -> None:
    rows, snapshot = harness.store.videos, harness.clock()
    assert await rows.record_intent(video.id, "token", snapshot)
    assert await rows.record_ticket(video.id, "token", video.id, snapshot)
    assert await rows.start_fetching(video.id, snapshot)
    assert await rows.complete(video.id, [], {}, snapshot + 30, None)


async def test_incremental_reads_equal_a_full_read(tmp_path: Path) -> None:
    """A reader from the start, one in midway and a late_store one see the same sums."""
    async with FlowHarness.open(tmp_path) as harness:
        first_reader = harness.store.statistics
        assert _as_dict(await first_reader.read())["accepted"] == {}
        videos = [await harness.accept() for _ in range(4)]
        await _complete(harness, videos[0])
        midway = await first_reader.read()
        assert (midway.accepted.total(), midway.completed.total(), midway.unresolved) == (4, 1, 0)
        await harness.store.videos.fail(videos[1].id, VideoError("submission_unknown", "…"), harness.clock())
        await harness.store.videos.record_intent(videos[2].id, "token", harness.clock())
        await _complete(harness, videos[3])
        snapshot = await first_reader.read()
        late_store = Store.open(tmp_path / "filmgate.sqlite")
        assert _as_dict(await late_store.statistics.read()) == _as_dict(snapshot) == _as_dict(await first_reader.read())
        await late_store.close()
    assert (snapshot.completed.total(), snapshot.failed.total(), snapshot.unresolved) == (2, 1, 1)
    assert (snapshot.submitted.total(), snapshot.queued, snapshot.undelivered) == (3, {"scripted": 1}, 3)
    assert snapshot.unfinished == {("scripted", "submitting"): 1}
    (durations,) = snapshot.durations.values()
    assert sum(durations.counts) == 2


async def test_saved_sums_spare_the_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a restart a read goes on from the sums that were saved; damaged ones, or of the future, do not count."""
    monkeypatch.setattr(statistics_module, "SAVE_EVERY", 1)
    async with FlowHarness.open(tmp_path) as harness:
        videos = [await harness.accept() for _ in range(3)]
        await _complete(harness, videos[0])
        await harness.store.videos.fail(videos[1].id, VideoError("engine_error", "…"), harness.clock())
        await harness.store.statistics.read()
        await _complete(harness, videos[2])
        path = tmp_path / "filmgate.sqlite"
        full = Store.open(path)
        with monkeypatch.context() as patched:
            patched.setattr(Statistics, "_restore", lambda *_: False)
            expected = _as_dict(await full.statistics.read())
        await full.close()
        with monkeypatch.context() as patched:
            patched.setattr(Statistics, "_count_all", None)
            restarted = Store.open(path)
            assert _as_dict(await restarted.statistics.read()) == expected
            await restarted.close()
        nothing = '"accepted":[],"completed":[],"failed":[],"submitted":[],"durations":[]}'
        for state in ("{", "[]", '{"positions":[9,9999],' + nothing):
            with sqlite3.connect(path) as bare:
                bare.execute("UPDATE statistics SET state = ?", (state,))
            bare.close()
            damaged = Store.open(path)
            assert _as_dict(await damaged.statistics.read()) == expected
            await damaged.close()


async def test_a_check_writes(tmp_path: Path) -> None:
    """The check of the store is a commit, and it changes no row."""
    async with FlowHarness.open(tmp_path) as harness:
        log = tmp_path / "filmgate.sqlite-wal"
        before = log.stat().st_size
        await harness.store.check()
        assert log.stat().st_size > before


async def test_unreadable_rows_raise_a_storage_fault(tmp_path: Path) -> None:
    """At every read."""
    database = Database(tmp_path / "filmgate.sqlite")
    closed = database.open_reader()
    closed.close()
    statistics = Statistics(lambda: closed, GroupCommitWriter(database.writer, lambda _video_id: None))
    for _ in range(2):
        with pytest.raises(StorageFault):
            await statistics.read()
    database.close()
