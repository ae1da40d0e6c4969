"""The adapter: jobs to calls, answers to tickets, verdicts and errors. What an answer means stands in wire/upstream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path

import structlog

from filmgate.domain import Status, VideoError
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
"""Seconds for what goes on around a request."""

MAX_ISSUED_IDS = 10_000
"""Ids whose jobs are remembered, lest one be given to two."""

MAX_LOGGED_STATUSES = 100
"""Unknown statuses that are logged, once each."""

BULK_POLL_MIN_JOBS = {"each": None, "auto": 50, "list": 1}
"""Jobs from which on the list is read instead of looking at each, by the option ``watch``."""

CANCELLED_CODE = "cancelled"
"""The code of a failure that is none: somebody wanted it so."""

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
    """Has videos made by a server that speaks the Videos API.

    Args:
        name: under which rows know it.
        options: where it is, and how it wants to be spoken to.
        resolver: the system's, or a test's.
        clock: Unix time.
        monotonic: seconds, from anywhere, never backwards.
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
        self._issued_ids: dict[str, str] = {}  # the latest ids, and whose tokens they answered
        self._logged_statuses: set[str | None] = set()  # statuses that were logged
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
        """What it can do; whether it cancels depends on its flavour, which may still have to be found out."""
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
            bulk_poll_min_jobs=BULK_POLL_MIN_JOBS[options.watch] if upstream.supports_list else None,
        )

    @property
    def upstream(self) -> Upstream:
        """How it is spoken to, as far as that is known by now."""
        return self._upstream

    async def start(self) -> None:
        """Begin to find out what the server is, if the options don't say."""
        if not self._flavour_known:
            self._detection_task = asyncio.create_task(self._try_detect_flavour())

    async def stop(self) -> None:
        """Close every connection. The upstream's jobs go on."""
        if self._detection_task is not None:
            self._detection_task.cancel()
            await asyncio.gather(self._detection_task, return_exceptions=True)
        await self._client.close()

    async def submit(self, job: Job) -> str:
        """Send the job; the ticket is the upstream's id.

        Raises:
            EngineRejected: it was refused for good.
            EngineUnavailable: it was certainly not accepted.
            SubmissionUnknown: no usable answer came; it may have been accepted.
        """
        await self._detect_flavour()
        call = self._upstream.create(await self._build_request(job))
        try:
            reply = await self._send(call, self._options.submit_timeout, fresh=True)
        except TransportError as fault:
            log.warning("upstream.submit", engine=self.name, video=job.video_id, sent=fault.sent, reason=str(fault))
            raise (SubmissionUnknown() if fault.sent else EngineUnavailable()) from fault
        said = self._upstream.read_create(reply.status, reply.headers, reply.body)
        if said.kind is not ReplyKind.JOB or said.id is None:
            log.warning("upstream.submit", engine=self.name, video=job.video_id, status=reply.status, meaning=said.kind)
            raise self._submit_error(said)
        if self._issued_ids.setdefault(said.id, job.token) != job.token:
            log.warning("upstream.submit", engine=self.name, video=job.video_id, meaning="an id that is another job's")
            raise SubmissionUnknown
        while len(self._issued_ids) > MAX_ISSUED_IDS:
            self._issued_ids.pop(next(iter(self._issued_ids)))
        self._durations.record_submitted(said.id, job.model, job.seconds)
        return said.id

    async def poll(self, ticket: str) -> JobStatus:
        """How the job stands.

        Raises:
            EngineUnavailable: it could not be asked, or did not say.
        """
        said = await self._poll_job(ticket)
        self._durations.record_seen(ticket)
        if said.not_found:
            return JobStatus(state=JobState.LOST, poll_after=self._poll_delay(ticket, said))
        state = self._state(said)
        if state is JobState.DONE:
            self._durations.record_completed(ticket)
        elif state is JobState.FAILED:
            self._durations.record_ended(ticket)
            error = self._public_error(said.error or DEFAULT_FAILURE)
            return JobStatus(state=JobState.CANCELLED if error.code == CANCELLED_CODE else JobState.FAILED, error=error)
        return JobStatus(state=state, progress=said.progress, poll_after=self._poll_delay(ticket, said))

    async def poll_many(self, tickets: Collection[str]) -> Mapping[str, JobStatus]:
        """Which of the jobs are still waiting or being worked on, by the upstream's list.

        Lists are poorer than looks (the reason of a failure, the place of a film), some are cached, and some leave jobs
        out: an end is for a look to tell.

        Raises:
            EngineUnavailable: the list can't be read.
        """
        roll, after, done = ListScan(tickets), None, False
        while not done:
            page, more, _skew = await self._list_page(after)
            done = roll.add_page(page, more=more)
            after = page[-1].id if page else None
        return {ticket: self._listed_status(row) for ticket, row in roll.matches.items()}

    async def fetch(self, ticket: str, into: Path) -> Artifact:
        """Download the film.

        Raises:
            EngineUnavailable: it did not arrive; try again.
            BadArtifact: what arrived is no film.
        """
        said = await self._poll_job(ticket) if self._upstream.url_keys else None
        await self._downloader.fetch(self._upstream, ticket, said, into)
        return Artifact(notes={"made_by": KIND})

    async def cancel(self, ticket: str) -> None:
        """Ask it to stop, where that stops anything.

        Raises:
            EngineUnavailable: it could not be asked.
        """
        self._durations.record_ended(ticket)
        call = self._upstream.cancel(ticket)
        if call is None:
            return
        try:
            reply = await self._send(call, self._options.poll_timeout)
        except TransportError as fault:
            raise EngineUnavailable from fault
        if reply.status >= 500:  # noqa: PLR2004 - the class of the server's own faults
            raise EngineUnavailable(retry_after=retry_after(reply.headers))

    async def find(self, job: Job, since: float) -> Sequence[str]:
        """The jobs of the upstream's list that may be this one.

        Raises:
            EngineUnavailable: the list can't be read back to that time; absence is not certain then.
        """
        await self._detect_flavour()
        search = SubmissionLookup(await self._build_request(job), since)
        after: str | None = None
        for _ in range(MAX_PAGES):
            page, more, skew = await self._list_page(after)
            if search.add_page(page, more=more, skew=skew):
                return search.matches()
            after = page[-1].id
        raise EngineUnavailable("The engine's list is too long to find a video in it.")

    def expected_seconds(self, job: Job) -> float:
        """As long as the model's latest films took, by their length."""
        return self._durations.expected_seconds(job.model, job.seconds)

    # ---- asking

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
        said = self._upstream.read_poll(ticket, reply.status, reply.headers, reply.body)
        if said.kind is ReplyKind.TRANSIENT:
            raise EngineUnavailable(retry_after=said.retry_after)
        return said

    async def _list_page(self, after: str | None) -> tuple[list[ListedJob], bool, float]:
        """A page of the list, whether another follows, and how far its clock is ahead of ours."""
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
        profile = self._options.profile(job.model)
        picture = None
        if job.reference is not None:
            picture = ReferenceImage(await asyncio.to_thread(job.reference.read_bytes), "image/png")
        return JobRequest(
            model=self._options.models.get(job.model, job.model),
            prompt=job.prompt,
            size=job.size,
            seconds=job.seconds,
            reference=picture,
            seed=job.seed,
            fps=profile.fps,
            frames=profile.frames(job.seconds),
            extra=profile.fields(),
            idempotency_key=job.token if self.capabilities.idempotent else None,
        )

    # ---- saying

    def _submit_error(self, report: JobReport) -> EngineRejected | EngineUnavailable | SubmissionUnknown:
        if report.kind is ReplyKind.TERMINAL and report.error is not None:
            error = self._public_error(report.error)
            return EngineRejected(error.message, code=error.code)
        if report.kind is ReplyKind.TRANSIENT:
            return EngineUnavailable(retry_after=report.retry_after)
        return SubmissionUnknown()

    def _public_error(self, error: VideoError) -> VideoError:
        """An error without the upstream's name and our key there."""
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
        least = self._options.min_poll_interval
        if report.poll_after is not None:
            return max(least, report.poll_after)
        return self._durations.next_poll_delay(ticket, least)

    # ---- finding out what it is

    async def _detect_flavour(self) -> None:
        """Make sure that the flavour is known: without it, a model server would make the wrong number of frames.

        Raises:
            EngineUnavailable: the server can't be asked.
        """
        if self._flavour_known:
            return
        call = self._upstream.models()
        try:
            reply = await self._send(call, self._options.poll_timeout)
        except TransportError as fault:
            raise EngineUnavailable from fault
        if reply.status >= 500 or reply.status == 429:  # noqa: PLR2004 - it says nothing now, but may soon
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
