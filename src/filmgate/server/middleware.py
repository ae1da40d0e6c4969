"""Outermost middleware: request id, timing and CORS headers, exceptions to error responses."""

from __future__ import annotations

import asyncio
import os
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from filmgate.errors import StorageFault, Unavailable
from filmgate.server.addresses import ADDRESSES_KEY, Addresses
from filmgate.server.cors import CorsPolicy
from filmgate.server.disconnect import ClientDisconnect
from filmgate.server.errors import error_response, public_error
from filmgate.server.request import DIALECT_KEY
from filmgate.server.request_stats import RequestStats
from filmgate.wire.dialect import Dialect

__all__ = ["RequestMiddleware"]

_READ_METHODS = {"GET", "HEAD", "OPTIONS"}
_DISCONNECTED = (ClientDisconnect, ConnectionError)


class RequestMiddleware:
    """Wraps the application.

    Args:
        app: responds, or raises an error of the tree.
        dialects: they render the errors of the paths that they cover, the first those of all others.
        request_stats: counts the requests.
        cors: which pages may read the responses.
        address: finds the address that clients use.
    """

    def __init__(
        self,
        app: ASGIApp,
        dialects: tuple[Dialect, ...],
        request_stats: RequestStats | None = None,
        *,
        cors: CorsPolicy | None = None,
        address: Addresses | None = None,
    ) -> None:
        self._cors = cors or CorsPolicy()
        self._address = address or Addresses()
        self._app = app
        self._dialects = dialects
        self._request_stats = request_stats or RequestStats()
        self._log = structlog.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            return
        started_ns = time.perf_counter_ns()
        request_id = f"req_{os.urandom(16).hex()}"
        bind_contextvars(request_id=request_id)  # the server gives each request its own context
        status = head_ns = sent_bytes = 0
        scope[ADDRESSES_KEY] = self._address

        async def send_with_headers(message: Message) -> None:
            nonlocal status, head_ns, sent_bytes
            if message["type"] == "http.response.start":
                status, head_ns = message["status"], time.perf_counter_ns() - started_ns
                extra_headers = (
                    (b"x-request-id", request_id.encode()),
                    (b"openai-processing-ms", b"%d" % (head_ns // 1_000_000)),
                    *self._cors.headers(scope),
                )
                message["headers"] = [*message["headers"], *extra_headers]
            else:
                sent_bytes += len(message.get("body", b""))
            await send(message)

        try:
            await (self._cors.preflight(scope) or self._app)(scope, receive, send_with_headers)
        except _DISCONNECTED:
            self._log.debug("client_disconnected", request_id=request_id, path=scope["path"])
        except asyncio.CancelledError:
            # The server stops, and the drain is over. The task ends with this, as its canceller wants.
            self._log.info("request_cancelled", request_id=request_id, path=scope["path"])
            if status:
                raise
            await error_response(Unavailable(), self._dialect(scope))(scope, receive, send_with_headers)
        except Exception as error:
            self._log_error(error, request_id, scope)
            if status:
                raise  # the response has begun: close the connection, so that it does not look complete
            await error_response(public_error(error), self._dialect(scope))(scope, receive, send_with_headers)
        finally:
            self._request_stats.record(
                scope, status, (head_ns or time.perf_counter_ns() - started_ns) / 1e9, sent_bytes
            )

    def _log_error(self, error: Exception, request_id: str, scope: Scope) -> None:
        public = public_error(error)
        fields = {"request_id": request_id, "method": scope["method"], "path": scope["path"], "code": public.code}
        if public is not error or isinstance(error, StorageFault):
            self._log.error("request_failed", **fields, exc_info=error)
        else:
            # A rejected write is worth an info line; rejected reads are polls and too many.
            log = self._log.debug if scope["method"] in _READ_METHODS else self._log.info
            log("request_rejected", **fields, status=public.http_status)

    def _dialect(self, scope: Scope) -> Dialect:
        served: Dialect | None = scope.get(DIALECT_KEY)
        return served or max(self._dialects, key=lambda dialect: dialect.covers(scope["path"]))
