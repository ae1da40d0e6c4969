"""The outermost frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest
from structlog.testing import capture_logs

from filmgate.errors import Conflict
from filmgate.server.middleware import RequestMiddleware
from filmgate.wire.openai import OPENAI

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


def _raising(error: Exception, *, begun: bool = False) -> RequestMiddleware:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        raise error

    return RequestMiddleware(app, (OPENAI,))


async def _ask(app: RequestMiddleware) -> httpx2.Response:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://server") as client:
        return await client.get("/v1/videos", headers={"authorization": "Bearer sk-secret"})


@pytest.mark.parametrize("error", [RuntimeError("the password is 1234"), Conflict("row 7 of video")])
async def test_a_fault_of_ours_tells_nothing(error: Exception) -> None:
    """What is not for clients is a plain 500 in the wire's shape; the log has the whole of it, without the key."""
    with capture_logs() as logs:
        answer = await _ask(_raising(error))
    assert answer.status_code == 500
    assert answer.json() == {
        "error": {
            "message": "The server had an error while processing your request.",
            "type": "server_error",
            "param": None,
            "code": "server_error",
        }
    }
    (entry,) = logs
    assert (entry["event"], entry["exc_info"]) == ("request_failed", error)
    assert entry["request_id"] == answer.headers["x-request-id"]
    assert "sk-secret" not in repr(logs)


async def test_half_an_answer_is_not_mended() -> None:
    """An error after the head leaves the frame, so that the server hangs up."""
    with capture_logs(), pytest.raises(RuntimeError):
        await _ask(_raising(RuntimeError(), begun=True))
