"""Files: whole or in part, as fast as the connection allows, with memory that does not depend on their size."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Receive, Scope, Send

from filmgate.errors import RangeNotSatisfiable, StorageFault
from filmgate.server.disconnect import ClientGone, is_gone
from filmgate.server.errors import error_reply
from filmgate.server.http_protocol import SENDFILE
from filmgate.server.ranges import Span, is_unchanged, select
from filmgate.server.request import Call
from filmgate.server.responses import Header, Reply
from filmgate.services.library import VideoContent
from filmgate.storage.base import Reader

__all__ = ["FileReply", "content_reply"]

CHUNK = 64 * 1024
"""Bytes of one positioned read, where sendfile is not to be had: what 200 slow readers hold each."""

LOOK_UP = 16
"""Chunks after which to look whether anybody still listens."""


class FileReply:
    """An open file as an answer; closes it in the end, whatever happens."""

    def __init__(self, reader: Reader, status: int, headers: list[Header], span: Span) -> None:
        self._reader = reader
        self._status = status
        self._headers = headers
        self._span = span

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head, and the span unless the head is all that was asked for."""
        try:
            await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
            if scope["method"] != "HEAD" and self._span.length:
                await self._send_span(scope, receive, send)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._reader.close()

    async def _send_span(self, scope: Scope, receive: Receive, send: Send) -> None:
        sendfile = scope.get("extensions", {}).get(SENDFILE)
        fd = self._reader.fileno()
        if sendfile is None or fd is None:
            await self._send_chunks(receive, send)
            return
        try:
            await sendfile(fd, self._span.offset, self._span.length)
        except EOFError as error:
            raise StorageFault from error

    async def _send_chunks(self, receive: Receive, send: Send) -> None:
        offset, end = self._span.offset, self._span.offset + self._span.length
        for number in range(-(-self._span.length // CHUNK)):
            if number % LOOK_UP == LOOK_UP - 1 and await is_gone(receive):
                raise ClientGone
            data = await self._reader.read(offset, min(CHUNK, end - offset))
            offset += len(data)
            if not data:
                break
            await send({"type": "http.response.body", "body": data, "more_body": True})
        if offset != end:
            raise StorageFault


def content_reply(call: Call, content: VideoContent, spelled: Mapping[str, str]) -> Reply | FileReply:
    """The answer to a request for a file: whole, in part, unchanged, or no such part.

    Args:
        call: the request, whose conditions and range count.
        content: the open file; it is closed here or by the answer.
        spelled: headers of the dialect's own.
    """
    reply: Reply | FileReply | None = None
    try:
        reply = _judge(call, content, spelled)
    finally:
        if not isinstance(reply, FileReply):
            content.reader.close()
    return reply


def _judge(call: Call, content: VideoContent, spelled: Mapping[str, str]) -> Reply | FileReply:
    asset, size = content.asset, content.reader.size
    etag = f'"{asset.sha256}"'
    headers = [
        (b"content-type", asset.media_type.encode()),
        (b"etag", etag.encode()),
        (b"accept-ranges", b"bytes"),
        *((name.encode(), value.encode()) for name, value in spelled.items()),
    ]
    if is_unchanged(etag, call.header(b"if-none-match")):
        return Reply(304, headers)
    try:
        span = select(size, etag, call.header(b"range"), call.header(b"if-range"))
    except RangeNotSatisfiable as error:
        return error_reply(error, call.dialect, [(b"content-range", b"bytes */%d" % size)])
    whole = Span(0, size)
    if span is not None:
        headers.append((b"content-range", span.content_range(size).encode()))
    headers.append((b"content-length", b"%d" % (span or whole).length))
    return FileReply(content.reader, 200 if span is None else 206, headers, span or whole)
