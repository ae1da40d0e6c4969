"""Detection of disconnected clients."""

from __future__ import annotations

import asyncio

from starlette.types import Receive

__all__ = ["ClientDisconnect", "is_disconnected"]


class ClientDisconnect(Exception):
    """The client disconnected; no response can reach it."""


async def is_disconnected(receive: Receive) -> bool:
    """Return whether the client has disconnected, without waiting and without a background task."""
    try:
        async with asyncio.timeout(0):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True
