"""Client side of the ``apiyi-async`` dialect: ``submitted`` for queued, errors as text, the video file at ``url``."""

from __future__ import annotations

from filmgate.wire.upstream.base import Upstream, status_table
from filmgate.wire.upstream.openai import FAILURE_WORDS

__all__ = ["APIYI_ASYNC"]

APIYI_ASYNC = Upstream(
    name="apiyi-async",
    statuses=status_table(
        queued="submitted queued pending",
        in_progress="in_progress processing running",
        completed="completed succeeded success",
        failed="failed failure error",
    ),
    failure_words=FAILURE_WORDS,
    auth_scheme="",
    url_keys=("url",),
    max_running=5,
    creates_per_minute=10,
)
