"""The embedded engine: the SDK calls the server's own ASGI app in this process, over the same code path."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from filmgate.bootstrap.application import build_application
from filmgate.cli.embedded_key import LOCAL_URL, ensure_secret
from filmgate.client import AsyncClient
from filmgate.config.settings import Settings
from filmgate.server.app import App

__all__ = ["client", "transport"]


@asynccontextmanager
async def client(settings: Settings) -> AsyncIterator[AsyncClient]:
    """Yield a client of an engine that runs in this process during the block."""
    async with build_application(settings, "embedded") as application:
        secret = await ensure_secret(application.store, settings.data)
        async with AsyncClient(
            base_url=LOCAL_URL, api_key=secret, transport=_AsgiTransport(application.app), environ={}
        ) as sdk:
            yield sdk


@asynccontextmanager
async def transport(settings: Settings) -> AsyncIterator[httpx2.AsyncBaseTransport]:
    """Yield a transport to the application, which runs in this process during the block."""
    async with build_application(settings, "embedded") as application:
        yield _AsgiTransport(application.app)


class _AsgiTransport(httpx2.AsyncBaseTransport):
    """Transport to an ASGI app in this process. Streams responses: an event stream never ends otherwise."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        exchange = _AsgiExchange(await request.aread())
        exchange.start(self._app, _scope(request))
        start = await exchange.messages.get()
        if start is None:
            await exchange.aclose()
            raise httpx2.RemoteProtocolError("the app returned no response", request=request)
        return httpx2.Response(start["status"], headers=start["headers"], stream=exchange)


class _AsgiExchange(httpx2.AsyncByteStream):
    """One request to the app; iterating yields the body of the response."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._closed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.messages: asyncio.Queue[MutableMapping[str, Any] | None] = asyncio.Queue(maxsize=8)

    def start(self, app: App, scope: MutableMapping[str, Any]) -> None:
        self._task = asyncio.create_task(self._run(app, scope))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while message := await self.messages.get():
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body"):
                return
        raise httpx2.ReadError("the app ended before the end of the response")

    async def aclose(self) -> None:
        self._closed.set()
        while self._task and not self._task.done():
            while not self.messages.empty():  # unblocks an app that is sending, so that it sees the disconnect
                self.messages.get_nowait()
            await asyncio.wait([self._task], timeout=0.05)

    async def _run(self, app: App, scope: MutableMapping[str, Any]) -> None:
        try:
            await app(scope, self._receive, self.messages.put)
        finally:
            if not self._closed.is_set():
                await self.messages.put(None)

    async def _receive(self) -> MutableMapping[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._closed.wait()
        return {"type": "http.disconnect"}


def _scope(request: httpx2.Request) -> MutableMapping[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 0),
        "root_path": "",
    }
