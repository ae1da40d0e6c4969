"""The ``openai`` dialect from the client's side: the contract as its own SDKs speak it."""

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
"""The contract's four, and what servers that claim to keep it were seen to say for them."""

FAILURE_WORDS: Mapping[str, VideoError] = {
    "cancelled": VideoError("cancelled", "The video was cancelled."),
    "canceled": VideoError("cancelled", "The video was cancelled."),
    "deleted": VideoError("upstream_deleted", "The engine deleted the video."),
    "expired": VideoError("upstream_expired", "The engine let the video expire."),
}
"""Words for an end without a film."""

OPENAI = Upstream(name="openai", statuses=STATUS_WORDS, failure_words=FAILURE_WORDS)
