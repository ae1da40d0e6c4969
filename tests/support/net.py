"""A web server and a fake resolver for tests of outbound requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Sequence

PUBLIC = "93.184.215.14"


class Names:
    """A scripted resolver: each call for a name returns its next answer; the last one repeats."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.lookups: list[str] = []
        self._answers = answers

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return the next answer for that name."""
        del port
        self.lookups.append(host)
        answers = self._answers.get(host.partition(".")[0])
        if answers is None:
            raise OSError("Name or service not known")
        return answers.pop(0) if len(answers) > 1 else answers[0]


class Site:
    """A web server on loopback that records its requests."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.connections: list[int] = []  # of each request, in order of arrival
        self._peers: list[object] = []
        self.port = 0
        self.parts = [b"content" * 100]
        self.status = 200
        self.headers: dict[str, str] = {}
        self.stall = asyncio.Event()
        self.stalling = False
        self.late = 0.0  # seconds before the response: its timer fires after those that the client has already set
        self.sent = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Return the scripted response; ``/to?…`` redirects there."""
        self.requests.append(request)
        peer = request.transport.get_extra_info("peername") if request.transport else None
        if peer not in self._peers:
            self._peers.append(peer)
        self.connections.append(self._peers.index(peer))
        if request.path == "/to":
            return web.Response(status=302, headers={"Location": request.query_string})
        if request.path == "/loop":
            return web.Response(status=307, headers={"Location": "/loop"})
        begins = asyncio.Event()
        asyncio.get_running_loop().call_later(self.late, begins.set)
        await begins.wait()
        response = web.StreamResponse(status=self.status, headers={"Content-Type": "image/png", **self.headers})
        await response.prepare(request)
        for part in self.parts:
            await response.write(part)
        self.sent.set()
        if self.stalling:
            await self.stall.wait()
        return response
