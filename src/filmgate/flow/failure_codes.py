"""Error codes and messages of failed videos, safe for clients: no host, path or key."""

from __future__ import annotations

from filmgate.domain import CANCELLED, VideoError
from filmgate.errors import EngineError
from filmgate.wire.upstream.error_text import redact

__all__ = [
    "CANCELLED",
    "CODES",
    "DOWNLOAD_FAILED",
    "ENGINE_ERROR",
    "ENGINE_REMOVED",
    "ENGINE_TIMEOUT",
    "ENGINE_UNAVAILABLE",
    "INVALID_OUTPUT",
    "REFERENCE_GONE",
    "STORAGE_FAULT",
    "SUBMISSION_UNKNOWN",
    "UPSTREAM_LOST",
    "from_engine_error",
    "public_error",
]

DOWNLOAD_FAILED = VideoError("download_failed", "The video was made, but its file could not be fetched.")
ENGINE_ERROR = VideoError("engine_error", "The engine could not make the video.")
ENGINE_REMOVED = VideoError("engine_removed", "The engine of this video is no longer part of the server.")
ENGINE_TIMEOUT = VideoError("engine_timeout", "The engine did not finish the video in time.")
ENGINE_UNAVAILABLE = VideoError("engine_unavailable", "The engine could not be reached in time.")
INVALID_OUTPUT = VideoError("invalid_output", "The engine delivered something other than the requested video.")
REFERENCE_GONE = VideoError("reference_gone", "The reference image is no longer there.")
STORAGE_FAULT = VideoError("storage_fault", "The video was made, but it could not be stored.")
SUBMISSION_UNKNOWN = VideoError(
    "submission_unknown",
    "It is not known whether the engine accepted the video; it was not submitted again and nothing is charged.",
)
UPSTREAM_LOST = VideoError("upstream_lost", "The engine no longer knows the video.")

_OWN_ERRORS = (
    CANCELLED,
    DOWNLOAD_FAILED,
    ENGINE_ERROR,
    ENGINE_REMOVED,
    ENGINE_TIMEOUT,
    ENGINE_UNAVAILABLE,
    INVALID_OUTPUT,
    REFERENCE_GONE,
    STORAGE_FAULT,
    SUBMISSION_UNKNOWN,
    UPSTREAM_LOST,
)
CODES = frozenset({"engine_rejected", "moderation_blocked", *(error.code for error in _OWN_ERRORS)})
"""The usual codes of failed videos; an upstream may send others."""


def from_engine_error(error: EngineError) -> VideoError:
    """Return the client-visible error for an engine's error."""
    return public_error(VideoError(error.code or ENGINE_ERROR.code, error.message))


def public_error(error: VideoError | None) -> VideoError:
    """Return an engine's own message without hosts, addresses, paths and keys; ours if it has none."""
    if error is None:
        return ENGINE_ERROR
    return VideoError(error.code or ENGINE_ERROR.code, redact(error.message) or ENGINE_ERROR.message)
