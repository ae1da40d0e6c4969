"""What the rows add up to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import asdict

from filmgate.domain import VideoError, VideoRecord
from filmgate.errors import StorageFault
from filmgate.store import Snapshot, Statistics, Store
from filmgate.store.database import Database
from filmgate.testing.harness import FlowHarness

if TYPE_CHECKING:
    from pathlib import Path


def _flat(seen: Snapshot) -> dict[str, object]:
    took = {kind: (each.counts, each.total_seconds) for kind, each in seen.durations.items()}
    return asdict(seen) | {"durations": took}


async def _complete(harness: FlowHarness, video: VideoRecord) -> None:
    rows, now = harness.store.videos, harness.clock()
    assert await rows.record_intent(video.id, "token", now)
    assert await rows.record_ticket(video.id, "token", video.id, now)
    assert await rows.start_fetching(video.id, now)
    assert await rows.complete(video.id, [], {}, now + 30, None)


async def test_counting_on_is_counting_anew(tmp_path: Path) -> None:
    """Whoever read from the start, and whoever comes later or read in between, see the same sums."""
    async with FlowHarness.open(tmp_path) as harness:
        early = harness.store.statistics
        assert _flat(await early.read())["accepted"] == {}
        films = [await harness.accept() for _ in range(4)]
        await _complete(harness, films[0])
        between = await early.read()
        assert (between.accepted.total(), between.completed.total(), between.unresolved) == (4, 1, 0)
        await harness.store.videos.fail(films[1].id, VideoError("submission_unknown", "…"), harness.clock())
        await harness.store.videos.record_intent(films[2].id, "token", harness.clock())
        await _complete(harness, films[3])
        now = await early.read()
        late = Store.open(tmp_path / "filmgate.sqlite")
        assert _flat(await late.statistics.read()) == _flat(now) == _flat(await early.read())
        await late.close()
    assert (now.completed.total(), now.failed.total(), now.unresolved) == (2, 1, 1)
    assert (now.submitted.total(), now.queued, now.undelivered) == (3, {"scripted": 1}, 3)
    assert now.unfinished == {("scripted", "submitting"): 1}
    (took,) = now.durations.values()
    assert sum(took.counts) == 2


async def test_a_check_writes(tmp_path: Path) -> None:
    """The check of the store is a commit, and it changes nothing that anybody reads."""
    async with FlowHarness.open(tmp_path) as harness:
        log = tmp_path / "filmgate.sqlite-wal"
        before = log.stat().st_size
        await harness.store.check()
        assert log.stat().st_size > before


async def test_rows_that_cannot_be_read(tmp_path: Path) -> None:
    """A fault of the file is said, every time."""
    database = Database(tmp_path / "filmgate.sqlite")
    shut = database.open_reader()
    shut.close()
    figures = Statistics(lambda: shut)
    for _ in range(2):
        with pytest.raises(StorageFault):
            await figures.read()
    database.close()
