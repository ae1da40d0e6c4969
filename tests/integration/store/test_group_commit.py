"""Group commit: isolation inside a batch, and no success before the data is on disk."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, NoReturn

import pytest
import sqlalchemy as sa

from filmgate.errors import Conflict, InsufficientQuota, StorageFault, Unavailable
from filmgate.store import Store
from filmgate.store.schema import worker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from filmgate.store.database import DbConnection

_INSERT = sa.insert(worker).values(executor_id=sa.bindparam("executor"), seen_at=1.0)
_COUNT = sa.select(sa.func.count()).select_from(worker)


def _insert(name: str) -> Callable[[DbConnection], int]:
    return lambda connection: connection.execute(_INSERT, executor=name)


def _driver(store: Store) -> sqlite3.Connection:
    driver = store._database.writer._raw_connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _number(store: Store) -> int:
    return int(store._database.reader.fetch_all(_COUNT)[0][0])


async def test_a_failing_write_does_not_affect_others(store: Store) -> None:
    """Refusals, constraint violations and unusable values undo only their own changes, in the same batch."""

    def refuse(connection: DbConnection) -> NoReturn:
        connection.execute(_INSERT, executor="half")
        raise InsufficientQuota

    def unusable(connection: DbConnection) -> int:
        return connection.execute(_INSERT, executor="\ud800")

    write = store._writer.write
    answers = await asyncio.gather(
        write(_insert("a")),
        write(refuse),
        write(_insert("a")),
        write(unusable),
        write(_insert("b")),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [int, InsufficientQuota, Conflict, UnicodeEncodeError, int]
    assert _number(store) == 2


async def test_writes_of_one_turn_share_a_commit(store: Store) -> None:
    """Writes that are ready together are committed together."""
    commits: list[str] = []
    _driver(store).set_trace_callback(commits.append)
    await asyncio.gather(*(store._writer.write(_insert(f"w{n}")) for n in range(50)))
    _driver(store).set_trace_callback(None)
    assert commits.count("COMMIT") == 1


async def test_no_success_is_reported_before_the_commit(store: Store, tmp_path: Path) -> None:
    """When a write's result arrives, another connection to the file sees its row."""
    await store._writer.write(_insert("a"))
    bare = sqlite3.connect(tmp_path / "rows.sqlite")
    assert bare.execute("SELECT executor_id FROM worker").fetchall() == [("a",)]
    bare.close()


async def test_a_failed_commit_fails_the_whole_batch(store: Store) -> None:
    """When the disk refuses, every writer of the batch gets the error, nothing is written, and the next batch works."""
    driver = _driver(store)
    pages = driver.execute("PRAGMA page_count").fetchone()[0]
    driver.execute(f"PRAGMA max_page_count = {pages + 2}").fetchall()
    big = "x" * 100_000
    answers = await asyncio.gather(
        store._writer.write(_insert("a")), store._writer.write(_insert(big)), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [StorageFault, StorageFault]
    assert _number(store) == 0
    driver.execute("PRAGMA max_page_count = 1000000").fetchall()
    await store._writer.write(_insert("b"))
    assert _number(store) == 1


async def test_an_unexpected_exception_fails_only_its_batch(store: Store) -> None:
    """It undoes its batch and reaches the caller; the store continues."""

    def bug(connection: DbConnection) -> NoReturn:
        connection.execute(_INSERT, executor="a")
        raise KeyError("bug")

    with pytest.raises(KeyError):
        await store._writer.write(bug)
    assert _number(store) == 0
    await store._writer.write(_insert("b"))


async def test_a_caller_cancelled_before_the_hand_off_wrote_nothing(store: Store) -> None:
    """Cancelled in the same turn: dropped. Cancelled later: the write completes, and others are not affected."""
    first_write = asyncio.ensure_future(store._writer.write(_insert("early")))
    await asyncio.sleep(0)
    first_write.cancel()
    await store._writer.write(_insert("b"))
    assert first_write.cancelled()
    assert _number(store) == 1


async def test_close_finishes_pending_writes(tmp_path: Path) -> None:
    """Writes queued before close are on disk after it; later ones are refused."""
    store = Store.open(tmp_path / "other.sqlite")
    writes = [asyncio.ensure_future(store._writer.write(_insert(f"w{n}"))) for n in range(10)]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*writes) == [1] * 10
    with pytest.raises(Unavailable):
        await store.workers.record_heartbeat("late", 1.0)
