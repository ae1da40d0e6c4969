"""Writes whole files in one step: readers, and a machine that crashes, see the old content or the new, never a part.

The content goes to a temporary file in the same folder, which then takes the name of the target.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["atomic_create", "atomic_write", "sync"]


def atomic_write(path: Path, content: bytes, *, mode: int = 0o666, durable: bool = True) -> None:
    """Write a file, replacing one that exists.

    Args:
        path: the file; its folder exists.
        content: all of its bytes.
        mode: its permission bits; the process's umask is taken off.
        durable: sync the file before the rename and its folder after, so that a power cut loses neither. Without,
            a power cut may leave an old or an empty file.

    Raises:
        OSError: the file can't be written; the old one is unchanged.
    """
    with _temporary(path, content, mode, durable=durable) as draft:
        draft.replace(path)
    if durable:
        sync(path.parent)


def atomic_create(path: Path, content: bytes, *, mode: int = 0o666) -> None:
    """Write a file that does not exist yet; of several processes that create it at once, exactly one succeeds.

    Args:
        path: the file; its folder exists, and supports hard links.
        content: all of its bytes.
        mode: its permission bits; the process's umask is taken off.

    Raises:
        FileExistsError: the file exists. It is as safe from a power cut as one that was created here.
        OSError: the file can't be written.
    """
    try:
        with _temporary(path, content, mode, durable=True) as draft:
            os.link(draft, path)  # unlike a rename, a link never replaces a file
    finally:
        sync(path.parent)


def sync(path: Path) -> None:
    """Wait until the content of a file, or the names in a folder, are on the disk.

    Raises:
        OSError: the disk failed.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _temporary(path: Path, content: bytes, mode: int, *, durable: bool) -> Iterator[Path]:
    """A file with the content beside ``path``; removed at the end unless it was renamed."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)
