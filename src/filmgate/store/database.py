"""One SQLite file: how it is opened, what durability it guarantees, and how statements are run on it.

Everything specific to SQLite is here and in the migrations' triggers; the statements elsewhere are SQLAlchemy Core.
They are compiled once and run on the driver's own cursor, because that halves the cost of what every request does:
reading a video by id takes 28 µs of CPU through SQLAlchemy's execution, 12.6 µs through a :class:`DbConnection`,
12.6 µs on the bare cursor (84,300 rows, SQLite 3.40, Python 3.11; the whole ``videos.get`` 15 µs, ``videos.create``
142 µs with 64 at once).
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from filmgate.errors import Conflict, SettingsError, StorageFault
from filmgate.store import migrations

__all__ = ["Database", "DbConnection"]

APPLICATION_ID = 0x46474154
"""Marks the file as ours (``FGAT``), so that another program's database is never migrated."""

BUSY_TIMEOUT = 30.0
"""Seconds that a write waits for another process's write."""

Row = tuple[Any, ...]


class DbConnection:
    """A driver connection that runs Core statements, each compiled once."""

    def __init__(self, engine: sa.Engine, *, query_only: bool = False) -> None:
        self._dialect = engine.dialect
        self._raw_connection = engine.raw_connection()
        self._cursor = self._raw_connection.cursor()
        self._compiled: dict[sa.Executable, tuple[str, dict[str, Any]]] = {}
        if query_only:
            self._cursor.execute("PRAGMA query_only = ON")

    def fetch_all(self, statement: sa.Executable, **params: object) -> list[Row]:
        """Return all rows of a SELECT, or of a write's RETURNING."""
        sql, values = self._compiled.get(statement) or self._compile(statement)
        try:
            # Always to the end: a half-read cursor would pin the write-ahead log.
            self._cursor.execute(sql, {**values, **params})
            return list(self._cursor.fetchall())
        except sqlite3.Error as error:
            raise _translate_error(error) from error

    def fetch_one(self, statement: sa.Executable, **params: object) -> Row | None:
        """Return the first row, or None."""
        rows = self.fetch_all(statement, **params)
        return rows[0] if rows else None

    def execute(self, statement: sa.Executable, **params: object) -> int:
        """Run a write; returns how many rows it changed."""
        sql, values = self._compiled.get(statement) or self._compile(statement)
        try:
            self._cursor.execute(sql, {**values, **params})
        except sqlite3.Error as error:
            raise _translate_error(error) from error
        return self._cursor.rowcount

    def control(self, sql: str) -> None:
        """Run BEGIN, COMMIT, ROLLBACK, SAVEPOINT …; BEGIN takes the write lock at once."""
        try:
            self._cursor.execute("BEGIN IMMEDIATE" if sql == "BEGIN" else sql)
        except sqlite3.Error as error:
            raise _translate_error(error) from error

    def rollback(self) -> None:
        """Roll back the open transaction, if the fault left one open."""
        self._raw_connection.rollback()

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""
        self._cursor.close()
        self._raw_connection.close()

    def _compile(self, statement: sa.Executable) -> tuple[str, dict[str, Any]]:
        compiled = statement.compile(dialect=self._dialect)  # type: ignore[attr-defined]  # every Executable here is a ClauseElement
        values = {name: value for name, value in compiled.params.items() if not compiled.binds[name].required}
        self._compiled[statement] = (str(compiled), values)
        return self._compiled[statement]


class Database:
    """An open and migrated file: one connection that reads, one that writes."""

    def __init__(self, path: Path) -> None:
        """Open the file, create it if it is missing, migrate it.

        Raises:
            SettingsError: damaged, not ours, or newer than this program; the folder can't be written.
        """
        self.path = path
        self._engine = _engine(path)
        with _explain_errors(path), _exclusive_lock(path.parent):
            _migrate(self._engine, path)
            self.reader = DbConnection(self._engine, query_only=True)
            self.writer = DbConnection(self._engine)

    def open_reader(self) -> DbConnection:
        """Open another read-only connection, for long queries; close it before the database."""
        return DbConnection(self._engine, query_only=True)

    def close(self) -> None:
        """Close both connections."""
        self.reader.close()
        self.writer.close()
        self._engine.dispose()


def _engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        paramstyle="named",
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT, "isolation_level": None},
    )
    sa.event.listen(engine, "connect", _configure_connection)
    return engine


def _configure_connection(connection: sqlite3.Connection, _record: object) -> None:
    # FULL: with NORMAL, rows whose create had been answered were lost in most power cuts.
    for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {setting}").fetchall()


def _migrate(engine: sa.Engine, path: Path) -> None:
    with engine.connect() as connection:
        revision = _revision(connection, path)
        if revision == migrations.HEAD:
            return
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        if revision is None:
            migrations.create(connection)
        else:
            migrations.upgrade(connection)
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.commit()


def _revision(connection: sa.Connection, path: Path) -> str | None:
    """Return the revision of the file; None if it is empty."""
    mark = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
    if mark != APPLICATION_ID:
        if connection.exec_driver_sql("SELECT 1 FROM sqlite_master LIMIT 1").first():
            raise SettingsError(
                f"{path} is a database of another program. Move it away, or choose another data folder (--data)."
            )
        return None
    revision = str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())
    if revision > migrations.HEAD:
        raise SettingsError(
            f"{path} was written by a newer Filmgate (revision {revision}, this one knows {migrations.HEAD}). "
            "Upgrade Filmgate, or choose another data folder (--data)."
        )
    return revision


@contextmanager
def _exclusive_lock(folder: Path) -> Iterator[None]:
    """Let one process at a time create or migrate; SQLite can't switch a file to WAL while others open it."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _explain_errors(path: Path) -> Iterator[None]:
    """Turn errors into a SettingsError that says what is wrong with the file, and how to fix it."""
    try:
        yield
    except OSError as error:
        raise SettingsError(f"The data folder {path.parent} can't be used: {error.strerror}.") from error
    except (sa.exc.DBAPIError, sqlite3.Error) as error:
        reason = getattr(error, "orig", error)
        if isinstance(reason, sqlite3.OperationalError):
            raise SettingsError(
                f"The database {path} can't be opened: {reason}. Make its folder writable for this user and leave "
                "room on the disk, or choose another data folder (--data)."
            ) from error
        raise SettingsError(
            f"The database {path} is damaged: {reason}. Restore it from a backup, or choose another data folder "
            "(--data) to start afresh."
        ) from error


def _translate_error(error: sqlite3.Error) -> Conflict | StorageFault:
    return Conflict(str(error)) if isinstance(error, sqlite3.IntegrityError) else StorageFault()
