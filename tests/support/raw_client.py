"""A mock for every test, and a client that sees what really comes over the wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from filmgate.testing import mock

SILENCE = 1.0
"""Seconds without a byte after which a test takes a connection for silent."""

PATIENCE = 20.0
ENOUGH = 5_000_000
"""Bytes after which a test believes that an answer has no end."""


class Seen(Struct, kw_only=True):
    """What came over the wire."""

    status: int = 0  # 0: no head
    headers: dict[str, str] = {}  # names in lower case
    body: bytes = b""
    ended: str = "closed"  # closed, reset, silent, endless
    took: float = 0.0  # seconds to the end
    pieces: int = 0  # that the body was read in

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def whole(self) -> bool:
        """Whether the body is as long as the head says."""
        return self.ended == "closed" and len(self.body) == int(self.headers["content-length"])


class RawClient:
    """A client that believes nothing: one connection a request, read to its end byte by byte."""

    def __init__(self, origin: str) -> None:
        parts = urlsplit(origin)
        self._host, self._port = parts.hostname or "", parts.port or 0

    async def __call__(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        silence: float = SILENCE,
    ) -> Seen:
        """Ask."""
        reader, writer = await asyncio.open_connection(self._host, self._port, limit=2**24)
        sent = {"Host": f"{self._host}:{self._port}", "Connection": "close", "Content-Length": str(len(body))}
        lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in {**sent, **(headers or {})}.items())]
        started = asyncio.get_running_loop().time()
        with closing(writer):
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            async with asyncio.timeout(PATIENCE):
                seen = await _read(reader, silence)
        seen.took = asyncio.get_running_loop().time() - started
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


async def _read(reader: asyncio.StreamReader, silence: float) -> Seen:
    data, ended, pieces = bytearray(), "closed", 0
    try:
        while True:
            async with asyncio.timeout(silence):
                piece = await reader.read(2**20)
            if not piece:
                break
            data += piece
            pieces += 1
            if len(data) > ENOUGH:
                ended = "endless"
                break
    except TimeoutError:
        ended = "silent"
    except ConnectionResetError:
        ended = "reset"
    if b"\r\n\r\n" not in data:
        return Seen(ended=ended, body=bytes(data), pieces=pieces)
    head, _, body = bytes(data).partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
    return Seen(status=int(first.split()[1]), headers=headers, body=body, ended=ended, pieces=pieces)


Starting = Callable[..., Coroutine[Any, Any, tuple[mock.Running, RawClient]]]
"""Starts a mock as its keyword arguments configure it; with the client for it."""
