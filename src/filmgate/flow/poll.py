"""Stage WATCHING: poll the engine until its job is done, lost or overdue."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from filmgate.domain import Status, VideoRecord, next_progress
from filmgate.engines.base import Engine, JobState, JobStatus, job_without_files
from filmgate.errors import EngineError, EngineUnavailable
from filmgate.flow import failure_codes, retry
from filmgate.flow.circuit_breaker import CallKind
from filmgate.flow.context import AttemptState, FlowContext, cancel_quietly, retry_after

__all__ = ["PollStage"]

PROGRESS_WRITE_INTERVAL = 0.25
"""Seconds between two writes of a video's progress."""

POLL_INTERVAL_BOUNDS = (0.02, 60.0)
"""Bounds of an engine's ``poll_after``, in seconds."""

CACHED_POLL_INTERVAL = POLL_INTERVAL_BOUNDS[1]
"""Poll interval in seconds of a job that the latest bulk poll listed and the next one will list again."""

CACHE_MAX_AGE = 300.0
"""Seconds, plus or minus half, after which a job is polled by itself whatever the bulk polls report."""

LOST_CONFIRMATIONS = 3
"""Polls in a row that must not find a paid job before it counts as lost."""

_UNFINISHED_STATES = frozenset({JobState.QUEUED, JobState.WORKING, JobState.UNKNOWN})

log = structlog.get_logger()


class PollStage:
    """The stage WATCHING.

    Args:
        context: dependencies of every stage.
        time_limit: seconds after submission at which to give up, from the expected seconds: the more, the later.
    """

    def __init__(self, context: FlowContext, time_limit: Callable[[float], float]) -> None:
        self._context = context
        self._time_limit = time_limit

    async def step(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> None:
        """Poll once, and act on the status."""
        self._context.checkpoint("watching")
        if video.cancel_requested:
            await self.cancel(video, engine)
            await self._hold_slot_until_done(attempt, video, engine)
            return
        cached = self._cached_status(attempt, video, engine)
        job_status = cached or await self.poll(attempt, video, engine)
        attempt.lost_polls = attempt.lost_polls + 1 if job_status.state is JobState.LOST else 0
        match job_status.state:
            case JobState.DONE:
                if await self._context.videos.start_fetching(video.id, self._context.clock()):
                    self._context.checkpoint("fetching")
            case JobState.FAILED:
                await self._context.fail_or_failover(
                    video, video.submit_token or "", failure_codes.public_error(job_status.error)
                )
            case JobState.CANCELLED:
                await self._context.fail(video, failure_codes.CANCELLED)
            case JobState.LOST:
                await self.handle_lost(attempt, video, engine, job_status)
            case _:
                await self._record_progress(attempt, video, engine, job_status, cached)

    def _cached_status(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> JobStatus | None:
        """Return the status in the latest bulk poll, if it is recent enough."""
        until = attempt.polled_at + CACHE_MAX_AGE * (0.5 + self._context.roll())
        return self._context.batch_poller.cached(engine, video.ticket or "") if self._context.clock() < until else None

    async def poll(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> JobStatus:
        """Return the engine's status of the job; UNKNOWN if the poll fails."""
        attempt.polled_at = self._context.clock()
        try:
            job_status = await engine.poll(video.ticket or "")
        except EngineError as error:
            attempt.consecutive_failures += 1
            if isinstance(error, EngineUnavailable):
                self._context.record_failure(engine, CallKind.QUERY)
            self._context.poll_counts[engine.name, "error"] += 1
            poll_after = retry.delay(attempt.consecutive_failures, self._context.roll(), retry_after=retry_after(error))
            return JobStatus(state=JobState.UNKNOWN, poll_after=poll_after)
        attempt.consecutive_failures = 0
        self._context.record_success(engine, CallKind.QUERY)
        self._context.poll_counts[engine.name, job_status.state] += 1
        return job_status

    async def _record_progress(
        self, attempt: AttemptState, video: VideoRecord, engine: Engine, job_status: JobStatus, cached: JobStatus | None
    ) -> None:
        now = self._context.clock()
        if self._is_overdue(attempt, video, engine, now):
            await cancel_quietly(engine, video.ticket or "")
            await self._context.fail(video, failure_codes.ENGINE_TIMEOUT)
            return
        working = job_status.state is JobState.WORKING
        progress = next_progress(video.progress, job_status.progress)
        changed = progress > video.progress or (working and video.status is Status.QUEUED)
        if changed and now >= attempt.progress_written_at + PROGRESS_WRITE_INTERVAL:
            attempt.progress_written_at = now
            await self._context.videos.advance(video.id, progress=progress, working=working, now=now)
        await self._wait_for_next_poll(video, engine, job_status, cached)

    def _is_overdue(self, attempt: AttemptState, video: VideoRecord, engine: Engine, now: float) -> bool:
        """Whether the job has taken too long, by the dates and by the time that this process has polled it.

        A clock that is set, or a machine that sleeps for an hour, makes every running job look old.
        """
        ticket, monotonic = video.ticket or "", self._context.monotonic()
        if attempt.watched_since is None or attempt.watched_since[0] != ticket:
            attempt.watched_since = ticket, monotonic
        age = min(now - (video.submit_at or video.created_at), monotonic - attempt.watched_since[1])
        # The expected seconds need not be computed before the shortest limit is over.
        return age >= self._time_limit(0) and age >= self._time_limit(engine.expected_seconds(job_without_files(video)))

    async def _wait_for_next_poll(
        self, video: VideoRecord, engine: Engine, job_status: JobStatus, cached: JobStatus | None
    ) -> None:
        """Sleep until the next poll is due, or until a bulk poll finds a change."""
        batch_poller, ticket = self._context.batch_poller, video.ticket or ""
        batch_poller.register(engine, ticket, video.id, cached)
        try:
            await self._sleep(video, CACHED_POLL_INTERVAL if cached else job_status.poll_after)
        finally:
            batch_poller.unregister(engine, ticket)

    async def _sleep(self, video: VideoRecord, seconds: float) -> None:
        shortest, longest = POLL_INTERVAL_BOUNDS
        await self._context.sleep(video.id, min(longest, max(shortest, seconds)) * (0.9 + 0.2 * self._context.roll()))

    async def handle_lost(
        self, attempt: AttemptState, video: VideoRecord, engine: Engine, job_status: JobStatus
    ) -> None:
        """Confirm that the engine lost the job; then requeue the video where that costs nothing, else fail it."""
        if engine.capabilities.paid and attempt.lost_polls < LOST_CONFIRMATIONS:
            await self._sleep(video, job_status.poll_after)
        elif engine.capabilities.paid:
            await self._context.fail(video, failure_codes.UPSTREAM_LOST)
        elif retry.count_lost_jobs(await self._context.videos.history(video.id)) >= retry.MAX_LOST_JOBS:
            await self._context.fail(video, failure_codes.ENGINE_ERROR)
        else:
            log.info("flow.requeued", video=video.id, engine=engine.name)
            await self._context.videos.requeue(video.id, self._context.clock())

    async def cancel(self, video: VideoRecord, engine: Engine) -> None:
        """Cancel the job, and end the video as cancelled."""
        await cancel_quietly(engine, video.ticket or "")
        await self._context.fail(video, failure_codes.CANCELLED)

    async def stop_job(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> None:
        """Cancel the job of a video that is gone."""
        await cancel_quietly(engine, video.ticket or "")
        await self._hold_slot_until_done(attempt, video, engine)

    async def _hold_slot_until_done(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> None:
        """Keep the slot of a job that can't be cancelled: a new one in it would exceed the engine's limit."""
        if engine.capabilities.cancels or engine.capabilities.concurrency is None:
            return
        while not self._is_overdue(attempt, video, engine, self._context.clock()):
            job_status = await self.poll(attempt, video, engine)
            if job_status.state not in _UNFINISHED_STATES:
                return
            await self._sleep(video, job_status.poll_after)
