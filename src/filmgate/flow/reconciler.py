"""What keeps every accepted video in somebody's hands, whoever died: passes over the rows and the flows behind them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Protocol

import structlog
from msgspec import Struct

from filmgate.domain import VideoRecord
from filmgate.store import UnfinishedVideo, VideoRepository, WorkerRepository

__all__ = ["HEARTBEAT_TIMEOUT", "Reconciler", "WorkflowBackend", "WorkflowRef", "WorkflowStatus"]

HEARTBEAT_TIMEOUT = 10.0
"""Seconds without a heartbeat after which a process counts as dead."""

MIN_IDLE = 3.0
"""Seconds that a row may be at rest before anybody asks for its flow."""

WORKFLOW_RETENTION = 3600.0
"""Seconds that the durable engine keeps the history of flows that ended."""

REMOVED_ENGINE_LIMIT = 86400.0
"""Seconds that a video may wait for an engine that the configuration no longer names."""

LIMIT = 100_000

log = structlog.get_logger()


class WorkflowRef(Struct, frozen=True, gc=False):  # there may be tens of thousands
    """One flow to start: the ``epoch``-th of its video, on its engine's queue."""

    video_id: str
    engine: str
    epoch: int = 0


class WorkflowStatus(Struct, frozen=True, gc=False):
    """What became of a flow."""

    ended: bool  # it ran to its end or was given up; a video that is unfinished then needs a new one


class WorkflowBackend(Protocol):
    """What the reconciler needs of the durable engine."""

    async def enqueue(self, workflows: Collection[WorkflowRef]) -> None:
        """Start each; one that was started before stays as it is."""

    async def statuses(self, workflows: Collection[WorkflowRef]) -> Mapping[WorkflowRef, WorkflowStatus]:
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
        backend: the durable engine.
        engines: names for which there are queues.
        executor_id: of this process.
        fail_removed: ends a video whose engine is gone for good.
        reassign: hands such a video on, where it was not submitted yet and there is another engine for it.
        clock: Unix seconds.
    """

    def __init__(
        self,
        *,
        videos: VideoRepository,
        workers: WorkerRepository,
        backend: WorkflowBackend,
        engines: Collection[str],
        executor_id: str,
        fail_removed: Callable[[str], Awaitable[None]],
        reassign: Callable[[VideoRecord], Awaitable[bool]],
        clock: Callable[[], float],
    ) -> None:
        self._videos = videos
        self._workers = workers
        self._backend = backend
        self._engines = engines
        self._executor_id = executor_id
        self._fail_removed = fail_removed
        self._reassign = reassign
        self._clock = clock
        self._healthy: set[WorkflowRef] = set()

    def mark_started(self, workflows: Iterable[WorkflowRef]) -> None:
        """Note that these were just started, so that the next quick pass need not ask."""
        self._healthy.update(workflows)

    async def start_missing(self, *, check_all: bool = False) -> int:
        """Start flows that were never started, and again those that ended before their video did.

        Args:
            check_all: ask for every unfinished video, not only for those of which nothing is known.
        """
        unfinished = await self._videos.list_unfinished(updated_before=self._clock() - MIN_IDLE, limit=LIMIT)
        wanted = {_workflow_of(row): row for row in unfinished if row.engine in self._engines}
        await self._handle_removed_engines(row for row in unfinished if row.engine not in self._engines)
        unsure = [start for start in wanted if check_all or start not in self._healthy]
        fates = await self._backend.statuses(unsure) if unsure else {}
        missing = [start for start in unsure if start not in fates]
        missing += [again for start in unsure if (again := await self._restarted(start, fates))]
        if missing:
            log.info("flow.started_missing", count=len(missing))
            await self._backend.enqueue(missing)
        self._healthy = {start for start in wanted if start in self._healthy or start in fates} | set(missing)
        return len(missing)

    async def _restarted(
        self, workflow: WorkflowRef, statuses: Mapping[WorkflowRef, WorkflowStatus]
    ) -> WorkflowRef | None:
        if workflow not in statuses or not statuses[workflow].ended:
            return None
        raised = await self._videos.raise_epoch(workflow.video_id, workflow.epoch)
        return WorkflowRef(workflow.video_id, workflow.engine, workflow.epoch + 1) if raised else None

    async def _handle_removed_engines(self, rows: Iterable[UnfinishedVideo]) -> None:
        for row in rows:
            video = await self._videos.get(row.id)
            if video is None or await self._reassign(video):
                continue
            if video.updated_at < self._clock() - REMOVED_ENGINE_LIMIT:
                await self._fail_removed(row.id)

    async def adopt_orphans(self) -> int:
        """Adopt the flows of processes whose heart stopped."""
        adopted = 0
        for executor_id in await self._workers.list_dead(self._clock() - HEARTBEAT_TIMEOUT):
            if executor_id == self._executor_id:
                continue
            flows = await self._backend.adopt(executor_id)
            await self._workers.delete(executor_id)
            if flows:
                log.warning("flow.orphans_adopted", executor=executor_id, flows=flows)
            adopted += flows
        return adopted

    async def prune(self) -> int:
        """Drop the durable engine's history of what ended long ago, which it would keep for ever."""
        before, dropped = self._clock() - WORKFLOW_RETENTION, 0
        while page := await self._backend.prune(before):
            dropped += page
        return dropped


def _workflow_of(row: UnfinishedVideo) -> WorkflowRef:
    return WorkflowRef(row.id, row.engine, row.epoch)
