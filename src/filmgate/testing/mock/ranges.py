"""Range requests on a correct response (RFC 9110): one range, and If-Range by ETag."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from filmgate.testing.mock.reply import MockReply

__all__ = ["apply_range"]

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def apply_range(full_reply: MockReply, headers: Mapping[str, str]) -> MockReply:
    """The requested part: 206, 416, or the whole response if no range is requested."""
    match = _RANGE.fullmatch(headers.get("Range", ""))
    etag = full_reply.headers["ETag"]
    if match is None or match.group() == "bytes=-" or headers.get("If-Range", etag) != etag:
        return full_reply
    size = len(full_reply.body)
    first, last = _bounds(match[1], match[2], size)
    if first > last:
        return full_reply.replaced(status=416, body=b"", headers={"Content-Range": f"bytes */{size}"})
    part = {"Content-Range": f"bytes {first}-{last}/{size}"}
    return full_reply.replaced(status=206, body=full_reply.body[first : last + 1], headers=part)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1
