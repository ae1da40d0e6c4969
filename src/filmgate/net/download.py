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
from filmgate.net.client import Client, Fault, lowered

__all__ = ["Refused", "Unwanted", "download"]

REDIRECTS = 3
"""Redirects that are followed."""

RESUMES = 100
"""Times that one download goes on where it broke off; each must have brought something."""

HEAD = 512
"""Bytes by which a file is told."""

_REFUSAL_LIMIT = 64 * 1024
_REDIRECT = {301, 302, 303, 307, 308}
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)


class Refused(Exception):
    """The server answered with something other than the file."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.headers = headers
        self.body = body  # its beginning


class Unwanted(Exception):
    """What comes is not what was asked for; says what it is, or that it does not end."""


@dataclass
class _Download:
    """One download on its way."""

    client: Client
    file: BinaryIO
    limit: int
    wanted: Callable[[bytes], str | None]
    size: int = 0  # bytes written
    head: bytearray = field(default_factory=bytearray)  # the first of them
    etag: str | None = None  # a strong one, under which they came
    total: int | None = None  # bytes of the whole file, if the server said so
    resumed: int = 0


async def download(
    client: Client,
    url: str,
    into: Path,
    *,
    limit: int,
    within: float,
    wanted: Callable[[bytes], str | None] = lambda _: None,
) -> int:
    """Write what a URL holds to ``into`` and return its size in bytes; a failure removes the file.

    Args:
        client: how to get there; its credentials go to its own origin only, redirects or not.
        url: absolute, encoded.
        into: the file.
        limit: bytes it may have.
        within: seconds for everything; the client's idle time-out holds beside it.
        wanted: looks at the first bytes, and says what is wrong with them.

    Raises:
        Fault: the server is out of reach, broke off, or leads to where nobody may go.
        Refused: it answered with an error.
        Unwanted: it is not the file, or too long.
        StorageFault: the file can't be written.
    """
    try:
        with files.opened(into) as file:
            state = _Download(client, file, limit, wanted)
            async with asyncio.timeout(within):
                await _all_of(state, url)
            return state.size
    except TimeoutError as error:
        into.unlink(missing_ok=True)  # noqa: ASYNC240 - one call, on the way out
        raise Fault(f"not there within {within:g} s", sent=True) from error
    except BaseException:
        into.unlink(missing_ok=True)  # noqa: ASYNC240 - also when cancelled, where nothing can be awaited
        raise


async def _all_of(state: _Download, url: str) -> None:
    while True:
        before = state.size
        try:
            await _go_on(state, url)
        except Fault:
            brought = state.size > before
            if not brought or state.etag is None or state.resumed >= RESUMES:
                raise
            state.resumed += 1
        else:
            return


async def _go_on(state: _Download, url: str) -> None:
    """Ask for what is missing, and write what comes."""
    headers = {"Range": f"bytes={state.size}-", "If-Range": state.etag} if state.size and state.etag else {}
    async with _opened(state.client, url, headers) as response:
        if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and headers:
            _begin_again(state)
            raise Fault("the file is another by now", sent=True)
        if response.status == HTTPStatus.PARTIAL_CONTENT and headers:
            _check_range(state, response)
        elif response.status == HTTPStatus.OK:
            _begin_again(state)
            state.etag, state.total = _strong(response), response.content_length
        else:
            body = await response.content.read(_REFUSAL_LIMIT)
            raise Refused(response.status, lowered(response), body)
        await _copy(state, response)
    if state.total is not None and state.size != state.total:
        raise Fault(f"{state.size} of {state.total} bytes came", sent=True)
    if len(state.head) < HEAD:
        _judge(state)


@asynccontextmanager
async def _opened(client: Client, url: str, headers: Mapping[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
    """The answer, after at most three redirects, each of them checked as the first address was."""
    for _ in range(REDIRECTS + 1):
        async with client.open("GET", url, headers=headers, fresh=True) as response:
            if response.status not in _REDIRECT or "Location" not in response.headers:
                yield response
                return
            url = _target(response.headers["Location"], response.url)
    raise Fault(f"it redirects more than {REDIRECTS} times", sent=True)


def _target(location: str, base: yarl.URL) -> str:
    try:
        return str(parse_url(location, base, encoded=True))
    except BadUrl as error:
        raise Fault(f"it redirects to a bad address: {error}", sent=True) from error


def _begin_again(state: _Download) -> None:
    files.truncate(state.file)
    state.size, state.head, state.etag, state.total = 0, bytearray(), None, None


def _check_range(state: _Download, response: aiohttp.ClientResponse) -> None:
    """A part is of use only if it is of the same file and begins where ours ends."""
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    total = None if match is None or match[3] == "*" else int(match[3])
    moved = match is None or int(match[1]) != state.size or (state.total or total) != total
    if moved or _strong(response) not in {state.etag, None}:
        _begin_again(state)
        raise Fault("another part came than was asked for", sent=True)


def _strong(response: aiohttp.ClientResponse) -> str | None:
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') and etag.isascii() and response.headers.get("Accept-Ranges") != "none" else None


async def _copy(state: _Download, response: aiohttp.ClientResponse) -> None:
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Unwanted("The file came compressed.")
    block = bytearray()
    try:
        async for chunk in response.content.iter_any():
            block += chunk
            _look_at(state, chunk)
            if state.size + len(block) > state.limit:
                raise Unwanted(f"The file has more than {state.limit} bytes.")
            if len(block) >= files.BLOCK:
                await _put(state, block)
                block = bytearray()
    finally:
        await _put(state, block)  # also when it broke off: what came need not come again


async def _put(state: _Download, block: bytearray) -> None:
    await files.put(state.file, block)
    state.size += len(block)


def _look_at(state: _Download, chunk: bytes) -> None:
    """Judge the file by its beginning as soon as that is there."""
    if len(state.head) < HEAD:
        state.head += chunk[: HEAD - len(state.head)]
        if len(state.head) == HEAD:
            _judge(state)


def _judge(state: _Download) -> None:
    wrong = state.wanted(bytes(state.head))
    if wrong:
        raise Unwanted(wrong)
