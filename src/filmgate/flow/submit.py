"""The way to an engine, once and no more: the intent, the submission, the ticket, and the doubt in between."""

from __future__ import annotations

import asyncio
import secrets

import structlog

from filmgate.domain import RESTORED, Stage, Video
from filmgate.engines.base import Engine, Job, outline
from filmgate.errors import BadArtifact, EngineError, EngineUnavailable, StorageFault, SubmissionUnknown
from filmgate.flow import failure_codes, retry
from filmgate.flow.cancel import cancel_unsubmitted
from filmgate.flow.circuit_breaker import Call
from filmgate.flow.context import Kit, Run, cancel_quietly, finishing
from filmgate.flow.job_inputs import job_of
from filmgate.flow.rate_limiter import Turns
from filmgate.storage.base import Storage

__all__ = ["Submitting"]

OUT_OF_ORDER = frozenset({"upstream_misconfigured", "upstream_quota", "upstream_unauthorized"})
"""Refusals that would meet every video: an upstream that gives them is as good as dark."""

MOVING = 10.0
"""Seconds within which a video that moves to another engine asks for its turn there."""

UNEVEN = 0.5
"""Seconds by which the ends of pauses differ, lest all come back at once."""

log = structlog.get_logger()


class Submitting:
    """The stages ACCEPTED and SUBMITTING."""

    def __init__(self, kit: Kit, storage: Storage) -> None:
        self._kit = kit
        self._storage = storage
        self._turns = Turns(kit.videos, kit.clock)

    async def cancel_waiting(self, video: Video) -> bool:
        """End a video as cancelled that no engine was asked for yet; False if one may have been."""
        kit = self._kit
        return await cancel_unsubmitted(kit.videos, video, kit.clock, kit.checkpoint)

    async def accepted(self, run: Run, video: Video, engine: Engine) -> None:
        """No engine was asked yet, or it surely refused: ask one, if it is its turn."""
        kit = self._kit
        kit.checkpoint("accepted")
        if video.cancel_requested:
            await self.cancel_waiting(video)
        elif video.attempts and retry.tries(await kit.videos.history(video.id)) >= retry.MAX_TRIES:
            await kit.fail(video, failure_codes.ENGINE_ERROR)
        elif other := kit.dispatcher.elsewhere(video):
            await kit.move(video, other)
        elif (wait := await self._turns.wait(engine, video)) > 0:
            await self._wait_for_turn(video, engine, wait)
        else:
            await self._intend(run, video, engine)

    async def _wait_for_turn(self, video: Video, engine: Engine, wait: float) -> None:
        """Go where it is this video's turn, or wait until it is its turn anywhere."""
        kit, waits = self._kit, [wait]
        for other in kit.dispatcher.alternatives(video):
            waits.append(await self._turns.wait(other, video))
            if waits[-1] == 0:
                self._turns.line_up(other, video, MOVING)
                await kit.move(video, other.name)
                return
        pause = min(waits) + UNEVEN * kit.roll()
        self._turns.line_up(engine, video, pause + UNEVEN)
        await kit.pause(video.id, pause)

    async def _intend(self, run: Run, video: Video, engine: Engine) -> None:
        token, kit = secrets.token_hex(16), self._kit
        try:
            # Before the intent: a storage that can't be read must leave no doubt about a submission.
            job = await job_of(video, token, self._storage, run.stack)
        except FileNotFoundError:
            await kit.fail(video, failure_codes.REFERENCE_GONE)
            return
        except BadArtifact as error:
            await kit.fail(video, failure_codes.of(error))
            return
        run.tokens.add(token)
        limit, now = engine.capabilities.creates_a_minute, kit.clock()
        if await kit.videos.intend(video.id, token, now, identity=engine.identity, per_minute=limit):
            kit.checkpoint("intent")
            left = engine.capabilities.submit_timeout - max(0.0, kit.clock() - now)
            # Stopped for longer, we are the only ones who don't know that the intent was waited out by others.
            if left > 0:
                await self._submit(run, video, engine, job, left)

    async def _submit(self, run: Run, video: Video, engine: Engine, job: Job, within: float) -> None:
        token = job.token
        try:
            await finishing(self._hand_over(run, video, engine, job, within), self._kit.drain)
        except EngineUnavailable as error:
            self._kit.unanswered(engine, Call.SUBMIT)
            await self._unavailable(run, video, token, error)
            return
        except (SubmissionUnknown, TimeoutError):
            # It may have been accepted. The row holds the intent, so the next handler is the one for doubt.
            run.returned = token
            self._kit.unanswered(engine, Call.SUBMIT)
            return
        except EngineError as error:
            self._refused(engine, error)
            await self._kit.fail_typed(video, token, failure_codes.of(error))

    async def _hand_over(self, run: Run, video: Video, engine: Engine, job: Job, within: float) -> None:
        """Ask the engine, and write down what it answers."""
        async with asyncio.timeout(within):
            ticket = await engine.submit(job)
        self._kit.answered(engine, Call.SUBMIT)
        self._kit.checkpoint("submitted")
        await self._ticketed(run, video, engine, job.token, ticket)

    def _refused(self, engine: Engine, error: EngineError) -> None:
        if error.code in OUT_OF_ORDER:
            self._kit.unanswered(engine, Call.SUBMIT)
        else:
            self._kit.answered(engine, Call.SUBMIT)

    async def _ticketed(self, run: Run, video: Video, engine: Engine, token: str, ticket: str) -> None:
        kit = self._kit
        run.failures = run.lost = 0
        if await self._written(run, video, token, ticket):
            kit.checkpoint("ticketed")
        elif await kit.videos.taken(engine.identity, [ticket], video.id):
            # Somebody's film would come under this video's name: whatever became of ours, nobody can tell.
            log.error("flow.ticket_taken", video=video.id, engine=engine.name)
            await kit.fail(video, failure_codes.SUBMISSION_UNKNOWN, token)
        else:
            now = await kit.videos.get(video.id)
            if now is None or now.ticket != ticket:
                await cancel_quietly(engine, ticket)

    async def _written(self, run: Run, video: Video, token: str, ticket: str) -> bool:
        """Write the ticket down. Nobody else knows it: where the disk refuses, try again until the doubt would end."""
        kit, until = self._kit, self._kit.clock() + retry.SUBMIT_LIMIT
        while True:
            try:
                return await kit.videos.ticketed(video.id, token, ticket, kit.clock())
            except StorageFault as error:
                if kit.clock() >= until:
                    raise
                await kit.back_off(run, video, error)

    async def _unavailable(self, run: Run, video: Video, token: str, error: EngineUnavailable) -> None:
        kit = self._kit
        since = retry.trying_since(await kit.videos.history(video.id))
        if since is not None and kit.clock() >= since + retry.SUBMIT_LIMIT:
            await kit.fail(video, failure_codes.ENGINE_UNAVAILABLE, token)
        elif await kit.videos.withdraw(video.id, token, kit.clock()):
            if other := kit.dispatcher.elsewhere(video):
                await kit.move(video, other)
            else:
                await kit.back_off(run, video, error)

    async def in_doubt(self, run: Run, video: Video, engine: Engine) -> None:
        """An intent without a ticket: it may have been submitted, by us or by a process that died.

        Whoever else wrote it may still be inside the call, and is waited for. After a call of our own came back nobody
        is, so an upstream that answers to no question is not waited for; one that honours keys gets the same one again
        at once; and one with a list is searched at once, for it mostly shows the job. That it does *not* show it proves
        something only later (:meth:`_would_show`).
        """
        token, can, kit = video.submit_token or "", engine.capabilities, self._kit
        if run.in_doubt is None or run.in_doubt[0] != token:
            run.in_doubt = token, kit.clock()
        if can.paid and run.returned != token:
            await self._wait_out(run, video, engine)
            fresh = await kit.videos.get(video.id)
            if fresh is None or fresh.stage is not Stage.SUBMITTING or fresh.submit_token != token:
                return
            video = fresh
        if can.paid and token.startswith(RESTORED):
            await kit.fail(video, failure_codes.SUBMISSION_UNKNOWN)
        elif can.findable:
            await self._find(run, video, engine, token)
        elif video.cancel_requested:
            await kit.fail(video, failure_codes.CANCELLED)
        elif can.idempotent and self._is_remembered(video, engine):
            await self._submit_again(run, video, engine, token)
        elif can.paid:
            await kit.fail(video, failure_codes.SUBMISSION_UNKNOWN)
        else:
            await kit.videos.withdraw(video.id, token, kit.clock())

    async def _wait_out(self, run: Run, video: Video, engine: Engine) -> None:
        until = _began(run, video) + engine.capabilities.submit_timeout
        while (left := until - self._kit.clock()) > 0:
            await self._kit.pause(video.id, left)

    def _would_show(self, run: Run, video: Video, engine: Engine) -> bool:
        """Whether a submission would have arrived by now, if ever.

        A request can outlive its connection: a gateway has it queued, a worker goes on with it. Whoever sent it gave up
        after ``submit_timeout``, which its operator holds for enough; what is late gets as long again.
        """
        can = engine.capabilities
        return not can.paid or self._kit.clock() >= _began(run, video) + 2 * can.submit_timeout

    def _is_remembered(self, video: Video, engine: Engine) -> bool:
        """Whether the engine would surely still know the submission, so that its not knowing it proves something."""
        age = self._kit.clock() - (video.submit_at or video.updated_at)
        return age < retry.PROOF_LIMIT or not engine.capabilities.paid

    async def _find(self, run: Run, video: Video, engine: Engine, token: str) -> None:
        kit = self._kit
        try:
            found = await engine.find(outline(video, token), video.submit_at or video.updated_at)
        except EngineUnavailable as error:
            await self._still_in_doubt(run, video, error)
            return
        taken = await kit.videos.taken(engine.identity, found, video.id)
        match [ticket for ticket in found if ticket not in taken]:
            case [] if not self._would_show(run, video, engine):
                await kit.pause(video.id, engine.capabilities.submit_timeout / 4)
            case [] if self._is_remembered(video, engine):
                await kit.videos.withdraw(video.id, token, kit.clock())
            case []:
                await kit.fail(video, failure_codes.SUBMISSION_UNKNOWN)
            case [ticket]:
                await self._adopt(run, video, engine, token, ticket)
            case several:
                log.warning("flow.found_several", video=video.id, engine=engine.name, count=len(several))
                await kit.fail(video, failure_codes.SUBMISSION_UNKNOWN)

    async def _adopt(self, run: Run, video: Video, engine: Engine, token: str, ticket: str) -> None:
        """Take the only job that may be ours, unless it may just as well be one that is being submitted right now."""
        kit, timeout = self._kit, engine.capabilities.submit_timeout
        twin = await kit.videos.twin_submitted_at(video, engine.identity, kit.clock() - timeout)
        if engine.capabilities.paid and twin is not None:
            await kit.pause(video.id, twin + timeout - kit.clock())
        else:
            await self._ticketed(run, video, engine, token, ticket)

    async def _submit_again(self, run: Run, video: Video, engine: Engine, token: str) -> None:
        """The same token is the same job, so sending it once more submits nothing twice."""
        kit = self._kit
        try:
            job = await job_of(video, token, self._storage, run.stack)
            async with asyncio.timeout(engine.capabilities.submit_timeout):
                ticket = await engine.submit(job)
        except (EngineUnavailable, SubmissionUnknown, TimeoutError) as error:
            kit.unanswered(engine, Call.SUBMIT)
            await self._still_in_doubt(run, video, error)
        except (FileNotFoundError, BadArtifact):
            await kit.fail(video, failure_codes.SUBMISSION_UNKNOWN)
        except EngineError as error:
            self._refused(engine, error)
            # A refusal of our account there says nothing about the first time.
            unclear = error.code in OUT_OF_ORDER
            await kit.fail(video, failure_codes.SUBMISSION_UNKNOWN if unclear else failure_codes.of(error))
        else:
            kit.answered(engine, Call.SUBMIT)
            kit.checkpoint("submitted")
            await self._ticketed(run, video, engine, token, ticket)

    async def _still_in_doubt(self, run: Run, video: Video, error: Exception) -> None:
        kit = self._kit
        if kit.clock() >= (video.submit_at or video.updated_at) + retry.SUBMIT_LIMIT:
            await kit.fail(video, failure_codes.SUBMISSION_UNKNOWN)
        else:
            await kit.back_off(run, video, error)


def _began(run: Run, video: Video) -> float:
    """When the submission in doubt left. A time after we began to wonder was written by a clock that was wrong."""
    written = video.submit_at or video.updated_at
    return min(written, run.in_doubt[1]) if run.in_doubt else written
