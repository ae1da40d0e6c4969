"""The engine adapter: jobs to calls, responses to tickets, statuses and errors; wire/upstream parses the responses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path

import structlog

from filmgate.domain import PARAMETER_RANGES, ParameterRange, Status, VideoError
from filmgate.engines.base import Artifact, Capabilities, Job, JobState, JobStatus, engine_identity
from filmgate.engines.openai_videos.download import Downloader
from filmgate.engines.openai_videos.durations import DurationModel
from filmgate.engines.openai_videos.list_scan import ListScan
from filmgate.engines.openai_videos.options import KIND, OpenAIVideosOptions
from filmgate.engines.openai_videos.recovery import MAX_PAGES, SubmissionLookup
from filmgate.errors import EngineRejected, EngineUnavailable, SubmissionUnknown
from filmgate.net.addresses import Resolver
from filmgate.net.client import BufferedResponse, TransportError, UpstreamClient
from filmgate.wire.upstream import (
    UPSTREAMS,
    HttpCall,
    JobReport,
    JobRequest,
    ListedJob,
    ReferenceImage,
    ReplyKind,
    Upstream,
    detect_flavour,
)
from filmgate.wire.upstream.base import DEFAULT_FAILURE
from filmgate.wire.upstream.error_text import redact
from filmgate.wire.upstream.parsing import retry_after
from filmgate.wire.upstream.status_codes import is_success

__all__ = ["OpenAIVideosEngine"]

SUBMIT_GRACE = 5.0
"""Seconds added to the request's timeout for the work around it."""

MAX_ISSUED_IDS = 10_000
"""Maximum number of ids that are remembered, so that one id is not used for two jobs."""

MAX_LOGGED_STATUSES = 100
"""Maximum number of unknown statuses that are logged, once each."""

BULK_POLL_MIN_JOBS = {"each": None, "auto": 50, "list": 1}
"""Jobs from which the upstream's list is read instead of polling each, by the option ``poll_mode``."""

CANCELLED_CODE = "cancelled"
"""The failure code of a job that was cancelled on request."""

_STATES = {
    Status.QUEUED: JobState.QUEUED,
    Status.IN_PROGRESS: JobState.WORKING,
    Status.COMPLETED: JobState.DONE,
    Status.FAILED: JobState.FAILED,
}

_LISTED_STATES: Mapping[Status | None, JobState] = {
    Status.QUEUED: JobState.QUEUED,
    Status.IN_PROGRESS: JobState.WORKING,
}

log = structlog.get_logger()


class OpenAIVideosEngine:
    """Generates videos with a server that implements the Videos API.

    Args:
        name: its name in rows.
        options: the upstream's address, dialect and limits.
        resolver: replaces the system's resolver in tests.
        clock: Unix time.
        monotonic: monotonic seconds.
    """

    def __init__(
        self,
        name: str,
        options: OpenAIVideosOptions,
        *,
        resolver: Resolver | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.identity = engine_identity(KIND, options.dialect, options.address, options.api_key or "")
        self._options = options
        self._clock = clock
        self._durations = DurationModel(options.pace, monotonic)
        self._upstream = options.upstream
        self._issued_ids: dict[str, str] = {}  # the latest ids, and the tokens of their jobs
        self._logged_statuses: set[str | None] = set()  # those already logged
        self._detection_task: asyncio.Task[None] | None = None
        self._flavour_known = not options.detects_flavour
        self._client = UpstreamClient(
            options.address,
            headers=self._upstream.auth_headers(options.api_key),
            allow_hosts=options.allow_hosts,
            resolver=resolver,
            tls=options.tls(),
            connect_timeout=options.connect_timeout,
            idle_timeout=options.idle_timeout,
        )
        self._downloader = Downloader(name, self._client, options)

    @property
    def capabilities(self) -> Capabilities:
        """What the engine supports; ``cancels`` depends on its flavour, which may not be detected yet."""
        options, upstream = self._options, self._upstream
        return Capabilities(
            paid=options.paid,
            idempotent=options.idempotent or options.reconcile == "idempotency-key",
            findable=options.reconcile == "list" and upstream.supports_list,
            cancels=upstream.cancel_call is not None,
            image_input=options.image_input,
            audio=options.audio,
            concurrency=options.running or upstream.max_running,
            creates_per_minute=options.creates_per_minute or upstream.creates_per_minute,
            submit_timeout=options.submit_timeout + SUBMIT_GRACE,
            bulk_poll_min_jobs=BULK_POLL_MIN_JOBS[options.poll_mode] if upstream.supports_list else None,
            parameters=self._parameters(),
        )

    @property
    def upstream(self) -> Upstream:
        """The dialect or flavour in use, as far as it is known."""
        return self._upstream

    async def start(self) -> None:
        """Start to detect the server's flavour if the options don't name it."""
        if not self._flavour_known:
            self._detection_task = asyncio.create_task(self._try_detect_flavour())

    async def stop(self) -> None:
        """Close all connections. The upstream's jobs continue."""
        if self._detection_task is not None:
            self._detection_task.cancel()
            await asyncio.gather(self._detection_task, return_exceptions=True)
        await self._client.close()

    async def submit(self, job: Job) -> str:
        """Submit the job; the ticket is the upstream's id.

        Raises:
            EngineRejected: it was rejected permanently.
            EngineUnavailable: it was certainly not accepted.
            SubmissionUnknown: no usable response came; it may have been accepted.
        """
        await self._detect_flavour()
        self._check_parameters(job)
        call = self._upstream.create(await self._build_request(job))
        try:
            reply = await self._send(call, self._options.submit_timeout, fresh=True)
        except TransportError as fault:
            log.warning("upstream.submit", engine=self.name, video=job.video_id, sent=fault.sent, reason=str(fault))
            raise (SubmissionUnknown() if fault.sent else EngineUnavailable()) from fault
        report = self._upstream.read_create(reply.status, reply.headers, reply.body)
        if report.kind is not ReplyKind.JOB or report.id is None:
            log.warning(
                "upstream.submit", engine=self.name, video=job.video_id, status=reply.status, meaning=report.kind
            )
            raise self._submit_error(report)
        if self._issued_ids.setdefault(report.id, job.token) != job.token:
            log.warning("upstream.submit", engine=self.name, video=job.video_id, meaning="id belongs to another job")
            raise SubmissionUnknown
        while len(self._issued_ids) > MAX_ISSUED_IDS:
            self._issued_ids.pop(next(iter(self._issued_ids)))
        self._durations.record_submitted(report.id, job.model, job.seconds)
        return report.id

    async def poll(self, ticket: str) -> JobStatus:
        """Return the status of a job.

        Raises:
            EngineUnavailable: the poll failed, or its response has no status.
        """
        report = await self._poll_job(ticket)
        self._durations.record_seen(ticket)
        if report.not_found:
            return JobStatus(state=JobState.LOST, poll_after=self._poll_delay(ticket, report))
        state = self._state(report)
        if state is JobState.DONE:
            self._durations.record_completed(ticket)
        elif state is JobState.FAILED:
            self._durations.record_ended(ticket)
            error = self._public_error(report.error or DEFAULT_FAILURE)
            return JobStatus(state=JobState.CANCELLED if error.code == CANCELLED_CODE else JobState.FAILED, error=error)
        return JobStatus(state=state, progress=report.progress, poll_after=self._poll_delay(ticket, report))

    async def poll_many(self, tickets: Collection[str]) -> Mapping[str, JobStatus]:
        """Return those of the jobs that are still queued or in progress, by the upstream's list.

        Lists contain less than single polls (no failure reason, no video URL), some are cached, and some omit jobs:
        only a single poll decides that a job has ended.

        Raises:
            EngineUnavailable: the list can't be read.
        """
        scan, after, done = ListScan(tickets), None, False
        while not done:
            page, more, _skew = await self._list_page(after)
            done = scan.add_page(page, more=more)
            after = page[-1].id if page else None
        return {ticket: self._listed_status(row) for ticket, row in scan.matches.items()}

    async def fetch(self, ticket: str, into: Path) -> Artifact:
        """Download the video.

        Raises:
            EngineUnavailable: the download failed; try again.
            BadArtifact: the downloaded file is no video.
        """
        report = await self._poll_job(ticket) if self._upstream.url_keys else None
        await self._downloader.fetch(self._upstream, ticket, report, into)
        return Artifact(notes={"made_by": KIND})

    async def cancel(self, ticket: str) -> None:
        """Request cancellation, if the upstream supports it.

        Raises:
            EngineUnavailable: the request failed.
        """
        self._durations.record_ended(ticket)
        call = self._upstream.cancel(ticket)
        if call is None:
            return
        try:
            reply = await self._send(call, self._options.poll_timeout)
        except TransportError as fault:
            raise EngineUnavailable from fault
        if reply.status >= 500:  # noqa: PLR2004 - the class of server errors
            raise EngineUnavailable(retry_after=retry_after(reply.headers))

    async def find(self, job: Job, since: float) -> Sequence[str]:
        """Return the jobs of the upstream's list that may be this one.

        Raises:
            EngineUnavailable: the list can't be read back to that time; absence is not certain then.
        """
        await self._detect_flavour()
        lookup = SubmissionLookup(await self._build_request(job), since)
        after: str | None = None
        for _ in range(MAX_PAGES):
            page, more, skew = await self._list_page(after)
            if lookup.add_page(page, more=more, skew=skew):
                return lookup.matches()
            after = page[-1].id
        raise EngineUnavailable("The engine's list is too long to find a video in it.")

    def expected_seconds(self, job: Job) -> float:
        """Return the expected seconds from the model's latest videos, by their length."""
        return self._durations.expected_seconds(job.model, job.seconds)

    # ---- requests

    def _parameters(self) -> Mapping[str, ParameterRange]:
        # Until the flavour is known nothing is refused: ``submit`` detects it first, and looks again.
        if not self._flavour_known and self._options.parameters is None:
            return PARAMETER_RANGES
        return self._options.parameters_of(self._upstream)

    def _check_parameters(self, job: Job) -> None:
        taken = self._parameters()
        for name, value in job.parameters.demanded.items():
            if name not in taken or not taken[name].allows(value):
                limits = f": it takes {taken[name]}" if name in taken else ""
                raise EngineRejected(f"The engine does not take '{name}' as given{limits}.", code="unknown_parameter")

    async def _send(self, call: HttpCall, within: float, *, fresh: bool = False) -> BufferedResponse:
        url = call.url or self._client.url(call.path)
        return await self._client.send(
            call.method, url, headers=call.headers, body=call.body, within=within, new_connection=fresh
        )

    async def _poll_job(self, ticket: str) -> JobReport:
        try:
            reply = await self._send(self._upstream.poll(ticket), self._options.poll_timeout)
        except TransportError as fault:
            raise EngineUnavailable from fault
        report = self._upstream.read_poll(ticket, reply.status, reply.headers, reply.body)
        if report.kind is ReplyKind.TRANSIENT:
            raise EngineUnavailable(retry_after=report.retry_after)
        return report

    async def _list_page(self, after: str | None) -> tuple[list[ListedJob], bool, float]:
        """Return a page of the list, whether another follows, and how far the upstream's clock is ahead of ours."""
        try:
            reply = await self._send(self._upstream.list_jobs(after=after), self._options.poll_timeout)
        except TransportError as fault:
            raise EngineUnavailable from fault
        listing = self._upstream.read_list(reply.body) if is_success(reply.status) else None
        if listing is None:
            raise EngineUnavailable(retry_after=retry_after(reply.headers))
        rows, more = listing
        return rows, more, self._skew(reply)

    def _skew(self, reply: BufferedResponse) -> float:
        try:
            return parsedate_to_datetime(reply.headers["date"]).timestamp() - self._clock()
        except (ValueError, OverflowError):
            return 0.0

    async def _build_request(self, job: Job) -> JobRequest:
        profile, given, taken = self._options.profile(job.model), job.parameters.given, self._parameters()
        fps = job.parameters.fps or profile.fps
        image = None
        if job.reference is not None:
            image = ReferenceImage(await asyncio.to_thread(job.reference.read_bytes), "image/png")
        return JobRequest(
            model=self._options.models.get(job.model, job.model),
            prompt=job.prompt,
            size=job.size,
            seconds=job.seconds,
            reference=image,
            seed=job.seed,
            fps=fps,
            frames=job.parameters.num_frames or profile.frames(job.seconds, fps),
            parameters={name: str(value) for name, value in given.items() if name in taken},
            extra={name: text for name, text in profile.fields().items() if name not in given},
            idempotency_key=job.token if self.capabilities.idempotent else None,
        )

    # ---- results

    def _submit_error(self, report: JobReport) -> EngineRejected | EngineUnavailable | SubmissionUnknown:
        if report.kind is ReplyKind.TERMINAL and report.error is not None:
            error = self._public_error(report.error)
            return EngineRejected(error.message, code=error.code)
        if report.kind is ReplyKind.TRANSIENT:
            return EngineUnavailable(retry_after=report.retry_after)
        return SubmissionUnknown()

    def _public_error(self, error: VideoError) -> VideoError:
        """Return an error without the upstream's name and our key."""
        private = (self._options.api_key or "", self._client.base.raw_host or "")
        return VideoError(error.code, redact(error.message, private) or DEFAULT_FAILURE.message)

    def _state(self, report: JobReport) -> JobState:
        if report.status is not None:
            return _STATES[report.status]
        if report.status_word not in self._logged_statuses and len(self._logged_statuses) < MAX_LOGGED_STATUSES:
            self._logged_statuses.add(report.status_word)
            log.warning("upstream.unknown_status", engine=self.name, word=report.status_word)
        return JobState.UNKNOWN

    def _listed_status(self, row: ListedJob) -> JobStatus:
        state = _LISTED_STATES.get(row.status, JobState.UNKNOWN)
        return JobStatus(state=state, progress=row.progress, poll_after=self._options.min_poll_interval)

    def _poll_delay(self, ticket: str, report: JobReport) -> float:
        min_interval = self._options.min_poll_interval
        if report.poll_after is not None:
            return max(min_interval, report.poll_after)
        return self._durations.next_poll_delay(ticket, min_interval)

    # ---- flavour detection

    async def _detect_flavour(self) -> None:
        """Detect the flavour unless it is known: without it, a model server would make the wrong number of frames.

        Raises:
            EngineUnavailable: the request failed.
        """
        if self._flavour_known:
            return
        call = self._upstream.models()
        try:
            reply = await self._send(call, self._options.poll_timeout)
        except TransportError as fault:
            raise EngineUnavailable from fault
        if reply.status >= 500 or reply.status == 429:  # noqa: PLR2004 - temporary errors: it may answer later
            raise EngineUnavailable(retry_after=retry_after(reply.headers))
        flavour = detect_flavour(reply.headers, reply.body)
        self._upstream = UPSTREAMS[flavour] if flavour else self._upstream
        self._flavour_known = True
        log.info("upstream.flavour", engine=self.name, flavour=flavour or "plain")

    async def _try_detect_flavour(self) -> None:
        try:
            await self._detect_flavour()
        except EngineUnavailable:
            log.warning("upstream.unreachable", engine=self.name)
