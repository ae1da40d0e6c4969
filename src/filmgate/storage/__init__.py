"""Storage: the bytes of videos and images."""

from filmgate.storage.base import Reader, Storage, StoredObject
from filmgate.storage.local import LocalStorage

__all__ = ["LocalStorage", "Reader", "Storage", "StoredObject"]
