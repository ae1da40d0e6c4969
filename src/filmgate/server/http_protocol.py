"""uvicorn's HTTP protocol plus deadlines, parse errors in the API's JSON shape, and files by sendfile.

It also holds to the framing of RFC 9112 where uvicorn does not: an offered upgrade changes nothing, trailers are no
headers, HTTP/1.0 gets neither chunks nor "100 Continue", and a request that can't be read is answered after the ones
before it, and once.

It depends on names inside uvicorn that are no public API (``cycle``, ``flow``, ``on_message_begin`` …).
:data:`PATCHED_ATTRIBUTES` lists them, :func:`is_supported` checks for each of them, and without them the server runs on
the plain protocol.
"""

from __future__ import annotations

import asyncio
import os
from asyncio import TimerHandle
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httptools
import msgspec
from msgspec import Struct
from uvicorn._types import ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from filmgate.errors import MalformedBody, Unavailable
from filmgate.server.connections import ConnectionPool
from filmgate.server.request_stats import SENT_BYTES_KEY

__all__ = ["SENDFILE", "Deadlines", "HttpProtocol", "is_supported"]

SENDFILE = "filmgate.sendfile"
"""ASGI scope extension that sends a byte range of a file as a response's body, from the page cache.

``await extension(fd, offset, count)``, after the head is sent with a Content-Length that covers it. Raises
ConnectionError if the client disconnects, EOFError if the file ends before the range does.
"""

PATCHED_ATTRIBUTES: dict[type, tuple[str, ...]] = {
    HttpToolsProtocol: (
        "connection_made",
        "connection_lost",
        "data_received",
        "on_message_begin",
        "on_headers_complete",
        "on_body",
        "on_message_complete",
        "on_response_complete",
        "send_400_response",
        "_unset_keepalive_if_required",
    ),
    RequestResponseCycle: ("run_asgi", "send", "receive"),
    FlowControl: ("drain", "pause_writing", "resume_writing"),
}

SENDFILE_CHUNK = 2 * 1024 * 1024
"""Bytes that one sendfile call may move before other connections get their turn: nginx uses the same, half a
millisecond of a core.
"""

COALESCE_LIMIT = 64 * 1024
"""Bytes that may wait for the end of a loop iteration, to be sent together."""

MAX_HEAD_BYTES = 64 * 1024
"""Maximum bytes of a request's line and headers, and of what surrounds a body: chunk extensions and trailers."""


class Deadlines(Struct, frozen=True, kw_only=True):
    """Timeouts of a connection, in seconds."""

    head: float = 20.0  # from the connection, or a request's first byte, to the end of its headers
    body: float = 120.0  # for the unread rest of a body whose request is already answered


def is_supported() -> bool:
    """Return whether the installed uvicorn has everything that this module depends on."""
    return all(hasattr(kind, name) for kind, names in PATCHED_ATTRIBUTES.items() for name in names)


class HttpProtocol(HttpToolsProtocol):
    """One client connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        deadlines: Deadlines,
        pool: ConnectionPool,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._deadlines = deadlines
        self._pool = pool
        self._in_head = False
        self._framing_bytes = 0  # since the request began, or since the last bytes of its body
        self._unanswered = 0
        self._refusal = ""  # why the last request can't be read, while requests before it are still answered
        self._deadline: TimerHandle | None = None
        self._transfer: _FileTransfer | None = None

    # ---- deadlines

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Start the deadline of the first request's head."""
        super().connection_made(transport)
        self.transport: Any = _CoalescingTransport(transport, self.loop)
        self._set_deadline(self._deadlines.head)
        if not self._pool.admit(self):
            self._refuse("The server has too many connections; try again in a moment.", _BUSY)

    def close_idle(self) -> None:
        """Close the connection, on which no request is being answered, for another one."""
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Parse, and limit the size and the time of a head that does not end."""
        if self._refusal or self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self._framing_bytes += len(data)
        try:
            self._parse(memoryview(data))
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
            return
        if self._in_head:
            if self._framing_bytes > MAX_HEAD_BYTES:
                self.send_400_response("The request's headers are too large.")
            elif self._deadline is None:
                self._set_deadline(self._deadlines.head)
        elif self._framing_bytes > 2 * MAX_HEAD_BYTES and self._in_body():
            self.send_400_response("The body's chunk extensions or trailers are too large.")

    def _parse(self, data: memoryview) -> None:
        """Parse; a request that offers an upgrade is read as if it did not.

        The parser stops after such a head, and would read the body as the next request. So a new parser gets the head
        without the offer, and then what follows it.

        Raises:
            HttpParserError: the bytes are no HTTP, or a request to connect to another host.
        """
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                data = data[offer.args[0] :]
                method, version = self.parser.get_method(), self.parser.get_http_version().encode()
                if method == b"CONNECT":
                    raise httptools.HttpParserError from None
                fields = [b"%s: %s\r\n" % field for field in _without_upgrade(self.headers)]
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
                self.parser.feed_data(b"".join([b"%s %s HTTP/%s\r\n" % (method, self.url, version), *fields, b"\r\n"]))
            else:
                return

    def on_message_begin(self) -> None:
        """Start a request."""
        super().on_message_begin()
        self._in_head = True
        self._framing_bytes = 0

    def on_headers_complete(self) -> None:
        """Pass the request to the application; one that offers an upgrade is parsed again first."""
        if self.parser.should_upgrade():
            return
        if not _is_well_framed(self.headers, self.parser.get_http_version()):
            raise ValueError("becomes a parser error")
        self._in_head = False
        self._clear_deadline()
        super().on_headers_complete()
        if not self._unanswered:
            self._pool.set_busy(self)
        self._unanswered += 1
        self.headers = _NO_HEADERS  # trailers are parsed like headers, and must not become some
        # Pipelined requests may arrive while the first is still answered: each has its own cycle.
        extensions: dict[str, Any] = {SENDFILE: partial(self._sendfile, self.cycle)}
        self.scope["extensions"] = extensions
        if self.scope["http_version"] == "1.0":
            self.cycle.waiting_for_100_continue = False
            self.cycle.send = _Http10Send(self.cycle)  # type: ignore[method-assign]  # run_asgi() passes it on

    def on_body(self, body: bytes) -> None:
        """Buffer a part of the body."""
        self._framing_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The body is complete: clear its deadline."""
        if self.parser.should_upgrade():
            return
        super().on_message_complete()
        if self._deadline is not None:
            self._clear_deadline()
        self.cycle.more_body = False

    def on_response_complete(self) -> None:
        """Start the next request; the unread rest of a body may still arrive, but not for ever."""
        unread = self.cycle.more_body and self.cycle.response_complete
        super().on_response_complete()
        self._unanswered -= 1
        if not self._unanswered:
            self._pool.set_idle(self)
        if self._refusal and not self._unanswered and not self.transport.is_closing():
            self._refuse(self._refusal)
        elif unread and not self.transport.is_closing():
            self._set_deadline(self._deadlines.body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Clear the deadline and fail a running file transfer."""
        self._pool.remove(self)
        self._clear_deadline()
        super().connection_lost(exc)
        if self._transfer is not None:
            self._transfer.fail(ConnectionResetError())

    def _set_deadline(self, seconds: float) -> None:
        self._clear_deadline()
        self._deadline = self.loop.call_later(seconds, self._on_deadline)

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _on_deadline(self) -> None:
        self._deadline = None
        self.transport.abort()

    # ---- bytes that are no HTTP

    def send_400_response(self, msg: str) -> None:
        """Answer a request that can't be read, in its turn: after those before it, and unless it was answered."""
        self._in_head = False
        self._clear_deadline()
        cycle, in_body = self.cycle, self._in_body()
        if in_body and self.pipeline and self.pipeline[0][0] is cycle:
            self.pipeline.popleft()
            self._unanswered -= 1
            self._refusal = msg
        elif in_body and cycle.response_started:
            self.transport.close()  # after its answer, or in it: one that is cut off is not taken for a complete one
        elif self._unanswered and not in_body:
            self._refusal = msg
        else:
            if in_body:
                cycle.disconnected = True
                cycle.message_event.set()
            self._refuse(msg, with_body=not in_body or cycle.scope["method"] != "HEAD")

    def _in_body(self) -> bool:
        return bool(getattr(self.cycle, "more_body", False))  # there is no cycle before the first request

    def _refuse(self, msg: str, kind: _Refusal | None = None, *, with_body: bool = True) -> None:
        """Send an error in the API's JSON shape and close the connection."""
        kind = kind or _UNREADABLE
        error = {"message": msg, "type": kind.type, "param": None, "code": kind.code}
        body = msgspec.json.encode({"error": error})
        head = (
            f"HTTP/1.1 {kind.status}\r\ncontent-type: application/json\r\n{kind.headers}"
            f"x-request-id: req_{os.urandom(16).hex()}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + (body if with_body else b""))
        self.transport.close()

    # ---- files

    async def _sendfile(self, cycle: RequestResponseCycle, fd: int, offset: int, count: int) -> None:
        await self._flush()
        if cycle.disconnected:
            raise ConnectionResetError
        scope: Any = cycle.scope
        with self._duplicated_socket() as socket_fd:
            transfer = _FileTransfer(socket_fd, fd, offset, count, self.loop.create_future())
            try:
                await self._run_transfer(transfer)
            finally:
                scope[SENT_BYTES_KEY] = scope.get(SENT_BYTES_KEY, 0) + transfer.offset - offset
        cycle.expected_content_length -= count

    async def _run_transfer(self, transfer: _FileTransfer) -> None:
        self._transfer = transfer
        self.loop.add_writer(transfer.socket_fd, transfer.send_chunk)
        try:
            await transfer.done
        finally:
            self.loop.remove_writer(transfer.socket_fd)
            self._transfer = None

    async def _flush(self) -> None:
        self.transport.flush()
        self.transport.set_write_buffer_limits(high=0)
        await self.flow.drain()
        self.transport.set_write_buffer_limits()

    @contextmanager
    def _duplicated_socket(self) -> Iterator[int]:
        # The loop refuses to watch a descriptor that a transport owns, so it watches a duplicate.
        if self.transport.is_closing():
            raise ConnectionResetError
        duplicate = os.dup(self.transport.get_extra_info("socket").fileno())
        try:
            yield duplicate
        finally:
            os.close(duplicate)


class _Refusal(Struct, frozen=True):
    """A response that is sent without the application."""

    status: str
    type: str
    code: str
    headers: str


_UNREADABLE = _Refusal("400 Bad Request", MalformedBody.type, "invalid_http", "x-should-retry: false\r\n")
_BUSY = _Refusal(
    "503 Service Unavailable", Unavailable.type, Unavailable.code, "x-should-retry: true\r\nretry-after: 1\r\n"
)


class _NoHeaders(list[tuple[bytes, bytes]]):
    """Where headers go after the head: nowhere."""

    def append(self, _header: tuple[bytes, bytes]) -> None:
        """Drop it."""


_NO_HEADERS = _NoHeaders()


def _is_well_framed(headers: list[tuple[bytes, bytes]], version: str) -> bool:
    """Whether a head names one host and no transfer coding but chunked, which the parser does not check."""
    hosts = 0
    for name, value in headers:
        if name == b"host":
            hosts += 1
        elif name == b"transfer-encoding" and value.lower() != b"chunked":
            return False
    return hosts == 1 or (hosts == 0 and version == "1.0")


def _without_upgrade(headers: list[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """The headers of a request without its offer of an upgrade."""
    for name, value in headers:
        if name == b"connection":
            options = [option for option in value.split(b",") if option.strip().lower() != b"upgrade"]
            yield name, b",".join(options)
        elif name != b"upgrade":
            yield name, value


class _Http10Send:
    """``send`` for HTTP/1.0, which knows no chunks: a response of unknown length ends with its connection."""

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._send = cycle.send
        self._open_ended = False

    async def __call__(self, message: ASGISendEvent) -> None:
        """Send one message."""
        if message["type"] == "http.response.start":
            self._open_ended = all(name != b"content-length" for name, _ in message.get("headers", []))
            self._cycle.chunked_encoding = False if self._open_ended else None
        elif self._open_ended and message["type"] == "http.response.body":
            self._cycle.expected_content_length = len(message.get("body", b""))
        await self._send(message)


class _CoalescingTransport:
    """A transport that sends what one loop iteration writes, a head and its body, with one system call."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Send the data by the end of this loop iteration, or at once if it is large."""
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > COALESCE_LIMIT:
            self.flush()

    def flush(self) -> None:
        """Send the buffered data."""
        if self._parts:
            parts, self._parts, self._size = self._parts, [], 0
            self._transport.writelines(parts)

    def close(self) -> None:
        """Close the connection once everything is sent."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        """Delegate everything else to the transport."""
        return getattr(self._transport, name)


class _FileTransfer:
    """A file range in transfer: sends another chunk whenever the socket is writable."""

    def __init__(self, socket_fd: int, fd: int, offset: int, count: int, done: asyncio.Future[None]) -> None:
        self.socket_fd = socket_fd
        self.done = done
        self._fd = fd
        self.offset = offset
        self._end_offset = offset + count

    def send_chunk(self) -> None:
        """Send a chunk; the loop calls this while the socket is writable, with other connections in between."""
        if self.done.done():
            return
        try:
            sent = os.sendfile(
                self.socket_fd, self._fd, self.offset, min(SENDFILE_CHUNK, self._end_offset - self.offset)
            )
        except BlockingIOError:
            return
        except OSError as error:
            self.fail(error)
            return
        self.offset += sent
        if self.offset == self._end_offset:
            self.done.set_result(None)
        elif sent == 0:
            self.fail(EOFError())

    def fail(self, error: Exception) -> None:
        """End the transfer with an error."""
        if not self.done.done():
            self.done.set_exception(error)
