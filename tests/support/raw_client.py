"""A mock for every test, and a client that sees what really comes over the wire."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Coroutine, Mapping
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from filmgate.testing import mock

TURNS = 20
"""Turns of the event loop, in which client and mock both live, after which nothing more of an answer is on its way."""

PATIENCE = 60.0
START = 1_700_000_000.0
"""Unix time at which a mock begins."""

ENOUGH = 5_000_000
"""Bytes after which a test believes that an answer has no end."""


class Seen(Struct, kw_only=True):
    """What came over the wire."""

    status: int = 0  # 0: no head
    headers: dict[str, str] = {}  # names in lower case
    body: bytes = b""
    ended: str = "closed"  # closed, reset, silent, endless
    took: float = 0.0  # seconds to the end, by the mock's clock
    pieces: int = 0  # that the body was read in

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def whole(self) -> bool:
        """Whether the body is as long as the head says."""
        return self.ended == "closed" and len(self.body) == int(self.headers["content-length"])


class MockClock:
    """A mock's time: it passes only while the mock waits before an answer, or a test says so."""

    def __init__(self) -> None:
        self.now = START
        self.hangs = asyncio.Event()  # set once an answer never goes on

    def __call__(self) -> float:
        """Unix time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let the time pass, and what was sent arrive; for ever, where that is asked."""
        if seconds == math.inf:
            self.hangs.set()
            await asyncio.Event().wait()
        self.now += seconds
        await _turns(TURNS)


class RawClient:
    """A client that believes nothing: one connection a request, read to its end byte by byte.

    Args:
        origin: the mock's, in this process.
        clock: the mock's.
    """

    def __init__(self, origin: str, clock: MockClock | None = None) -> None:
        parts = urlsplit(origin)
        self._host, self._port = parts.hostname or "", parts.port or 0
        self.clock = clock or MockClock()

    async def __call__(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Seen:
        """Ask."""
        reader, writer = await asyncio.open_connection(self._host, self._port, limit=2**24)
        sent = {"Host": f"{self._host}:{self._port}", "Connection": "close", "Content-Length": str(len(body))}
        lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in {**sent, **(headers or {})}.items())]
        self.clock.hangs.clear()
        started = self.clock()
        with closing(writer):
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            async with asyncio.timeout(PATIENCE):
                seen = await _read(reader, self.clock.hangs)
        seen.took = self.clock() - started
        with suppress(ConnectionError):
            await writer.wait_closed()
        return seen

    async def post(self, path: str, value: object, **headers: str) -> Seen:
        """Ask with JSON."""
        return await self(
            "POST", path, json.dumps(value).encode(), headers={"Content-Type": "application/json"} | headers
        )

    async def post_form(self, path: str, fields: Mapping[str, str], files: Mapping[str, bytes] | None = None) -> Seen:
        """Ask with a form."""
        parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
        parts += [f'name="{name}"; filename="upload"\r\n\r\n'.encode() + data for name, data in (files or {}).items()]
        body = b"".join(b"--frontier\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts)
        kind = {"Content-Type": "multipart/form-data; boundary=frontier"}
        return await self("POST", path, body + b"--frontier--\r\n", headers=kind)

    async def get(self, path: str, **headers: str) -> Seen:
        """Ask for something."""
        return await self("GET", path, headers=headers)


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def _piece(reader: asyncio.StreamReader, hangs: asyncio.Event) -> bytes | None:
    """The next bytes; None: the mock hangs, and all that it sent has been read."""
    reading, hanging = asyncio.create_task(reader.read(2**20)), asyncio.create_task(hangs.wait())
    await asyncio.wait([reading, hanging], return_when=asyncio.FIRST_COMPLETED)
    hanging.cancel()
    await _turns(0 if reading.done() else TURNS)
    if reading.done():
        return reading.result()
    reading.cancel()
    await asyncio.wait([reading])
    return None


async def _read(reader: asyncio.StreamReader, hangs: asyncio.Event) -> Seen:
    data, ended, pieces = bytearray(), "closed", 0
    try:
        while piece := await _piece(reader, hangs):
            data += piece
            pieces += 1
            if len(data) > ENOUGH:
                ended = "endless"
                break
        if piece is None:
            ended = "silent"
    except ConnectionResetError:
        ended = "reset"
    if b"\r\n\r\n" not in data:
        return Seen(ended=ended, body=bytes(data), pieces=pieces)
    head, _, body = bytes(data).partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
    return Seen(status=int(first.split()[1]), headers=headers, body=body, ended=ended, pieces=pieces)


Starting = Callable[..., Coroutine[Any, Any, tuple[mock.RunningMock, RawClient]]]
"""Starts a mock as its keyword arguments configure it; with the client for it."""
