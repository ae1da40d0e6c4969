"""What the stages share: repositories, clock, the state of one run, and the ways in which a video ends."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import structlog

from filmgate.domain import VideoError, VideoRecord
from filmgate.engines.base import Engine
from filmgate.errors import EngineError, EngineUnavailable
from filmgate.flow import retry
from filmgate.flow.batch_poller import BatchPoller
from filmgate.flow.circuit_breaker import CallKind
from filmgate.flow.dispatcher import Dispatcher
from filmgate.store import VideoRepository

__all__ = ["AttemptState", "FlowContext", "Sleep", "cancel_quietly", "retry_after", "shield_for"]

Sleep = Callable[[str, float], Awaitable[None]]
"""Sleep for so many seconds on behalf of a video, or less if something about it changes."""

log = structlog.get_logger()


@dataclass(slots=True)
class AttemptState:
    """In-memory state of one run of the executor; everything that must survive it is in the row."""

    file_stack: AsyncExitStack  # holds the files that a submitted job still reads
    own_tokens: set[str] = field(default_factory=set)  # intents that this run wrote or resumed
    unanswered_token: str | None = None  # the intent whose submission returned to this run without an answer
    unknown_since: tuple[str, float] | None = None  # an intent, and since when its outcome is unknown
    consecutive_failures: int = 0  # of the current stage, in a row
    lost_polls: int = 0  # polls in a row that did not find the job
    bad_downloads: int = 0  # downloads that were not the video
    last_ticket: str | None = None  # ticket in the row as last read
    progress_written_at: float = 0.0
    polled_at: float = 0.0  # by this run itself
    watched_since: tuple[str, float] | None = None  # a ticket, and the monotonic time since when this run polls it


@dataclass(frozen=True, kw_only=True)
class FlowContext:
    """Dependencies of every stage."""

    videos: VideoRepository
    clock: Callable[[], float]  # Unix time: may be stepped, or jump while the machine sleeps
    sleep: Sleep
    checkpoint: Callable[[str], None]  # called with each name of CHECKPOINTS
    dispatcher: Dispatcher
    batch_poller: BatchPoller
    wake: Callable[[VideoRecord], None]  # starts the workflow of a video that was moved to another engine
    drain_timeout: float = 5.0  # seconds that a shutdown waits for the answer to a submission
    monotonic: Callable[[], float] = time.monotonic  # seconds that really passed for this process
    roll: Callable[[], float] = random.random  # random numbers in [0, 1)
    poll_counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # by engine and by what the poll returned

    def record_success(self, engine: Engine, call: CallKind) -> None:
        """Record for the circuit breaker that the engine answered."""
        self.dispatcher.breaker.record_success(engine.name, engine.identity, call)

    def record_failure(self, engine: Engine, call: CallKind) -> None:
        """Record for the circuit breaker that the engine could not be reached."""
        self.dispatcher.breaker.record_failure(engine.name, engine.identity, call)

    async def back_off(self, attempt: AttemptState, video: VideoRecord, error: Exception) -> None:
        """Sleep until the current stage is worth another try."""
        attempt.consecutive_failures += 1
        await self.sleep(
            video.id, retry.delay(attempt.consecutive_failures, self.roll(), retry_after=retry_after(error))
        )

    async def fail(self, video: VideoRecord, error: VideoError, token: str | None = None) -> None:
        """Fail the video and release its hold. No-op if another worker has started a new submission.

        Args:
            video: as last read; compared by its intent token.
            error: why it fails.
            token: of the intent that this run wrote since then.
        """
        if await self.videos.fail_if_intent(video.id, token or video.submit_token, error, self.clock()):
            self.checkpoint("failed")
            log.info("video.failed", video=video.id, engine=video.engine, code=error.code)

    async def fail_or_failover(self, video: VideoRecord, token: str, error: VideoError) -> None:
        """Move the video to another engine if its route allows that for this error, else fail it."""
        target = self.dispatcher.failover_target(video, error.code)
        if target is None:
            await self.fail(video, error, token)
        elif await self.videos.fail_over(video.id, token, engine=video.engine, to=target, now=self.clock()):
            self.checkpoint("failed_over")
            log.warning("flow.failed_over", video=video.id, engine=video.engine, to=target, code=error.code)
            await self._wake_by_id(video.id)

    async def reassign(self, video: VideoRecord, target: str) -> None:
        """Move a video that was not submitted yet to another engine."""
        if await self.videos.reassign(video.id, engine=video.engine, to=target, now=self.clock()):
            log.info("flow.reassigned", video=video.id, engine=video.engine, to=target)
            await self._wake_by_id(video.id)

    async def _wake_by_id(self, video_id: str) -> None:
        video = await self.videos.get(video_id)
        if video is not None:
            self.wake(video)


def retry_after(error: Exception) -> float | None:
    """Return the engine's Retry-After in seconds, if any."""
    return error.retry_after if isinstance(error, EngineUnavailable) else None


async def cancel_quietly(engine: Engine, ticket: str) -> None:
    """Ask an engine to cancel a job; a failure makes no difference to the video."""
    try:
        await engine.cancel(ticket)
    except EngineError:
        log.warning("flow.cancel_failed", engine=engine.name)


async def shield_for(coroutine: Coroutine[None, None, None], grace: float) -> None:
    """Run a coroutine that a cancellation interrupts only if it takes longer than ``grace`` seconds from then on."""
    task = asyncio.ensure_future(coroutine)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=grace)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
