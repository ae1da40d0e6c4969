"""The data folder: created if it is missing, and its database opened for commands that need nothing else."""

from __future__ import annotations

from pathlib import Path

from filmgate.config.settings import Settings
from filmgate.errors import SettingsError
from filmgate.store import Store

__all__ = ["open_store", "prepare"]


def open_store(settings: Settings) -> Store:
    """Open the database alone; a running server may use the folder at the same time.

    Raises:
        SettingsError: the folder or its database can't be used.
    """
    return Store.open(prepare(settings.data) / "filmgate.sqlite")


def prepare(data: Path) -> Path:
    """Create the folder if it is missing.

    Raises:
        SettingsError: it can't be created, or it was in use and has lost its database.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"The data folder {data} can't be made: {error.strerror}.") from error
    database = data / "filmgate.sqlite"
    # A new empty database would take its place, and the next cleanup would delete every file as an orphan.
    if (data / "flow.sqlite").exists() and not (database.exists() and database.stat().st_size):
        raise SettingsError(
            f"The database {database} is gone or empty, though its folder was in use. Restore it from a backup, or "
            "choose another data folder (--data) to start afresh."
        )
    return data
