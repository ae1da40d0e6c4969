"""What the parts of the drive share: the rows, the time, what one run remembers, and the ways in which a video ends."""

from __future__ import annotations

import asyncio
import random
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
"""Wait so many seconds on behalf of a video, or less if something about it changed."""

log = structlog.get_logger()


@dataclass(slots=True)
class AttemptState:
    """What one run of the drive remembers; the row knows everything that matters."""

    file_stack: AsyncExitStack  # holds what a submitted job still reads
    own_tokens: set[str] = field(default_factory=set)  # the intents that are ours
    unanswered_token: str | None = None  # the intent whose submission came back to us without an answer
    unknown_since: tuple[str, float] | None = None  # an intent, and since when we have been wondering what became of it
    consecutive_failures: int = 0  # of the step at hand, in a row
    lost_polls: int = 0  # looks in a row that did not find the job
    bad_downloads: int = 0  # downloads that were not the film
    last_ticket: str | None = None  # of the job that we last saw on the row
    progress_written_at: float = 0.0
    polled_at: float = 0.0  # by this drive itself


@dataclass(frozen=True, kw_only=True)
class FlowContext:
    """What every part of the drive works with."""

    videos: VideoRepository
    clock: Callable[[], float]  # Unix time
    sleep: Sleep
    checkpoint: Callable[[str], None]  # called with each name of CHECKPOINTS
    dispatcher: Dispatcher
    batch_poller: BatchPoller
    wake: Callable[[VideoRecord], None]  # starts the flow of a video that went to another engine
    drain_timeout: float = 5.0  # seconds that a stop waits for the answer to a submission
    roll: Callable[[], float] = random.random  # random numbers in [0, 1)
    poll_counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # by engine and by what was seen

    def record_success(self, engine: Engine, call: CallKind) -> None:
        """Note that an engine answered."""
        self.dispatcher.breaker.record_success(engine.name, engine.identity, call)

    def record_failure(self, engine: Engine, call: CallKind) -> None:
        """Note that it could not be reached."""
        self.dispatcher.breaker.record_failure(engine.name, engine.identity, call)

    async def back_off(self, attempt: AttemptState, video: VideoRecord, error: Exception) -> None:
        """Wait until it is worth trying the step at hand again."""
        attempt.consecutive_failures += 1
        await self.sleep(
            video.id, retry.delay(attempt.consecutive_failures, self.roll(), retry_after=retry_after(error))
        )

    async def fail(self, video: VideoRecord, error: VideoError, token: str | None = None) -> None:
        """End the video, free of charge, unless it is no longer what we saw: then others have it in hand.

        Args:
            video: as we saw it.
            error: why.
            token: of the intent that we wrote since.
        """
        if await self.videos.fail_if_intent(video.id, token or video.submit_token, error, self.clock()):
            self.checkpoint("failed")
            log.info("video.failed", video=video.id, engine=video.engine, code=error.code)

    async def fail_or_failover(self, video: VideoRecord, token: str, error: VideoError) -> None:
        """What its engine said is the end of it there: ask another one, if the route allows it, or end the video."""
        other = self.dispatcher.failover_target(video, error.code)
        if other is None:
            await self.fail(video, error, token)
        elif await self.videos.fail_over(video.id, token, engine=video.engine, to=other, now=self.clock()):
            self.checkpoint("failed_over")
            log.warning("flow.failed_over", video=video.id, engine=video.engine, to=other, code=error.code)
            await self._wake_by_id(video.id)

    async def reassign(self, video: VideoRecord, target: str) -> None:
        """Hand a video on that no engine was asked for yet."""
        if await self.videos.reassign(video.id, engine=video.engine, to=target, now=self.clock()):
            log.info("flow.reassigned", video=video.id, engine=video.engine, to=target)
            await self._wake_by_id(video.id)

    async def _wake_by_id(self, video_id: str) -> None:
        video = await self.videos.get(video_id)
        if video is not None:
            self.wake(video)


def retry_after(error: Exception) -> float | None:
    """How long the engine asked us to wait, in seconds."""
    return error.retry_after if isinstance(error, EngineUnavailable) else None


async def cancel_quietly(engine: Engine, ticket: str) -> None:
    """Ask an engine to stop; whether it heard makes no difference to the video."""
    try:
        await engine.cancel(ticket)
    except EngineError:
        log.warning("flow.cancel_failed", engine=engine.name)


async def shield_for(coroutine: Coroutine[None, None, None], grace: float) -> None:
    """Do some work that a cancel does not interrupt unless it takes longer than ``grace`` seconds from then."""
    task = asyncio.ensure_future(coroutine)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=grace)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
