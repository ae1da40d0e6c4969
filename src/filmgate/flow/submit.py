"""The way to an engine, once and no more: the intent, the submission, the ticket, and the doubt in between."""

from __future__ import annotations

import asyncio
import secrets

import structlog

from filmgate.domain import RESTORED, Stage, VideoRecord
from filmgate.engines.base import Engine, Job, job_without_files
from filmgate.errors import BadArtifact, EngineError, EngineUnavailable, StorageFault, SubmissionUnknown
from filmgate.flow import failure_codes, retry
from filmgate.flow.cancel import cancel_unsubmitted
from filmgate.flow.circuit_breaker import CallKind
from filmgate.flow.context import AttemptState, FlowContext, cancel_quietly, shield_for
from filmgate.flow.job_inputs import build_job
from filmgate.flow.rate_limiter import FairRateLimiter
from filmgate.storage.base import Storage

__all__ = ["SubmitStage"]

ACCOUNT_ERRORS = frozenset({"upstream_misconfigured", "upstream_quota", "upstream_unauthorized"})
"""Refusals that would meet every video: an upstream that gives them is as good as dark."""

HANDOVER_WINDOW = 10.0
"""Seconds within which a video that moves to another engine asks for its turn there."""

JITTER = 0.5
"""Seconds by which the ends of pauses differ, lest all come back at once."""

log = structlog.get_logger()


class SubmitStage:
    """The stages ACCEPTED and SUBMITTING."""

    def __init__(self, context: FlowContext, storage: Storage) -> None:
        self._context = context
        self._storage = storage
        self._rate_limiter = FairRateLimiter(context.videos, context.clock)

    async def cancel_unsubmitted(self, video: VideoRecord) -> bool:
        """End a video as cancelled that no engine was asked for yet; False if one may have been."""
        kit = self._context
        return await cancel_unsubmitted(kit.videos, video, kit.clock, kit.checkpoint)

    async def submit_when_due(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> None:
        """No engine was asked yet, or it surely refused: ask one, if it is its turn."""
        kit = self._context
        kit.checkpoint("accepted")
        if video.cancel_requested:
            await self.cancel_unsubmitted(video)
        elif video.attempts and retry.count_submissions(await kit.videos.history(video.id)) >= retry.MAX_SUBMISSIONS:
            await kit.fail(video, failure_codes.ENGINE_ERROR)
        elif other := kit.dispatcher.reroute(video):
            await kit.reassign(video, other)
        elif (wait := await self._rate_limiter.seconds_until_turn(engine, video)) > 0:
            await self._wait_for_turn(video, engine, wait)
        else:
            await self._commit_intent(attempt, video, engine)

    async def _wait_for_turn(self, video: VideoRecord, engine: Engine, delay: float) -> None:
        """Go where it is this video's turn, or wait until it is its turn anywhere."""
        kit, waits = self._context, [delay]
        for other in kit.dispatcher.candidates(video):
            waits.append(await self._rate_limiter.seconds_until_turn(other, video))
            if waits[-1] == 0:
                self._rate_limiter.enqueue(other, video, HANDOVER_WINDOW)
                await kit.reassign(video, other.name)
                return
        pause = min(waits) + JITTER * kit.roll()
        self._rate_limiter.enqueue(engine, video, pause + JITTER)
        await kit.sleep(video.id, pause)

    async def _commit_intent(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> None:
        token, kit = secrets.token_hex(16), self._context
        try:
            # Before the intent: a storage that can't be read must leave no doubt about a submission.
            job = await build_job(video, token, self._storage, attempt.file_stack)
        except FileNotFoundError:
            await kit.fail(video, failure_codes.REFERENCE_GONE)
            return
        except BadArtifact as error:
            await kit.fail(video, failure_codes.from_engine_error(error))
            return
        attempt.own_tokens.add(token)
        limit, now = engine.capabilities.creates_per_minute, kit.clock()
        if await kit.videos.record_intent(video.id, token, now, identity=engine.identity, per_minute=limit):
            kit.checkpoint("intent")
            left = engine.capabilities.submit_timeout - max(0.0, kit.clock() - now)
            # Stopped for longer, we are the only ones who don't know that the intent was waited out by others.
            if left > 0:
                await self._submit(attempt, video, engine, job, left)

    async def _submit(
        self, attempt: AttemptState, video: VideoRecord, engine: Engine, job: Job, timeout_seconds: float
    ) -> None:
        token = job.token
        try:
            await shield_for(
                self._call_engine(attempt, video, engine, job, timeout_seconds), self._context.drain_timeout
            )
        except EngineUnavailable as error:
            self._context.record_failure(engine, CallKind.SUBMIT)
            await self._handle_unavailable(attempt, video, token, error)
            return
        except (SubmissionUnknown, TimeoutError):
            # It may have been accepted. The row holds the intent, so the next handler is the one for doubt.
            attempt.unanswered_token = token
            self._context.record_failure(engine, CallKind.SUBMIT)
            return
        except EngineError as error:
            self._record_rejection(engine, error)
            await self._context.fail_or_failover(video, token, failure_codes.from_engine_error(error))

    async def _call_engine(
        self, attempt: AttemptState, video: VideoRecord, engine: Engine, job: Job, timeout_seconds: float
    ) -> None:
        """Ask the engine, and write down what it answers."""
        async with asyncio.timeout(timeout_seconds):
            ticket = await engine.submit(job)
        self._context.record_success(engine, CallKind.SUBMIT)
        self._context.checkpoint("submitted")
        await self._record_ticket(attempt, video, engine, job.token, ticket)

    def _record_rejection(self, engine: Engine, error: EngineError) -> None:
        if error.code in ACCOUNT_ERRORS:
            self._context.record_failure(engine, CallKind.SUBMIT)
        else:
            self._context.record_success(engine, CallKind.SUBMIT)

    async def _record_ticket(
        self, attempt: AttemptState, video: VideoRecord, engine: Engine, token: str, ticket: str
    ) -> None:
        kit = self._context
        attempt.consecutive_failures = attempt.lost_polls = 0
        if await self._persist_ticket(attempt, video, token, ticket):
            kit.checkpoint("ticketed")
        elif await kit.videos.claimed_by_others(engine.identity, [ticket], video.id):
            # Somebody's film would come under this video's name: whatever became of ours, nobody can tell.
            log.error("flow.ticket_taken", video=video.id, engine=engine.name)
            await kit.fail(video, failure_codes.SUBMISSION_UNKNOWN, token)
        else:
            now = await kit.videos.get(video.id)
            if now is None or now.ticket != ticket:
                await cancel_quietly(engine, ticket)

    async def _persist_ticket(self, attempt: AttemptState, video: VideoRecord, token: str, ticket: str) -> bool:
        """Write the ticket down. Nobody else knows it: where the disk refuses, try again until the doubt would end."""
        kit, until = self._context, self._context.clock() + retry.SUBMIT_LIMIT
        while True:
            try:
                return await kit.videos.record_ticket(video.id, token, ticket, kit.clock())
            except StorageFault as error:
                if kit.clock() >= until:
                    raise
                await kit.back_off(attempt, video, error)

    async def _handle_unavailable(
        self, attempt: AttemptState, video: VideoRecord, token: str, error: EngineUnavailable
    ) -> None:
        kit = self._context
        since = retry.first_submission_at(await kit.videos.history(video.id))
        if since is not None and kit.clock() >= since + retry.SUBMIT_LIMIT:
            await kit.fail(video, failure_codes.ENGINE_UNAVAILABLE, token)
        elif await kit.videos.cancel_intent(video.id, token, kit.clock()):
            if other := kit.dispatcher.reroute(video):
                await kit.reassign(video, other)
            else:
                await kit.back_off(attempt, video, error)

    async def resolve_unknown(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> None:
        """An intent without a ticket: it may have been submitted, by us or by a process that died.

        Whoever else wrote it may still be inside the call, and is waited for. After a call of our own came back nobody
        is, so an upstream that answers to no question is not waited for; one that honours keys gets the same one again
        at once; and one with a list is searched at once, for it mostly shows the job. That it does *not* show it proves
        something only later (:meth:`_would_show`).
        """
        token, can, kit = video.submit_token or "", engine.capabilities, self._context
        if attempt.unknown_since is None or attempt.unknown_since[0] != token:
            attempt.unknown_since = token, kit.clock()
        if can.paid and attempt.unanswered_token != token:
            await self._wait_for_other_submitter(attempt, video, engine)
            fresh = await kit.videos.get(video.id)
            if fresh is None or fresh.stage is not Stage.SUBMITTING or fresh.submit_token != token:
                return
            video = fresh
        if can.paid and token.startswith(RESTORED):
            await kit.fail(video, failure_codes.SUBMISSION_UNKNOWN)
        elif can.findable:
            await self._find_submission(attempt, video, engine, token)
        elif video.cancel_requested:
            await kit.fail(video, failure_codes.CANCELLED)
        elif can.idempotent and self._is_within_proof_limit(video, engine):
            await self._resubmit(attempt, video, engine, token)
        elif can.paid:
            await kit.fail(video, failure_codes.SUBMISSION_UNKNOWN)
        else:
            await kit.videos.cancel_intent(video.id, token, kit.clock())

    async def _wait_for_other_submitter(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> None:
        until = _submission_time(attempt, video) + engine.capabilities.submit_timeout
        while (left := until - self._context.clock()) > 0:
            await self._context.sleep(video.id, left)

    def _would_be_listed(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> bool:
        """Whether a submission would have arrived by now, if ever.

        A request can outlive its connection: a gateway has it queued, a worker goes on with it. Whoever sent it gave up
        after ``submit_timeout``, which its operator holds for enough; what is late gets as long again.
        """
        can = engine.capabilities
        return not can.paid or self._context.clock() >= _submission_time(attempt, video) + 2 * can.submit_timeout

    def _is_within_proof_limit(self, video: VideoRecord, engine: Engine) -> bool:
        """Whether the engine would surely still know the submission, so that its not knowing it proves something."""
        age = self._context.clock() - (video.submit_at or video.updated_at)
        return age < retry.ABSENCE_PROOF_LIMIT or not engine.capabilities.paid

    async def _find_submission(self, attempt: AttemptState, video: VideoRecord, engine: Engine, token: str) -> None:
        kit = self._context
        try:
            found = await engine.find(job_without_files(video, token), video.submit_at or video.updated_at)
        except EngineUnavailable as error:
            await self._retry_or_fail(attempt, video, error)
            return
        taken = await kit.videos.claimed_by_others(engine.identity, found, video.id)
        match [ticket for ticket in found if ticket not in taken]:
            case [] if not self._would_be_listed(attempt, video, engine):
                await kit.sleep(video.id, engine.capabilities.submit_timeout / 4)
            case [] if self._is_within_proof_limit(video, engine):
                await kit.videos.cancel_intent(video.id, token, kit.clock())
            case []:
                await kit.fail(video, failure_codes.SUBMISSION_UNKNOWN)
            case [ticket]:
                await self._adopt(attempt, video, engine, token, ticket)
            case several:
                log.warning("flow.multiple_matches", video=video.id, engine=engine.name, count=len(several))
                await kit.fail(video, failure_codes.SUBMISSION_UNKNOWN)

    async def _adopt(self, attempt: AttemptState, video: VideoRecord, engine: Engine, token: str, ticket: str) -> None:
        """Take the only job that may be ours, unless it may just as well be one that is being submitted right now."""
        kit, timeout = self._context, engine.capabilities.submit_timeout
        twin = await kit.videos.twin_submitted_at(video, engine.identity, kit.clock() - timeout)
        if engine.capabilities.paid and twin is not None:
            await kit.sleep(video.id, twin + timeout - kit.clock())
        else:
            await self._record_ticket(attempt, video, engine, token, ticket)

    async def _resubmit(self, attempt: AttemptState, video: VideoRecord, engine: Engine, token: str) -> None:
        """The same token is the same job, so sending it once more submits nothing twice."""
        kit = self._context
        try:
            job = await build_job(video, token, self._storage, attempt.file_stack)
            async with asyncio.timeout(engine.capabilities.submit_timeout):
                ticket = await engine.submit(job)
        except (EngineUnavailable, SubmissionUnknown, TimeoutError) as error:
            kit.record_failure(engine, CallKind.SUBMIT)
            await self._retry_or_fail(attempt, video, error)
        except (FileNotFoundError, BadArtifact):
            await kit.fail(video, failure_codes.SUBMISSION_UNKNOWN)
        except EngineError as error:
            self._record_rejection(engine, error)
            # A refusal of our account there says nothing about the first time.
            unclear = error.code in ACCOUNT_ERRORS
            await kit.fail(
                video, failure_codes.SUBMISSION_UNKNOWN if unclear else failure_codes.from_engine_error(error)
            )
        else:
            kit.record_success(engine, CallKind.SUBMIT)
            kit.checkpoint("submitted")
            await self._record_ticket(attempt, video, engine, token, ticket)

    async def _retry_or_fail(self, attempt: AttemptState, video: VideoRecord, error: Exception) -> None:
        kit = self._context
        if kit.clock() >= (video.submit_at or video.updated_at) + retry.SUBMIT_LIMIT:
            await kit.fail(video, failure_codes.SUBMISSION_UNKNOWN)
        else:
            await kit.back_off(attempt, video, error)


def _submission_time(attempt: AttemptState, video: VideoRecord) -> float:
    """When the submission in doubt left. A time after we began to wonder was written by a clock that was wrong."""
    written = video.submit_at or video.updated_at
    return min(written, attempt.unknown_since[1]) if attempt.unknown_since else written
