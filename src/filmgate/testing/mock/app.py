"""The mock's HTTP side: every vendor at its own path, and what governs the mock itself under ``/mock``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from filmgate.testing.mock import chat
from filmgate.testing.mock.dialects import VENDORS, Vendor
from filmgate.testing.mock.faults import FAULTS
from filmgate.testing.mock.faults.base import VERDICTS
from filmgate.testing.mock.reply import Ending, Reply
from filmgate.testing.mock.requests import Refused, read_fields
from filmgate.testing.mock.transport import send
from filmgate.testing.mock.upstream import Call, Upstream

__all__ = ["ADMIN", "build", "path_of"]

ADMIN = "/mock"
BODY_LIMIT = 64 * 2**20

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answer = Callable[[web.Request, Call], Awaitable[Reply]]


def path_of(vendor: str) -> str:
    """Where a dialect or flavour answers, whoever answers at ``/v1``."""
    return f"/{vendor}/v1"


def build(upstream: Upstream) -> web.Application:
    """The application."""
    app = web.Application(client_max_size=BODY_LIMIT, middlewares=[_outages(upstream), _unknown_paths])
    default = VENDORS[upstream.config.vendor]
    for path, vendor in [("/v1", default), *((path_of(name), vendor) for name, vendor in VENDORS.items())]:
        _add_vendor(app, path, vendor, upstream)
    _add_admin(app, upstream, default)
    return app


def _add_vendor(app: web.Application, path: str, vendor: Vendor, upstream: Upstream) -> None:
    async def create(request: web.Request, call: Call) -> Reply:
        return await upstream.create(call, await read_fields(request))

    async def look(request: web.Request, call: Call) -> Reply:
        return await upstream.look(call, request.match_info["id"])

    async def delete(request: web.Request, call: Call) -> Reply:
        return await upstream.delete(call, request.match_info["id"])

    async def content(request: web.Request, call: Call) -> Reply:
        return await upstream.content(call, request.match_info["id"])

    async def page(_: web.Request, call: Call) -> Reply:
        return await upstream.page(call)

    async def models(_: web.Request, call: Call) -> Reply:
        return upstream.models(call)

    async def converse(request: web.Request, call: Call) -> Reply:
        return await chat.complete(upstream, call, await read_fields(request))

    def route(answer: Answer) -> Handler:
        return _guarded(upstream, vendor, path, answer)

    app.router.add_post(f"{path}/videos", route(create))
    app.router.add_get(f"{path}/videos", route(page))
    app.router.add_get(f"{path}/videos/{{id}}", route(look))
    app.router.add_delete(f"{path}/videos/{{id}}", route(delete))
    app.router.add_get(f"{path}/videos/{{id}}/content", route(content))
    app.router.add_get(f"{path}/models", route(models))
    app.router.add_post(f"{path}/chat/completions", route(converse))


def _guarded(upstream: Upstream, vendor: Vendor, path: str, answer: Answer) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        call = _call(request, vendor, path)
        try:
            reply = upstream.authorize(call) or await answer(request, call)
        except Refused as refused:
            reply = call.refuse(refused.status, refused.code, str(refused), refused.headers)
        return await send(request, reply.but(headers=vendor.headers), upstream.sleep)

    return handle


def _call(request: web.Request, vendor: Vendor, path: str) -> Call:
    origin = f"http://{request.host}"
    port = request.url.port
    other = "127.0.0.1" if request.url.host == "localhost" else "localhost"
    return Call(
        vendor=vendor,
        origin=origin,
        base=origin + path,
        url=origin + request.path_qs,
        elsewhere=f"http://{other}:{port}",
        headers=request.headers,
        query=request.query,
        multipart=request.content_type.startswith("multipart/"),
    )


# ---- the mock itself


def _add_admin(app: web.Application, upstream: Upstream, vendor: Vendor) -> None:
    async def outage(request: web.Request) -> web.Response:
        try:
            seconds = float(request.query.get("seconds", "60"))
        except ValueError:
            raise web.HTTPBadRequest(text="seconds is not a number") from None
        await upstream.outage(seconds)
        return _json({"seconds": seconds})

    async def log(_: web.Request) -> web.Response:
        return _json(list(upstream.log.lines))

    async def jobs(_: web.Request) -> web.Response:
        return _json(upstream.overview())

    async def faults(_: web.Request) -> web.Response:
        return _json(describe())

    async def film(request: web.Request) -> web.StreamResponse:
        call = _call(request, vendor, ADMIN)
        return await send(
            request, await upstream.content(call, request.match_info["id"], open_link=True), upstream.sleep
        )

    app.router.add_post(f"{ADMIN}/outage", outage)
    app.router.add_get(f"{ADMIN}/log", log)
    app.router.add_get(f"{ADMIN}/jobs", jobs)
    app.router.add_get(f"{ADMIN}/faults", faults)
    app.router.add_get(f"{ADMIN}/films/{{id}}.mp4", film)


def describe() -> list[dict[str, object]]:
    """The registry for programs."""
    return [
        {
            "name": fault.name,
            "stage": fault.stage,
            "argument": fault.takes or None,
            "default": fault.arg,
            "does": fault.says.en,
            "verdict": fault.verdict,
            "a good client": VERDICTS[fault.verdict].en,
            "in_all": not fault.alone,
        }
        for fault in FAULTS.values()
    ]


def _json(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")


def _outages(upstream: Upstream) -> Callable[..., Awaitable[web.StreamResponse]]:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if upstream.dark and not (request.path.startswith(ADMIN) and "/films/" not in request.path):
            return await send(request, Reply(head=False, sent=0, ending=Ending.RESET))
        return await handler(request)

    return middleware


@web.middleware
async def _unknown_paths(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as error:
        message = f"Invalid URL ({request.method} {request.path})"
        body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}
        return await send(request, Reply.of(body, error.status))
