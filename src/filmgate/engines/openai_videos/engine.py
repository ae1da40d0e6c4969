"""The adapter: jobs to calls, answers to tickets, verdicts and errors. What an answer means stands in wire/upstream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path

import structlog

from filmgate.domain import Status, VideoError
from filmgate.engines.base import Artifact, Capabilities, Job, State, Verdict, digest
from filmgate.engines.openai_videos.download import Fetcher
from filmgate.engines.openai_videos.durations import Experience
from filmgate.engines.openai_videos.list_scan import Roll
from filmgate.engines.openai_videos.options import KIND, Options
from filmgate.engines.openai_videos.recovery import PAGES, Search
from filmgate.errors import EngineRejected, EngineUnavailable, SubmissionUnknown
from filmgate.net import Client, Fault, Reply, Resolver
from filmgate.wire.upstream import UPSTREAMS, Call, Listed, Meaning, Order, Picture, Said, Upstream, recognised
from filmgate.wire.upstream.base import FAILED
from filmgate.wire.upstream.error_text import clean
from filmgate.wire.upstream.parsing import retry_after
from filmgate.wire.upstream.status_codes import ok

__all__ = ["OpenAIVideosEngine"]

GRACE = 5.0
"""Seconds for what goes on around a request."""

REMEMBERED = 10_000
"""Ids whose jobs are remembered, lest one be given to two."""

STRANGE = 100
"""Unknown statuses that are logged, once each."""

SURVEYS_FROM = {"each": None, "auto": 50, "list": 1}
"""Jobs from which on the list is read instead of looking at each, by the option ``watch``."""

CANCELLED = "cancelled"
"""The code of a failure that is none: somebody wanted it so."""

_STATES = {
    Status.QUEUED: State.QUEUED,
    Status.IN_PROGRESS: State.WORKING,
    Status.COMPLETED: State.DONE,
    Status.FAILED: State.FAILED,
}

_RUNNING: Mapping[Status | None, State] = {Status.QUEUED: State.QUEUED, Status.IN_PROGRESS: State.WORKING}

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
        options: Options,
        *,
        resolver: Resolver | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.identity = digest(KIND, options.dialect, options.address, options.api_key or "")
        self._options = options
        self._clock = clock
        self._experience = Experience(options.pace, monotonic)
        self._upstream = options.upstream
        self._given: dict[str, str] = {}  # the latest ids, and whose tokens they answered
        self._strange: set[str | None] = set()  # statuses that were logged
        self._finding_out: asyncio.Task[None] | None = None
        self._found_out = not options.finds_out
        self._client = Client(
            options.address,
            headers=self._upstream.auth(options.api_key),
            allow_hosts=options.allow_hosts,
            resolver=resolver,
            tls=options.tls(),
            connect_timeout=options.connect_timeout,
            idle_timeout=options.idle_timeout,
        )
        self._fetcher = Fetcher(name, self._client, options)

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; whether it cancels depends on its flavour, which may still have to be found out."""
        options, upstream = self._options, self._upstream
        return Capabilities(
            paid=options.paid,
            idempotent=options.idempotent or options.reconcile == "idempotency-key",
            findable=options.reconcile == "list" and upstream.lists,
            cancels=upstream.cancel_call is not None,
            image_input=options.image_input,
            audio=options.audio,
            concurrency=options.running or upstream.running,
            creates_a_minute=options.creates_a_minute or upstream.creates_a_minute,
            submit_timeout=options.submit_timeout + GRACE,
            surveys_from=SURVEYS_FROM[options.watch] if upstream.lists else None,
        )

    @property
    def upstream(self) -> Upstream:
        """How it is spoken to, as far as that is known by now."""
        return self._upstream

    async def start(self) -> None:
        """Begin to find out what the server is, if the options don't say."""
        if not self._found_out:
            self._finding_out = asyncio.create_task(self._find_out_quietly())

    async def stop(self) -> None:
        """Close every connection. The upstream's jobs go on."""
        if self._finding_out is not None:
            self._finding_out.cancel()
            await asyncio.gather(self._finding_out, return_exceptions=True)
        await self._client.close()

    async def submit(self, job: Job) -> str:
        """Send the job; the ticket is the upstream's id.

        Raises:
            EngineRejected: it was refused for good.
            EngineUnavailable: it was certainly not accepted.
            SubmissionUnknown: no usable answer came; it may have been accepted.
        """
        await self._find_out()
        call = self._upstream.create(await self._order(job))
        try:
            reply = await self._send(call, self._options.submit_timeout, fresh=True)
        except Fault as fault:
            log.warning("upstream.submit", engine=self.name, video=job.video_id, sent=fault.sent, reason=str(fault))
            raise (SubmissionUnknown() if fault.sent else EngineUnavailable()) from fault
        said = self._upstream.read_created(reply.status, reply.headers, reply.body)
        if said.meaning is not Meaning.JOB or said.id is None:
            log.warning(
                "upstream.submit", engine=self.name, video=job.video_id, status=reply.status, meaning=said.meaning
            )
            raise self._refusal(said)
        if self._given.setdefault(said.id, job.token) != job.token:
            log.warning("upstream.submit", engine=self.name, video=job.video_id, meaning="an id that is another job's")
            raise SubmissionUnknown
        while len(self._given) > REMEMBERED:
            self._given.pop(next(iter(self._given)))
        self._experience.began(said.id, job.model, job.seconds)
        return said.id

    async def look(self, ticket: str) -> Verdict:
        """How the job stands.

        Raises:
            EngineUnavailable: it could not be asked, or did not say.
        """
        said = await self._ask(ticket)
        self._experience.seen(ticket)
        if said.gone:
            return Verdict(state=State.LOST, look_after=self._look_after(ticket, said))
        state = self._state(said)
        if state is State.DONE:
            self._experience.completed(ticket)
        elif state is State.FAILED:
            self._experience.over(ticket)
            error = self._publishable(said.error or FAILED)
            return Verdict(state=State.CANCELLED if error.code == CANCELLED else State.FAILED, error=error)
        return Verdict(state=state, progress=said.progress, look_after=self._look_after(ticket, said))

    async def survey(self, tickets: Collection[str]) -> Mapping[str, Verdict]:
        """Which of the jobs are still waiting or being worked on, by the upstream's list.

        Lists are poorer than looks (the reason of a failure, the place of a film), some are cached, and some leave jobs
        out: an end is for a look to tell.

        Raises:
            EngineUnavailable: the list can't be read.
        """
        roll, after, done = Roll(tickets), None, False
        while not done:
            page, more, _skew = await self._page(after)
            done = roll.take(page, more=more)
            after = page[-1].id if page else None
        return {ticket: self._listed(row) for ticket, row in roll.found.items()}

    async def fetch(self, ticket: str, into: Path) -> Artifact:
        """Download the film.

        Raises:
            EngineUnavailable: it did not arrive; try again.
            BadArtifact: what arrived is no film.
        """
        said = await self._ask(ticket) if self._upstream.url_keys else None
        await self._fetcher.fetch(self._upstream, ticket, said, into)
        return Artifact(notes={"made_by": KIND})

    async def cancel(self, ticket: str) -> None:
        """Ask it to stop, where that stops anything.

        Raises:
            EngineUnavailable: it could not be asked.
        """
        self._experience.over(ticket)
        call = self._upstream.cancel(ticket)
        if call is None:
            return
        try:
            reply = await self._send(call, self._options.look_timeout)
        except Fault as fault:
            raise EngineUnavailable from fault
        if reply.status >= 500:  # noqa: PLR2004 - the class of the server's own faults
            raise EngineUnavailable(retry_after=retry_after(reply.headers))

    async def find(self, job: Job, since: float) -> Sequence[str]:
        """The jobs of the upstream's list that may be this one.

        Raises:
            EngineUnavailable: the list can't be read back to that time; absence is not certain then.
        """
        await self._find_out()
        search = Search(await self._order(job), since)
        after: str | None = None
        for _ in range(PAGES):
            page, more, skew = await self._page(after)
            if search.take(page, more=more, skew=skew):
                return search.found()
            after = page[-1].id
        raise EngineUnavailable("The engine's list is too long to find a video in it.")

    def expected_seconds(self, job: Job) -> float:
        """As long as the model's latest films took, by their length."""
        return self._experience.expected(job.model, job.seconds)

    # ---- asking

    async def _send(self, call: Call, within: float, *, fresh: bool = False) -> Reply:
        url = call.url or self._client.url(call.path)
        return await self._client.send(
            call.method, url, headers=call.headers, body=call.body, within=within, fresh=fresh
        )

    async def _ask(self, ticket: str) -> Said:
        try:
            reply = await self._send(self._upstream.look(ticket), self._options.look_timeout)
        except Fault as fault:
            raise EngineUnavailable from fault
        said = self._upstream.read_look(ticket, reply.status, reply.headers, reply.body)
        if said.meaning is Meaning.TRANSIENT:
            raise EngineUnavailable(retry_after=said.retry_after)
        return said

    async def _page(self, after: str | None) -> tuple[list[Listed], bool, float]:
        """A page of the list, whether another follows, and how far its clock is ahead of ours."""
        try:
            reply = await self._send(self._upstream.listing(after=after), self._options.look_timeout)
        except Fault as fault:
            raise EngineUnavailable from fault
        listing = self._upstream.read_listing(reply.body) if ok(reply.status) else None
        if listing is None:
            raise EngineUnavailable(retry_after=retry_after(reply.headers))
        rows, more = listing
        return rows, more, self._skew(reply)

    def _skew(self, reply: Reply) -> float:
        try:
            return parsedate_to_datetime(reply.headers["date"]).timestamp() - self._clock()
        except (ValueError, OverflowError):
            return 0.0

    async def _order(self, job: Job) -> Order:
        profile = self._options.profile(job.model)
        picture = None
        if job.reference is not None:
            picture = Picture(await asyncio.to_thread(job.reference.read_bytes), "image/png")
        return Order(
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

    def _refusal(self, said: Said) -> EngineRejected | EngineUnavailable | SubmissionUnknown:
        if said.meaning is Meaning.TERMINAL and said.error is not None:
            error = self._publishable(said.error)
            return EngineRejected(error.message, code=error.code)
        if said.meaning is Meaning.TRANSIENT:
            return EngineUnavailable(retry_after=said.retry_after)
        return SubmissionUnknown()

    def _publishable(self, error: VideoError) -> VideoError:
        """An error without the upstream's name and our key there."""
        private = (self._options.api_key or "", self._client.base.raw_host or "")
        return VideoError(error.code, clean(error.message, private) or FAILED.message)

    def _state(self, said: Said) -> State:
        if said.status is not None:
            return _STATES[said.status]
        if said.word not in self._strange and len(self._strange) < STRANGE:
            self._strange.add(said.word)
            log.warning("upstream.unknown_status", engine=self.name, word=said.word)
        return State.UNKNOWN

    def _listed(self, row: Listed) -> Verdict:
        state = _RUNNING.get(row.status, State.UNKNOWN)
        return Verdict(state=state, progress=row.progress, look_after=self._options.look_every)

    def _look_after(self, ticket: str, said: Said) -> float:
        least = self._options.look_every
        if said.look_after is not None:
            return max(least, said.look_after)
        return self._experience.look_after(ticket, least)

    # ---- finding out what it is

    async def _find_out(self) -> None:
        """Make sure that the flavour is known: without it, a model server would make the wrong number of frames.

        Raises:
            EngineUnavailable: the server can't be asked.
        """
        if self._found_out:
            return
        call = self._upstream.models()
        try:
            reply = await self._send(call, self._options.look_timeout)
        except Fault as fault:
            raise EngineUnavailable from fault
        if reply.status >= 500 or reply.status == 429:  # noqa: PLR2004 - it says nothing now, but may soon
            raise EngineUnavailable(retry_after=retry_after(reply.headers))
        flavour = recognised(reply.headers, reply.body)
        self._upstream = UPSTREAMS[flavour] if flavour else self._upstream
        self._found_out = True
        log.info("upstream.flavour", engine=self.name, flavour=flavour or "plain")

    async def _find_out_quietly(self) -> None:
        try:
            await self._find_out()
        except EngineUnavailable:
            log.warning("upstream.unreachable", engine=self.name)
