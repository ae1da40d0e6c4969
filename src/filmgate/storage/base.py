"""The contract between Filmgate and the place that stores its files.

Keys are our own (``videos/ab/video_ab….mp4``), never a name that a client sent. A file appears under its key complete
and synced, or not at all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from filmgate.domain import Asset, AssetKind, Size

__all__ = ["MIN_FREE_BYTES", "Reader", "Storage", "StoredObject"]

MIN_FREE_BYTES = 256 * 1024 * 1024
"""Bytes that must be free on the storage's disk: enough for a few running videos."""


class StoredObject(Struct, frozen=True):
    """A file that is durably stored."""

    key: str
    bytes: int
    sha256: str  # hex

    def asset(self, kind: AssetKind, media_type: str, size: Size) -> Asset:
        """Return the asset that this file is to a video."""
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
    """An open file; reads still work after its key is deleted."""

    @property
    def size(self) -> int:
        """Length in bytes."""

    def fileno(self) -> int | None:
        """Return the file descriptor for sendfile, if it is a local file."""

    async def read(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes from ``offset``; fewer only at the end."""

    def close(self) -> None:
        """Close the descriptor."""


class Storage(Protocol):
    """A folder or a bucket."""

    def staging_path(self, suffix: str = "") -> Path:
        """Return a fresh local path to write to, on the same file system where that matters."""

    async def commit(self, staged: Path, key: str) -> StoredObject:
        """Sync the staged file, move it under its key (replacing an existing file), sync the folder.

        Raises:
            StorageFault: disk full, read-only, I/O error; the staged file remains, and the caller discards it.
        """

    async def open(self, key: str, size: int | None = None) -> Reader:
        """Open for reading.

        Args:
            key: of the file.
            size: its length in bytes, as it was stored; None: unknown.

        Raises:
            FileNotFoundError: no such key.
            DamagedFile: it has another length.
        """

    def local_path(self, key: str, size: int | None = None) -> AbstractAsyncContextManager[Path]:
        """Provide a local path with the file's bytes, for engines and probes, read-only; raises as :meth:`open`."""

    async def delete(self, key: str) -> None:
        """Delete the file; no error if it does not exist."""

    def keys(self, prefix: str = "") -> AsyncIterator[str]:
        """Iterate over all keys that begin with ``prefix``."""

    async def discard_stale(self, older_than: float) -> int:
        """Discard staged files not modified since that Unix time; returns how many."""
