"""Secrets at rest: what has to be read again is sealed with a key that lies beside the database, not in it.

A copy of the database alone gives nothing away: signing secrets and callback URLs in it are sealed.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Self

from cryptography.fernet import Fernet, InvalidToken

from filmgate.errors import StorageFault
from filmgate.security import keyfile

__all__ = ["SecretBox"]


class SecretBox:
    """Seals and opens texts.

    Args:
        key: of :meth:`Fernet.generate_key`.
    """

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)

    @classmethod
    def from_keyfile(cls, path: Path) -> Self:
        """The vault whose key lies in a file that only its owner can read; makes the file if there is none.

        Raises:
            SettingsError: the file can't be made or read, or holds no key.
        """
        return cls(base64.urlsafe_b64encode(keyfile.load_or_create(path)))

    def encrypt(self, text: str) -> str:
        """The text so that only this vault can read it."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def decrypt(self, ciphertext: str) -> str:
        """What was sealed.

        Raises:
            StorageFault: another vault sealed it, or it was damaged.
        """
        try:
            return self._fernet.decrypt(ciphertext.encode()).decode()
        except InvalidToken as error:
            raise StorageFault(
                "A stored secret can't be opened: the key file is not the one it was sealed with."
            ) from error
