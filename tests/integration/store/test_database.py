"""How the file is opened, and the errors when it can't be."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import sqlalchemy

from filmgate.errors import SettingsError
from filmgate.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from filmgate.store.database import DbConnection


async def test_both_connections_are_durable(store: Store) -> None:
    """A commit is synced to the disk, foreign keys are enforced, and the reading connection can't write."""
    for connection in (store._database.reader, store._database.writer):
        assert _pragma(connection, "journal_mode") == "wal"
        assert _pragma(connection, "synchronous") == 2  # FULL
        assert _pragma(connection, "foreign_keys") == 1
        assert _pragma(connection, "busy_timeout") == 30_000
    assert _pragma(store._database.reader, "query_only") == 1


def _pragma(connection: DbConnection, name: str) -> object:
    return connection.fetch_all(sqlalchemy.text(f"PRAGMA {name}"))[0][0]


async def test_a_second_store_shares_the_file(store: Store, tmp_path: Path) -> None:
    """A key created by another process while the server runs is valid in the server at once."""
    other = Store.open(tmp_path / "rows.sqlite")
    owner = await other.accounts.create_account("cli", 5)
    _key, secret = await other.accounts.create_key(owner.id, "laptop", 1.0)
    await other.close()
    principal = await store.accounts.authenticate(secret)
    assert principal is not None
    assert principal.account_id == owner.id


async def test_two_stores_write_at_the_same_time(store: Store, tmp_path: Path) -> None:
    """Writers of two stores wait for each other; none of their rows is lost."""
    other = Store.open(tmp_path / "rows.sqlite")
    writers = [each.accounts.create_account(f"{n}", None) for n in range(40) for each in (store, other)]
    await asyncio.gather(*writers)
    await other.close()
    assert len(await store.accounts.list_accounts()) == 80


async def test_many_stores_open_a_new_file_at_once(tmp_path: Path) -> None:
    """The first creates the tables, the others find them."""
    with ThreadPoolExecutor(6) as threads:
        stores = list(threads.map(lambda _: Store.open(tmp_path / "rows.sqlite"), range(6)))
    await asyncio.gather(*(each.close() for each in stores))


def test_a_damaged_file_is_reported(tmp_path: Path) -> None:
    """The error for a file that is not a database names its path and the fix."""
    path = tmp_path / "rows.sqlite"
    path.write_bytes(b"not a database " * 1000)
    with pytest.raises(SettingsError, match=r"rows\.sqlite is damaged: .*Restore it from a backup"):
        Store.open(path)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    """Nothing is written into another program's database."""
    path = tmp_path / "rows.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE precious (x)")
    other.close()
    with pytest.raises(SettingsError, match="another program"):
        Store.open(path)
    with sqlite3.connect(path) as other:
        assert [name for (name,) in other.execute("SELECT name FROM sqlite_master")] == ["precious"]
    other.close()


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    """An older program does not change what a newer one wrote."""
    path = tmp_path / "rows.sqlite"
    asyncio.run(Store.open(path).close())
    with sqlite3.connect(path) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.close()
    with pytest.raises(SettingsError, match="newer Filmgate"):
        Store.open(path)


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    """The error names the folder's path."""
    with pytest.raises(SettingsError, match=r"gone can't be used"):
        Store.open(tmp_path / "gone" / "rows.sqlite")


def test_a_path_that_cannot_be_opened_is_reported(tmp_path: Path) -> None:
    """The error for a folder in place of the file names its path and the fix."""
    (tmp_path / "rows.sqlite").mkdir()
    with pytest.raises(SettingsError, match=r"rows\.sqlite can't be opened: .*choose another data folder"):
        Store.open(tmp_path / "rows.sqlite")
