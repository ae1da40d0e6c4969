"""The API as others speak it, seen from its client: used by the engine ``openai-videos`` and by the SDK.

``UPSTREAMS`` holds every way by its name: the four dialects, and the model servers' flavours of ``openai``.
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
"""The vendors' own."""

UPSTREAMS: dict[str, Upstream] = DIALECTS | FLAVOURS
"""Everything that can be spoken to."""
