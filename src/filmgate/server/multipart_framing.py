"""What RFC 2046 allows around the delimiters of a multipart body and the parser does not: a preamble, and blanks."""

from __future__ import annotations

from collections.abc import Iterator

from filmgate.errors import MalformedBody

__all__ = ["DelimiterFilter"]

MAX_BLANKS = 1000
"""Maximum spaces and tabs behind a delimiter."""


class DelimiterFilter:
    """Drops the preamble, and the blanks between a delimiter and its line break; every other byte passes.

    Args:
        boundary: from the content type.
    """

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"\r\n--" + boundary
        self._rest = b"\r\n"  # the line break that the first delimiter need not have
        self._in_preamble = True
        self._behind_delimiter = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what remains of the next bytes; the last few may wait for the next chunk.

        Raises:
            MalformedBody: there are too many blanks behind a delimiter.
        """
        data = self._rest + chunk
        at = 0
        while True:
            if self._behind_delimiter:
                end = _end_of_blanks(data, at)
                if end == len(data) or data[end:] == b"\r":
                    break
                if data.startswith(b"\r\n", end):
                    at = end
                self._behind_delimiter = False
            found = data.find(self._delimiter, at)
            if found < 0:
                break
            end = found + len(self._delimiter)
            yield data[found + 2 : end] if self._in_preamble else data[at:end]
            self._in_preamble, self._behind_delimiter, at = False, True, end
        if not self._behind_delimiter:
            safe = max(at, len(data) - len(self._delimiter) + 1)
            if not self._in_preamble and safe > at:
                yield data[at:safe]
            at = safe
        self._rest = data[at:]

    def finish(self) -> Iterator[bytes]:
        """Yield what was held back, at the end of the body."""
        if not self._in_preamble and self._rest:
            yield self._rest


def _end_of_blanks(data: bytes, at: int) -> int:
    end = at
    while end < len(data) and data[end] in b" \t":
        end += 1
        if end - at > MAX_BLANKS:
            raise MalformedBody("The multipart body has too many blanks behind a boundary.")
    return end
