"""The mock's behaviour: a :class:`MockRequest` in, a :class:`MockReply` out, without sockets."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from filmgate.testing.mock import ranges
from filmgate.testing.mock.dialects import DeleteBehaviour, MockVendor, NotReadyBehaviour
from filmgate.testing.mock.fault_mix import InjectedFault, UnknownFault, faults_in_prompt, parse_fault
from filmgate.testing.mock.faults.base import FaultContext, FaultSpec, FaultStage
from filmgate.testing.mock.fixtures import ClipCache, etag, tag_with_job_id
from filmgate.testing.mock.jobs import JobSnapshot, JobSpec, MockJob, MockJobs, MockJobState
from filmgate.testing.mock.log import LogEvent, LogLine, RequestLog, read_log
from filmgate.testing.mock.reply import MockReply
from filmgate.testing.mock.requests import RequestRejected, parse_create
from filmgate.testing.mock.transport import Sleep, real_sleep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from filmgate.testing.mock.config import MockConfig

__all__ = ["FAULT_HEADER", "MockRequest", "MockUpstream"]

FAULT_HEADER = "X-Mock-Fault"
"""Names a fault for the request that carries it; on a create, for its job."""

CONTENT_HOLD_SECONDS = 300.0
"""Seconds for which a vendor that holds content requests does so."""

MINUTE = 60.0


class MockRequest(Struct, frozen=True, kw_only=True):
    """The parts of a request that the mock needs."""

    vendor: MockVendor
    origin: str  # "http://host:port"
    base_url: str  # the requested base URL: "http://host:port/v1"
    url: str
    other_origin: str = ""  # "http://other-name:port": the same server under another host's name
    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    multipart: bool = False

    def error_reply(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> MockReply:
        """An error in the vendor's format."""
        return MockReply.of_json(self.vendor.render_error(status, code, message), status, headers)

    def not_found_reply(self, job_id: str) -> MockReply:
        """The error for an unknown job."""
        return self.error_reply(404, "video_not_found", f"Video with id '{job_id}' not found.")


class MockUpstream:
    """A vendor's service, with its jobs, its log and its faults.

    Args:
        config: how it behaves.
        clock: Unix time.
        sleep: waits for so many seconds, which may be infinite, whenever a response is late.
    """

    def __init__(self, config: MockConfig, clock: Callable[[], float] = time.time, sleep: Sleep = real_sleep) -> None:
        self.config = config
        self.sleep = sleep
        self.jobs = MockJobs(config.seed, config.seconds_per_job)
        if config.log is not None and config.log.exists() and not config.forget_on_restart:
            self.jobs.restore(read_log(config.log))
        self.log = RequestLog(config.log)
        self._clock = clock
        self._clips = ClipCache()
        self._down_until = 0.0
        self._recent_creates: defaultdict[str, deque[float]] = defaultdict(
            deque
        )  # times of the last minute's, by vendor

    @property
    def is_down(self) -> bool:
        """Whether there is an outage."""
        return self._clock() < self._down_until

    async def outage(self, seconds: float) -> None:
        """Stop answering for so many seconds; 0 ends an outage."""
        self._down_until = self._clock() + seconds
        await self._write_log(LogEvent.OUTAGE, duration=seconds)

    async def close(self) -> None:
        """Finish running encodings and log writes."""
        await self._clips.close()
        await self.log.close()

    async def create(self, call: MockRequest, fields: Mapping[str, object]) -> MockReply:
        """``POST /videos``."""

        def order() -> JobSpec:
            vendor = call.vendor
            if self.config.any_size:
                vendor = msgspec.structs.replace(vendor, sizes=(), seconds=())
            return parse_create(fields, vendor, self.config.models, multipart=call.multipart)

        def answer(view: JobSnapshot) -> MockReply:
            return MockReply.of_json(call.vendor.render(view, call.base_url), call.vendor.created_status)

        return await self.handle_create(call, str(fields.get("prompt", "")), order, answer)

    async def handle_create(
        self,
        call: MockRequest,
        prompt: str,
        read_spec: Callable[[], JobSpec],
        accepted_reply: Callable[[JobSnapshot], MockReply],
    ) -> MockReply:
        """Accept a job, or reject it.

        Args:
            call: the request.
            prompt: by which creates are counted.
            read_spec: parses the request; raises RequestRejected.
            accepted_reply: the correct response to an accepted job.
        """
        turn = self.jobs.create_counts[prompt]
        self.jobs.create_counts[prompt] += 1
        key = call.headers.get("Idempotency-Key", "")
        try:
            wanted = read_spec()
            strikes, turn = self._plan_faults(call, prompt, turn)
            if self.config.idempotent and (made := self.jobs.by_idempotency_key.get(key)):
                await self._write_log(LogEvent.REPLAY, call, job=made.id, prompt=prompt, key=key)
                return accepted_reply(made.snapshot(self._clock(), made.request_counts[FaultStage.POLL]))
            self._check_limits(call.vendor)
        except RequestRejected as refused:
            await self._write_log(LogEvent.REFUSAL, call, prompt=prompt, http_status=refused.status, key=key)
            return call.error_reply(refused.status, refused.code, str(refused), refused.headers)
        struck = [strike for strike in strikes if _applies(strike, FaultStage.CREATE, turn)]
        if refusing := [strike for strike in struck if not strike.fault.accepts_job]:
            await self._write_log(LogEvent.REFUSAL, call, prompt=prompt, fault=_fault_names(refusing), key=key)
            return self._apply_faults(MockReply.of_json({}), refusing, call, "")
        return await self._accept(call, self._new_job(call, wanted, strikes, key), struck, accepted_reply)

    async def retrieve(self, call: MockRequest, job_id: str) -> MockReply:
        """``GET /videos/{id}``."""
        job = self.jobs.get(job_id)
        if job is None:
            await self._write_log(LogEvent.POLL, call, job=job_id, http_status=404)
            return call.not_found_reply(job_id)
        turn = job.request_counts[FaultStage.POLL]
        job.request_counts[FaultStage.POLL] += 1
        view = job.snapshot(self._clock(), turn)
        job.polls_since_end += view.polls_since_end is not None
        status = call.vendor.failed_status if view.state is MockJobState.FAILED else 200
        struck = self._applicable_faults(call, job, FaultStage.POLL, turn)
        await self._write_log(LogEvent.POLL, call, job=job_id, http_status=status, fault=_fault_names(struck))
        reply = MockReply.of_json(call.vendor.render(view, call.base_url), status)
        return self._apply_faults(reply, struck, call, job_id, attempt=turn, polls_since_end=view.polls_since_end)

    async def list_jobs(self, call: MockRequest) -> MockReply:
        """``GET /videos``."""
        await self._write_log(LogEvent.LIST, call)
        if not (self.config.supports_list and call.vendor.supports_list):
            return call.error_reply(404, "unknown_url", "Invalid URL (GET /v1/videos)")
        known = [job for job in self.jobs.visible() if not job.spec.via_chat]
        if call.query.get("order") == "asc":
            known.reverse()
        names = [job.id for job in known]
        start = names.index(call.query["after"]) + 1 if call.query.get("after") in names else 0
        limit = int(call.query["limit"]) if call.query.get("limit", "").isdigit() else 20
        shown = known[start : start + limit]
        now = self._clock()
        data = [
            call.vendor.render(job.snapshot(now, job.request_counts[FaultStage.POLL]), call.base_url) for job in shown
        ]
        ends = {"first_id": shown[0].id if shown else None, "last_id": shown[-1].id if shown else None}
        more = {**ends, "has_more": start + limit < len(known)} if call.vendor.has_page_fields else {}
        return MockReply.of_json({"object": "list", "data": data, **more})

    async def delete(self, call: MockRequest, job_id: str) -> MockReply:
        """``DELETE /videos/{id}``, which is how some vendors cancel."""
        job, now = self.jobs.get(job_id), self._clock()
        if call.vendor.delete is DeleteBehaviour.NO_ROUTE:
            return call.error_reply(404, "unknown_url", f"Invalid URL (DELETE /v1/videos/{job_id})")
        if job is None:
            return call.not_found_reply(job_id)
        running = job.is_running(now)
        if running and call.vendor.delete is DeleteBehaviour.FINISHED_ONLY:
            return call.error_reply(400, "invalid_status", "A video that is being made can't be deleted.")
        await self._write_log(LogEvent.CANCEL if running else LogEvent.DELETE, call, job=job_id, http_status=200)
        job.deleted = True
        job.aborted = call.vendor.delete is DeleteBehaviour.ABORT
        return MockReply.of_json(call.vendor.render_deleted(call.vendor.render(job.snapshot(now), call.base_url)))

    async def content(self, call: MockRequest, job_id: str, *, open_link: bool = False) -> MockReply:
        """The video: ``GET /videos/{id}/content``, or with ``open_link`` where it needs no key."""
        job = self.jobs.get(job_id)
        if job is None:
            await self._write_log(LogEvent.CONTENT, call, job=job_id, http_status=404)
            return call.not_found_reply(job_id)
        refusal = None if open_link else await self._not_ready_reply(call, job)
        if refusal is not None:
            await self._write_log(LogEvent.CONTENT, call, job=job_id, http_status=refusal.status)
            return refusal
        turn = job.request_counts[FaultStage.CONTENT]
        job.request_counts[FaultStage.CONTENT] += 1
        whole = self._full_content(call.vendor, job, await self._clips.get(job.clip))
        reply = ranges.apply_range(whole, call.headers)
        struck = self._applicable_faults(call, job, FaultStage.CONTENT, turn)
        credential = open_link and "Authorization" in call.headers
        names = _fault_names(struck)
        await self._write_log(
            LogEvent.CONTENT, call, job=job_id, http_status=reply.status, fault=names, credential=credential
        )
        return self._apply_faults(reply, struck, call, job_id, attempt=turn, full_reply=whole)

    def models(self, call: MockRequest) -> MockReply:
        """``GET /models``; their owner identifies model servers."""
        data = [
            {"id": name, "object": "model", "created": 1_759_708_800, "owned_by": call.vendor.owned_by}
            for name in self.config.models
        ]
        return MockReply.of_json({"object": "list", "data": data})

    def authorize(self, call: MockRequest) -> MockReply | None:
        """An error unless the request has the key: as Bearer or bare."""
        given = call.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.config.key in {None, given}:
            return None
        return call.error_reply(401, "invalid_api_key", "Incorrect API key provided.")

    def job_overview(self) -> list[dict[str, object]]:
        """Every job for ``GET /mock/jobs``, oldest first."""
        now = self._clock()
        return [
            {
                "id": job.id,
                "vendor": job.vendor,
                "prompt": job.spec.prompt,
                "state": job.snapshot(now).state,
                "faults": list(map(str, job.faults)),
                "request_counts": dict(job.request_counts),
                "deleted": job.deleted,
            }
            for job in self.jobs.by_id.values()
        ]

    # ---- helpers

    def _plan_faults(self, call: MockRequest, prompt: str, attempt: int) -> tuple[tuple[InjectedFault, ...], int]:
        """The faults of this create's job, and the attempt by which faults are counted."""
        try:
            named = _faults_in_header(call.headers) + faults_in_prompt(prompt)
        except UnknownFault as error:
            raise RequestRejected(400, "unknown_fault", str(error)) from None
        if named:
            return named, 0 if FAULT_HEADER in call.headers else attempt
        return self.config.mix.draw(prompt, attempt), 0

    def _check_limits(self, vendor: MockVendor) -> None:
        config, now = self.config, self._clock()
        running = vendor.max_running if config.max_running is None else config.max_running
        pace = vendor.creates_per_minute if config.creates_per_minute is None else config.creates_per_minute
        creates = self._recent_creates[vendor.name]
        while creates and creates[0] <= now - MINUTE:
            creates.popleft()
        if pace and len(creates) >= pace:
            wait = str(int(creates[0] + MINUTE - now) + 1)
            raise RequestRejected(429, "rate_limit_exceeded", "Rate limit reached for requests.", {"Retry-After": wait})
        if running and self.jobs.count_running(vendor.name, now) >= running:
            raise RequestRejected(429, "too_many_running_tasks", "Too many running tasks.")
        creates.append(now)

    def _new_job(
        self, call: MockRequest, spec: JobSpec, faults: Sequence[InjectedFault], idempotency_key: str
    ) -> MockJob:
        return MockJob(
            id=call.vendor.new_id(),
            vendor=call.vendor.name,
            spec=spec,
            accepted_at=self._clock(),
            duration=self.jobs.duration(spec.prompt, self.jobs.create_counts[spec.prompt]),
            faults=tuple(faults),
            idempotency_key=idempotency_key,
        )

    async def _accept(
        self,
        call: MockRequest,
        job: MockJob,
        create_faults: Sequence[InjectedFault],
        accepted_reply: Callable[[JobSnapshot], MockReply],
    ) -> MockReply:
        before = self.jobs.latest_id()
        self.jobs.add(job)
        await self.log.add(_submission_line(job, call.vendor.created_status, create_faults))
        for strike in job.faults:
            if strike.fault.stage is FaultStage.SERVICE:
                await self.outage(float(strike.arg or 0))
        reply = accepted_reply(JobSnapshot(job, MockJobState.QUEUED, 0, None))
        return self._apply_faults(reply, create_faults, call, job.id, previous_job_id=before)

    async def _not_ready_reply(self, call: MockRequest, job: MockJob) -> MockReply | None:
        """What content answers instead of the video; None: the video."""
        if call.vendor.rejects_variant and "variant" in call.query:
            return call.error_reply(404, "not_found", "Variant not found")
        if call.vendor.not_ready is NotReadyBehaviour.WAIT:
            await self._wait_for_job(job)
        state = job.snapshot(self._clock()).state
        if state is MockJobState.FAILED:
            return call.error_reply(call.vendor.failed_content_status, "generation_failed", "The generation failed.")
        if state is MockJobState.COMPLETED:
            return None
        match call.vendor.not_ready:
            case NotReadyBehaviour.BAD_REQUEST:
                return call.error_reply(400, "invalid_status", "Video generation is not completed.")
            case NotReadyBehaviour.PARTIAL:
                whole = self._full_content(call.vendor, job, await self._clips.get(job.clip))
                half = whole.body[: len(whole.body) // 2]
                return whole.replaced(body=half, headers={"ETag": etag(half)})
        message = f"Video is not ready yet, use GET /v1/videos/{job.id} to check status."
        return call.error_reply(404, "video_not_ready", message)

    async def _wait_for_job(self, job: MockJob) -> None:
        now = self._clock()
        if job.is_running(now):
            await self.sleep(min(CONTENT_HOLD_SECONDS, max(0.0, job.accepted_at + job.effective_duration - now)))

    def _full_content(self, vendor: MockVendor, job: MockJob, content: bytes) -> MockReply:
        body = tag_with_job_id(content, job.id)
        headers = {
            "Content-Type": "video/mp4",
            "Content-Disposition": f'attachment; filename="{job.id}{vendor.filename_suffix}"',
            "Accept-Ranges": "bytes",
            "ETag": etag(body),
        }
        return MockReply(headers=headers, body=body)

    def _applicable_faults(
        self, call: MockRequest, job: MockJob, stage: FaultStage, attempt: int
    ) -> list[InjectedFault]:
        try:
            from_header = [strike for strike in _faults_in_header(call.headers) if strike.fault.stage is stage]
        except UnknownFault:
            from_header = []
        return from_header + [strike for strike in job.faults if _applies(strike, stage, attempt)]

    def _apply_faults(
        self, reply: MockReply, faults: Iterable[InjectedFault], call: MockRequest, job_id: str, **known: Any
    ) -> MockReply:
        for strike in faults:
            moment = FaultContext(
                arg=strike.arg,
                job_id=job_id,
                now=self._clock(),
                url=call.url,
                other_host_url=f"{call.other_origin}/mock/films/{job_id}.mp4?redirected=1",
                redirected="redirected" in call.query,
                not_found_reply=call.not_found_reply(job_id),
                **{"attempt": 0, **known},
            )
            reply = _apply_fault(strike.fault, reply, moment)
        return reply

    async def _write_log(self, event: LogEvent, call: MockRequest | None = None, **known: Any) -> None:
        vendor = "" if call is None else call.vendor.name
        await self.log.add(LogLine(at=self._clock(), event=event, vendor=vendor, **known))


def _apply_fault(fault: FaultSpec, reply: MockReply, context: FaultContext) -> MockReply:
    if fault.rewrite is not None and reply.headers.get("Content-Type") == "application/json":
        reply = MockReply.of_json(fault.rewrite(reply.json_value, context), reply.status, reply.headers)
    return reply if fault.act is None else fault.act(reply, context)


def _applies(fault: InjectedFault, stage: FaultStage, attempt: int) -> bool:
    return fault.fault.stage is stage and fault.fault.applies(fault.arg, attempt)


def _faults_in_header(headers: Mapping[str, str]) -> tuple[InjectedFault, ...]:
    return tuple(parse_fault(name) for name in headers.get(FAULT_HEADER, "").split(",") if name.strip())


def _fault_names(faults: Iterable[InjectedFault]) -> str:
    return ",".join(map(str, faults))


def _submission_line(job: MockJob, status: int, faults: Iterable[InjectedFault]) -> LogLine:
    order = job.spec
    return LogLine(
        at=job.accepted_at,
        event=LogEvent.SUBMISSION,
        job=job.id,
        http_status=status,
        fault=_fault_names(faults),
        vendor=job.vendor,
        model=order.model,
        prompt=order.prompt,
        size=order.size,
        seconds=order.seconds,
        frames=order.clip.frames,
        fps=order.clip.fps,
        key=job.idempotency_key,
        faults=tuple(map(str, job.faults)),
        duration=job.duration,
        fields=order.field_names,
        parameters=order.parameters,
    )
