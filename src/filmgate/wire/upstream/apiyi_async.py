"""The ``apiyi-async`` dialect from the client's side: ``submitted`` for queued, errors as text, the film at ``url``."""

from __future__ import annotations

from filmgate.wire.upstream.base import Upstream, words
from filmgate.wire.upstream.openai import ENDINGS

__all__ = ["APIYI_ASYNC"]

APIYI_ASYNC = Upstream(
    name="apiyi-async",
    statuses=words(
        queued="submitted queued pending",
        in_progress="in_progress processing running",
        completed="completed succeeded success",
        failed="failed failure error",
    ),
    endings=ENDINGS,
    scheme="",
    url_keys=("url",),
    running=5,
    creates_a_minute=10,
)
