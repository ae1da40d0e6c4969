"""What uvicorn lacks: deadlines, and errors in the API's JSON shape."""

from __future__ import annotations

import gc
import json
from typing import TYPE_CHECKING

import pytest

from filmgate.server.http_protocol import Deadlines, HttpProtocol

if TYPE_CHECKING:
    import asyncio
    import socket

    from tests.integration.server.conftest import Launch, LiveServer


@pytest.mark.parametrize("head", [b"", b"GET /v1/videos HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"GET /healthz HTTP/1.1\r\n"])
def test_a_slow_head_closes_the_connection(launch: Launch, head: bytes) -> None:
    """A head that does not end in time closes the connection, although bytes keep arriving."""
    live = launch(deadlines=Deadlines(head=0.3))
    with live.connect() as connection:
        connection.sendall(head)
        _drip_until_closed(connection, b"x" if head else b"")


def test_a_slow_head_closes_a_reused_connection(launch: Launch) -> None:
    """The second request of a connection has the same deadline as the first; between them there is none."""
    live = launch(deadlines=Deadlines(head=2.0))
    with live.connect() as connection:
        connection.sendall(live.head("GET", "/healthz"))
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert live.do(_deadlines()) == [None]  # only a request that has begun has a deadline
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        _drip_until_closed(connection, b"x")


def test_an_unread_body_is_limited_in_time(launch: Launch) -> None:
    """The body of an answered request may still arrive, so that the client gets the response, but not for ever."""
    live = launch(deadlines=Deadlines(body=0.3))
    with live.connect() as connection:
        connection.sendall(b"POST /v1/videos HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")
        _drip_until_closed(connection, b"x")


def test_a_rejected_upload_gets_its_response(live: LiveServer) -> None:
    """A client that sends its whole body before it reads still sees the 401, and may continue."""
    with live.connect() as connection:
        size = 20 * 1024 * 1024
        connection.sendall(b"POST /v1/videos HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
        connection.sendall(bytes(size))
        assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")
        connection.sendall(live.head("GET", "/healthz"))
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
    ],
)
def test_bytes_that_are_no_http_are_rejected(live: LiveServer, request_bytes: bytes) -> None:
    """400 in the API's JSON shape, and the connection is closed."""
    with live.connect() as connection:
        connection.sendall(request_bytes)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"x-request-id: req_" in head
    assert list(json.loads(body)["error"]) == ["message", "type", "param", "code"]


def test_endless_headers_are_rejected(live: LiveServer) -> None:
    """Headers of megabytes are cut off."""
    with live.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        try:
            for _ in range(200):
                connection.sendall(b"x" * 65536)
        except OSError:
            return
        assert b" 400 " in connection.recv(65536)


async def _deadlines() -> list[asyncio.TimerHandle | None]:
    """Return the deadline timer of each open connection of this process."""
    connections = [each for each in gc.get_objects() if isinstance(each, HttpProtocol)]
    return [each._deadline for each in connections if not each.transport.is_closing()]


def _drip_until_closed(connection: socket.socket, drop: bytes) -> None:
    """Send until the server closes the connection, which it does although bytes keep arriving."""
    connection.settimeout(0.05)
    while True:
        try:
            connection.sendall(drop)
            if connection.recv(65536) == b"":
                return
        except TimeoutError:
            continue
        except OSError:
            return
