"""Statistics over the rows, for monitoring: complete right after a restart, and for all processes of a data folder.

A read looks only at what happened since the last one, by position: the rows of videos are never removed, and their
history is append-only. The sums are saved from time to time, so that a read after a restart goes on from there; only
where there are none saved does it scan all videos.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Select, bindparam, case, func, insert, literal_column, select, update

from filmgate.domain import Stage, Status
from filmgate.errors import SubmissionUnknown
from filmgate.store import transitions
from filmgate.store.database import DbConnection
from filmgate.store.group_commit import GroupCommitWriter
from filmgate.store.schema import delivery_total, outbox, resolution, statistics, video, video_event, webhook_delivery

__all__ = ["DURATION_BUCKETS", "DurationHistogram", "Snapshot", "Statistics"]

DURATION_BUCKETS = (1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 450, 600, 900, 1800, 3600)
"""Upper bounds in seconds of the buckets for the time from create to completion."""

SAVE_EVERY = 10_000
"""Entries of the history after which the sums are saved: reading that many takes some milliseconds."""

EngineModel = tuple[str, str]
"""An engine and a model."""


class DurationHistogram:
    """Durations of completed videos: a count per bucket of DURATION_BUCKETS, a last one for the rest, and the sum."""

    def __init__(self) -> None:
        self.counts = [0] * (len(DURATION_BUCKETS) + 1)
        self.total_seconds = 0.0


class Snapshot(Struct, kw_only=True):
    """All statistics at one moment."""

    accepted: Counter[EngineModel]
    completed: Counter[EngineModel]
    failed: Counter[tuple[str, str, str]]  # engine, model, error code
    submitted: Counter[str]  # intents to submit, by engine
    unresolved: int  # videos that failed with submission_unknown and are not resolved
    durations: dict[EngineModel, DurationHistogram]
    unfinished: dict[tuple[str, str], int]  # unfinished videos, by engine and stage
    queued: dict[str, int]  # those of them that no engine works on yet, by engine
    deliveries: dict[str, int]  # of webhooks, by outcome
    undelivered: int


_DURATION = video.c.completed_at - video.c.created_at
_QUEUED = video.c.status == literal_column(f"'{Status.QUEUED}'")
_POSITIONS = select(
    select(func.coalesce(func.max(video.c.seq), 0)).scalar_subquery(),
    select(func.coalesce(func.max(video_event.c.seq), 0)).scalar_subquery(),
)
_TOTALS = select(
    video.c.engine, video.c.model, video.c.status, video.c.error_code, func.count(), func.sum(video.c.attempts)
).group_by(video.c.engine, video.c.model, video.c.status, video.c.error_code)
_BUCKETS = [func.sum(case((bound >= _DURATION, 1), else_=0)) for bound in DURATION_BUCKETS]
_ALL_DURATIONS = (
    select(video.c.engine, video.c.model, func.count(), func.sum(_DURATION), *_BUCKETS)
    .where(video.c.status == literal_column(f"'{Status.COMPLETED}'"))
    .group_by(video.c.engine, video.c.model)
)
_NEW_VIDEOS = (
    select(video.c.engine, video.c.model, func.count())
    .where(video.c.seq > bindparam("seen_video"))
    .group_by(video.c.engine, video.c.model)
)
_NEW_EVENTS = (
    select(
        video.c.engine, video.c.model, video_event.c.stage, video_event.c.status, video_event.c.error_code, _DURATION
    )
    .select_from(video_event.join(video, video.c.id == video_event.c.video_id))
    .where(
        video_event.c.seq > bindparam("seen_event"),
        video_event.c.stage.in_([literal_column(f"'{stage}'") for stage in (Stage.SUBMITTING, Stage.DONE)]),
    )
    .order_by(video_event.c.seq)
)
_UNFINISHED_COUNTS = (
    select(video.c.engine, video.c.stage, func.count(), func.sum(case((_QUEUED, 1), else_=0)))
    .where(transitions.UNFINISHED)
    .group_by(video.c.engine, video.c.stage)
)
_UNRESOLVED = (
    select(func.count())
    .select_from(video)
    .where(
        video.c.error_code == literal_column(f"'{SubmissionUnknown.code}'"),
        video.c.id.not_in(select(resolution.c.video_id)),
    )
)
_SETTLED = select(delivery_total.c.outcome, delivery_total.c.deliveries)
_SAVED = select(statistics.c.state).where(statistics.c.name == literal_column("'videos'"))
_SAVE = update(statistics).where(statistics.c.name == literal_column("'videos'")).values(state=bindparam("sums"))
_FIRST_SAVE = insert(statistics).values(name="videos", state=bindparam("sums"))
_UNDELIVERED: tuple[Select[Any], ...] = (
    select(func.count()).select_from(webhook_delivery).where(webhook_delivery.c.settled_at.is_(None)),
    select(func.count()).select_from(outbox).where(outbox.c.delivered_at.is_(None)),
)


class _Sums(Struct, frozen=True):
    """The sums up to a position, as they are saved."""

    positions: tuple[int, int]
    accepted: list[tuple[str, str, int]]
    completed: list[tuple[str, str, int]]
    failed: list[tuple[str, str, str, int]]
    submitted: list[tuple[str, int]]
    durations: list[tuple[str, str, list[int], float]]


class Statistics:
    """Sums up the rows, in a thread and on a connection of its own.

    Args:
        connect: opens that connection, at the first read.
        writer: saves the sums.
    """

    def __init__(self, connect: Callable[[], DbConnection], writer: GroupCommitWriter) -> None:
        self._connect = connect
        self._writer = writer
        self._saved_at = 0  # the history position of the saved sums
        self._open_connection: DbConnection | None = None
        self._lock = threading.Lock()
        self._positions = (0, 0)  # the last video and the last history entry that were counted
        self._loaded = False
        self._accepted: Counter[EngineModel] = Counter()
        self._completed: Counter[EngineModel] = Counter()
        self._failed: Counter[tuple[str, str, str]] = Counter()
        self._submitted: Counter[str] = Counter()
        self._durations: dict[EngineModel, DurationHistogram] = {}

    async def read(self) -> Snapshot:
        """Return the current statistics.

        Raises:
            StorageFault: the rows can't be read.
        """
        snapshot, unsaved = await asyncio.to_thread(self._read)
        if unsaved is not None:
            await self._writer.write(partial(_save, sums=unsaved))
        return snapshot

    async def close(self) -> None:
        """Close the connection, after a read in progress."""
        if self._open_connection is not None:
            await asyncio.to_thread(self._close, self._open_connection)

    def _close(self, connection: DbConnection) -> None:
        with self._lock:
            connection.close()

    @property
    def _connection(self) -> DbConnection:
        if self._open_connection is None:
            self._open_connection = self._connect()
        return self._open_connection

    def _read(self) -> tuple[Snapshot, str | None]:
        """Return the statistics, and the sums if it is time to save them."""
        with self._lock, _read_transaction(self._connection):
            last_video, last_event = self._connection.fetch_all(_POSITIONS)[0]
            if self._loaded or self._restore(last_video, last_event):
                self._count_new()
            else:
                self._count_all()
            self._loaded, self._positions = True, (last_video, last_event)
            unsaved = self._sums() if last_event - self._saved_at >= SAVE_EVERY else None
            self._saved_at = last_event if unsaved else self._saved_at
            return self._snapshot(), unsaved

    def _restore(self, last_video: int, last_event: int) -> bool:
        """Load the saved sums; False if there are none, or none of this file's past."""
        row = self._connection.fetch_one(_SAVED)
        try:
            sums = msgspec.json.decode(row[0], type=_Sums) if row else None
        except msgspec.MsgspecError:
            return False
        if sums is None or sums.positions[0] > last_video or sums.positions[1] > last_event:
            return False
        self._positions, self._saved_at = sums.positions, sums.positions[1]
        self._accepted.update({(engine, model): count for engine, model, count in sums.accepted})
        self._completed.update({(engine, model): count for engine, model, count in sums.completed})
        self._failed.update({(engine, model, code): count for engine, model, code, count in sums.failed})
        self._submitted.update(dict(sums.submitted))
        for engine, model, counts, total_seconds in sums.durations:
            histogram = self._durations[engine, model] = DurationHistogram()
            if len(counts) == len(histogram.counts):
                histogram.counts, histogram.total_seconds = counts, total_seconds
        return True

    def _sums(self) -> str:
        sums = _Sums(
            self._positions,
            [(*key, count) for key, count in self._accepted.items()],
            [(*key, count) for key, count in self._completed.items()],
            [(*key, count) for key, count in self._failed.items()],
            list(self._submitted.items()),
            [(*key, each.counts, each.total_seconds) for key, each in self._durations.items()],
        )
        return msgspec.json.encode(sums).decode()

    def _count_all(self) -> None:
        for engine, model, status, code, count, attempts in self._connection.fetch_all(_TOTALS):
            self._accepted[engine, model] += count
            self._submitted[engine] += attempts
            if status == Status.COMPLETED:
                self._completed[engine, model] += count
            elif status == Status.FAILED:
                self._failed[engine, model, code] += count
        for engine, model, count, seconds, *within in self._connection.fetch_all(_ALL_DURATIONS):
            histogram = self._durations.setdefault((engine, model), DurationHistogram())
            histogram.total_seconds = seconds
            histogram.counts = [upper - lower for lower, upper in zip([0, *within], [*within, count], strict=True)]

    def _count_new(self) -> None:
        for engine, model, count in self._connection.fetch_all(_NEW_VIDEOS, seen_video=self._positions[0]):
            self._accepted[engine, model] += count
        for engine, model, stage, status, code, seconds in self._connection.fetch_all(
            _NEW_EVENTS, seen_event=self._positions[1]
        ):
            if stage == Stage.SUBMITTING:
                self._submitted[engine] += 1
            elif status == Status.COMPLETED:
                self._count_completed((engine, model), seconds)
            else:
                self._failed[engine, model, code] += 1

    def _count_completed(self, engine_model: EngineModel, seconds: float) -> None:
        self._completed[engine_model] += 1
        histogram = self._durations.setdefault(engine_model, DurationHistogram())
        histogram.total_seconds += seconds
        histogram.counts[sum(bound < seconds for bound in DURATION_BUCKETS)] += 1

    def _snapshot(self) -> Snapshot:
        unfinished_rows = self._connection.fetch_all(_UNFINISHED_COUNTS)
        queued: Counter[str] = Counter()
        for engine, _stage, _count, waiting in unfinished_rows:
            queued[engine] += waiting
        return Snapshot(
            accepted=self._accepted.copy(),
            completed=self._completed.copy(),
            failed=self._failed.copy(),
            submitted=self._submitted.copy(),
            unresolved=self._connection.fetch_all(_UNRESOLVED)[0][0],
            durations=dict(self._durations),
            unfinished={(engine, stage): count for engine, stage, count, _queued in unfinished_rows},
            queued=dict(queued),
            deliveries=dict(_pairs(self._connection.fetch_all(_SETTLED))),
            undelivered=sum(self._connection.fetch_all(waiting)[0][0] for waiting in _UNDELIVERED),
        )


def _save(connection: DbConnection, *, sums: str) -> None:
    if not connection.execute(_SAVE, sums=sums):
        connection.execute(_FIRST_SAVE, sums=sums)


def _pairs(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[str, int]]:
    return ((str(name), int(count)) for name, count in rows)


@contextmanager
def _read_transaction(connection: DbConnection) -> Iterator[None]:
    """Make all reads inside see one snapshot."""
    connection.control("BEGIN DEFERRED")
    try:
        yield
    finally:
        connection.rollback()
