"""Reconciliation: periodic passes that restart lost workflows and adopt those of dead workers."""

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
"""Seconds that a row must be unchanged before its workflow is checked."""

WORKFLOW_RETENTION = 3600.0
"""Seconds that the workflow backend keeps the history of ended workflows."""

REMOVED_ENGINE_LIMIT = 86400.0
"""Seconds that a video may wait for an engine that is no longer configured."""

LIMIT = 100_000

log = structlog.get_logger()


class WorkflowRef(Struct, frozen=True, gc=False):  # there may be tens of thousands
    """One workflow to start: the ``epoch``-th of its video, on its engine's queue."""

    video_id: str
    engine: str
    epoch: int = 0


class WorkflowStatus(Struct, frozen=True, gc=False):
    """Status of a workflow."""

    ended: bool  # it ran to its end or was given up; a video that is unfinished then needs a new one


class WorkflowBackend(Protocol):
    """What the reconciler requires of the workflow backend."""

    async def enqueue(self, workflows: Collection[WorkflowRef], priorities: Mapping[str, int]) -> None:
        """Start each; one that was started before stays as it is.

        Args:
            workflows: to start.
            priorities: by video id, from 1, the first to run.
        """

    async def statuses(self, workflows: Collection[WorkflowRef]) -> Mapping[WorkflowRef, WorkflowStatus]:
        """Return the status of each; one that was never started is missing."""

    async def adopt(self, executor_id: str) -> int:
        """Put the running workflows of a dead process back into their queues; returns how many."""

    async def prune(self, ended_before: float) -> int:
        """Delete some workflows that ended before that Unix time; returns how many, 0 when none are left."""


class Reconciler:
    """Reconciliation passes. Each may run at any time, in any process.

    Args:
        videos: repository of videos.
        workers: repository of heartbeats.
        backend: the workflow backend.
        engines: names of the engines that have queues.
        executor_id: id of this process.
        fail_removed: fails a video whose engine is gone for good.
        reassign: moves such a video to another engine, if it was not submitted yet and there is one.
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
        """Record that these were just started, so that the next quick pass need not check them."""
        self._healthy.update(workflows)

    async def start_missing(self, *, check_all: bool = False) -> int:
        """Start workflows that were never started, and restart those that ended before their video did.

        Args:
            check_all: check every unfinished video, not only those of unknown status.
        """
        unfinished = await self._videos.list_unfinished(updated_before=self._clock() - MIN_IDLE, limit=LIMIT)
        rows = {_workflow_of(row): row for row in unfinished if row.engine in self._engines}
        await self._handle_removed_engines(row for row in unfinished if row.engine not in self._engines)
        unchecked = [workflow for workflow in rows if check_all or workflow not in self._healthy]
        statuses = await self._backend.statuses(unchecked) if unchecked else {}
        missing = [workflow for workflow in unchecked if workflow not in statuses]
        missing += [restarted for workflow in unchecked if (restarted := await self._restarted(workflow, statuses))]
        if missing:
            log.info("flow.started_missing", count=len(missing))
            turns = await self._videos.turns(workflow.video_id for workflow in missing)
            await self._backend.enqueue(missing, turns)
        self._healthy = {workflow for workflow in rows if workflow in self._healthy or workflow in statuses} | set(
            missing
        )
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
        """Adopt the workflows of processes without a heartbeat; returns how many."""
        adopted = 0
        for executor_id in await self._workers.list_dead(self._clock() - HEARTBEAT_TIMEOUT):
            if executor_id == self._executor_id:
                continue
            workflows = await self._backend.adopt(executor_id)
            await self._workers.delete(executor_id)
            if workflows:
                log.warning("flow.orphans_adopted", executor=executor_id, workflows=workflows)
            adopted += workflows
        return adopted

    async def prune(self) -> int:
        """Delete the backend's history of workflows that ended long ago, which it keeps otherwise; returns how many."""
        before, deleted = self._clock() - WORKFLOW_RETENTION, 0
        while page := await self._backend.prune(before):
            deleted += page
        return deleted


def _workflow_of(row: UnfinishedVideo) -> WorkflowRef:
    return WorkflowRef(row.id, row.engine, row.epoch)
