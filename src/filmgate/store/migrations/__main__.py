"""Writes the snapshot of the newest revision: run it after adding a migration."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from filmgate.store import migrations


def main() -> None:
    """Migrate an empty database by Alembic and write its schema to ``schema.sql``."""
    with TemporaryDirectory() as folder:
        file = f"{folder}/migrated.sqlite"
        engine = sa.create_engine(f"sqlite:///{file}")
        with engine.begin() as connection:
            migrations.upgrade(connection)
        engine.dispose()
        with closing(sqlite3.connect(file)) as migrated:
            migrations.SNAPSHOT.write_text(migrations.snapshot(migrated), encoding="utf-8")


if __name__ == "__main__":
    main()
