"""What the operator's commands share: the rows of this machine's server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from filmgate.bootstrap import application
from filmgate.cli.context import Frame
from filmgate.store import Store

__all__ = ["opened_store"]


@asynccontextmanager
async def opened_store(frame: Frame) -> AsyncIterator[Store]:
    """The rows of the data folder, of a running server too."""
    store = application.open_store(frame.settings())
    try:
        yield store
    finally:
        await store.close()
