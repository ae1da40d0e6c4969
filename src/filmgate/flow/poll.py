"""While an engine has the video: how it stands, again and again, until it is done or its time is over."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from filmgate.domain import Status, Video, next_progress
from filmgate.engines.base import Engine, State, Verdict, outline
from filmgate.errors import EngineError, EngineUnavailable
from filmgate.flow import failure_codes, retry
from filmgate.flow.circuit_breaker import Call
from filmgate.flow.context import Kit, Run, cancel_quietly, retry_after

__all__ = ["Watching"]

WRITE_INTERVAL = 0.25
"""Seconds between two writes of a video's progress."""

LOOK_BETWEEN = (0.02, 60.0)
"""Bounds of an engine's ``look_after``, in seconds."""

ROUND_LOOK = LOOK_BETWEEN[1]
"""The same for a video that a round has told of, and would tell of again."""

BELIEVED = 300.0
"""Seconds, give or take half, after which a video is looked at by itself whatever the rounds say of it."""

SURELY_LOST = 3
"""Looks in a row that must not find a paid job before it counts as lost."""

_GOES_ON = frozenset({State.QUEUED, State.WORKING, State.UNKNOWN})

log = structlog.get_logger()


class Watching:
    """The stage WATCHING.

    Args:
        kit: what every part works with.
        limit: seconds after submission at which to give up, from the seconds expected: the more, the later.
    """

    def __init__(self, kit: Kit, limit: Callable[[float], float]) -> None:
        self._kit = kit
        self._limit = limit

    async def watch(self, run: Run, video: Video, engine: Engine) -> None:
        """Look once, and act on what is seen."""
        self._kit.checkpoint("watching")
        if video.cancel_requested:
            await self.cancel(video, engine)
            await self._sit_out(run, video, engine)
            return
        told = self._told(run, video, engine)
        verdict = told or await self.look(run, video, engine)
        run.lost = run.lost + 1 if verdict.state is State.LOST else 0
        match verdict.state:
            case State.DONE:
                if await self._kit.videos.fetching(video.id, self._kit.clock()):
                    self._kit.checkpoint("fetching")
            case State.FAILED:
                await self._kit.fail_typed(video, video.submit_token or "", failure_codes.publishable(verdict.error))
            case State.CANCELLED:
                await self._kit.fail(video, failure_codes.CANCELLED)
            case State.LOST:
                await self.lost(run, video, engine, verdict)
            case _:
                await self._go_on(run, video, engine, verdict, told)

    def _told(self, run: Run, video: Video, engine: Engine) -> Verdict | None:
        """What the latest round said, if that will do."""
        until = run.looked_at + BELIEVED * (0.5 + self._kit.roll())
        return self._kit.rounds.told(engine, video.ticket or "") if self._kit.clock() < until else None

    async def look(self, run: Run, video: Video, engine: Engine) -> Verdict:
        """What the engine says; where it can't be asked, that nothing is known."""
        run.looked_at = self._kit.clock()
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

    async def _go_on(self, run: Run, video: Video, engine: Engine, verdict: Verdict, told: Verdict | None) -> None:
        now = self._kit.clock()
        if self._overdue(video, engine, now):
            await cancel_quietly(engine, video.ticket or "")
            await self._kit.fail(video, failure_codes.ENGINE_TIMEOUT)
            return
        working = verdict.state is State.WORKING
        progress = next_progress(video.progress, verdict.progress)
        changed = progress > video.progress or (working and video.status is Status.QUEUED)
        if changed and now >= run.written_at + WRITE_INTERVAL:
            run.written_at = now
            await self._kit.videos.advance(video.id, progress=progress, working=working, now=now)
        await self._wait(video, engine, verdict, told)

    def _overdue(self, video: Video, engine: Engine, now: float) -> bool:
        since = video.submit_at or video.created_at
        # What is expected need not be known before the shortest limit is over.
        return now >= since + self._limit(0) and now >= since + self._limit(engine.expected_seconds(outline(video)))

    async def _wait(self, video: Video, engine: Engine, verdict: Verdict, told: Verdict | None) -> None:
        """Wait for the time of the next look, or for a round to find that something changed."""
        rounds, ticket = self._kit.rounds, video.ticket or ""
        rounds.enter(engine, ticket, video.id, told)
        try:
            await self._pause_for(video, ROUND_LOOK if told else verdict.look_after)
        finally:
            rounds.leave(engine, ticket)

    async def _pause_for(self, video: Video, seconds: float) -> None:
        least, most = LOOK_BETWEEN
        await self._kit.pause(video.id, min(most, max(least, seconds)) * (0.9 + 0.2 * self._kit.roll()))

    async def lost(self, run: Run, video: Video, engine: Engine, verdict: Verdict) -> None:
        """Make sure that the engine forgot the job; then begin again where that costs nothing."""
        if engine.capabilities.paid and run.lost < SURELY_LOST:
            await self._pause_for(video, verdict.look_after)
        elif engine.capabilities.paid:
            await self._kit.fail(video, failure_codes.UPSTREAM_LOST)
        elif retry.losses(await self._kit.videos.history(video.id)) >= retry.MAX_LOSSES:
            await self._kit.fail(video, failure_codes.ENGINE_ERROR)
        else:
            log.info("flow.begins_again", video=video.id, engine=engine.name)
            await self._kit.videos.restart(video.id, self._kit.clock())

    async def cancel(self, video: Video, engine: Engine) -> None:
        """Stop the job, and end the video as its owner wished."""
        await cancel_quietly(engine, video.ticket or "")
        await self._kit.fail(video, failure_codes.CANCELLED)

    async def _sit_out(self, run: Run, video: Video, engine: Engine) -> None:
        """Keep the place of a job that can't be stopped: a new one in it would be one too many for the engine."""
        if engine.capabilities.cancels or engine.capabilities.concurrency is None:
            return
        while not self._overdue(video, engine, self._kit.clock()):
            verdict = await self.look(run, video, engine)
            if verdict.state not in _GOES_ON:
                return
            await self._pause_for(video, verdict.look_after)
