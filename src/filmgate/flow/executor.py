"""One video from acceptance to its end, as a coroutine that its own row drives.

:class:`VideoExecutor` may be started for a video again at any moment, on any machine, even twice at once: every effect is
guarded by a compare-and-set of the store. A drive that finds another's mark on the row leaves the video to it. What
happens in each stage stands in a room of its own: :mod:`~filmgate.flow.submit`, :mod:`~filmgate.flow.poll`,
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
"""Seconds between two attempts to make an engine again that a running video needs."""

ENGINE_MISSING_LIMIT = 86400.0
"""Seconds that it may be missing before the video ends: the mend may be an installation or a restored key."""

log = structlog.get_logger()


class VideoExecutor:
    """Drives videos; ``await drive(video_id)`` returns when the video is finished, gone or in other hands.

    Args:
        context: what its parts share.
        storage: where references lie and files are staged.
        registry: finds the engine that a video is bound to.
        ingest: takes a fetched file into the storage.
        retention: seconds that files are kept; 0: for ever.
        time_limit: seconds after submission at which to give up, from the seconds expected.
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
        watching = PollStage(context, time_limit)
        fetching = FetchStage(context, storage, ingest, retention, watching)
        self._handlers: Mapping[Stage, Callable[[AttemptState, VideoRecord, Engine], Awaitable[None]]] = {
            Stage.ACCEPTED: self._submit_stage.submit_when_due,
            Stage.SUBMITTING: self._submit_stage.resolve_unknown,
            Stage.WATCHING: watching.step,
            Stage.FETCHING: fetching.fetch,
        }

    @property
    def poll_counts(self) -> Mapping[tuple[str, str], int]:
        """How often engines were looked at since the start, by engine and by what was seen."""
        return self._context.poll_counts

    async def __call__(self, video_id: str) -> None:
        """Drive the video as far as it goes."""
        async with AsyncExitStack() as stack:
            run = AttemptState(stack)
            video = await self._context.videos.get(video_id)
            bound = video and video.engine
            # Once it went to another engine, that one's queue has a flow for it.
            while video is not None and not video.finished and video.engine == bound:
                if await self._step(run, video):
                    return
                video = await self._context.videos.refresh(video)

    async def _step(self, attempt: AttemptState, video: VideoRecord) -> bool:
        """One handler; True if the video is in other hands."""
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

    async def _yield_to_newer(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> None:
        log.info("flow.superseded", video=video.id)
        if attempt.last_ticket is not None and attempt.last_ticket != video.ticket:
            await cancel_quietly(engine, attempt.last_ticket)

    async def _wait_for_engine(self, video: VideoRecord) -> None:
        """What it was submitted to can't be asked (any more): wait for it to come back, for a day."""
        kit = self._context
        if video.cancel_requested:
            await kit.fail(video, failure_codes.CANCELLED)
        elif await self.reassign_unsubmitted(video):
            return
        elif kit.clock() >= video.updated_at + ENGINE_MISSING_LIMIT:
            await kit.fail(video, failure_codes.ENGINE_REMOVED)
        else:
            await kit.sleep(video.id, ENGINE_RETRY_INTERVAL)

    async def cancel_unsubmitted(self, video: VideoRecord) -> bool:
        """End a video as cancelled that no engine was asked for yet; False if one may have been."""
        return await self._submit_stage.cancel_unsubmitted(video)

    async def reassign_unsubmitted(self, video: VideoRecord) -> bool:
        """Hand a video on whose engine is gone and was not asked yet; False if there is no other."""
        other = self._context.dispatcher.reroute(video) if video.stage is Stage.ACCEPTED else None
        if other is not None:
            await self._context.reassign(video, other)
        return other is not None
