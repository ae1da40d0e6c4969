"""The outermost frame: a request id on every answer, the time it took, and no exception that leaves it."""

from __future__ import annotations

import os
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from filmgate.errors import StorageFault
from filmgate.server.disconnect import ClientDisconnect
from filmgate.server.errors import error_response, public_error
from filmgate.server.request_stats import RequestStats
from filmgate.wire.dialect import Dialect

__all__ = ["RequestMiddleware"]

_READ_METHODS = {"GET", "HEAD", "OPTIONS"}
_DISCONNECTED = (ClientDisconnect, ConnectionError)


class RequestMiddleware:
    """Wraps the app.

    Args:
        app: answers, or raises an error of the tree.
        dialects: by the path that each lives under; the first also answers for paths of nobody's.
        request_stats: counts the requests.
    """

    def __init__(self, app: ASGIApp, dialects: tuple[Dialect, ...], request_stats: RequestStats | None = None) -> None:
        self._app = app
        self._dialects = dialects
        self._request_stats = request_stats or RequestStats()
        self._log = structlog.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        started = time.perf_counter_ns()
        request_id = f"req_{os.urandom(16).hex()}"
        bind_contextvars(request_id=request_id)  # the server gives each request a context of its own
        status = taken = sent = 0

        async def stamped(message: Message) -> None:
            nonlocal status, taken, sent
            if message["type"] == "http.response.start":
                status, taken = message["status"], time.perf_counter_ns() - started
                stamps = (b"x-request-id", request_id.encode()), (b"openai-processing-ms", b"%d" % (taken // 1_000_000))
                message["headers"] = [*message["headers"], *stamps]
            else:
                sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, stamped)
        except _DISCONNECTED:
            self._log.debug("client_disconnected", request_id=request_id, path=scope["path"])
        except Exception as error:
            self._log_error(error, request_id, scope)
            if status:
                raise  # half an answer can't be taken back: hang up, so that nobody takes it for whole
            await error_response(public_error(error), self._dialect(scope))(scope, receive, stamped)
        finally:
            self._request_stats.record(scope, status, (taken or time.perf_counter_ns() - started) / 1e9, sent)

    def _log_error(self, error: Exception, request_id: str, scope: Scope) -> None:
        told = public_error(error)
        facts = {"request_id": request_id, "method": scope["method"], "path": scope["path"], "code": told.code}
        if told is not error or isinstance(error, StorageFault):
            self._log.error("request_failed", **facts, exc_info=error)
        else:
            # What was refused that would have changed something is worth a line; polls are too many.
            note = self._log.debug if scope["method"] in _READ_METHODS else self._log.info
            note("request_rejected", **facts, status=told.http_status)

    def _dialect(self, scope: Scope) -> Dialect:
        path = scope["path"]
        return next((each for each in self._dialects if path.startswith(f"{each.base_path}/")), self._dialects[0])
