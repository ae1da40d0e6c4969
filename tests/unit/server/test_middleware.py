"""The outermost middleware."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx2
import pytest
from structlog.testing import capture_logs

from filmgate.errors import Conflict
from filmgate.server.middleware import RequestMiddleware
from filmgate.wire.openai import OPENAI

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


def _app_that_raises(error: Exception, *, head_sent: bool = False) -> RequestMiddleware:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        if head_sent:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        raise error

    return RequestMiddleware(app, (OPENAI,))


async def _request(app: RequestMiddleware) -> httpx2.Response:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://server") as client:
        return await client.get("/v1/videos", headers={"authorization": "Bearer sk-secret"})


@pytest.mark.parametrize("error", [RuntimeError("the password is 1234"), Conflict("row 7 of video")])
async def test_an_internal_error_reveals_nothing(error: Exception) -> None:
    """The client gets a plain 500 in the API's JSON shape; the log has the whole error, without the key."""
    with capture_logs() as logs:
        response = await _request(_app_that_raises(error))
    assert response.status_code == 500
    assert response.json() == {
        "error": {
            "message": "The server had an error while processing your request.",
            "type": "server_error",
            "param": None,
            "code": "server_error",
        }
    }
    (entry,) = logs
    assert (entry["event"], entry["exc_info"]) == ("request_failed", error)
    assert entry["request_id"] == response.headers["x-request-id"]
    assert "sk-secret" not in repr(logs)


async def test_a_request_that_is_cancelled_by_the_stop_is_told_so() -> None:
    """An upload that outlasts the drain gets 503 in the wire's shape, and may be sent again."""
    started = asyncio.Event()

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        started.set()
        await asyncio.Event().wait()

    request = asyncio.create_task(_request(RequestMiddleware(app, (OPENAI,))))
    await started.wait()
    request.cancel()
    response = await request
    assert (response.status_code, response.json()["error"]["code"]) == (503, "unavailable")
    assert response.headers["x-should-retry"] == "true"


async def test_an_error_after_the_head_is_raised() -> None:
    """It leaves the middleware, so that the server closes the connection."""
    with capture_logs(), pytest.raises(RuntimeError):
        await _request(_app_that_raises(RuntimeError(), head_sent=True))
