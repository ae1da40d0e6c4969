"""Clients that hang up."""

from __future__ import annotations

import asyncio

from starlette.types import Receive

__all__ = ["ClientDisconnect", "is_disconnected"]


class ClientDisconnect(Exception):
    """The client hung up; there is nobody to answer."""


async def is_disconnected(receive: Receive) -> bool:
    """Whether the client has hung up, without waiting, and without a task that waits instead."""
    try:
        async with asyncio.timeout(0):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True
