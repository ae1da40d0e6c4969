"""Sends a :class:`MockReply`; malformed ones byte by byte."""

from __future__ import annotations

import asyncio
import itertools
import math
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from filmgate.testing.mock.reply import ConnectionEnd, MockReply

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter

__all__ = ["Sleep", "real_sleep", "send_reply"]

Sleep = Callable[[float], Awaitable[object]]
"""Waits for so many seconds; forever if they are infinite."""

CHUNK_BYTES = 64 * 1024
SLOW_BODY_CHUNKS = 20
"""Pieces that a dripping body comes in."""


async def real_sleep(seconds: float) -> None:
    """Wait in real time."""
    # Forever: ended by the cancellation after the client disconnects or the server stops.
    await (asyncio.Event().wait() if seconds == math.inf else asyncio.sleep(seconds))


async def send_reply(request: web.Request, reply: MockReply, sleep: Sleep = real_sleep) -> web.StreamResponse:
    """Answer a request; returns once the client has received everything, or has disconnected."""
    if reply.delay:
        await sleep(reply.delay)
    if reply.is_plain:
        return web.Response(status=reply.status, headers=reply.headers, body=reply.body)
    await _send_raw(request, reply, sleep)
    # The connection is closed, or will be: the framework must not send anything on it.
    return web.Response()


async def _send_raw(request: web.Request, reply: MockReply, sleep: Sleep) -> None:
    wire, transport = request.writer, request.transport
    if transport is None:
        return
    if reply.head:
        transport.write(_response_head(reply))
    if request.method != "HEAD":
        await _send_body(wire, transport, reply, sleep)
    if reply.ending is ConnectionEnd.HANG:
        await sleep(math.inf)
    if reply.ending is ConnectionEnd.RESET:
        _reset(transport)
    else:
        transport.close()


async def _send_body(wire: AbstractStreamWriter, transport: asyncio.Transport, reply: MockReply, sleep: Sleep) -> None:
    for piece, rest in _chunks(reply):
        if transport.is_closing():
            return
        transport.write(piece)
        await wire.drain()
        await sleep(rest)


def _chunks(reply: MockReply) -> Iterator[tuple[bytes, float]]:
    """Each piece of the body, and the seconds of silence after it."""
    body = reply.body[: reply.sent]
    if reply.ending is ConnectionEnd.ENDLESS:
        yield from itertools.repeat(((body or b"\0") * (CHUNK_BYTES // max(len(body), 1) + 1), 0.0))
    elif reply.pace:
        step = max(1, -(-len(body) // SLOW_BODY_CHUNKS))
        for start in range(0, len(body), step):
            yield body[start : start + step], reply.pace / SLOW_BODY_CHUNKS
    else:
        ends = [*reply.pauses, (len(body), 0.0)]
        for (start, _), (end, rest) in itertools.pairwise([(0, 0.0), *ends]):
            yield body[start:end], rest


def _response_head(reply: MockReply) -> bytes:
    reason = HTTPStatus(reply.status).phrase
    headers = {"Content-Length": str(len(reply.body)), **reply.headers, "Connection": "close"}
    if reply.ending is ConnectionEnd.ENDLESS or headers["Content-Length"] == "":
        del headers["Content-Length"]
    lines = [f"HTTP/1.1 {reply.status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def _reset(transport: asyncio.Transport) -> None:
    """Abort with a RST: buffered bytes are discarded."""
    if (sock := transport.get_extra_info("socket")) is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
