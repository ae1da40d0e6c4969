"""Secrets at rest: what has to be read again is sealed with a key that lies beside the database, not in it.

A copy of the database alone gives nothing away: signing secrets and callback URLs in it are sealed.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Self

from cryptography.fernet import Fernet, InvalidToken

from filmgate.errors import SettingsError, StorageFault

__all__ = ["Vault"]


class Vault:
    """Seals and opens texts.

    Args:
        key: of :meth:`Fernet.generate_key`.
    """

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)

    @classmethod
    def at(cls, path: Path) -> Self:
        """The vault whose key lies in a file that only its owner can read; makes the file if there is none.

        Raises:
            SettingsError: the file can't be made or read, or holds no key.
        """
        try:
            if not path.exists():
                _make(path)
            return cls(path.read_bytes().strip())
        except OSError as error:
            raise SettingsError(f"The key file {path} can't be used: {error.strerror}.") from error
        except ValueError as error:
            raise SettingsError(f"The key file {path} holds no key. Restore it from a backup.") from error

    def seal(self, text: str) -> str:
        """The text so that only this vault can read it."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """What was sealed.

        Raises:
            StorageFault: another vault sealed it, or it was damaged.
        """
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise StorageFault(
                "A stored secret can't be opened: the key file is not the one it was sealed with."
            ) from error


def _make(path: Path) -> None:
    """Write a new key whole or not at all; of several processes that try, the first wins."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
        _sync_folder(path.parent)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
