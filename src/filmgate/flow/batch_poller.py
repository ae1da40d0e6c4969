"""Bulk polling: one ``poll_many`` call for all running jobs of an engine instead of one ``poll`` for each.

When an engine runs many jobs, most single polls find no change. Where the engine can list them all at once, the batch
poller does so, and an executor sleeps until a bulk poll shows a change of its video. The executor still polls the job
itself

- when a bulk poll no longer lists the job as running: only a single poll reports an end state;
- every few minutes, so that a stale list is not trusted forever;
- at the engine's usual interval, if the bulk poll does not list the job, or bulk polling is paused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import cast

import structlog
from msgspec import Struct

from filmgate.engines.base import BulkPoller, Engine, JobState, JobStatus
from filmgate.errors import EngineError

__all__ = ["PROGRESS_DELTA", "BatchPoller"]

PROGRESS_DELTA = 5.0
"""Percentage points of progress that count as a change."""

TIMEOUT = 30.0
"""Timeout in seconds of a bulk poll: single polls would be faster."""

DUTY_DIVISOR = 2
"""Bulk polls may use at most 1/DUTY_DIVISOR of the elapsed time."""

JOBS_PER_SECOND = 2000
"""Jobs that bulk polls cover per second at most: the more jobs, the longer the interval."""

MIN_COVERAGE = 0.5
"""Fraction of the jobs that a bulk poll must report; below it, bulk polling pauses."""

BACKOFF = (15.0, 300.0)
"""Seconds until the next bulk poll after one that failed, timed out or reported too few jobs: first and maximum."""

log = structlog.get_logger()


class _Waiter(Struct, frozen=True, gc=False):
    video_id: str
    known_status: JobStatus | None  # from a bulk poll; None: the executor polled itself and will do so again


@dataclass
class _EngineWatch:
    """The waiting videos of one engine."""

    waiters: dict[str, _Waiter] = field(default_factory=dict)  # by ticket
    statuses: Mapping[str, JobStatus] = field(default_factory=dict)  # from the latest bulk poll
    due_at: float = 0.0
    failures: int = 0  # useless bulk polls in a row
    last_job_count: int = 0  # number of jobs in the last useless one

    def back_off(self, now: float) -> None:
        """Pause bulk polls; executors poll for themselves, those asleep within a minute and not all at once."""
        initial, maximum = BACKOFF
        self.statuses, self.due_at = {}, now + min(maximum, initial * 2.0 ** min(self.failures, 10))
        self.failures, self.last_job_count = self.failures + 1, len(self.waiters)

    def is_due(self, now: float) -> bool:
        """Whether a bulk poll is due; at once if the jobs have doubled since the last useless one."""
        return now >= self.due_at or (self.failures > 0 and len(self.waiters) >= 2 * self.last_job_count)


class BatchPoller:
    """Runs the bulk polls of all engines.

    Args:
        wake: ends the sleep of a video's executor, by video id.
        clock: time in seconds.
    """

    def __init__(self, wake: Callable[[str], object], clock: Callable[[], float]) -> None:
        self._wake = wake
        self._clock = clock
        self._watches: dict[Engine, _EngineWatch] = {}

    def cached(self, engine: Engine, ticket: str) -> JobStatus | None:
        """Return the job's status in the latest bulk poll; None if unknown: poll it."""
        watch = self._watches.get(engine)
        status = None if watch is None else watch.statuses.get(ticket)
        return None if status is None or status.state is JobState.UNKNOWN else status

    def register(self, engine: Engine, ticket: str, video_id: str, known_status: JobStatus | None) -> None:
        """Add a waiting executor.

        Args:
            engine: the engine that runs the job.
            ticket: the job's ticket.
            video_id: the video to wake if a bulk poll differs from ``known_status``.
            known_status: status in the last bulk poll; None if the executor polled itself: it will do so again and
                needs no wakeup.
        """
        if engine.capabilities.bulk_poll_min_jobs is not None:
            self._watches.setdefault(engine, _EngineWatch()).waiters[ticket] = _Waiter(video_id, known_status)

    def unregister(self, engine: Engine, ticket: str) -> None:
        """Remove the executor that waits for this job."""
        if engine in self._watches:
            self._watches[engine].waiters.pop(ticket, None)

    async def run_due(self) -> None:
        """Run the bulk polls that are due, all engines at once."""
        self._watches = {engine: watch for engine, watch in self._watches.items() if watch.waiters}
        due = [(engine, watch) for engine, watch in self._watches.items() if self._is_due(engine, watch)]
        await asyncio.gather(*(self._poll_engine(cast("BulkPoller", engine), watch) for engine, watch in due))

    def _is_due(self, engine: Engine, watch: _EngineWatch) -> bool:
        min_jobs = engine.capabilities.bulk_poll_min_jobs
        if min_jobs is None or len(watch.waiters) < min_jobs:
            watch.statuses = {}
            return False
        return watch.is_due(self._clock())

    async def _poll_engine(self, engine: BulkPoller, watch: _EngineWatch) -> None:
        started_at, job_count = self._clock(), len(watch.waiters)
        statuses = await _poll_many(engine, list(watch.waiters))
        if statuses is None or len(statuses) < MIN_COVERAGE * job_count:
            watch.back_off(started_at)
            log.info(
                "batch_poll.paused",
                engine=engine.name,
                jobs=job_count,
                listed=None if statuses is None else len(statuses),
            )
            return
        interval = max(status.poll_after for status in statuses.values())
        elapsed = self._clock() - started_at
        watch.failures = 0
        watch.due_at = started_at + max(interval, job_count / JOBS_PER_SECOND, DUTY_DIVISOR * elapsed)
        self._wake_changed(watch, statuses)

    def _wake_changed(self, watch: _EngineWatch, statuses: Mapping[str, JobStatus]) -> None:
        """Store the statuses and wake the executors whose job has changed."""
        watch.statuses = statuses
        for ticket, waiter in watch.waiters.items():
            if waiter.known_status is not None and _has_changed(waiter.known_status, statuses.get(ticket)):
                self._wake(waiter.video_id)


async def _poll_many(engine: BulkPoller, tickets: Collection[str]) -> Mapping[str, JobStatus] | None:
    """Return the engine's reply; None if it fails or takes longer than TIMEOUT."""
    try:
        async with asyncio.timeout(TIMEOUT):
            return await engine.poll_many(tickets)
    except (EngineError, TimeoutError):
        return None


def _has_changed(before: JobStatus, after: JobStatus | None) -> bool:
    """Whether an executor would act on the difference between the two statuses."""
    return (
        after is None
        or after.state is not before.state
        or (after.progress or 0) >= (before.progress or 0) + PROGRESS_DELTA
    )
