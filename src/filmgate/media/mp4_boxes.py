"""Reads an MP4's top-level boxes: whether the file is whole, and whether a player can start before it has all of it.

A decoder accepts a video that lost its second half, as long as the index comes first; the boxes reveal the loss.
The server and the SDK share this module, so it needs no decoder: ``filmgate`` installs without one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from filmgate.errors import BadArtifact

__all__ = ["Box", "is_faststart", "walk", "walk_video"]

BOX_LIMIT = 100_000
"""Maximum number of boxes in a file; a file with more is no video but an attempt to waste our time."""

_HEADER = 8
_LARGE_HEADER = 16


class Box(Struct, frozen=True):
    """One top-level box."""

    kind: str  # "ftyp", "moov", "mdat", "free" …
    offset: int  # of its header, in bytes from the file's start
    size: int  # header and content, in bytes


def walk(path: Path) -> list[Box]:
    """List all top-level boxes in file order; together they cover the file exactly.

    Raises:
        BadArtifact: the file is empty, cut short, or made of something else.
    """
    with path.open("rb") as file:
        end = os.fstat(file.fileno()).st_size
        boxes: list[Box] = []
        at = 0
        while at < end:
            if len(boxes) == BOX_LIMIT:
                raise BadArtifact("The file is no MP4: it has too many boxes.")
            boxes.append(_read(file, at, end))
            at += boxes[-1].size
    if not boxes:
        raise BadArtifact("The file is empty.")
    return boxes


def walk_video(path: Path) -> list[Box]:
    """List the top-level boxes of a whole video: a file type, one index and media data.

    Raises:
        BadArtifact: the file is no whole MP4, or lacks one of these boxes.
    """
    boxes = walk(path)
    kinds = [box.kind for box in boxes]
    if kinds[0] != "ftyp":
        raise BadArtifact("The file is no MP4: it does not begin with its type.")
    if kinds.count("moov") != 1:
        raise BadArtifact("The video has no index." if "moov" not in kinds else "The video has more than one index.")
    if "mdat" not in kinds:
        raise BadArtifact("The video has an index, but no data.")
    return boxes


def is_faststart(boxes: list[Box]) -> bool:
    """Whether the index (``moov``) comes before the data (``mdat``)."""
    kinds = [box.kind for box in boxes]
    return "moov" in kinds and ("mdat" not in kinds or kinds.index("moov") < kinds.index("mdat"))


def _read(file: BinaryIO, at: int, end: int) -> Box:
    file.seek(at)
    header = file.read(_LARGE_HEADER)
    if len(header) < _HEADER:
        raise BadArtifact(f"The file is cut short: it ends within a box's header, after {end} bytes.")
    size, kind = int.from_bytes(header[:4], "big"), header[4:_HEADER]
    if not (kind.isascii() and kind.decode().isprintable()):
        raise BadArtifact(f"The file is no MP4: there is no box at byte {at}.")
    length = _HEADER
    if size == 0:  # to the end of the file
        size = end - at
    elif size == 1:  # the real one follows, in 64 bits
        if len(header) < _LARGE_HEADER:
            raise BadArtifact(f"The file is cut short: it ends within a box's header, after {end} bytes.")
        size, length = int.from_bytes(header[_HEADER:], "big"), _LARGE_HEADER
    if size < length:
        raise BadArtifact(f"The file is no MP4: the box at byte {at} is smaller than its own header.")
    if at + size > end:
        raise BadArtifact(f"The file is cut short: {end} of at least {at + size} bytes.")
    return Box(kind.decode("ascii"), at, size)
