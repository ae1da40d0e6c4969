"""Files in a local folder: ``<root>/kept/…`` holds stored files, ``<root>/staging`` those being written."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import re
import secrets
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import islice
from pathlib import Path
from typing import Protocol

from filmgate.errors import DamagedFile, StorageFault
from filmgate.storage.base import StoredObject

__all__ = ["LocalReader", "LocalStorage", "OsCalls"]

KEY_LIMIT = 255
"""Maximum length of a key in characters."""

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]*(?:/[a-z0-9][a-z0-9_-]*)*(?:\.[a-z0-9]+)?", re.ASCII)
_SUFFIX = re.compile(r"(?:\.[a-z0-9]+)?", re.ASCII)
_BLOCK = 1024 * 1024
_NO_WAIT: int | None = getattr(os, "RWF_NOWAIT", None)


class OsCalls(Protocol):
    """Operating system calls of the storage beyond plain reading; tests replace them to simulate a failing disk."""

    def fsync(self, descriptor: int) -> None:
        """Wait until the file or folder is on the disk."""

    def replace(self, source: Path, target: Path) -> None:
        """Rename the file atomically."""

    def preadv(self, descriptor: int, buffers: list[bytearray], offset: int, flags: int) -> int:
        """Read at a position; BlockingIOError if ``flags`` forbid waiting for the disk."""


class LocalReader:
    """An open local file. Bytes in the page cache are read at once, all others by a thread."""

    def __init__(self, descriptor: int, system: OsCalls) -> None:
        self._descriptor = descriptor
        self._system = system
        self._size = os.fstat(descriptor).st_size

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self._size

    def fileno(self) -> int | None:
        """Return the descriptor, for sendfile."""
        return self._descriptor

    async def read(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes from ``offset``; fewer only at the end. 128 to 256 KiB at a time are fastest.

        Raises:
            StorageFault: the disk can't be read.
        """
        length = max(0, min(length, self._size - offset))
        data = self._read_cached(offset, length)
        if len(data) == length:
            return data
        with _translate_errors("read"):
            return await asyncio.to_thread(self._read_all, offset, length)

    def close(self) -> None:
        """Close the descriptor; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _read_cached(self, offset: int, length: int) -> bytes:
        """Return what the page cache holds of the range, without waiting for the disk: all, a part or nothing."""
        if _NO_WAIT is None:
            return b""
        try:
            return self._preadv(offset, length, _NO_WAIT)
        except OSError:
            # EAGAIN: not cached; EOPNOTSUPP: unsupported by the file system. For other errors, the thread raises.
            return b""

    def _preadv(self, offset: int, length: int, flags: int) -> bytes:
        buffer = bytearray(length)
        count = self._system.preadv(self._descriptor, [buffer], offset, flags)
        return bytes(memoryview(buffer)[:count])

    def _read_all(self, offset: int, length: int) -> bytes:
        parts: list[bytes] = []
        while length > 0 and (part := self._preadv(offset, length, 0)):
            parts.append(part)
            offset, length = offset + len(part), length - len(part)
        return b"".join(parts)


class LocalStorage:
    """A folder that belongs to Filmgate alone.

    Args:
        root: created if it is missing; must contain nothing else.
        system: the operating system calls, or a test's.

    Raises:
        StorageFault: the folder can't be created.
    """

    def __init__(self, root: Path, *, system: OsCalls = os) -> None:
        self._files_folder = root / "kept"
        self._staging_folder = root / "staging"
        self._system = system
        self._mkdir_lock = threading.Lock()
        self._synced_folders: set[Path] = set()
        with _translate_errors("created"):
            for folder in (root, self._files_folder, self._staging_folder):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._sync_folder(root.parent)

    def staging_path(self, suffix: str = "") -> Path:
        """Return a fresh path to write to; the name is random."""
        if not _SUFFIX.fullmatch(suffix):
            raise ValueError(f"not a suffix: {suffix!r}")
        return self._staging_folder / f"{secrets.token_hex(16)}{suffix}"

    async def commit(self, staged: Path, key: str) -> StoredObject:
        """Sync the staged file, move it under its key (replacing an existing file), sync the folder.

        Raises:
            StorageFault: disk full, read-only, I/O error; the staged file remains, and the caller discards it.
        """
        target = self._path(key)
        with _translate_errors("written"):
            size, digest = await asyncio.to_thread(self._commit, staged, target)
        return StoredObject(key=key, bytes=size, sha256=digest)

    async def open(self, key: str, size: int | None = None) -> LocalReader:
        """Open for reading; an open file can still be read after the key is deleted or replaced.

        Args:
            key: of the file.
            size: its length in bytes, as it was stored; None: unknown.

        Raises:
            FileNotFoundError: no such key.
            DamagedFile: it has another length: a disk that was full or failed, or a restore that was cut off.
            StorageFault: the disk can't be read.
        """
        path = self._path(key)
        with _translate_errors("read", passed_through=FileNotFoundError):
            if not path.is_file():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), key)
            reader = LocalReader(os.open(path, os.O_RDONLY | os.O_CLOEXEC), self._system)
        if size is not None and reader.size != size:
            reader.close()
            _report_damage(key, size, reader.size)
            raise DamagedFile
        return reader

    @asynccontextmanager
    async def local_path(self, key: str, size: int | None = None) -> AsyncIterator[Path]:
        """Provide the path of the file itself; read-only.

        Raises:
            FileNotFoundError: no such key.
            DamagedFile: as :meth:`open` says.
        """
        (await self.open(key, size)).close()
        yield self._path(key)

    async def delete(self, key: str) -> None:
        """Delete the file; no error if it does not exist."""
        path = self._path(key)
        with _translate_errors("removed"):
            await asyncio.to_thread(path.unlink, missing_ok=True)

    def modified_at(self, key: str) -> float:
        """Return when the file was written, Unix time; infinity if it no longer exists.

        Raises:
            StorageFault: the disk can't be read.
        """
        with _translate_errors("read"):
            try:
                return self._path(key).stat().st_mtime
            except FileNotFoundError:
                return float("inf")

    async def keys(self, prefix: str = "") -> AsyncIterator[str]:
        """Iterate over all keys that begin with ``prefix``, folder by folder; concurrent changes may be missed."""
        folder = prefix.rpartition("/")[0]
        keys = self._walk(self._path(folder) if folder else self._files_folder)
        with _translate_errors("read"):
            while batch := await asyncio.to_thread(_next_batch, keys):
                for key in batch:
                    if key.startswith(prefix):
                        yield key

    async def discard_stale(self, older_than: float) -> int:
        """Discard staged files not modified since that Unix time; returns how many."""
        with _translate_errors("removed"):
            return await asyncio.to_thread(self._discard_stale, older_than)

    def _path(self, key: str) -> Path:
        if len(key) > KEY_LIMIT or not _KEY.fullmatch(key):
            raise ValueError(f"not a key: {key!r}")
        return self._files_folder / key

    def _commit(self, staged: Path, target: Path) -> tuple[int, str]:
        with staged.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
            self._system.fsync(file.fileno())
        with self._mkdir_lock:
            self._make_folder(target.parent)
        self._system.replace(staged, target)
        self._sync_folder(target.parent)
        return size, digest

    def _make_folder(self, folder: Path) -> None:
        """Create a folder and its parents, and sync each parent; a name is durable once its folder is synced.

        An existing folder may come from a process that died before it synced: it counts only once we synced it.
        """
        if folder in self._synced_folders and folder.is_dir():
            return
        if folder != self._files_folder:
            self._make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        self._sync_folder(folder.parent)
        self._synced_folders.add(folder)

    def _sync_folder(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._system.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _walk(self, folder: Path) -> Iterator[str]:
        for path, folders, files in os.walk(folder):
            folders.sort()
            parent = Path(path).relative_to(self._files_folder)
            yield from (key for name in sorted(files) if _KEY.fullmatch(key := (parent / name).as_posix()))

    def _discard_stale(self, older_than: float) -> int:
        count = 0
        for path in self._staging_folder.iterdir():
            try:
                if path.stat().st_mtime < older_than:
                    path.unlink()
                    count += 1
            except FileNotFoundError:
                continue  # stored or discarded in the meantime
        return count


def _next_batch(keys: Iterator[str]) -> list[str]:
    return list(islice(keys, 1000))


_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EIO: "the disk reports an I/O error",
    errno.EACCES: "it is not permitted",
    errno.EPERM: "it is not permitted",
    errno.ENOENT: "it is gone",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
}


@contextmanager
def _translate_errors(action: str, *, passed_through: type[OSError] | tuple[()] = ()) -> Iterator[None]:
    """Turn an OSError into a StorageFault without a path: the message may reach a client."""
    try:
        yield
    except passed_through:
        raise
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or "unknown reason")
        raise StorageFault(f"A file can't be {action}: {reason}.") from error


def _report_damage(key: str, expected: int, found: int) -> None:
    """Tell the operator."""
    import structlog  # noqa: PLC0415 - commands that only read rows load no logging

    structlog.get_logger().error("storage.damaged", key=key, expected_bytes=expected, found_bytes=found)
