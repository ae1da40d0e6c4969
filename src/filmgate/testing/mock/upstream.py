"""What the mock does when it is asked something: a :class:`Call` in, a :class:`Reply` out, no socket in sight."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from filmgate.testing.mock import ranges
from filmgate.testing.mock.dialects import Delete, Early, Vendor
from filmgate.testing.mock.fault_mix import Strike, UnknownFault, parse_strike, tagged
from filmgate.testing.mock.faults.base import Fault, Moment, Stage
from filmgate.testing.mock.films import Films, etag, signed
from filmgate.testing.mock.jobs import Job, Jobs, Order, State, View
from filmgate.testing.mock.log import Asked, Line, Log, read_log
from filmgate.testing.mock.reply import Reply
from filmgate.testing.mock.requests import Refused, order_of
from filmgate.testing.mock.transport import Sleep, real_sleep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from filmgate.testing.mock.config import Config

__all__ = ["HEADER", "Call", "Upstream"]

HEADER = "X-Mock-Fault"
"""Names a fault for the request that carries it; on a create, for its job."""

HOLD = 300.0
"""Seconds for which a vendor that holds content requests does so."""

MINUTE = 60.0


class Call(Struct, frozen=True, kw_only=True):
    """A request, as far as the mock cares."""

    vendor: Vendor
    origin: str  # "http://host:port"
    base: str  # the base URL that was asked: "http://host:port/v1"
    url: str
    elsewhere: str = ""  # "http://other-name:port": the same server under another host's name
    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    multipart: bool = False

    def refuse(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Reply:
        """An error in the vendor's words."""
        return Reply.of(self.vendor.error(status, code, message), status, headers)

    def gone(self, job_id: str) -> Reply:
        """There is no such job."""
        return self.refuse(404, "video_not_found", f"Video with id '{job_id}' not found.")


class Upstream:
    """A vendor's service, with its jobs, its log and its bad days.

    Args:
        config: how it behaves.
        clock: Unix time.
        sleep: waits for so many seconds, which may be infinite, whenever an answer is late.
    """

    def __init__(self, config: Config, clock: Callable[[], float] = time.time, sleep: Sleep = real_sleep) -> None:
        self.config = config
        self.sleep = sleep
        self.jobs = Jobs(config.seed, config.seconds_per_job)
        if config.log is not None and config.log.exists() and not config.restart_loses:
            self.jobs.recover(read_log(config.log))
        self.log = Log(config.log)
        self._clock = clock
        self._films = Films()
        self._dark_until = 0.0
        self._creates: defaultdict[str, deque[float]] = defaultdict(deque)  # times of the last minute's, by vendor

    @property
    def dark(self) -> bool:
        """Whether there is an outage."""
        return self._clock() < self._dark_until

    async def outage(self, seconds: float) -> None:
        """Answer nothing for so long; 0 ends an outage."""
        self._dark_until = self._clock() + seconds
        await self._note(Asked.OUTAGE, duration=seconds)

    async def close(self) -> None:
        """Finish films and lines under way."""
        await self._films.close()
        await self.log.close()

    async def create(self, call: Call, fields: Mapping[str, object]) -> Reply:
        """``POST /videos``."""

        def order() -> Order:
            vendor = call.vendor
            if self.config.any_size:
                vendor = msgspec.structs.replace(vendor, sizes=(), seconds=())
            return order_of(fields, vendor, self.config.models, multipart=call.multipart)

        def answer(view: View) -> Reply:
            return Reply.of(call.vendor.render(view, call.base), call.vendor.created)

        return await self.take(call, str(fields.get("prompt", "")), order, answer)

    async def take(self, call: Call, prompt: str, order: Callable[[], Order], answer: Callable[[View], Reply]) -> Reply:
        """Take an order, or not.

        Args:
            call: the request.
            prompt: by which creates are counted.
            order: reads what is asked for; raises Refused.
            answer: says honestly that the job is accepted.
        """
        turn = self.jobs.creates[prompt]
        self.jobs.creates[prompt] += 1
        key = call.headers.get("Idempotency-Key", "")
        try:
            wanted = order()
            strikes, turn = self._planned(call, prompt, turn)
            if self.config.idempotent and (made := self.jobs.by_key.get(key)):
                await self._note(Asked.REPLAY, call, job=made.id, prompt=prompt, key=key)
                return answer(made.view(self._clock(), made.asked[Stage.LOOK]))
            self._check_limits(call.vendor)
        except Refused as refused:
            await self._note(Asked.REFUSAL, call, prompt=prompt, http_status=refused.status, key=key)
            return call.refuse(refused.status, refused.code, str(refused), refused.headers)
        struck = [strike for strike in strikes if _hits(strike, Stage.CREATE, turn)]
        if refusing := [strike for strike in struck if not strike.fault.accepts]:
            await self._note(Asked.REFUSAL, call, prompt=prompt, fault=_names(refusing), key=key)
            return self._strike(Reply.of({}), refusing, call, "")
        return await self._accept(call, self._job(call, wanted, strikes, key), struck, answer)

    async def look(self, call: Call, job_id: str) -> Reply:
        """``GET /videos/{id}``."""
        job = self.jobs.get(job_id)
        if job is None:
            await self._note(Asked.LOOK, call, job=job_id, http_status=404)
            return call.gone(job_id)
        turn = job.asked[Stage.LOOK]
        job.asked[Stage.LOOK] += 1
        view = job.view(self._clock(), turn)
        job.over += view.over is not None
        status = call.vendor.failed if view.state is State.FAILED else 200
        struck = self._struck(call, job, Stage.LOOK, turn)
        await self._note(Asked.LOOK, call, job=job_id, http_status=status, fault=_names(struck))
        reply = Reply.of(call.vendor.render(view, call.base), status)
        return self._strike(reply, struck, call, job_id, turn=turn, over=view.over)

    async def page(self, call: Call) -> Reply:
        """``GET /videos``."""
        await self._note(Asked.LIST, call)
        if not (self.config.lists and call.vendor.lists):
            return call.refuse(404, "unknown_url", "Invalid URL (GET /v1/videos)")
        known = [job for job in self.jobs.known() if not job.order.chat]
        if call.query.get("order") == "asc":
            known.reverse()
        names = [job.id for job in known]
        start = names.index(call.query["after"]) + 1 if call.query.get("after") in names else 0
        limit = int(call.query["limit"]) if call.query.get("limit", "").isdigit() else 20
        shown = known[start : start + limit]
        now = self._clock()
        data = [call.vendor.render(job.view(now, job.asked[Stage.LOOK]), call.base) for job in shown]
        ends = {"first_id": shown[0].id if shown else None, "last_id": shown[-1].id if shown else None}
        more = {**ends, "has_more": start + limit < len(known)} if call.vendor.page else {}
        return Reply.of({"object": "list", "data": data, **more})

    async def delete(self, call: Call, job_id: str) -> Reply:
        """``DELETE /videos/{id}``, which is how some vendors cancel."""
        job, now = self.jobs.get(job_id), self._clock()
        if call.vendor.delete is Delete.ABSENT:
            return call.refuse(404, "unknown_url", f"Invalid URL (DELETE /v1/videos/{job_id})")
        if job is None:
            return call.gone(job_id)
        running = job.running(now)
        if running and call.vendor.delete is Delete.FINISHED:
            return call.refuse(400, "invalid_status", "A video that is being made can't be deleted.")
        await self._note(Asked.CANCEL if running else Asked.DELETE, call, job=job_id, http_status=200)
        job.dropped = True
        job.aborted = call.vendor.delete is Delete.ABORTS
        return Reply.of(call.vendor.deleted(call.vendor.render(job.view(now), call.base)))

    async def content(self, call: Call, job_id: str, *, open_link: bool = False) -> Reply:
        """The film: ``GET /videos/{id}/content``, or with ``open_link`` where it can be had without a key."""
        job = self.jobs.get(job_id)
        if job is None:
            await self._note(Asked.CONTENT, call, job=job_id, http_status=404)
            return call.gone(job_id)
        refusal = None if open_link else await self._not_yet(call, job)
        if refusal is not None:
            await self._note(Asked.CONTENT, call, job=job_id, http_status=refusal.status)
            return refusal
        turn = job.asked[Stage.CONTENT]
        job.asked[Stage.CONTENT] += 1
        whole = self._whole(call.vendor, job, await self._films.get(job.film))
        reply = ranges.apply(whole, call.headers)
        struck = self._struck(call, job, Stage.CONTENT, turn)
        credential = open_link and "Authorization" in call.headers
        names = _names(struck)
        await self._note(Asked.CONTENT, call, job=job_id, http_status=reply.status, fault=names, credential=credential)
        return self._strike(reply, struck, call, job_id, turn=turn, whole=whole)

    def models(self, call: Call) -> Reply:
        """``GET /models``; who owns them tells model servers apart."""
        data = [
            {"id": name, "object": "model", "created": 1_759_708_800, "owned_by": call.vendor.owner}
            for name in self.config.models
        ]
        return Reply.of({"object": "list", "data": data})

    def authorize(self, call: Call) -> Reply | None:
        """A refusal, unless the call has the key: as Bearer or bare."""
        given = call.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.config.key in {None, given}:
            return None
        return call.refuse(401, "invalid_api_key", "Incorrect API key provided.")

    def overview(self) -> list[dict[str, object]]:
        """Every job for ``GET /mock/jobs``, the oldest first."""
        now = self._clock()
        return [
            {
                "id": job.id,
                "vendor": job.vendor,
                "prompt": job.order.prompt,
                "state": job.view(now).state,
                "faults": list(map(str, job.strikes)),
                "asked": dict(job.asked),
                "deleted": job.dropped,
            }
            for job in self.jobs.all.values()
        ]

    # ---- what is behind them

    def _planned(self, call: Call, prompt: str, turn: int) -> tuple[tuple[Strike, ...], int]:
        """What this create's job meets, and the turn by which faults count."""
        try:
            named = _named(call.headers) + tagged(prompt)
        except UnknownFault as error:
            raise Refused(400, "unknown_fault", str(error)) from None
        if named:
            return named, 0 if HEADER in call.headers else turn
        return self.config.mix.draw(prompt, turn), 0

    def _check_limits(self, vendor: Vendor) -> None:
        config, now = self.config, self._clock()
        running = vendor.running if config.running is None else config.running
        pace = vendor.creates_a_minute if config.creates_a_minute is None else config.creates_a_minute
        creates = self._creates[vendor.name]
        while creates and creates[0] <= now - MINUTE:
            creates.popleft()
        if pace and len(creates) >= pace:
            wait = str(int(creates[0] + MINUTE - now) + 1)
            raise Refused(429, "rate_limit_exceeded", "Rate limit reached for requests.", {"Retry-After": wait})
        if running and self.jobs.running(vendor.name, now) >= running:
            raise Refused(429, "too_many_running_tasks", "Too many running tasks.")
        creates.append(now)

    def _job(self, call: Call, order: Order, strikes: Sequence[Strike], key: str) -> Job:
        return Job(
            id=call.vendor.new_id(),
            vendor=call.vendor.name,
            order=order,
            at=self._clock(),
            duration=self.jobs.duration(order.prompt, self.jobs.creates[order.prompt]),
            strikes=tuple(strikes),
            key=key,
        )

    async def _accept(self, call: Call, job: Job, struck: Sequence[Strike], answer: Callable[[View], Reply]) -> Reply:
        before = self.jobs.latest()
        self.jobs.add(job)
        await self.log.add(_submission(job, call.vendor.created, struck))
        for strike in job.strikes:
            if strike.fault.stage is Stage.SERVICE:
                await self.outage(float(strike.arg or 0))
        reply = answer(View(job, State.QUEUED, 0, None))
        return self._strike(reply, struck, call, job.id, before=before)

    async def _not_yet(self, call: Call, job: Job) -> Reply | None:
        """What content answers instead of the film; None: the film."""
        if call.vendor.refuses_variant and "variant" in call.query:
            return call.refuse(404, "not_found", "Variant not found")
        if call.vendor.early is Early.HELD:
            await self._hold(job)
        state = job.view(self._clock()).state
        if state is State.FAILED:
            return call.refuse(call.vendor.failed_content, "generation_failed", "The generation failed.")
        if state is State.COMPLETED:
            return None
        match call.vendor.early:
            case Early.BAD_REQUEST:
                return call.refuse(400, "invalid_status", "Video generation is not completed.")
            case Early.HALF:
                whole = self._whole(call.vendor, job, await self._films.get(job.film))
                half = whole.body[: len(whole.body) // 2]
                return whole.but(body=half, headers={"ETag": etag(half)})
        message = f"Video is not ready yet, use GET /v1/videos/{job.id} to check status."
        return call.refuse(404, "video_not_ready", message)

    async def _hold(self, job: Job) -> None:
        now = self._clock()
        if job.running(now):
            await self.sleep(min(HOLD, max(0.0, job.at + job.lasts - now)))

    def _whole(self, vendor: Vendor, job: Job, film: bytes) -> Reply:
        body = signed(film, job.id)
        headers = {
            "Content-Type": "video/mp4",
            "Content-Disposition": f'attachment; filename="{job.id}{vendor.suffix}"',
            "Accept-Ranges": "bytes",
            "ETag": etag(body),
        }
        return Reply(headers=headers, body=body)

    def _struck(self, call: Call, job: Job, stage: Stage, turn: int) -> list[Strike]:
        try:
            asked = [strike for strike in _named(call.headers) if strike.fault.stage is stage]
        except UnknownFault:
            asked = []
        return asked + [strike for strike in job.strikes if _hits(strike, stage, turn)]

    def _strike(self, reply: Reply, strikes: Iterable[Strike], call: Call, job_id: str, **known: Any) -> Reply:
        for strike in strikes:
            moment = Moment(
                arg=strike.arg,
                job=job_id,
                now=self._clock(),
                url=call.url,
                elsewhere=f"{call.elsewhere}/mock/films/{job_id}.mp4?redirected=1",
                redirected="redirected" in call.query,
                gone=call.gone(job_id),
                **{"turn": 0, **known},
            )
            reply = _struck_by(strike.fault, reply, moment)
        return reply

    async def _note(self, asked: Asked, call: Call | None = None, **known: Any) -> None:
        vendor = "" if call is None else call.vendor.name
        await self.log.add(Line(at=self._clock(), asked=asked, vendor=vendor, **known))


def _struck_by(fault: Fault, reply: Reply, moment: Moment) -> Reply:
    if fault.video is not None and reply.headers.get("Content-Type") == "application/json":
        reply = Reply.of(fault.video(reply.value, moment), reply.status, reply.headers)
    return reply if fault.act is None else fault.act(reply, moment)


def _hits(strike: Strike, stage: Stage, turn: int) -> bool:
    return strike.fault.stage is stage and strike.fault.strikes(strike.arg, turn)


def _named(headers: Mapping[str, str]) -> tuple[Strike, ...]:
    return tuple(parse_strike(name) for name in headers.get(HEADER, "").split(",") if name.strip())


def _names(strikes: Iterable[Strike]) -> str:
    return ",".join(map(str, strikes))


def _submission(job: Job, status: int, struck: Iterable[Strike]) -> Line:
    order = job.order
    return Line(
        at=job.at,
        asked=Asked.SUBMISSION,
        job=job.id,
        http_status=status,
        fault=_names(struck),
        vendor=job.vendor,
        model=order.model,
        prompt=order.prompt,
        size=order.size,
        seconds=order.seconds,
        frames=order.film.frames,
        fps=order.film.fps,
        key=job.key,
        faults=tuple(map(str, job.strikes)),
        duration=job.duration,
        fields=order.fields,
    )
