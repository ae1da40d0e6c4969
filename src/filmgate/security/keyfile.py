"""A secret of the server in a file that only its user can read; created on first use."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

from filmgate.atomic_files import atomic_create, sync
from filmgate.errors import SettingsError

__all__ = ["KEY_BYTES", "load_or_create"]

KEY_BYTES = 32


def load_or_create(path: Path) -> bytes:
    """Return the key in the file, 32 random bytes; several processes that create it at once get the same.

    Raises:
        SettingsError: the file holds no such key, or can't be created.
    """
    try:
        if not path.exists():
            _create(path)
        key = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"The key file {path} can't be used: {error.strerror}.") from error
    if len(key) != KEY_BYTES:
        raise SettingsError(
            f"The key file {path} is damaged. Put back a copy, or remove it: what it signed is void then."
        )
    return key


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):  # another process created the key first; all processes use that one
        atomic_create(path, secrets.token_bytes(KEY_BYTES), mode=0o600)
    # Synced before anything is encrypted with it: a key lost in a power cut makes all encrypted data unreadable.
    sync(path.parent.parent)
