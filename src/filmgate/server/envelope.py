"""The outermost frame: a request id on every answer, the time it took, and no exception that leaves it."""

from __future__ import annotations

import os
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from filmgate.errors import StorageFault
from filmgate.server.disconnect import ClientGone
from filmgate.server.errors import error_reply, publishable
from filmgate.wire.dialect import Dialect

__all__ = ["Envelope"]

_NOBODY_TO_TELL = (ClientGone, ConnectionError)


class Envelope:
    """Wraps the app.

    Args:
        app: answers, or raises an error of the tree.
        dialects: by the path that each lives under; the first also answers for paths of nobody's.
    """

    def __init__(self, app: ASGIApp, dialects: tuple[Dialect, ...]) -> None:
        self._app = app
        self._dialects = dialects
        self._log = structlog.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        started = time.perf_counter_ns()
        request_id = f"req_{os.urandom(16).hex()}"
        begun = False

        async def stamped(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                milliseconds = (time.perf_counter_ns() - started) // 1_000_000
                stamps = (b"x-request-id", request_id.encode()), (b"openai-processing-ms", b"%d" % milliseconds)
                message["headers"] = [*message["headers"], *stamps]
            await send(message)

        try:
            await self._app(scope, receive, stamped)
        except _NOBODY_TO_TELL:
            self._log.debug("client_gone", request_id=request_id, path=scope["path"])
        except Exception as error:
            self._note(error, request_id, scope)
            if begun:
                raise  # half an answer can't be taken back: hang up, so that nobody takes it for whole
            await error_reply(publishable(error), self._dialect(scope))(scope, receive, stamped)

    def _note(self, error: Exception, request_id: str, scope: Scope) -> None:
        told = publishable(error)
        facts = {"request_id": request_id, "method": scope["method"], "path": scope["path"], "code": told.code}
        if told is not error or isinstance(error, StorageFault):
            self._log.error("request_failed", **facts, exc_info=error)
        else:
            self._log.debug("request_refused", **facts, status=told.http_status)

    def _dialect(self, scope: Scope) -> Dialect:
        path = scope["path"]
        return next((each for each in self._dialects if path.startswith(f"{each.base_path}/")), self._dialects[0])
