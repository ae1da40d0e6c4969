"""What the rows add up to, for whoever watches the server: right after a restart, and for all processes of a folder.

The first reading goes through all videos; from then on only what happened since is read, by position: the rows of
videos are never removed, and their history is only appended to.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct
from sqlalchemy import Select, bindparam, case, func, literal_column, select

from filmgate.domain import Stage, Status
from filmgate.errors import SubmissionUnknown
from filmgate.store import transitions
from filmgate.store.database import Connection
from filmgate.store.schema import outbox, resolution, video, video_event, webhook_delivery

__all__ = ["DURATIONS", "Figures", "Snapshot", "Took"]

DURATIONS = (1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 450, 600, 900, 1800, 3600)
"""Upper bounds, in seconds, of the classes in which times from create to completion are counted."""

Kind = tuple[str, str]
"""An engine and a model."""


class Took:
    """How long videos of a kind took: how many were in each class of DURATIONS, in none of them, and all together."""

    def __init__(self) -> None:
        self.counts = [0] * (len(DURATIONS) + 1)
        self.seconds = 0.0


class Snapshot(Struct, kw_only=True):
    """Everything that is counted, as of one moment."""

    accepted: Counter[Kind]
    completed: Counter[Kind]
    failed: Counter[tuple[str, str, str]]  # engine, model, error code
    submitted: Counter[str]  # intents to submit, by engine
    doubtful: int  # videos that ended as submission_unknown, and nobody has said what became of them
    took: dict[Kind, Took]
    standing: dict[tuple[str, str], int]  # unfinished videos, by engine and stage
    queued: dict[str, int]  # of them those that nobody works on yet, by engine
    deliveries: dict[str, int]  # of webhooks, by outcome
    undelivered: int


_length = video.c.completed_at - video.c.created_at
_QUEUED = video.c.status == literal_column(f"'{Status.QUEUED}'")
_PLACES = select(
    select(func.coalesce(func.max(video.c.seq), 0)).scalar_subquery(),
    select(func.coalesce(func.max(video_event.c.seq), 0)).scalar_subquery(),
)
_ALL = select(
    video.c.engine, video.c.model, video.c.status, video.c.error_code, func.count(), func.sum(video.c.attempts)
).group_by(video.c.engine, video.c.model, video.c.status, video.c.error_code)
_CLASSES = [func.sum(case((_length <= bound, 1), else_=0)) for bound in DURATIONS]
_ALL_TOOK = (
    select(video.c.engine, video.c.model, func.count(), func.sum(_length), *_CLASSES)
    .where(video.c.status == literal_column(f"'{Status.COMPLETED}'"))
    .group_by(video.c.engine, video.c.model)
)
_ACCEPTED = (
    select(video.c.engine, video.c.model, func.count())
    .where(video.c.seq > bindparam("seen_video"))
    .group_by(video.c.engine, video.c.model)
)
_HAPPENED = (
    select(video.c.engine, video.c.model, video_event.c.stage, video_event.c.status, video_event.c.error_code, _length)
    .select_from(video_event.join(video, video.c.id == video_event.c.video_id))
    .where(
        video_event.c.seq > bindparam("seen_event"),
        video_event.c.stage.in_([literal_column(f"'{stage}'") for stage in (Stage.SUBMITTING, Stage.DONE)]),
    )
    .order_by(video_event.c.seq)
)
_STANDING = (
    select(video.c.engine, video.c.stage, func.count(), func.sum(case((_QUEUED, 1), else_=0)))
    .where(transitions.UNFINISHED)
    .group_by(video.c.engine, video.c.stage)
)
_DOUBTFUL = (
    select(func.count())
    .select_from(video)
    .where(
        video.c.error_code == literal_column(f"'{SubmissionUnknown.code}'"),
        video.c.id.not_in(select(resolution.c.video_id)),
    )
)
_SETTLED = (
    select(webhook_delivery.c.outcome, func.count())
    .where(webhook_delivery.c.settled_at.is_not(None))
    .group_by(webhook_delivery.c.outcome)
)
_WAITING: tuple[Select[Any], ...] = (
    select(func.count()).select_from(webhook_delivery).where(webhook_delivery.c.settled_at.is_(None)),
    select(func.count()).select_from(outbox).where(outbox.c.delivered_at.is_(None)),
)


class Figures:
    """Adds up the rows, in a thread and on a connection of its own.

    Args:
        connect: opens that connection, once somebody asks.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._opened: Connection | None = None
        self._one_at_a_time = threading.Lock()
        self._places = (0, 0)  # the last video and the last line of history that were counted
        self._begun = False
        self._accepted: Counter[Kind] = Counter()
        self._completed: Counter[Kind] = Counter()
        self._failed: Counter[tuple[str, str, str]] = Counter()
        self._submitted: Counter[str] = Counter()
        self._took: dict[Kind, Took] = {}

    async def read(self) -> Snapshot:
        """The figures as they are now.

        Raises:
            StorageFault: the rows can't be read.
        """
        return await asyncio.to_thread(self._read)

    async def close(self) -> None:
        """Give the file back, once nobody reads."""
        if self._opened is not None:
            await asyncio.to_thread(self._close, self._opened)

    def _close(self, opened: Connection) -> None:
        with self._one_at_a_time:
            opened.close()

    @property
    def _connection(self) -> Connection:
        if self._opened is None:
            self._opened = self._connect()
        return self._opened

    def _read(self) -> Snapshot:
        with self._one_at_a_time, _one_moment(self._connection):
            places = self._connection.rows(_PLACES)[0]
            if self._begun:
                self._count_new()
            else:
                self._count_all()
            self._begun, self._places = True, (places[0], places[1])
            return self._snapshot()

    def _count_all(self) -> None:
        for engine, model, status, code, count, attempts in self._connection.rows(_ALL):
            self._accepted[engine, model] += count
            self._submitted[engine] += attempts
            if status == Status.COMPLETED:
                self._completed[engine, model] += count
            elif status == Status.FAILED:
                self._failed[engine, model, code] += count
        for engine, model, count, seconds, *within in self._connection.rows(_ALL_TOOK):
            took = self._took.setdefault((engine, model), Took())
            took.seconds = seconds
            took.counts = [more - less for less, more in zip([0, *within], [*within, count], strict=True)]

    def _count_new(self) -> None:
        for engine, model, count in self._connection.rows(_ACCEPTED, seen_video=self._places[0]):
            self._accepted[engine, model] += count
        for engine, model, stage, status, code, seconds in self._connection.rows(_HAPPENED, seen_event=self._places[1]):
            if stage == Stage.SUBMITTING:
                self._submitted[engine] += 1
            elif status == Status.COMPLETED:
                self._count_completed((engine, model), seconds)
            else:
                self._failed[engine, model, code] += 1

    def _count_completed(self, kind: Kind, seconds: float) -> None:
        self._completed[kind] += 1
        took = self._took.setdefault(kind, Took())
        took.seconds += seconds
        took.counts[sum(bound < seconds for bound in DURATIONS)] += 1

    def _snapshot(self) -> Snapshot:
        standing = self._connection.rows(_STANDING)
        queued: Counter[str] = Counter()
        for engine, _stage, _count, waiting in standing:
            queued[engine] += waiting
        return Snapshot(
            accepted=self._accepted.copy(),
            completed=self._completed.copy(),
            failed=self._failed.copy(),
            submitted=self._submitted.copy(),
            doubtful=self._connection.rows(_DOUBTFUL)[0][0],
            took=dict(self._took),
            standing={(engine, stage): count for engine, stage, count, _waiting in standing},
            queued=dict(queued),
            deliveries=dict(_pairs(self._connection.rows(_SETTLED))),
            undelivered=sum(self._connection.rows(waiting)[0][0] for waiting in _WAITING),
        )


def _pairs(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[str, int]]:
    return ((str(name), int(count)) for name, count in rows)


@contextmanager
def _one_moment(connection: Connection) -> Iterator[None]:
    """All that is read inside belongs together."""
    connection.control("BEGIN DEFERRED")
    try:
        yield
    finally:
        connection.abandon()
