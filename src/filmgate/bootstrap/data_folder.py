"""The data folder: created if it is missing, and its database opened for commands that need nothing else."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from filmgate.config.settings import Settings
from filmgate.errors import SettingsError
from filmgate.store import Store

__all__ = ["open_store", "prepare"]

FOLDERS = ("cache", "files", "locks", "scratch", "secrets")
"""Folders that Filmgate makes in the data folder."""

SHARED_FOLDERS = ("cache", "scratch")
"""Those of them in which each engine makes one of its own."""

OTHERS = 0o077
"""The permission bits of everybody but the owner."""


def open_store(settings: Settings) -> Store:
    """Open the database alone; a running server may use the folder at the same time.

    Raises:
        SettingsError: the folder or its database can't be used.
    """
    return Store.open(prepare(settings.data) / "filmgate.sqlite")


def prepare(data: Path) -> Path:
    """Create the folder if it is missing, and keep other users out of what is in it.

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
    _make_private(data)
    return data


def _make_private(data: Path) -> None:
    """Keep other users of the machine out of what is ours, whatever the folder's own mode is: it may be a mount."""
    for name in SHARED_FOLDERS:
        with suppress(OSError):
            (data / name).mkdir(mode=0o700)
    with suppress(OSError):
        os.close(os.open(data / "filmgate.sqlite", os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    for path in (*data.glob("*.sqlite*"), *(data / name for name in FOLDERS)):
        with suppress(OSError):  # another user's, which they protect, or none
            mode = path.lstat().st_mode
            if not stat.S_ISLNK(mode) and mode & OTHERS:
                path.chmod(stat.S_IMODE(mode) & ~OTHERS)
