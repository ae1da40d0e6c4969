"""Downloads into a file: bounded memory and time, resumed where the server supports it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

import aiohttp
import yarl

from filmgate.net import files
from filmgate.net.addresses import BadUrl, parse_url
from filmgate.net.client import TransportError, UpstreamClient, lowercase_headers

__all__ = ["HttpStatusError", "UnexpectedContent", "download"]

MAX_REDIRECTS = 3
"""Maximum number of redirects."""

MAX_RESUMES = 100
"""Maximum number of resumes of one download; each must have received bytes."""

HEAD_BYTES = 512
"""Bytes from which the file type is detected."""

_REFUSAL_LIMIT = 64 * 1024
_REDIRECT = {301, 302, 303, 307, 308}
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)


class HttpStatusError(Exception):
    """The server returned an error status instead of the file."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.headers = headers
        self.body = body  # the beginning only


class UnexpectedContent(Exception):
    """The downloaded content is not the expected file, or too long; the text says which."""


@dataclass
class _Download:
    """State of one download."""

    client: UpstreamClient
    file: BinaryIO
    limit: int
    content_error: Callable[[bytes], str | None]
    size: int = 0  # bytes written
    head: bytearray = field(default_factory=bytearray)  # the first of them
    etag: str | None = None  # a strong one, valid for the bytes written
    total: int | None = None  # size of the whole file in bytes, if the server sent it
    resumed: int = 0


async def download(
    client: UpstreamClient,
    url: str,
    into: Path,
    *,
    limit: int,
    within: float,
    content_error: Callable[[bytes], str | None] = lambda _: None,
) -> int:
    """Download a URL to ``into`` and return its size in bytes; a failure removes the file.

    Args:
        client: sends the requests; its credentials go to its own origin only, with or without redirects.
        url: absolute, encoded.
        into: the file.
        limit: maximum size, in bytes.
        within: timeout of the whole download, in seconds; the client's idle timeout applies too.
        content_error: inspects the first bytes and returns what is wrong with them.

    Raises:
        TransportError: the server is unreachable, closed early, or redirects to a host that is not allowed.
        HttpStatusError: the server returned an error status.
        UnexpectedContent: it is not the expected file, or too long.
        StorageFault: the file can't be written.
    """
    try:
        with files.open_for_writing(into) as file:
            state = _Download(client, file, limit, content_error)
            async with asyncio.timeout(within):
                await _download_resuming(state, url)
            return state.size
    except TimeoutError as error:
        into.unlink(missing_ok=True)  # noqa: ASYNC240 - a single call, just before the error is raised
        raise TransportError(f"not complete within {within:g} s", sent=True) from error
    except BaseException:
        into.unlink(missing_ok=True)  # noqa: ASYNC240 - also when cancelled, where nothing can be awaited
        raise


async def _download_resuming(state: _Download, url: str) -> None:
    while True:
        before = state.size
        try:
            await _request_rest(state, url)
        except TransportError:
            progressed = state.size > before
            if not progressed or state.etag is None or state.resumed >= MAX_RESUMES:
                raise
            state.resumed += 1
        else:
            return


async def _request_rest(state: _Download, url: str) -> None:
    """Request the missing bytes and write them."""
    headers = {"Range": f"bytes={state.size}-", "If-Range": state.etag} if state.size and state.etag else {}
    async with _open_redirected(state.client, url, headers) as response:
        if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and headers:
            _reset(state)
            raise TransportError("the file has changed since", sent=True)
        if response.status == HTTPStatus.PARTIAL_CONTENT and headers:
            _check_range(state, response)
        elif response.status == HTTPStatus.OK:
            _reset(state)
            state.etag, state.total = _strong_etag(response), response.content_length
        else:
            body = await response.content.read(_REFUSAL_LIMIT)
            raise HttpStatusError(response.status, lowercase_headers(response), body)
        await _copy(state, response)
    if state.total is not None and state.size != state.total:
        raise TransportError(f"{state.size} of {state.total} bytes received", sent=True)
    if len(state.head) < HEAD_BYTES:
        _check_head(state)


@asynccontextmanager
async def _open_redirected(
    client: UpstreamClient, url: str, headers: Mapping[str, str]
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Open the response after at most three redirects, each checked like the first URL."""
    for _ in range(MAX_REDIRECTS + 1):
        async with client.stream("GET", url, headers=headers, new_connection=True) as response:
            if response.status not in _REDIRECT or "Location" not in response.headers:
                yield response
                return
            url = _redirect_target(response.headers["Location"], response.url)
    raise TransportError(f"it redirects more than {MAX_REDIRECTS} times", sent=True)


def _redirect_target(location: str, base: yarl.URL) -> str:
    try:
        return str(parse_url(location, base, encoded=True))
    except BadUrl as error:
        raise TransportError(f"it redirects to an invalid URL: {error}", sent=True) from error


def _reset(state: _Download) -> None:
    files.truncate(state.file)
    state.size, state.head, state.etag, state.total = 0, bytearray(), None, None


def _check_range(state: _Download, response: aiohttp.ClientResponse) -> None:
    """Check that a partial response is of the same file and starts where ours ends."""
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    total = None if match is None or match[3] == "*" else int(match[3])
    moved = match is None or int(match[1]) != state.size or (state.total or total) != total
    if moved or _strong_etag(response) not in {state.etag, None}:
        _reset(state)
        raise TransportError("the server returned another range than requested", sent=True)


def _strong_etag(response: aiohttp.ClientResponse) -> str | None:
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') and etag.isascii() and response.headers.get("Accept-Ranges") != "none" else None


async def _copy(state: _Download, response: aiohttp.ClientResponse) -> None:
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnexpectedContent("The server sent the file compressed.")
    block = bytearray()
    try:
        async for chunk in response.content.iter_any():
            block += chunk
            _collect_head(state, chunk)
            if state.size + len(block) > state.limit:
                raise UnexpectedContent(f"The file has more than {state.limit} bytes.")
            if len(block) >= files.BLOCK_BYTES:
                await _write(state, block)
                block = bytearray()
    finally:
        await _write(state, block)  # also after an early close: received bytes need not be sent again


async def _write(state: _Download, block: bytearray) -> None:
    await files.write_block(state.file, block)
    state.size += len(block)


def _collect_head(state: _Download, chunk: bytes) -> None:
    """Check the file's head as soon as it is complete."""
    if len(state.head) < HEAD_BYTES:
        state.head += chunk[: HEAD_BYTES - len(state.head)]
        if len(state.head) == HEAD_BYTES:
            _check_head(state)


def _check_head(state: _Download) -> None:
    problem = state.content_error(bytes(state.head))
    if problem:
        raise UnexpectedContent(problem)
