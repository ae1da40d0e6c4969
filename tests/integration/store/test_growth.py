"""What requests and background loops read does not grow with the rows: counted in SQLite's own steps."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from benchmarks.growth import fill

from filmgate.testing.harness import MODEL, FlowHarness

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from filmgate.domain import VideoRecord
    from filmgate.store import Store

FEW, MANY = 1_500, 15_000
STEP = 10
"""SQLite's instructions between two counts."""

Read = tuple[str, "Callable[[Store, VideoRecord, str, float], Awaitable[object]]"]

READS: tuple[Read, ...] = (
    ("get", lambda store, video, _owner, _now: store.videos.get(video.id)),
    ("newest", lambda store, _v, owner, _now: store.videos.page(owner, after=None, limit=20, ascending=False)),
    ("oldest", lambda store, _v, owner, _now: store.videos.page(owner, after=None, limit=20, ascending=True)),
    ("after", lambda store, video, owner, _now: store.videos.page(owner, after=video.id, limit=20, ascending=True)),
    ("assets", lambda store, video, _owner, _now: store.videos.assets(video.id)),
    ("history", lambda store, video, _owner, _now: store.videos.history(video.id)),
    ("usage", lambda store, _v, owner, now: store.ledger.usage(owner, now - 30 * 86_400)),
    ("unfinished of an account", lambda store, _v, owner, _now: store.videos.count_unfinished(owner)),
    ("all unfinished", lambda store, _v, _owner, now: store.videos.list_unfinished(updated_before=now)),
    ("turn", lambda store, video, _owner, _now: store.videos.turns([video.id])),
    ("queue", lambda store, video, _owner, _now: store.videos.count_ahead(video)),
    ("typical seconds", lambda store, _v, _owner, _now: store.videos.typical_seconds("testcard", MODEL, 4)),
    ("cancellations", lambda store, _v, _owner, _now: store.videos.list_cancel_requests()),
    ("resend", lambda store, _v, owner, now: store.videos.find_duplicate(owner, "digest", now - 120, None)),
    ("replay", lambda store, _v, owner, now: store.videos.find_replay(owner, "key", "digest", now)),
    ("submission slots", lambda store, _v, _owner, now: store.videos.next_slot_in("identity", 5, now)),
    ("endpoints", lambda store, _v, owner, _now: store.webhooks.list_for(owner)),
    ("due deliveries", lambda store, _v, _owner, now: store.webhooks.list_due(now, 64)),
    ("outbox", lambda store, _v, _owner, _now: store.outbox.pending()),
    ("files", lambda store, _v, owner, _now: store.files.usage(owner)),
    ("dead workers", lambda store, _v, _owner, now: store.workers.list_dead(now)),
)


async def _steps(folder: Path, videos: int) -> dict[str, int]:
    """Return the steps of each read in a database with so many completed videos and one that is queued."""
    counted = 0

    def count() -> None:
        nonlocal counted
        counted += 1

    steps = {}
    async with FlowHarness.open(folder) as harness:
        video, owner = await harness.accept(engine="testcard"), harness.account.id
        with closing(sqlite3.connect(folder / "filmgate.sqlite", isolation_level=None)) as rows:
            fill(rows, owner, None, videos)
        raw = harness.store._database.reader._raw_connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.set_progress_handler(count, STEP)
        for name, read in READS:
            counted = 0
            await read(harness.store, video, owner, harness.clock())
            steps[name] = STEP * counted
    return steps


async def test_no_read_grows_with_the_videos(tmp_path: Path) -> None:
    """Ten times the videos cost as many steps, give or take a level of an index."""
    for folder in ("few", "many"):
        (tmp_path / folder).mkdir()
    few, many = await _steps(tmp_path / "few", FEW), await _steps(tmp_path / "many", MANY)
    assert {name: (few[name], many[name]) for name in few if many[name] > 1.3 * few[name] + 5 * STEP} == {}
