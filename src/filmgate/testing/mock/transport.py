"""Putting a :class:`Reply` on the wire, crooked ones byte by byte."""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct
from collections.abc import Iterator
from http import HTTPStatus

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from filmgate.testing.mock.reply import Ending, Reply

__all__ = ["send"]

PIECE = 64 * 1024
DRIPS = 20
"""Pieces that a dripping body comes in."""


async def send(request: web.Request, reply: Reply) -> web.StreamResponse:
    """Answer a request; returns once the client has what it gets, or has gone."""
    if reply.delay:
        await asyncio.sleep(reply.delay)
    if reply.honest:
        return web.Response(status=reply.status, headers=reply.headers, body=reply.body)
    await _send_crooked(request, reply)
    # The connection is gone by now, or is to go: the framework finds nothing left to answer on.
    return web.Response()


async def _send_crooked(request: web.Request, reply: Reply) -> None:
    wire, transport = request.writer, request.transport
    if transport is None:
        return
    if reply.head:
        transport.write(_head(reply))
    if request.method != "HEAD":
        await _send_body(wire, transport, reply)
    if reply.ending is Ending.HELD:
        await _forever()
    if reply.ending is Ending.RESET:
        _reset(transport)
    else:
        transport.close()


async def _send_body(wire: AbstractStreamWriter, transport: asyncio.Transport, reply: Reply) -> None:
    for piece, rest in _pieces(reply):
        if transport.is_closing():
            return
        transport.write(piece)
        await wire.drain()
        await asyncio.sleep(rest)


def _pieces(reply: Reply) -> Iterator[tuple[bytes, float]]:
    """Each piece of the body, and the seconds of silence after it."""
    body = reply.body[: reply.sent]
    if reply.ending is Ending.ENDLESS:
        yield from itertools.repeat(((body or b"\0") * (PIECE // max(len(body), 1) + 1), 0.0))
    elif reply.pace:
        step = max(1, -(-len(body) // DRIPS))
        for start in range(0, len(body), step):
            yield body[start : start + step], reply.pace / DRIPS
    else:
        ends = [*reply.pauses, (len(body), 0.0)]
        for (start, _), (end, rest) in itertools.pairwise([(0, 0.0), *ends]):
            yield body[start:end], rest


def _head(reply: Reply) -> bytes:
    reason = HTTPStatus(reply.status).phrase
    headers = {"Content-Length": str(len(reply.body)), **reply.headers, "Connection": "close"}
    if reply.ending is Ending.ENDLESS or headers["Content-Length"] == "":
        del headers["Content-Length"]
    lines = [f"HTTP/1.1 {reply.status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def _reset(transport: asyncio.Transport) -> None:
    """Abort with a RST: nothing of what may still be buffered is delivered."""
    if (sock := transport.get_extra_info("socket")) is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _forever() -> None:
    # Ended by the cancellation that follows the client's going, or the server's stopping.
    await asyncio.Event().wait()
