"""Writes downloaded bytes to a file, off the event loop."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import BinaryIO

from filmgate.errors import StorageFault

__all__ = ["BLOCK_BYTES", "open_for_writing", "truncate", "write_block"]

BLOCK_BYTES = 1024 * 1024
"""Bytes that are buffered before a write."""


def open_for_writing(into: Path) -> BinaryIO:
    """Create a file, or truncate an existing one.

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
    """Empty the file and continue at its start.

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
    file.flush()  # here, so that a full disk raises in this call and not when the file is closed
