"""The headers that tell how a key stands with its creates a minute."""

from __future__ import annotations

import math

from filmgate.server.reply import Header
from filmgate.store import Principal
from filmgate.videos import Videos

__all__ = ["rate_headers"]


async def rate_headers(videos: Videos, principal: Principal) -> list[Header]:
    """``x-ratelimit-{limit,remaining,reset}-requests``; none if the key has no such limit."""
    rate = await videos.rate(principal)
    if rate is None:
        return []
    return [
        (b"x-ratelimit-limit-requests", b"%d" % rate.limit),
        (b"x-ratelimit-remaining-requests", b"%d" % rate.remaining),
        (b"x-ratelimit-reset-requests", b"%ds" % math.ceil(max(0.0, rate.reset))),
    ]
