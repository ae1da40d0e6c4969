"""Reads the type and size of an image from its header alone: clients have no image library installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from msgspec import Struct

from filmgate.domain import Size

__all__ = ["HAS_MAGIC", "ImageHeader", "read_header", "webp_size"]

HAS_MAGIC: dict[str, Callable[[bytes], bool]] = {
    "PNG": lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"),
    "JPEG": lambda data: data.startswith(b"\xff\xd8\xff"),
    "WebP": lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP",
}
"""Tests by type whether bytes start like a file of that type."""

_HEAD = 30
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # those three hold tables or are reserved
_WITHOUT_LENGTH = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})
_END_OF_HEADER = frozenset({0xD9, 0xDA})  # end of image, start of scan


class ImageHeader(Struct, frozen=True):
    """The header of an image; its pixels may still be damaged."""

    type: str  # a key of HAS_MAGIC
    size: Size  # as stored, before any EXIF orientation


def read_header(file: BinaryIO) -> ImageHeader | None:
    """Read the header of a PNG, JPEG or WebP from the file's start; None for other types."""
    head = file.read(_HEAD)
    kind = next((kind for kind, fits in HAS_MAGIC.items() if fits(head)), "")
    size = None
    if kind == "PNG" and head[12:16] == b"IHDR":
        size = Size(int.from_bytes(head[16:20]), int.from_bytes(head[20:24]))
    elif kind == "WebP":
        size = webp_size(head)
    elif kind == "JPEG":
        file.seek(2)
        size = _jpeg_size(file)
    return ImageHeader(kind, size) if size is not None and size.width and size.height else None


def webp_size(data: bytes) -> Size:
    """Read width and height from the first chunk: RFC 9649, sections 2.5 to 2.7."""
    kind, body = data[12:16], data[20:30].ljust(10, b"\0")
    if kind == b"VP8X":
        return Size(1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little"))
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return Size(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    return Size(int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF)


def _jpeg_size(file: BinaryIO) -> Size | None:
    """Read the size from the frame header, past the segments before it: ITU-T T.81, annex B."""
    while (marker := _next_marker(file)) is not None and marker not in _END_OF_HEADER:
        if marker in _WITHOUT_LENGTH:
            continue
        length = int.from_bytes(file.read(2))
        if marker in _START_OF_FRAME:
            frame = file.read(5)
            return Size(int.from_bytes(frame[3:5]), int.from_bytes(frame[1:3]))
        file.seek(max(0, length - 2), 1)
    return None


def _next_marker(file: BinaryIO) -> int | None:
    """Return the byte after the next run of 0xFF; None at the end of the file."""
    byte = file.read(1)
    while byte and byte != b"\xff":
        byte = file.read(1)
    while byte == b"\xff":
        byte = file.read(1)
    return byte[0] if byte else None
