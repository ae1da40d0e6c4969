"""Bytes through the server's HTTP protocol without a socket, and through h11 as the judge of what they mean."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import h11
import uvicorn
from msgspec import Struct
from uvicorn.server import ServerState

from filmgate.server.connections import ConnectionPool
from filmgate.server.http_protocol import Deadlines, HttpProtocol

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

__all__ = ["Exchange", "SeenRequest", "exchange", "judge"]

ANSWER = b"ok"
REFUSALS = {400, 501}


class SeenRequest(Struct, frozen=True):
    """A request as an application sees it."""

    method: str
    target: str
    body: bytes


class Exchange(Struct, frozen=True):
    """What became of the bytes of one connection."""

    requests: tuple[SeenRequest, ...]
    statuses: tuple[int, ...]  # of the responses, in order
    closed: bool
    output: bytes = b""

    @property
    def refused(self) -> bool:
        """Whether the bytes ended in a refusal."""
        return bool(self.statuses) and self.statuses[-1] in REFUSALS


async def exchange(pieces: Iterable[bytes], *, streamed: bool = False) -> Exchange:
    """Send the pieces to one connection whose application reads each body and answers.

    Args:
        pieces: what each read of the socket returns.
        streamed: whether the answers have no Content-Length.
    """
    app = _RecordingApp(streamed=streamed)
    transport = _Transport()
    config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None, access_log=False)
    config.load()
    loop, pool = asyncio.get_running_loop(), ConnectionPool(10)
    protocol = HttpProtocol(config, ServerState(), {}, loop, deadlines=Deadlines(), pool=pool)
    transport.protocol = protocol
    protocol.connection_made(transport)
    for piece in pieces:
        if not transport.closing:
            protocol.data_received(piece)
        await _settle(protocol)
    closed = transport.closing
    if not closed:
        protocol.connection_lost(None)
    await _settle(protocol)
    return Exchange(
        tuple(app.requests), _statuses(bytes(transport.output), app.methods), closed, bytes(transport.output)
    )


async def _settle(protocol: HttpProtocol) -> None:
    """Let every task run until it waits for more bytes."""
    for _ in range(6 * (2 + len(protocol.pipeline))):
        await asyncio.sleep(0)


class _RecordingApp:
    def __init__(self, *, streamed: bool) -> None:
        self.requests: list[SeenRequest] = []
        self.methods: list[str] = []  # of all requests that were begun
        self._streamed = streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.methods.append(scope["method"])
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message["body"], message["more_body"]
        query = scope["query_string"]
        target = scope["raw_path"].decode() + ("?" + query.decode() if query else "")
        self.requests.append(SeenRequest(scope["method"], target, body))
        length = [] if self._streamed else [(b"content-length", b"%d" % len(ANSWER))]
        await send({"type": "http.response.start", "status": 200, "headers": length})
        for part in (ANSWER[:1], ANSWER[1:]):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class _Transport(asyncio.Transport):
    """Collects what is written; closing ends the connection in the next turn of the loop."""

    def __init__(self) -> None:
        super().__init__()
        self.output = bytearray()
        self.closing = False
        self.protocol: HttpProtocol | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.closing:
            self.output += data

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.write(b"".join(list_of_data))

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        if not self.closing and self.protocol is not None:
            self.closing = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    abort = close

    def get_extra_info(self, _name: str, default: Any = None) -> Any:
        return default

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...


def _statuses(output: bytes, methods: Sequence[str]) -> tuple[int, ...]:
    """Read the responses as a client that sent these requests does; the last may end with the connection."""
    statuses = []
    for method in (*methods, "GET"):
        if not output:
            break
        client = h11.Connection(h11.CLIENT)
        client.send(h11.Request(method=method, target="/", headers=[("host", "x")]))
        client.send(h11.EndOfMessage())
        client.receive_data(output)
        client.receive_data(b"")
        event = client.next_event()
        while isinstance(event, h11.InformationalResponse):
            event = client.next_event()
        if not isinstance(event, h11.Response):
            raise TypeError(f"no response: {event!r}")
        statuses.append(event.status_code)
        while not isinstance(client.next_event(), h11.EndOfMessage):
            pass
        output = client.trailing_data[0]
    if output:
        raise AssertionError(f"more answers than requests: {output[:200]!r}")
    return tuple(statuses)


def judge(data: bytes) -> Exchange:
    """Return what h11 makes of the bytes: its requests, and whether it refuses the rest."""
    server = h11.Connection(h11.SERVER)
    server.receive_data(data)
    requests: list[SeenRequest] = []
    statuses: list[int] = []
    begun: h11.Request | None = None
    body = b""
    while True:
        try:
            event = server.next_event()
        except h11.RemoteProtocolError as error:
            return Exchange(tuple(requests), (*statuses, error.error_status_hint), closed=True)
        if isinstance(event, h11.Request):
            begun, body = event, b""
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage) and begun is not None:
            requests.append(SeenRequest(begun.method.decode(), begun.target.decode(), body))
            statuses.append(200)
            for answer in (h11.Response(status_code=200, headers=[]), h11.EndOfMessage()):
                server.send(answer)
            if server.our_state is h11.MUST_CLOSE:
                return Exchange(tuple(requests), tuple(statuses), closed=True)
            server.start_next_cycle()
        else:  # more bytes are needed
            return Exchange(tuple(requests), tuple(statuses), closed=False)
