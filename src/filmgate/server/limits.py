"""The headers that tell how a key stands with its creates a minute."""

from __future__ import annotations

import math

from filmgate.server.request import Call
from filmgate.server.responses import Header
from filmgate.services.videos import VideoService

__all__ = ["rate_headers"]


async def rate_headers(videos: VideoService, call: Call) -> list[Header]:
    """``x-ratelimit-{limit,remaining,reset}-requests``; none if neither the key nor the dialect has such a limit."""
    rate = await videos.rate(call.principal, call.dialect.limits)
    if rate is None:
        return []
    return [
        (b"x-ratelimit-limit-requests", b"%d" % rate.limit),
        (b"x-ratelimit-remaining-requests", b"%d" % rate.remaining),
        (b"x-ratelimit-reset-requests", b"%ds" % math.ceil(max(0.0, rate.reset))),
    ]
