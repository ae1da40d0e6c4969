"""Client side of the ``dmxapi`` dialect: the bare key, every field a part of a form, ids with a suffix."""

from __future__ import annotations

from filmgate.wire.upstream.base import Upstream
from filmgate.wire.upstream.openai import FAILURE_WORDS, STATUS_WORDS

__all__ = ["DMXAPI"]

DMXAPI = Upstream(name="dmxapi", statuses=STATUS_WORDS, failure_words=FAILURE_WORDS, auth_scheme="")
