"""The steps from an empty file to the tables of today, run by Alembic when a database is opened."""

from __future__ import annotations

from sqlalchemy import Connection

__all__ = ["HEAD", "upgrade"]

HEAD = "0005"
"""The newest revision. Kept here so that opening an up-to-date database need not import Alembic (0.3 s)."""


def upgrade(connection: Connection) -> None:
    """Bring the database to HEAD, inside the transaction that ``connection`` holds."""
    from alembic import command  # noqa: PLC0415 - only a database that is behind pays for the import
    from alembic.config import Config  # noqa: PLC0415 - the same

    config = Config()
    config.set_main_option("script_location", "filmgate.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
