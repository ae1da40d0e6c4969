"""One video from acceptance to its end, as a coroutine that its own row drives.

:class:`Drive` may be started for a video again at any moment, on any machine, even twice at once: every effect is
guarded by a compare-and-set of the store. A drive that finds another's mark on the row leaves the video to it. What
happens in each stage stands in a room of its own: :mod:`~filmgate.flow.submit`, :mod:`~filmgate.flow.poll`,
:mod:`~filmgate.flow.fetch`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack

import structlog

from filmgate.domain import Stage, Video
from filmgate.engines.base import Engine
from filmgate.flow import failure_codes, retry
from filmgate.flow.context import Kit, Run, cancel_quietly
from filmgate.flow.engine_registry import Roster
from filmgate.flow.fetch import Fetching
from filmgate.flow.ingest import Delivery
from filmgate.flow.poll import Watching
from filmgate.flow.submit import Submitting
from filmgate.storage.base import Storage

__all__ = ["Drive"]

MISSING_PAUSE = 60.0
"""Seconds between two attempts to make an engine again that a running video needs."""

MISSING_LIMIT = 86400.0
"""Seconds that it may be missing before the video ends: the mend may be an installation or a restored key."""

log = structlog.get_logger()


class Drive:
    """Drives videos; ``await drive(video_id)`` returns when the video is finished, gone or in other hands.

    Args:
        kit: what its parts share.
        storage: where references lie and files are staged.
        roster: finds the engine that a video is bound to.
        delivery: takes a fetched file into the storage.
        retention: seconds that files are kept; 0: for ever.
        limit: seconds after submission at which to give up, from the seconds expected.
    """

    def __init__(
        self,
        kit: Kit,
        *,
        storage: Storage,
        roster: Roster,
        delivery: Delivery,
        retention: float,
        limit: Callable[[float], float] = retry.watch_limit,
    ) -> None:
        self._kit = kit
        self._roster = roster
        self._submitting = Submitting(kit, storage)
        watching = Watching(kit, limit)
        fetching = Fetching(kit, storage, delivery, retention, watching)
        self._handlers: Mapping[Stage, Callable[[Run, Video, Engine], Awaitable[None]]] = {
            Stage.ACCEPTED: self._submitting.accepted,
            Stage.SUBMITTING: self._submitting.in_doubt,
            Stage.WATCHING: watching.watch,
            Stage.FETCHING: fetching.fetch,
        }

    @property
    def looks(self) -> Mapping[tuple[str, str], int]:
        """How often engines were looked at since the start, by engine and by what was seen."""
        return self._kit.looks

    async def __call__(self, video_id: str) -> None:
        """Drive the video as far as it goes."""
        async with AsyncExitStack() as stack:
            run = Run(stack)
            video = await self._kit.videos.get(video_id)
            bound = video and video.engine
            # Once it went to another engine, that one's queue has a flow for it.
            while video is not None and not video.finished and video.engine == bound:
                if await self._step(run, video):
                    return
                video = await self._kit.videos.fresh(video)

    async def _step(self, run: Run, video: Video) -> bool:
        """One handler; True if the video is in other hands."""
        engine = await self._roster.of(video)
        if engine is None:
            await self._without_engine(video)
            return False
        if run.tokens and video.submit_token is not None and video.submit_token not in run.tokens:
            await self._step_aside(run, video, engine)
            return True
        if video.submit_token is not None:
            run.tokens.add(video.submit_token)
        run.ticket = video.ticket
        await self._handlers[video.stage](run, video, engine)
        return False

    async def _step_aside(self, run: Run, video: Video, engine: Engine) -> None:
        log.info("flow.superseded", video=video.id)
        if run.ticket is not None and run.ticket != video.ticket:
            await cancel_quietly(engine, run.ticket)

    async def _without_engine(self, video: Video) -> None:
        """What it was submitted to can't be asked (any more): wait for it to come back, for a day."""
        kit = self._kit
        if video.cancel_requested:
            await kit.fail(video, failure_codes.CANCELLED)
        elif await self.move_on(video):
            return
        elif kit.clock() >= video.updated_at + MISSING_LIMIT:
            await kit.fail(video, failure_codes.ENGINE_REMOVED)
        else:
            await kit.pause(video.id, MISSING_PAUSE)

    async def cancel_waiting(self, video: Video) -> bool:
        """End a video as cancelled that no engine was asked for yet; False if one may have been."""
        return await self._submitting.cancel_waiting(video)

    async def move_on(self, video: Video) -> bool:
        """Hand a video on whose engine is gone and was not asked yet; False if there is no other."""
        other = self._kit.dispatcher.elsewhere(video) if video.stage is Stage.ACCEPTED else None
        if other is not None:
            await self._kit.move(video, other)
        return other is not None
