"""Client side of the ``openai`` dialect: the contract as OpenAI's SDKs use it."""

from __future__ import annotations

from collections.abc import Mapping

from filmgate.domain import VideoError
from filmgate.wire.upstream.base import Upstream, status_table

__all__ = ["FAILURE_WORDS", "OPENAI", "STATUS_WORDS"]

STATUS_WORDS = status_table(
    queued="queued pending submitted waiting",
    in_progress="in_progress processing running generating",
    completed="completed succeeded success",
    failed="failed failure error",
)
"""The contract's four statuses, and the synonyms seen from servers that claim to follow it."""

FAILURE_WORDS: Mapping[str, VideoError] = {
    "cancelled": VideoError("cancelled", "The video was cancelled."),
    "canceled": VideoError("cancelled", "The video was cancelled."),
    "deleted": VideoError("upstream_deleted", "The engine deleted the video."),
    "expired": VideoError("upstream_expired", "The engine let the video expire."),
}
"""Status words of a job that ended without a video."""

OPENAI = Upstream(name="openai", statuses=STATUS_WORDS, failure_words=FAILURE_WORDS)
