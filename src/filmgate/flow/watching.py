"""While an engine has the video: how it stands, again and again, until it is done or its time is over."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from filmgate.engines.base import Engine, State, Verdict, outline
from filmgate.errors import EngineError, EngineUnavailable
from filmgate.flow import failures, retry
from filmgate.flow.breaker import Call
from filmgate.flow.kit import Kit, Run, cancel_quietly, retry_after
from filmgate.video import Status, Video, next_progress

__all__ = ["Watching"]

WRITE_INTERVAL = 0.25
"""Seconds between two writes of a video's progress."""

LOOK_BETWEEN = (0.02, 60.0)
"""Bounds of an engine's ``look_after``, in seconds."""

SURELY_LOST = 3
"""Looks in a row that must not find a paid job before it counts as lost."""

log = structlog.get_logger()


class Watching:
    """The stage WATCHING.

    Args:
        kit: what every part works with.
        limit: seconds after submission at which to give up, from the seconds expected.
    """

    def __init__(self, kit: Kit, limit: Callable[[float], float]) -> None:
        self._kit = kit
        self._limit = limit

    async def watch(self, run: Run, video: Video, engine: Engine) -> None:
        """Look once, and act on what is seen."""
        self._kit.checkpoint("watching")
        if video.cancel_requested:
            await self.cancel(video, engine)
            return
        verdict = await self.look(run, video, engine)
        run.lost = run.lost + 1 if verdict.state is State.LOST else 0
        match verdict.state:
            case State.DONE:
                if await self._kit.videos.fetching(video.id, self._kit.clock()):
                    self._kit.checkpoint("fetching")
            case State.FAILED:
                await self._kit.fail_typed(video, video.submit_token or "", failures.publishable(verdict.error))
            case State.CANCELLED:
                await self._kit.fail(video, failures.CANCELLED)
            case State.LOST:
                await self.lost(run, video, engine, verdict)
            case _:
                await self._go_on(run, video, engine, verdict)

    async def look(self, run: Run, video: Video, engine: Engine) -> Verdict:
        """What the engine says; where it can't be asked, that nothing is known."""
        try:
            verdict = await engine.look(video.ticket or "")
        except EngineError as error:
            run.failures += 1
            if isinstance(error, EngineUnavailable):
                self._kit.unanswered(engine, Call.ASK)
            self._kit.looks[engine.name, "error"] += 1
            after = retry.delay(run.failures, self._kit.roll(), said=retry_after(error))
            return Verdict(state=State.UNKNOWN, look_after=after)
        run.failures = 0
        self._kit.answered(engine, Call.ASK)
        self._kit.looks[engine.name, verdict.state] += 1
        return verdict

    async def _go_on(self, run: Run, video: Video, engine: Engine, verdict: Verdict) -> None:
        now = self._kit.clock()
        expected = engine.expected_seconds(outline(video))
        if now >= (video.submit_at or video.created_at) + self._limit(expected):
            await cancel_quietly(engine, video.ticket or "")
            await self._kit.fail(video, failures.ENGINE_TIMEOUT)
            return
        working = verdict.state is State.WORKING
        progress = next_progress(video.progress, verdict.progress)
        changed = progress > video.progress or (working and video.status is Status.QUEUED)
        if changed and now >= run.written_at + WRITE_INTERVAL:
            run.written_at = now
            await self._kit.videos.advance(video.id, progress=progress, working=working, now=now)
        await self._pause_for(video, verdict)

    async def _pause_for(self, video: Video, verdict: Verdict) -> None:
        least, most = LOOK_BETWEEN
        await self._kit.pause(video.id, min(most, max(least, verdict.look_after)) * (0.9 + 0.2 * self._kit.roll()))

    async def lost(self, run: Run, video: Video, engine: Engine, verdict: Verdict) -> None:
        """Make sure that the engine forgot the job; then begin again where that costs nothing."""
        if engine.capabilities.paid and run.lost < SURELY_LOST:
            await self._pause_for(video, verdict)
        elif engine.capabilities.paid:
            await self._kit.fail(video, failures.UPSTREAM_LOST)
        elif retry.losses(await self._kit.videos.history(video.id)) >= retry.MAX_LOSSES:
            await self._kit.fail(video, failures.ENGINE_ERROR)
        else:
            log.info("flow.begins_again", video=video.id, engine=engine.name)
            await self._kit.videos.restart(video.id, self._kit.clock())

    async def cancel(self, video: Video, engine: Engine) -> None:
        """Stop the job, and end the video as its owner wished."""
        await cancel_quietly(engine, video.ticket or "")
        await self._kit.fail(video, failures.CANCELLED)
