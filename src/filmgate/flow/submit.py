"""Stages ACCEPTED and SUBMITTING: submit at most once, by intent, submission, ticket; resolve unknown outcomes."""

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
"""Errors about our account rather than the request. They count as failures for the circuit breaker."""

HANDOVER_WINDOW = 10.0
"""Seconds within which a video that moves to another engine asks for its slot there."""

JITTER = 0.5
"""Jitter in seconds, so that waiting videos do not retry at the same moment."""

log = structlog.get_logger()


class SubmitStage:
    """The stages ACCEPTED and SUBMITTING."""

    def __init__(self, context: FlowContext, storage: Storage) -> None:
        self._context = context
        self._storage = storage
        self._rate_limiter = FairRateLimiter(context.videos, context.clock)

    async def cancel_unsubmitted(self, video: VideoRecord) -> bool:
        """End an unsubmitted video as cancelled; False if it may have been submitted."""
        context = self._context
        return await cancel_unsubmitted(context.videos, video, context.clock, context.checkpoint)

    async def submit_when_due(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> None:
        """Submit a video that was not submitted, or was surely refused, if it has a slot."""
        context = self._context
        context.checkpoint("accepted")
        if video.cancel_requested:
            await self.cancel_unsubmitted(video)
        elif (
            video.attempts and retry.count_submissions(await context.videos.history(video.id)) >= retry.MAX_SUBMISSIONS
        ):
            await context.fail(video, failure_codes.ENGINE_ERROR)
        elif target := context.dispatcher.reroute(video):
            await context.reassign(video, target)
        elif (wait := await self._rate_limiter.seconds_until_turn(engine, video)) > 0:
            await self._wait_for_turn(video, engine, wait)
        else:
            await self._commit_intent(attempt, video, engine)

    async def _wait_for_turn(self, video: VideoRecord, engine: Engine, delay: float) -> None:
        """Move to an engine with a free slot, or wait for the first slot anywhere."""
        context, delays = self._context, [delay]
        for target in context.dispatcher.candidates(video):
            delays.append(await self._rate_limiter.seconds_until_turn(target, video))
            if delays[-1] == 0:
                self._rate_limiter.enqueue(target, video, HANDOVER_WINDOW)
                await context.reassign(video, target.name)
                return
        delay_seconds = min(delays) + JITTER * context.roll()
        self._rate_limiter.enqueue(engine, video, delay_seconds + JITTER)
        await context.sleep(video.id, delay_seconds)

    async def _commit_intent(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> None:
        token, context = secrets.token_hex(16), self._context
        try:
            # Before the intent: a storage that can't be read must not cause an unknown outcome.
            job = await build_job(video, token, self._storage, attempt.file_stack)
        except FileNotFoundError:
            await context.fail(video, failure_codes.REFERENCE_GONE)
            return
        except BadArtifact as error:
            await context.fail(video, failure_codes.from_engine_error(error))
            return
        attempt.own_tokens.add(token)
        limit, now = engine.capabilities.creates_per_minute, context.clock()
        if await context.videos.record_intent(video.id, token, now, identity=engine.identity, per_minute=limit):
            context.checkpoint("intent")
            remaining = engine.capabilities.submit_timeout - max(0.0, context.clock() - now)
            # If this process was frozen for longer, others have waited out the intent without us noticing.
            if remaining > 0:
                await self._submit(attempt, video, engine, job, remaining)

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
            # It may have been accepted. The row holds the intent, so `resolve_unknown` comes next.
            attempt.unanswered_token = token
            self._context.record_failure(engine, CallKind.SUBMIT)
            return
        except EngineError as error:
            self._record_rejection(engine, error)
            await self._context.fail_or_failover(video, token, failure_codes.from_engine_error(error))

    async def _call_engine(
        self, attempt: AttemptState, video: VideoRecord, engine: Engine, job: Job, timeout_seconds: float
    ) -> None:
        """Submit to the engine, and record the ticket."""
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
        context = self._context
        attempt.consecutive_failures = attempt.lost_polls = 0
        if await self._persist_ticket(attempt, video, token, ticket):
            context.checkpoint("ticketed")
        elif await context.videos.claimed_by_others(engine.identity, [ticket], video.id):
            # The upstream returned another video's ticket, so the outcome of our submission is unknown.
            log.error("flow.ticket_taken", video=video.id, engine=engine.name)
            await context.fail(video, failure_codes.SUBMISSION_UNKNOWN, token)
        else:
            current = await context.videos.get(video.id)
            if current is None or current.ticket != ticket:
                await cancel_quietly(engine, ticket)

    async def _persist_ticket(self, attempt: AttemptState, video: VideoRecord, token: str, ticket: str) -> bool:
        """Commit the ticket, which is only in memory: if the disk refuses, retry for SUBMIT_LIMIT seconds."""
        context, until = self._context, self._context.clock() + retry.SUBMIT_LIMIT
        while True:
            try:
                return await context.videos.record_ticket(video.id, token, ticket, context.clock())
            except StorageFault as error:
                if context.clock() >= until:
                    raise
                await context.back_off(attempt, video, error)

    async def _handle_unavailable(
        self, attempt: AttemptState, video: VideoRecord, token: str, error: EngineUnavailable
    ) -> None:
        context = self._context
        since = retry.first_submission_at(await context.videos.history(video.id))
        if since is not None and context.clock() >= since + retry.SUBMIT_LIMIT:
            await context.fail(video, failure_codes.ENGINE_UNAVAILABLE, token)
        elif await context.videos.cancel_intent(video.id, token, context.clock()):
            if target := context.dispatcher.reroute(video):
                await context.reassign(video, target)
            else:
                await context.back_off(attempt, video, error)

    async def resolve_unknown(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> None:
        """Resolve an intent without a ticket: it may have been submitted, by us or by a process that died.

        If another process wrote it, its call may still be running, and is waited for. After a call of our own has
        returned, no call is running. So an upstream that supports neither keys nor a list is not waited for, one that
        honours idempotency keys gets the same key again at once, and one with a list is searched at once, because it
        usually shows the job. A list *without* the job proves something only later (:meth:`_would_be_listed`).
        """
        token, capabilities, context = video.submit_token or "", engine.capabilities, self._context
        if attempt.unknown_since is None or attempt.unknown_since[0] != token:
            attempt.unknown_since = token, context.clock()
        if capabilities.paid and attempt.unanswered_token != token:
            await self._wait_for_other_submitter(attempt, video, engine)
            current = await context.videos.get(video.id)
            if current is None or current.stage is not Stage.SUBMITTING or current.submit_token != token:
                return
            video = current
        if capabilities.paid and token.startswith(RESTORED):
            await context.fail(video, failure_codes.SUBMISSION_UNKNOWN)
        elif capabilities.findable:
            await self._find_submission(attempt, video, engine, token)
        elif video.cancel_requested:
            await context.fail(video, failure_codes.CANCELLED)
        elif capabilities.idempotent and self._is_within_proof_limit(video, engine):
            await self._resubmit(attempt, video, engine, token)
        elif capabilities.paid:
            await context.fail(video, failure_codes.SUBMISSION_UNKNOWN)
        else:
            await context.videos.cancel_intent(video.id, token, context.clock())

    async def _wait_for_other_submitter(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> None:
        until = _submission_time(attempt, video) + engine.capabilities.submit_timeout
        while (remaining := until - self._context.clock()) > 0:
            await self._context.sleep(video.id, remaining)

    def _would_be_listed(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> bool:
        """Whether a submission would be listed now, if it ever arrives.

        A request can outlive its connection: a gateway queues it, or a worker continues with it. The sender gave up
        after ``submit_timeout``, which its operator considers enough; a late request gets as long again.
        """
        capabilities = engine.capabilities
        return (
            not capabilities.paid
            or self._context.clock() >= _submission_time(attempt, video) + 2 * capabilities.submit_timeout
        )

    def _is_within_proof_limit(self, video: VideoRecord, engine: Engine) -> bool:
        """Whether the engine would surely still list the submission, so that its absence proves something."""
        age = self._context.clock() - (video.submit_at or video.updated_at)
        return age < retry.ABSENCE_PROOF_LIMIT or not engine.capabilities.paid

    async def _find_submission(self, attempt: AttemptState, video: VideoRecord, engine: Engine, token: str) -> None:
        context = self._context
        try:
            tickets = await engine.find(job_without_files(video, token), video.submit_at or video.updated_at)
        except EngineUnavailable as error:
            await self._retry_or_fail(attempt, video, error)
            return
        claimed = await context.videos.claimed_by_others(engine.identity, tickets, video.id)
        match [ticket for ticket in tickets if ticket not in claimed]:
            case [] if not self._would_be_listed(attempt, video, engine):
                await context.sleep(video.id, engine.capabilities.submit_timeout / 4)
            case [] if self._is_within_proof_limit(video, engine):
                await context.videos.cancel_intent(video.id, token, context.clock())
            case []:
                await context.fail(video, failure_codes.SUBMISSION_UNKNOWN)
            case [ticket]:
                await self._adopt(attempt, video, engine, token, ticket)
            case matches:
                log.warning("flow.multiple_matches", video=video.id, engine=engine.name, count=len(matches))
                await context.fail(video, failure_codes.SUBMISSION_UNKNOWN)

    async def _adopt(self, attempt: AttemptState, video: VideoRecord, engine: Engine, token: str, ticket: str) -> None:
        """Adopt the only job that may be ours, unless it may also be one that is being submitted right now."""
        context, timeout = self._context, engine.capabilities.submit_timeout
        twin_at = await context.videos.twin_submitted_at(video, engine.identity, context.clock() - timeout)
        if engine.capabilities.paid and twin_at is not None:
            await context.sleep(video.id, twin_at + timeout - context.clock())
        else:
            await self._record_ticket(attempt, video, engine, token, ticket)

    async def _resubmit(self, attempt: AttemptState, video: VideoRecord, engine: Engine, token: str) -> None:
        """Submit again with the same token, which is the same job: nothing is submitted twice."""
        context = self._context
        try:
            job = await build_job(video, token, self._storage, attempt.file_stack)
            async with asyncio.timeout(engine.capabilities.submit_timeout):
                ticket = await engine.submit(job)
        except (EngineUnavailable, SubmissionUnknown, TimeoutError) as error:
            context.record_failure(engine, CallKind.SUBMIT)
            await self._retry_or_fail(attempt, video, error)
        except (FileNotFoundError, BadArtifact):
            await context.fail(video, failure_codes.SUBMISSION_UNKNOWN)
        except EngineError as error:
            self._record_rejection(engine, error)
            # An error about our account says nothing about the first submission.
            ambiguous = error.code in ACCOUNT_ERRORS
            await context.fail(
                video, failure_codes.SUBMISSION_UNKNOWN if ambiguous else failure_codes.from_engine_error(error)
            )
        else:
            context.record_success(engine, CallKind.SUBMIT)
            context.checkpoint("submitted")
            await self._record_ticket(attempt, video, engine, token, ticket)

    async def _retry_or_fail(self, attempt: AttemptState, video: VideoRecord, error: Exception) -> None:
        context = self._context
        if context.clock() >= (video.submit_at or video.updated_at) + retry.SUBMIT_LIMIT:
            await context.fail(video, failure_codes.SUBMISSION_UNKNOWN)
        else:
            await context.back_off(attempt, video, error)


def _submission_time(attempt: AttemptState, video: VideoRecord) -> float:
    """Return when the unresolved submission was sent. A time after ``unknown_since`` was written by a wrong clock."""
    recorded_at = video.submit_at or video.updated_at
    return min(recorded_at, attempt.unknown_since[1]) if attempt.unknown_since else recorded_at
