"""The contract between Filmgate and the place where its files lie.

Keys are our own (``videos/ab/video_ab….mp4``), never a name that somebody sent. A file appears under its key whole
and synced, or not at all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from filmgate.domain import Asset, AssetKind, Size

__all__ = ["Reader", "Storage", "StoredObject"]


class StoredObject(Struct, frozen=True):
    """A file that is safely stored."""

    key: str
    bytes: int
    sha256: str  # hex

    def asset(self, kind: AssetKind, media_type: str, size: Size) -> Asset:
        """What it is to a video."""
        return Asset(
            kind=kind,
            key=self.key,
            media_type=media_type,
            bytes=self.bytes,
            sha256=self.sha256,
            width=size.width,
            height=size.height,
        )


class Reader(Protocol):
    """An open file; reading goes on though its key is deleted meanwhile."""

    @property
    def size(self) -> int:
        """Length in bytes."""

    def fileno(self) -> int | None:
        """The file descriptor for sendfile, where it is a local file."""

    async def read(self, offset: int, length: int) -> bytes:
        """Up to ``length`` bytes from ``offset``; fewer only at the end."""

    def close(self) -> None:
        """Give the descriptor back."""


class Storage(Protocol):
    """A folder or a bucket."""

    def staging_path(self, suffix: str = "") -> Path:
        """A fresh local path, on the same file system where that matters, for someone to write to."""

    async def commit(self, staged: Path, key: str) -> StoredObject:
        """Sync the staged file, move it under its key (replacing what is there), sync the folder.

        Raises:
            StorageFault: disk full, read-only, I/O error; the staged file is left for the caller to discard.
        """

    async def open(self, key: str) -> Reader:
        """Open for reading.

        Raises:
            FileNotFoundError: no such key.
        """

    def local_path(self, key: str) -> AbstractAsyncContextManager[Path]:
        """A local path with the file's bytes, for engines and probes; never to be changed."""

    async def delete(self, key: str) -> None:
        """Remove; no error if it is gone already."""

    def keys(self, prefix: str = "") -> AsyncIterator[str]:
        """All keys that begin with ``prefix``."""

    async def discard_stale(self, older_than: float) -> int:
        """Discard staged files that nobody has touched since that Unix time; returns how many."""
