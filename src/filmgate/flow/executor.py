"""Executor: drives one video from acceptance to its end, as a coroutine that is controlled by the video's row.

:class:`VideoExecutor` may be started for a video again at any moment, on any machine, even twice at once: every effect
is guarded by a compare-and-set of the store. An executor that finds another's intent in the row gives the video up.
Each stage has a module of its own: :mod:`~filmgate.flow.submit`, :mod:`~filmgate.flow.poll`,
:mod:`~filmgate.flow.fetch`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack

import structlog

from filmgate.domain import Stage, VideoRecord
from filmgate.engines.base import Engine
from filmgate.flow import failure_codes, retry
from filmgate.flow.context import AttemptState, FlowContext, cancel_quietly
from filmgate.flow.engine_registry import EngineRegistry
from filmgate.flow.fetch import FetchStage
from filmgate.flow.ingest import ArtifactIngest
from filmgate.flow.poll import PollStage
from filmgate.flow.submit import SubmitStage
from filmgate.storage.base import Storage

__all__ = ["VideoExecutor"]

ENGINE_RETRY_INTERVAL = 60.0
"""Seconds between two attempts to rebuild an engine that a running video needs."""

ENGINE_MISSING_LIMIT = 86400.0
"""Seconds that it may be missing before the video fails: the fix may be an installation or a restored key."""

log = structlog.get_logger()


class VideoExecutor:
    """Drives videos; ``await execute(video_id)`` returns when the video is finished, gone or driven by another worker.

    Args:
        context: dependencies of the stages.
        storage: where references are stored and files are staged.
        registry: finds the engine that a video is bound to.
        ingest: moves a fetched file into the storage.
        retention: seconds that files are kept; 0: forever.
        time_limit: seconds after submission at which to give up, from the expected seconds.
    """

    def __init__(
        self,
        context: FlowContext,
        *,
        storage: Storage,
        registry: EngineRegistry,
        ingest: ArtifactIngest,
        retention: float,
        time_limit: Callable[[float], float] = retry.poll_time_limit,
    ) -> None:
        self._context = context
        self._registry = registry
        self._submit_stage = SubmitStage(context, storage)
        self._poll_stage = poll_stage = PollStage(context, time_limit)
        fetch_stage = FetchStage(context, storage, ingest, retention, poll_stage)
        self._handlers: Mapping[Stage, Callable[[AttemptState, VideoRecord, Engine], Awaitable[None]]] = {
            Stage.ACCEPTED: self._submit_stage.submit_when_due,
            Stage.SUBMITTING: self._submit_stage.resolve_unknown,
            Stage.WATCHING: poll_stage.step,
            Stage.FETCHING: fetch_stage.fetch,
        }

    @property
    def poll_counts(self) -> Mapping[tuple[str, str], int]:
        """Number of polls since the start, by engine and by what they returned."""
        return self._context.poll_counts

    async def __call__(self, video_id: str) -> None:
        """Drive the video as far as possible."""
        async with AsyncExitStack() as stack:
            attempt = AttemptState(stack)
            video = await self._context.videos.get(video_id)
            engine_name = video and video.engine
            # Once it is moved to another engine, that engine's queue has a workflow for it.
            while video is not None and not video.finished and video.engine == engine_name:
                if await self._step(attempt, video):
                    return
                video = await self._context.videos.refresh(video)
            if video is None:
                await self._stop_abandoned(attempt, video_id)

    async def _step(self, attempt: AttemptState, video: VideoRecord) -> bool:
        """Run one stage handler; True if another worker drives the video."""
        engine = await self._registry.engine_for(video)
        if engine is None:
            await self._wait_for_engine(video)
            return False
        if attempt.own_tokens and video.submit_token is not None and video.submit_token not in attempt.own_tokens:
            await self._yield_to_newer(attempt, video, engine)
            return True
        if video.submit_token is not None:
            attempt.own_tokens.add(video.submit_token)
        attempt.last_ticket = video.ticket
        await self._handlers[video.stage](attempt, video, engine)
        return False

    async def _stop_abandoned(self, attempt: AttemptState, video_id: str) -> None:
        """Cancel the engine's job of a video that was deleted while it was made, perhaps before a restart."""
        video = await self._context.videos.abandoned(video_id)
        engine = None if video is None else await self._registry.engine_for(video)
        if video is not None and engine is not None:
            await self._poll_stage.stop_job(attempt, video, engine)

    async def _yield_to_newer(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> None:
        log.info("flow.superseded", video=video.id)
        if attempt.last_ticket is not None and attempt.last_ticket != video.ticket:
            await cancel_quietly(engine, attempt.last_ticket)

    async def _wait_for_engine(self, video: VideoRecord) -> None:
        """Wait up to a day for a missing engine to return, or move an unsubmitted video to another one."""
        context = self._context
        if video.cancel_requested:
            await context.fail(video, failure_codes.CANCELLED)
        elif await self.reassign_unsubmitted(video):
            return
        elif context.clock() >= video.updated_at + ENGINE_MISSING_LIMIT:
            await context.fail(video, failure_codes.ENGINE_REMOVED)
        else:
            await context.sleep(video.id, ENGINE_RETRY_INTERVAL)

    async def cancel_unsubmitted(self, video: VideoRecord) -> bool:
        """End an unsubmitted video as cancelled; False if it may have been submitted."""
        return await self._submit_stage.cancel_unsubmitted(video)

    async def reassign_unsubmitted(self, video: VideoRecord) -> bool:
        """Move an unsubmitted video whose engine is gone to another one; False if there is none."""
        target = self._context.dispatcher.reroute(video) if video.stage is Stage.ACCEPTED else None
        if target is not None:
            await self._context.reassign(video, target)
        return target is not None
