"""Downloads into a file: bounded memory, resumed where the server lets us, never longer than allowed."""

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
"""Redirects that are followed."""

MAX_RESUMES = 100
"""Times that one download goes on where it broke off; each must have brought something."""

HEAD_BYTES = 512
"""Bytes by which a file is told."""

_REFUSAL_LIMIT = 64 * 1024
_REDIRECT = {301, 302, 303, 307, 308}
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)


class HttpStatusError(Exception):
    """The server answered with something other than the file."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.headers = headers
        self.body = body  # its beginning


class UnexpectedContent(Exception):
    """What comes is not what was asked for; says what it is, or that it does not end."""


@dataclass
class _Download:
    """One download on its way."""

    client: UpstreamClient
    file: BinaryIO
    limit: int
    content_error: Callable[[bytes], str | None]
    size: int = 0  # bytes written
    head: bytearray = field(default_factory=bytearray)  # the first of them
    etag: str | None = None  # a strong one, under which they came
    total: int | None = None  # bytes of the whole file, if the server said so
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
    """Write what a URL holds to ``into`` and return its size in bytes; a failure removes the file.

    Args:
        client: how to get there; its credentials go to its own origin only, redirects or not.
        url: absolute, encoded.
        into: the file.
        limit: bytes it may have.
        within: seconds for everything; the client's idle time-out holds beside it.
        content_error: looks at the first bytes, and says what is wrong with them.

    Raises:
        Fault: the server is out of reach, broke off, or leads to where nobody may go.
        Refused: it answered with an error.
        Unwanted: it is not the file, or too long.
        StorageFault: the file can't be written.
    """
    try:
        with files.open_for_writing(into) as file:
            state = _Download(client, file, limit, content_error)
            async with asyncio.timeout(within):
                await _download_resuming(state, url)
            return state.size
    except TimeoutError as error:
        into.unlink(missing_ok=True)  # noqa: ASYNC240 - one call, on the way out
        raise TransportError(f"not there within {within:g} s", sent=True) from error
    except BaseException:
        into.unlink(missing_ok=True)  # noqa: ASYNC240 - also when cancelled, where nothing can be awaited
        raise


async def _download_resuming(state: _Download, url: str) -> None:
    while True:
        before = state.size
        try:
            await _request_rest(state, url)
        except TransportError:
            brought = state.size > before
            if not brought or state.etag is None or state.resumed >= MAX_RESUMES:
                raise
            state.resumed += 1
        else:
            return


async def _request_rest(state: _Download, url: str) -> None:
    """Ask for what is missing, and write what comes."""
    headers = {"Range": f"bytes={state.size}-", "If-Range": state.etag} if state.size and state.etag else {}
    async with _open_redirected(state.client, url, headers) as response:
        if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and headers:
            _reset(state)
            raise TransportError("the file is another by now", sent=True)
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
        raise TransportError(f"{state.size} of {state.total} bytes came", sent=True)
    if len(state.head) < HEAD_BYTES:
        _check_head(state)


@asynccontextmanager
async def _open_redirected(
    client: UpstreamClient, url: str, headers: Mapping[str, str]
) -> AsyncIterator[aiohttp.ClientResponse]:
    """The answer, after at most three redirects, each of them checked as the first address was."""
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
        raise TransportError(f"it redirects to a bad address: {error}", sent=True) from error


def _reset(state: _Download) -> None:
    files.truncate(state.file)
    state.size, state.head, state.etag, state.total = 0, bytearray(), None, None


def _check_range(state: _Download, response: aiohttp.ClientResponse) -> None:
    """A part is of use only if it is of the same file and begins where ours ends."""
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    total = None if match is None or match[3] == "*" else int(match[3])
    moved = match is None or int(match[1]) != state.size or (state.total or total) != total
    if moved or _strong_etag(response) not in {state.etag, None}:
        _reset(state)
        raise TransportError("another part came than was asked for", sent=True)


def _strong_etag(response: aiohttp.ClientResponse) -> str | None:
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') and etag.isascii() and response.headers.get("Accept-Ranges") != "none" else None


async def _copy(state: _Download, response: aiohttp.ClientResponse) -> None:
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnexpectedContent("The file came compressed.")
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
        await _write(state, block)  # also when it broke off: what came need not come again


async def _write(state: _Download, block: bytearray) -> None:
    await files.write_block(state.file, block)
    state.size += len(block)


def _collect_head(state: _Download, chunk: bytes) -> None:
    """Judge the file by its beginning as soon as that is there."""
    if len(state.head) < HEAD_BYTES:
        state.head += chunk[: HEAD_BYTES - len(state.head)]
        if len(state.head) == HEAD_BYTES:
            _check_head(state)


def _check_head(state: _Download) -> None:
    wrong = state.content_error(bytes(state.head))
    if wrong:
        raise UnexpectedContent(wrong)
