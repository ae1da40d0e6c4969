"""The mock's HTTP side: every vendor at its own path, and the mock's own controls under ``/mock``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from filmgate.testing.mock import chat
from filmgate.testing.mock.dialects import VENDORS, MockVendor
from filmgate.testing.mock.faults import FAULTS
from filmgate.testing.mock.faults.base import OUTCOME_TEXTS
from filmgate.testing.mock.reply import ConnectionEnd, MockReply
from filmgate.testing.mock.requests import RequestRejected, read_fields
from filmgate.testing.mock.transport import send_reply
from filmgate.testing.mock.upstream import MockRequest, MockUpstream

__all__ = ["ADMIN_PATH", "build_app", "vendor_path"]

ADMIN_PATH = "/mock"
MAX_BODY_BYTES = 64 * 2**20

WebHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MockHandler = Callable[[web.Request, MockRequest], Awaitable[MockReply]]


def vendor_path(vendor: str) -> str:
    """The path of a dialect or flavour; the default vendor also answers at ``/v1``."""
    return f"/{vendor}/v1"


def build_app(upstream: MockUpstream) -> web.Application:
    """The application."""
    app = web.Application(
        client_max_size=MAX_BODY_BYTES, middlewares=[_outage_middleware(upstream), _not_found_middleware]
    )
    default = VENDORS[upstream.config.vendor]
    for path, vendor in [("/v1", default), *((vendor_path(name), vendor) for name, vendor in VENDORS.items())]:
        _add_vendor(app, path, vendor, upstream)
    _add_admin(app, upstream, default)
    return app


def _add_vendor(app: web.Application, path: str, vendor: MockVendor, upstream: MockUpstream) -> None:
    async def create(request: web.Request, call: MockRequest) -> MockReply:
        return await upstream.create(call, await read_fields(request))

    async def look(request: web.Request, call: MockRequest) -> MockReply:
        return await upstream.retrieve(call, request.match_info["id"])

    async def delete(request: web.Request, call: MockRequest) -> MockReply:
        return await upstream.delete(call, request.match_info["id"])

    async def content(request: web.Request, call: MockRequest) -> MockReply:
        return await upstream.content(call, request.match_info["id"])

    async def page(_: web.Request, call: MockRequest) -> MockReply:
        return await upstream.list_jobs(call)

    async def models(_: web.Request, call: MockRequest) -> MockReply:
        return upstream.models(call)

    async def converse(request: web.Request, call: MockRequest) -> MockReply:
        return await chat.complete(upstream, call, await read_fields(request))

    def route(answer: MockHandler) -> WebHandler:
        return _web_handler(upstream, vendor, path, answer)

    app.router.add_post(f"{path}/videos", route(create))
    app.router.add_get(f"{path}/videos", route(page))
    app.router.add_get(f"{path}/videos/{{id}}", route(look))
    app.router.add_delete(f"{path}/videos/{{id}}", route(delete))
    app.router.add_get(f"{path}/videos/{{id}}/content", route(content))
    app.router.add_get(f"{path}/models", route(models))
    app.router.add_post(f"{path}/chat/completions", route(converse))


def _web_handler(upstream: MockUpstream, vendor: MockVendor, path: str, handler: MockHandler) -> WebHandler:
    async def handle(request: web.Request) -> web.StreamResponse:
        call = _parse_request(request, vendor, path)
        try:
            reply = upstream.authorize(call) or await handler(request, call)
        except RequestRejected as refused:
            reply = call.error_reply(refused.status, refused.code, str(refused), refused.headers)
        return await send_reply(request, reply.replaced(headers=vendor.headers), upstream.sleep)

    return handle


def _parse_request(request: web.Request, vendor: MockVendor, path: str) -> MockRequest:
    origin = f"http://{request.host}"
    port = request.url.port
    other = "127.0.0.1" if request.url.host == "localhost" else "localhost"
    return MockRequest(
        vendor=vendor,
        origin=origin,
        base_url=origin + path,
        url=origin + request.path_qs,
        other_origin=f"http://{other}:{port}",
        headers=request.headers,
        query=request.query,
        multipart=request.content_type.startswith("multipart/"),
    )


# ---- the mock itself


def _add_admin(app: web.Application, upstream: MockUpstream, vendor: MockVendor) -> None:
    async def outage(request: web.Request) -> web.Response:
        try:
            seconds = float(request.query.get("seconds", "60"))
        except ValueError:
            raise web.HTTPBadRequest(text="seconds is not a number") from None
        await upstream.outage(seconds)
        return _json_response({"seconds": seconds})

    async def log(_: web.Request) -> web.Response:
        return _json_response(list(upstream.log.lines))

    async def jobs(_: web.Request) -> web.Response:
        return _json_response(upstream.job_overview())

    async def faults(_: web.Request) -> web.Response:
        return _json_response(describe_faults())

    async def clip(request: web.Request) -> web.StreamResponse:
        call = _parse_request(request, vendor, ADMIN_PATH)
        return await send_reply(
            request, await upstream.content(call, request.match_info["id"], open_link=True), upstream.sleep
        )

    app.router.add_post(f"{ADMIN_PATH}/outage", outage)
    app.router.add_get(f"{ADMIN_PATH}/log", log)
    app.router.add_get(f"{ADMIN_PATH}/jobs", jobs)
    app.router.add_get(f"{ADMIN_PATH}/faults", faults)
    app.router.add_get(f"{ADMIN_PATH}/films/{{id}}.mp4", clip)


def describe_faults() -> list[dict[str, object]]:
    """The registry for programs."""
    return [
        {
            "name": fault.name,
            "stage": fault.stage,
            "argument": fault.argument_kind or None,
            "default": fault.arg,
            "does": fault.description.en,
            "verdict": fault.verdict,
            "a good client": OUTCOME_TEXTS[fault.verdict].en,
            "in_all": not fault.exclude_from_all,
        }
        for fault in FAULTS.values()
    ]


def _json_response(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")


def _outage_middleware(upstream: MockUpstream) -> Callable[..., Awaitable[web.StreamResponse]]:
    @web.middleware
    async def middleware(request: web.Request, handler: WebHandler) -> web.StreamResponse:
        if upstream.is_down and not (request.path.startswith(ADMIN_PATH) and "/films/" not in request.path):
            return await send_reply(request, MockReply(head=False, sent=0, ending=ConnectionEnd.RESET))
        return await handler(request)

    return middleware


@web.middleware
async def _not_found_middleware(request: web.Request, handler: WebHandler) -> web.StreamResponse:
    try:
        return await handler(request)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as error:
        message = f"Invalid URL ({request.method} {request.path})"
        body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}
        return await send_reply(request, MockReply.of_json(body, error.status))
