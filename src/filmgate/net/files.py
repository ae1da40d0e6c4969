"""Writing what comes in to a file, off the event loop."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import BinaryIO

from filmgate.errors import StorageFault

__all__ = ["BLOCK_BYTES", "open_for_writing", "truncate", "write_block"]

BLOCK_BYTES = 1024 * 1024
"""Bytes that are gathered before they are written."""


def open_for_writing(into: Path) -> BinaryIO:
    """A new file, or an old one made empty.

    Raises:
        StorageFault: it can't be written.
    """
    try:
        return into.open("wb")
    except OSError as error:
        raise StorageFault("A fetched file can't be written.") from error


async def write_block(file: BinaryIO, block: bytes | bytearray) -> None:
    """Write a block.

    Raises:
        StorageFault: it can't be written.
    """
    try:
        await asyncio.to_thread(_write_out, file, block)
    except OSError as error:
        raise StorageFault("A fetched file can't be written.") from error


def truncate(file: BinaryIO) -> None:
    """Begin again at the file's start.

    Raises:
        StorageFault: it can't be written.
    """
    try:
        file.seek(0)
        file.truncate()
    except OSError as error:
        raise StorageFault("A fetched file can't be written.") from error


def _write_out(file: BinaryIO, block: bytes | bytearray) -> None:
    file.write(block)
    file.flush()  # here, so that a full disk is not found by the file's closing
