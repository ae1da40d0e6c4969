"""The lower bound: an ASGI application that returns a constant, or reads and drops a body, on the same server."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import uvicorn

BODY = json.dumps({"id": "video_" + "0" * 32, "object": "video", "filler": "x" * 360}, separators=(",", ":")).encode()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]


async def app(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """Read the body, return the constant."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


class AnnouncingServer(uvicorn.Server):
    """A server that writes its address once it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then write the address to the file named first."""
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        Path(sys.argv[1]).write_text(f"http://127.0.0.1:{port}")  # noqa: ASYNC240 - once, before any request


if __name__ == "__main__":
    AnnouncingServer(
        uvicorn.Config(
            app, port=0, loop="uvloop", http="httptools", access_log=False, lifespan="off", log_level="error"
        )
    ).run()
