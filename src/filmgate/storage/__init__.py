"""Bytes: where films and pictures lie."""

from filmgate.storage.base import Reader, Storage, Stored
from filmgate.storage.local import LocalStorage

__all__ = ["LocalStorage", "Reader", "Storage", "Stored"]
