"""Other servers' Videos APIs from the client's side: for the engine ``openai-videos`` and the SDK.

``UPSTREAMS`` holds every variant by its name: the four dialects, and the model servers' flavours of ``openai``.
"""

from __future__ import annotations

from filmgate.wire.upstream.apiyi import APIYI
from filmgate.wire.upstream.apiyi_async import APIYI_ASYNC
from filmgate.wire.upstream.base import HttpCall, JobReport, JobRequest, ListedJob, ReferenceImage, Upstream
from filmgate.wire.upstream.dmxapi import DMXAPI
from filmgate.wire.upstream.flavours import FLAVOURS, detect_flavour
from filmgate.wire.upstream.openai import OPENAI
from filmgate.wire.upstream.status_codes import ReplyKind

__all__ = [
    "DIALECTS",
    "FLAVOURS",
    "UPSTREAMS",
    "HttpCall",
    "JobReport",
    "JobRequest",
    "ListedJob",
    "ReferenceImage",
    "ReplyKind",
    "Upstream",
    "detect_flavour",
]

DIALECTS: dict[str, Upstream] = {each.name: each for each in (OPENAI, DMXAPI, APIYI, APIYI_ASYNC)}
"""The vendors' dialects."""

UPSTREAMS: dict[str, Upstream] = DIALECTS | FLAVOURS
"""All dialects and flavours."""
