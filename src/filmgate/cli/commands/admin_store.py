"""Opens the database of this machine's server for operator commands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from filmgate.bootstrap import data_folder
from filmgate.cli.context import CliContext
from filmgate.store import Store

__all__ = ["opened_store"]


@asynccontextmanager
async def opened_store(context: CliContext) -> AsyncIterator[Store]:
    """Yield the store of the data folder; a running server may use it at the same time."""
    store = data_folder.open_store(context.settings())
    try:
        yield store
    finally:
        await store.close()
