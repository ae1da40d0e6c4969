"""Rows: accounts, keys, videos, ledger and outbox in SQL."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from filmgate.store.accounts import AccountRows
from filmgate.store.admin import Filter, JobRows
from filmgate.store.characters import CharacterRows, NewCharacter
from filmgate.store.database import Connection, Database
from filmgate.store.engine_identities import Identity, IdentityRows
from filmgate.store.group_commit import Batcher
from filmgate.store.ledger import LedgerRows
from filmgate.store.notifier import Changes
from filmgate.store.outbox import OutboxRows
from filmgate.store.rate_limits import Rate
from filmgate.store.rows import Account, Key, OutboxEvent, Principal, Unfinished
from filmgate.store.statistics import Figures, Snapshot
from filmgate.store.usage import Day, Usage
from filmgate.store.videos import VideoRows, versions
from filmgate.store.webhooks import Delivery, Endpoint, WebhookRows
from filmgate.store.workers import WorkerRows

__all__ = [
    "Account",
    "AccountRows",
    "Changes",
    "CharacterRows",
    "Day",
    "Delivery",
    "Endpoint",
    "Figures",
    "Filter",
    "Identity",
    "IdentityRows",
    "JobRows",
    "Key",
    "LedgerRows",
    "NewCharacter",
    "OutboxEvent",
    "OutboxRows",
    "Principal",
    "Rate",
    "Snapshot",
    "Store",
    "Unfinished",
    "Usage",
    "VideoRows",
    "WebhookRows",
    "WorkerRows",
]


class Store:
    """An open database. Use one per process and event loop; several processes may share the file."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self.changes = Changes(partial(versions, database.reader))
        self._batcher = Batcher(database.writer, self.changes.notify)
        self.videos = VideoRows(database.reader, self._batcher, clock)
        self.figures = Figures(database.another_reader)
        self.accounts = AccountRows(database.reader, self._batcher, clock)
        self.characters = CharacterRows(database.reader, self._batcher)
        self.identities = IdentityRows(database.reader, self._batcher)
        self.jobs = JobRows(database.reader, self._batcher)
        self.ledger = LedgerRows(database.reader, self._batcher)
        self.outbox = OutboxRows(database.reader)
        self.webhooks = WebhookRows(database.reader, self._batcher)
        self.workers = WorkerRows(database.reader, self._batcher)

    @classmethod
    def open(cls, path: Path, *, clock: Callable[[], float] = time.time) -> Store:
        """Open the database file; make it, or bring it up to date, first.

        Args:
            path: the file; its folder exists.
            clock: Unix seconds.

        Raises:
            SettingsError: damaged, not a database of ours, of a newer Filmgate, or its folder can't be used.
        """
        return cls(Database(path), clock)

    async def check(self) -> None:
        """Write and sync something that changes nothing.

        Raises:
            StorageFault: the disk refuses.
            Unavailable: the store is closed.
        """
        await self._batcher.write(_touch)

    async def close(self) -> None:
        """Finish the writes that were begun, then give the file back."""
        await self._batcher.close()
        await self.figures.close()
        self._database.close()


def _touch(connection: Connection) -> None:
    # Nobody reads this number; storing it writes a page, so a full or read-only disk refuses it.
    connection.control("PRAGMA user_version = 1")
