"""The Range and conditional headers of RFC 9110, for one file: pure."""

from __future__ import annotations

import re

from msgspec import Struct

from filmgate.errors import RangeNotSatisfiable

__all__ = ["Span", "is_unchanged", "select"]

_ONE_RANGE = re.compile(r"bytes[ \t]*=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


class Span(Struct, frozen=True):
    """A stretch of a file."""

    offset: int
    length: int

    def content_range(self, size: int) -> str:
        """The value of Content-Range."""
        return f"bytes {self.offset}-{self.offset + self.length - 1}/{size}"


def select(size: int, etag: str, header: str | None, if_range: str | None) -> Span | None:
    """The part of a file that a request asks for; None: the whole.

    What is no single range of bytes (another unit, bad syntax, several ranges) may be ignored by RFC 9110, and is. So
    is a range whose ``If-Range`` is not exactly this file's strong ETag.

    Raises:
        RangeNotSatisfiable: the range begins behind the end.
    """
    match = _ONE_RANGE.fullmatch(header.strip()) if header else None
    if match is None or (if_range is not None and if_range.strip() != etag):
        return None
    first, last = match[1], match[2]
    if first:
        return _from(int(first), int(last) if last else size - 1, size)
    return _tail(int(last), size) if last else None


def is_unchanged(etag: str, if_none_match: str | None) -> bool:
    """Whether the client has this very file already."""
    if if_none_match is None:
        return False
    candidates = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return "*" in candidates or etag in candidates


def _from(first: int, last: int, size: int) -> Span | None:
    if last < first and last != size - 1:
        return None
    if first >= size:
        raise RangeNotSatisfiable
    return Span(first, min(last, size - 1) - first + 1)


def _tail(length: int, size: int) -> Span:
    if length == 0 or size == 0:
        raise RangeNotSatisfiable
    return Span(max(0, size - length), min(length, size))
