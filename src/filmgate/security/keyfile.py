"""A secret of the server's own, in a file that only its user can read; made on first use."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from filmgate.errors import SettingsError

__all__ = ["KEY_BYTES", "load"]

KEY_BYTES = 32


def load(path: Path) -> bytes:
    """The key in the file, 32 random bytes; several processes that come first at once get the same.

    Raises:
        SettingsError: the file holds no such key, or can't be made.
    """
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"The key file {path} can't be used: {error.strerror}.") from error
    if len(key) != KEY_BYTES:
        raise SettingsError(
            f"The key file {path} is damaged. Put back a copy, or remove it: what it signed is void then."
        )
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # whoever links first has made it; the others use that one
    except FileExistsError:
        return
    finally:
        draft.unlink()
        # Before anything is sealed with it: a key that a power cut takes away takes everything sealed with it along.
        for folder in (path.parent, path.parent.parent):
            _sync(folder)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
