"""Reads request bodies of every encoding into fields; files go to the staging folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl

from msgspec import Struct
from python_multipart.multipart import parse_options_header
from starlette.types import Receive, Scope

from filmgate.errors import BodyTimeout, BodyTooLarge, MalformedBody
from filmgate.server.disconnect import ClientDisconnect
from filmgate.server.held_bytes import ACCOUNT_KEY, HeldBytes
from filmgate.server.multipart import MAX_PARTS, FormReader, decode_text
from filmgate.storage.base import Storage
from filmgate.wire.fields import from_form, from_json
from filmgate.wire.params import Fields

__all__ = ["BodyLimits", "BodyReader"]

MEMORY_LIMIT = 32 * 1024 * 1024
"""Bytes of a body without files, which is held in memory: a data URL fits, twice as much does not."""

TEXT_LIMIT = 2 * 1024 * 1024
"""Bytes of such a body that is not JSON in UTF-8: its percent codes and other charsets are slow to decode."""


SNIFFED_BLANKS = 1024
"""Bytes of white space in which a JSON object may begin that is not declared as one."""


class BodyLimits(Struct, frozen=True, kw_only=True):
    """Limits of a request body."""

    max_bytes: int
    timeout: float  # seconds from its first byte to its last


class BodyReader:
    """Reads the fields of requests.

    Args:
        storage: where files are staged.
        limits: of every body.
    """

    def __init__(self, storage: Storage, limits: BodyLimits) -> None:
        self._storage = storage
        self._limits = limits
        self._held = HeldBytes()

    @asynccontextmanager
    async def read_fields(self, scope: Scope, receive: Receive, file_fields: Collection[str]) -> AsyncIterator[Fields]:
        """Yield the fields of a request's body; on exit, delete the staged files that no service has moved away.

        Args:
            scope: of the request.
            receive: of the request.
            file_fields: the names of the fields that are files.

        Raises:
            RequestError: the body can't be read, is too large or too slow.
            ClientDisconnect: the client disconnected midway.
        """
        headers = dict(scope["headers"])
        media_type, options = parse_options_header(headers.get(b"content-type"))
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise MalformedBody("A compressed body can't be read; send it uncompressed.")
        if media_type == b"multipart/form-data":
            form = FormReader(_boundary(options), file_fields, self._storage.staging_path)
            try:
                await self._read(headers, receive, form.feed, self._limits.max_bytes)
                yield from_form(form.finish())
            finally:
                form.discard()
        else:
            with self._held.body(scope.get(ACCOUNT_KEY, "")) as body:
                await self._read(headers, receive, body.extend, min(self._limits.max_bytes, MEMORY_LIMIT))
                charset = options.get(b"charset", b"utf-8").decode("latin-1")
                yield await _parse_single_part(media_type, charset, bytes(body.data))

    async def _read(
        self, headers: dict[bytes, bytes], receive: Receive, sink: Callable[[bytes], None], limit: int
    ) -> None:
        content_length = headers.get(b"content-length", b"0")
        _check_size(int(content_length) if content_length.isdigit() else 0, limit)
        try:
            async with asyncio.timeout(self._limits.timeout):
                await _stream_into(receive, sink, limit)
        except TimeoutError:
            raise BodyTimeout(f"The body did not arrive within {self._limits.timeout:g} seconds.") from None


async def _stream_into(receive: Receive, sink: Callable[[bytes], None], limit: int) -> None:
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk: bytes = message.get("body", b"")
        size, more = size + len(chunk), message.get("more_body", False)
        _check_size(size, limit)
        if chunk:
            sink(chunk)


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise BodyTooLarge(f"The body is too large: at most {limit} bytes are accepted.")


def _boundary(options: dict[bytes, bytes]) -> bytes:
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise MalformedBody("The Content-Type has no multipart boundary.")
    return boundary


async def _parse_single_part(media_type: bytes, charset: str, body: bytes) -> Fields:
    if _is_json(media_type, body):
        return from_json(_utf8(body, charset))
    if media_type == b"application/x-www-form-urlencoded":
        _check_size(len(body), TEXT_LIMIT)
        # Percent codes are decoded in Python, a megabyte in 0.15 s; on a thread, requests run between.
        return from_form(await asyncio.to_thread(_parse_urlencoded, decode_text(body, charset, "body")))
    if body:
        raise MalformedBody("The body can't be read: send application/json or multipart/form-data.")
    return {}


def _is_json(media_type: bytes, body: bytes) -> bool:
    # `curl -d` declares a form whatever it sends, and some clients declare nothing: a leading brace decides.
    return media_type.endswith((b"/json", b"+json")) or body[:SNIFFED_BLANKS].lstrip()[:1] == b"{"


def _utf8(body: bytes, charset: str) -> bytes:
    if charset.lower() in {"utf-8", "utf8"}:
        return body
    _check_size(len(body), TEXT_LIMIT)
    return decode_text(body, charset, "body").encode()


def _parse_urlencoded(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_PARTS)
    except ValueError as error:
        raise MalformedBody(f"The form can't be read: {error}.") from error
