"""Store: accounts, keys, videos, ledger and outbox in SQL."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from filmgate.store.accounts import AccountRepository
from filmgate.store.admin import AdminQueries, VideoFilter
from filmgate.store.characters import CharacterRepository, NewCharacter
from filmgate.store.database import Database, DbConnection
from filmgate.store.engine_identities import EngineIdentity, EngineIdentityRepository
from filmgate.store.files import FileQuota, FileRepository, FileUsage, NewFile
from filmgate.store.group_commit import GroupCommitWriter
from filmgate.store.ledger import LedgerRepository
from filmgate.store.notifier import ChangeNotifier
from filmgate.store.outbox import OutboxRepository
from filmgate.store.rate_limits import RateLimitStatus
from filmgate.store.rows import Account, ApiKey, OutboxEvent, Principal, UnfinishedVideo
from filmgate.store.statistics import Snapshot, Statistics
from filmgate.store.usage import AccountUsage, DailyUsage
from filmgate.store.videos import VideoRepository, read_versions
from filmgate.store.webhooks import PendingDelivery, WebhookEndpoint, WebhookRepository
from filmgate.store.workers import WorkerRepository

__all__ = [
    "Account",
    "AccountRepository",
    "AccountUsage",
    "AdminQueries",
    "ApiKey",
    "ChangeNotifier",
    "CharacterRepository",
    "DailyUsage",
    "EngineIdentity",
    "EngineIdentityRepository",
    "FileQuota",
    "FileRepository",
    "FileUsage",
    "LedgerRepository",
    "NewCharacter",
    "NewFile",
    "OutboxEvent",
    "OutboxRepository",
    "PendingDelivery",
    "Principal",
    "RateLimitStatus",
    "Snapshot",
    "Statistics",
    "Store",
    "UnfinishedVideo",
    "VideoFilter",
    "VideoRepository",
    "WebhookEndpoint",
    "WebhookRepository",
    "WorkerRepository",
]


class Store:
    """An open database. Use one per process and event loop; several processes may share the file."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self.notifier = ChangeNotifier(partial(read_versions, database.reader))
        self._writer = GroupCommitWriter(database.writer, self.notifier.notify)
        self.videos = VideoRepository(database.reader, self._writer, clock)
        self.statistics = Statistics(database.open_reader, self._writer)
        self.accounts = AccountRepository(database.reader, self._writer, clock)
        self.characters = CharacterRepository(database.reader, self._writer)
        self.files = FileRepository(database.reader, self._writer)
        self.engine_identities = EngineIdentityRepository(database.reader, self._writer)
        self.admin = AdminQueries(database.reader, self._writer)
        self.ledger = LedgerRepository(database.reader, self._writer, database.open_reader)
        self.outbox = OutboxRepository(database.reader)
        self.webhooks = WebhookRepository(database.reader, self._writer)
        self.workers = WorkerRepository(database.reader, self._writer)

    @classmethod
    def open(cls, path: Path, *, clock: Callable[[], float] = time.time) -> Store:
        """Open the database file; create or migrate it first.

        Args:
            path: the file; its folder must exist.
            clock: Unix seconds.

        Raises:
            SettingsError: damaged, not Filmgate's, of a newer Filmgate, or its folder can't be used.
        """
        return cls(Database(path), clock)

    async def check(self) -> None:
        """Write and sync a no-op.

        Raises:
            StorageFault: the disk refuses.
            Unavailable: the store is closed.
        """
        await self._writer.write(_write_noop)

    async def close(self) -> None:
        """Finish pending writes, then close the file."""
        await self._writer.close()
        await self.statistics.close()
        self._database.close()


def _write_noop(connection: DbConnection) -> None:
    # This number is never read; storing it writes a page, so a full or read-only disk refuses it.
    connection.control("PRAGMA user_version = 1")
