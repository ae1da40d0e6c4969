"""Migrations from an empty file to the current tables: by a snapshot for a new file, else by Alembic."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection

__all__ = ["HEAD", "SNAPSHOT", "create", "snapshot", "upgrade"]

HEAD = "0007"
"""The newest revision. Kept here so that opening an up-to-date database need not import Alembic (0.3 s)."""

SNAPSHOT = Path(__file__).with_name("schema.sql")
"""The schema that the migrations create in an empty file. A new file is created from it, which takes 5 ms instead of
50 and no Alembic.

``python -m filmgate.store.migrations`` rewrites it after a migration was added.
"""


def create(connection: Connection) -> None:
    """Create the tables of HEAD in an empty database, inside the transaction that ``connection`` holds."""
    for statement in _statements(SNAPSHOT.read_text(encoding="utf-8")):
        connection.exec_driver_sql(statement)


def upgrade(connection: Connection) -> None:
    """Migrate the database to HEAD, inside the transaction that ``connection`` holds."""
    from alembic import command  # noqa: PLC0415 - only a database that is behind pays for the import
    from alembic.config import Config  # noqa: PLC0415 - the same

    config = Config()
    config.set_main_option("script_location", "filmgate.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)


def snapshot(connection: sqlite3.Connection) -> str:
    """Return the statements that create the tables, indexes and triggers of a database at HEAD, and its revision."""
    # Tables as they were made, then the rest by name: SQLAlchemy makes a table's indexes in any order.
    rows = connection.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'sqlite_sequence' "
        "ORDER BY type <> 'table', iif(type = 'table', rowid, 0), type, name"
    )
    statements = [sql for (sql,) in rows]
    revision = f"INSERT INTO alembic_version VALUES ('{HEAD}')"  # noqa: S608 - a constant of ours
    return "".join(f"{sql};\n" for sql in [*statements, revision])


def _statements(script: str) -> Iterator[str]:
    """One by one: a trigger's own semicolons do not end it."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
