"""Ranges of an honest answer (RFC 9110): one range, and If-Range by ETag."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from filmgate.testing.mock.reply import Reply

__all__ = ["apply"]

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def apply(whole: Reply, headers: Mapping[str, str]) -> Reply:
    """The part that a request asks for: 206, 416, or the whole where it asks for none."""
    match = _RANGE.fullmatch(headers.get("Range", ""))
    etag = whole.headers["ETag"]
    if match is None or match.group() == "bytes=-" or headers.get("If-Range", etag) != etag:
        return whole
    size = len(whole.body)
    first, last = _bounds(match[1], match[2], size)
    if first > last:
        return whole.but(status=416, body=b"", headers={"Content-Range": f"bytes */{size}"})
    part = {"Content-Range": f"bytes {first}-{last}/{size}"}
    return whole.but(status=206, body=whole.body[first : last + 1], headers=part)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1
