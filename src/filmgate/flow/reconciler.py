"""What keeps every accepted video in somebody's hands, whoever died: passes over the rows and the flows behind them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Protocol

import structlog
from msgspec import Struct

from filmgate.domain import Video
from filmgate.store import Unfinished, VideoRows, WorkerRows

__all__ = ["DEAD_AFTER", "Fate", "Reconciler", "Start", "Starter"]

DEAD_AFTER = 10.0
"""Seconds without a heartbeat after which a process counts as dead."""

GRACE = 3.0
"""Seconds that a row may be at rest before anybody asks for its flow."""

KEEP_FLOWS = 3600.0
"""Seconds that the durable engine keeps the history of flows that ended."""

REMOVED_AFTER = 86400.0
"""Seconds that a video may wait for an engine that the configuration no longer names."""

MOST = 100_000

log = structlog.get_logger()


class Start(Struct, frozen=True, gc=False):  # there may be tens of thousands
    """One flow to start: the ``epoch``-th of its video, on its engine's queue."""

    video_id: str
    engine: str
    epoch: int = 0


class Fate(Struct, frozen=True, gc=False):
    """What became of a flow."""

    ended: bool  # it ran to its end or was given up; a video that is unfinished then needs a new one


class Starter(Protocol):
    """What the reconciler needs of the durable engine."""

    async def enqueue(self, starts: Collection[Start]) -> None:
        """Start each; one that was started before stays as it is."""

    async def fates(self, starts: Collection[Start]) -> Mapping[Start, Fate]:
        """What became of each; one that was never started is missing."""

    async def adopt(self, executor_id: str) -> int:
        """Put the running flows of a dead process back into their queues; returns how many."""

    async def prune(self, ended_before: float) -> int:
        """Forget some flows that ended before that Unix time; returns how many, 0 when there are none left."""


class Reconciler:
    """The passes. Each may be run at any time, by every process.

    Args:
        videos: the rows.
        workers: who is alive.
        starter: the durable engine.
        engines: names for which there are queues.
        executor_id: of this process.
        give_up: ends a video whose engine is gone for good.
        move_on: hands such a video on, where it was not submitted yet and there is another engine for it.
        clock: Unix seconds.
    """

    def __init__(
        self,
        *,
        videos: VideoRows,
        workers: WorkerRows,
        starter: Starter,
        engines: Collection[str],
        executor_id: str,
        give_up: Callable[[str], Awaitable[None]],
        move_on: Callable[[Video], Awaitable[bool]],
        clock: Callable[[], float],
    ) -> None:
        self._videos = videos
        self._workers = workers
        self._starter = starter
        self._engines = engines
        self._executor_id = executor_id
        self._give_up = give_up
        self._move_on = move_on
        self._clock = clock
        self._healthy: set[Start] = set()

    def started(self, starts: Iterable[Start]) -> None:
        """Note that these were just started, so that the next quick pass need not ask."""
        self._healthy.update(starts)

    async def start_missing(self, *, thorough: bool = False) -> int:
        """Start flows that were never started, and again those that ended before their video did.

        Args:
            thorough: ask for every unfinished video, not only for those of which nothing is known.
        """
        unfinished = await self._videos.unfinished(updated_before=self._clock() - GRACE, limit=MOST)
        wanted = {_start(row): row for row in unfinished if row.engine in self._engines}
        await self._give_up_removed(row for row in unfinished if row.engine not in self._engines)
        unsure = [start for start in wanted if thorough or start not in self._healthy]
        fates = await self._starter.fates(unsure) if unsure else {}
        missing = [start for start in unsure if start not in fates]
        missing += [again for start in unsure if (again := await self._again(start, fates))]
        if missing:
            log.info("flow.started_missing", count=len(missing))
            await self._starter.enqueue(missing)
        self._healthy = {start for start in wanted if start in self._healthy or start in fates} | set(missing)
        return len(missing)

    async def _again(self, start: Start, fates: Mapping[Start, Fate]) -> Start | None:
        if start not in fates or not fates[start].ended:
            return None
        raised = await self._videos.raise_epoch(start.video_id, start.epoch)
        return Start(start.video_id, start.engine, start.epoch + 1) if raised else None

    async def _give_up_removed(self, rows: Iterable[Unfinished]) -> None:
        for row in rows:
            video = await self._videos.get(row.id)
            if video is None or await self._move_on(video):
                continue
            if video.updated_at < self._clock() - REMOVED_AFTER:
                await self._give_up(row.id)

    async def take_over(self) -> int:
        """Adopt the flows of processes whose heart stopped."""
        adopted = 0
        for executor_id in await self._workers.dead(self._clock() - DEAD_AFTER):
            if executor_id == self._executor_id:
                continue
            flows = await self._starter.adopt(executor_id)
            await self._workers.forget(executor_id)
            if flows:
                log.warning("flow.took_over", executor=executor_id, flows=flows)
            adopted += flows
        return adopted

    async def prune(self) -> int:
        """Drop the durable engine's history of what ended long ago, which it would keep for ever."""
        before, dropped = self._clock() - KEEP_FLOWS, 0
        while page := await self._starter.prune(before):
            dropped += page
        return dropped


def _start(row: Unfinished) -> Start:
    return Start(row.id, row.engine, row.epoch)
