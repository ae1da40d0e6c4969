"""Writes the snapshot of the newest revision: run it after adding a migration."""

from __future__ import annotations

from contextlib import closing

import sqlalchemy as sa

from filmgate.store import migrations


def main() -> None:
    """Migrate an empty database by Alembic and write what it then holds to ``schema.sql``."""
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        migrations.upgrade(connection)
    with closing(engine.raw_connection()) as raw:
        migrations.SNAPSHOT.write_text(migrations.snapshot(raw.driver_connection), encoding="utf-8")


if __name__ == "__main__":
    main()
