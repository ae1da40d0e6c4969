"""Secrets at rest: values that must be readable again are encrypted with a key file beside the database.

A copy of the database alone reveals nothing: its signing secrets and callback URLs are encrypted.
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
    """Encrypts and decrypts texts.

    Args:
        key: of :meth:`Fernet.generate_key`.
    """

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)

    @classmethod
    def from_keyfile(cls, path: Path) -> Self:
        """Return the box whose key is in a file that only its owner can read; creates the file if it does not exist.

        Raises:
            SettingsError: the file can't be created or read, or holds no key.
        """
        return cls(base64.urlsafe_b64encode(keyfile.load_or_create(path)))

    def encrypt(self, text: str) -> str:
        """Encrypt a text so that only this box can read it."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def decrypt(self, ciphertext: str) -> str:
        """Decrypt what :meth:`encrypt` returned.

        Raises:
            StorageFault: it was encrypted with another key, or it is damaged.
        """
        try:
            return self._fernet.decrypt(ciphertext.encode()).decode()
        except InvalidToken as error:
            raise StorageFault(
                "A stored secret can't be decrypted: the key file is not the one it was encrypted with."
            ) from error
