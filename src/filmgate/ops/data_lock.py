"""Locks on a data folder: one server, and any number of workers and embedded renderers beside it.

Every process that runs flows needs an executor id of its own that stays the same after a restart, so that its
interrupted work is found again. An id is a locked file in the folder; the kernel releases the lock with the process.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from filmgate.errors import SettingsError

__all__ = ["DataLock", "acquire"]

MAX_SLOTS = 64
"""Processes of one kind that may share a folder."""


class DataLock:
    """A held lock; the file names its holder."""

    def __init__(self, executor_id: str, file: IO[str]) -> None:
        self.executor_id = executor_id
        self._file = file

    def set_holder(self, text: str) -> None:
        """Write the holder's name for processes that find the lock taken."""
        self._file.seek(0)
        self._file.truncate()
        self._file.write(text)
        self._file.flush()

    def release(self) -> None:
        """Release the lock."""
        self._file.close()


def acquire(data: Path, role: str, *, exclusive: bool) -> DataLock:
    """Acquire a role in the folder.

    Args:
        data: the data folder; it exists.
        role: ``server``, ``worker``, ``embedded`` …
        exclusive: whether only one process may have the role.

    Raises:
        SettingsError: another process holds it, or the folder can't be written.
    """
    folder = data / "locks"
    names = [role] if exclusive else [f"{role}-{slot}" for slot in range(MAX_SLOTS)]
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for name in names:
            if held := _try_acquire(folder / name, name):
                return held
    except OSError as error:
        raise SettingsError(
            f"The data folder {data} can't be written: {error.strerror}. Make it writable for this user, or choose "
            "another one (--data)."
        ) from error
    holder = (folder / names[0]).read_text(encoding="utf-8").strip() or "another process"
    raise SettingsError(
        f"The data folder {data} is in use by {holder}. Stop it, or give this one a folder of its own (--data)."
    )


def _try_acquire(path: Path, name: str) -> DataLock | None:
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    held = DataLock(name, file)
    held.set_holder(f"{name} (process {os.getpid()})")
    return held
