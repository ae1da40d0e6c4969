"""File responses: whole or in part, as fast as the connection allows, with memory independent of the file's size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from starlette.types import Receive, Scope, Send

from filmgate.errors import RangeNotSatisfiable, StorageFault
from filmgate.server.disconnect import ClientDisconnect, is_disconnected
from filmgate.server.errors import error_response
from filmgate.server.http_protocol import SENDFILE
from filmgate.server.ranges import ByteRange, is_not_modified, select_range
from filmgate.server.request import RequestContext
from filmgate.server.responses import Header, Response
from filmgate.storage.base import Reader

__all__ = ["FileResponse", "content_response"]

CHUNK_BYTES = 64 * 1024
"""Bytes of one positioned read where sendfile is unavailable: what each of 200 slow readers holds in memory."""

DISCONNECT_CHECK_CHUNKS = 16
"""Chunks between two checks that the client is still connected."""


class StoredFile(Protocol):
    """What a file response says about its file."""

    @property
    def media_type(self) -> str:
        """For ``content-type``."""

    @property
    def sha256(self) -> str:
        """For ``etag``."""


class OpenContent(Protocol):
    """An open file."""

    @property
    def asset(self) -> StoredFile:
        """The file."""

    @property
    def reader(self) -> Reader:
        """Its bytes."""


class FileResponse:
    """An open file as a response; always closes the file at the end."""

    def __init__(self, reader: Reader, status: int, headers: list[Header], byte_range: ByteRange) -> None:
        self._reader = reader
        self._status = status
        self._headers = headers
        self._byte_range = byte_range

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head, then the byte range unless the method is HEAD."""
        try:
            await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
            if scope["method"] != "HEAD" and self._byte_range.length:
                await self._send_range(scope, receive, send)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._reader.close()

    async def _send_range(self, scope: Scope, receive: Receive, send: Send) -> None:
        sendfile = scope.get("extensions", {}).get(SENDFILE)
        fd = self._reader.fileno()
        if sendfile is None or fd is None:
            await self._send_chunks(receive, send)
            return
        try:
            await sendfile(fd, self._byte_range.offset, self._byte_range.length)
        except EOFError as error:
            raise StorageFault from error

    async def _send_chunks(self, receive: Receive, send: Send) -> None:
        offset, end = self._byte_range.offset, self._byte_range.offset + self._byte_range.length
        for number in range(-(-self._byte_range.length // CHUNK_BYTES)):
            if number % DISCONNECT_CHECK_CHUNKS == DISCONNECT_CHECK_CHUNKS - 1 and await is_disconnected(receive):
                raise ClientDisconnect
            data = await self._reader.read(offset, min(CHUNK_BYTES, end - offset))
            offset += len(data)
            if not data:
                break
            await send({"type": "http.response.body", "body": data, "more_body": True})
        if offset != end:
            raise StorageFault


def content_response(
    request: RequestContext, content: OpenContent, dialect_headers: Mapping[str, str]
) -> Response | FileResponse:
    """Build the response to a request for a file: 200, 206, 304 or 416.

    Args:
        request: its conditional and range headers apply.
        content: the open file; it is closed here or by the response.
        dialect_headers: additional headers of the dialect.
    """
    response: Response | FileResponse | None = None
    try:
        response = _build_response(request, content, dialect_headers)
    finally:
        if not isinstance(response, FileResponse):
            content.reader.close()
    return response


def _build_response(
    request: RequestContext, content: OpenContent, dialect_headers: Mapping[str, str]
) -> Response | FileResponse:
    asset, size = content.asset, content.reader.size
    etag = f'"{asset.sha256}"'
    headers = [
        (b"content-type", asset.media_type.encode()),
        (b"etag", etag.encode()),
        (b"accept-ranges", b"bytes"),
        *((name.encode(), value.encode()) for name, value in dialect_headers.items()),
    ]
    if is_not_modified(etag, request.header(b"if-none-match")):
        return Response(304, headers)
    try:
        selected = select_range(size, etag, request.header(b"range"), request.header(b"if-range"))
    except RangeNotSatisfiable as error:
        return error_response(error, request.dialect, [(b"content-range", b"bytes */%d" % size)])
    full = ByteRange(0, size)
    if selected is not None:
        headers.append((b"content-range", selected.content_range(size).encode()))
    headers.append((b"content-length", b"%d" % (selected or full).length))
    return FileResponse(content.reader, 200 if selected is None else 206, headers, selected or full)
