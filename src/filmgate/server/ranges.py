"""Range and conditional headers of RFC 9110 for one file, as pure functions."""

from __future__ import annotations

import re

from msgspec import Struct

from filmgate.errors import RangeNotSatisfiable

__all__ = ["ByteRange", "is_not_modified", "select_range"]

_SINGLE_RANGE = re.compile(r"bytes[ \t]*=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


class ByteRange(Struct, frozen=True):
    """A byte range of a file."""

    offset: int
    length: int

    def content_range(self, size: int) -> str:
        """Return the value of Content-Range for a file of ``size`` bytes."""
        return f"bytes {self.offset}-{self.offset + self.length - 1}/{size}"


def select_range(size: int, etag: str, header: str | None, if_range: str | None) -> ByteRange | None:
    """Return the byte range that a request asks for; None: the whole file.

    RFC 9110 allows ignoring all but a single byte range (another unit, bad syntax, several ranges), and this does. It
    also ignores a range whose ``If-Range`` is not exactly this file's strong ETag.

    Raises:
        RangeNotSatisfiable: the range begins after the end.
    """
    match = _SINGLE_RANGE.fullmatch(header.strip()) if header else None
    if match is None or (if_range is not None and if_range.strip() != etag):
        return None
    first, last = match[1], match[2]
    if first:
        return _closed_range(int(first), int(last) if last else size - 1, size)
    return _suffix_range(int(last), size) if last else None


def is_not_modified(etag: str, if_none_match: str | None) -> bool:
    """Return whether the client already has this version of the file."""
    if if_none_match is None:
        return False
    candidates = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return "*" in candidates or etag in candidates


def _closed_range(first: int, last: int, size: int) -> ByteRange | None:
    if last < first and last != size - 1:
        return None
    if first >= size:
        raise RangeNotSatisfiable
    return ByteRange(first, min(last, size - 1) - first + 1)


def _suffix_range(length: int, size: int) -> ByteRange:
    if length == 0 or size == 0:
        raise RangeNotSatisfiable
    return ByteRange(max(0, size - length), min(length, size))
