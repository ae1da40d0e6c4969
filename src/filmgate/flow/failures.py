"""Why a video fails, in words that its owner may read: no host, path or key of anybody."""

from __future__ import annotations

import re

from filmgate.errors import EngineError
from filmgate.video import VideoError

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
    "of",
    "publishable",
]

CANCELLED = VideoError("cancelled", "The video was cancelled.")
DOWNLOAD_FAILED = VideoError("download_failed", "The video was made, but its file could not be fetched.")
ENGINE_ERROR = VideoError("engine_error", "The engine could not make the video.")
ENGINE_REMOVED = VideoError("engine_removed", "The engine of this video is no longer part of the server.")
ENGINE_TIMEOUT = VideoError("engine_timeout", "The engine did not finish the video in time.")
ENGINE_UNAVAILABLE = VideoError("engine_unavailable", "The engine could not be reached in time.")
INVALID_OUTPUT = VideoError("invalid_output", "The engine delivered something that is not the video asked for.")
REFERENCE_GONE = VideoError("reference_gone", "The reference image is no longer there.")
STORAGE_FAULT = VideoError("storage_fault", "The video was made, but it could not be stored.")
SUBMISSION_UNKNOWN = VideoError(
    "submission_unknown",
    "It is not known whether the engine accepted the video; it was not submitted again and nothing is charged.",
)
UPSTREAM_LOST = VideoError("upstream_lost", "The engine no longer knows the video.")

_OURS = (
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
CODES = frozenset({"engine_rejected", "moderation_blocked", *(error.code for error in _OURS)})
"""The codes that failed videos usually have; an upstream may bring others."""

_LONGEST = 500
_SECRETS = re.compile(
    r"""
    \w+://\S+                                             # an address with its scheme
    | \b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b                # an IPv4 address
    | \b(?:[a-z0-9-]+\.)+(?:[a-z]{2,24})(?::\d+|/\S*)     # a host with a port or a path
    | \blocalhost(?::\d+)?\b
    | (?<![\w/])(?:~|\.{0,2})/(?:[\w.@+-]+/)+[\w.@+-]*    # a path in a file system
    | \b(?:sk|pk|key|token|bearer)[-_ ][\w-]{8,}          # a key by its prefix
    | \b[A-Za-z0-9_-]{32,}\b                              # any long opaque word
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def of(error: EngineError) -> VideoError:
    """What a video says that failed by an engine's error."""
    return publishable(VideoError(error.code or ENGINE_ERROR.code, error.message))


def publishable(error: VideoError | None) -> VideoError:
    """An engine's own words without hosts, addresses, paths and keys; our words where it had none."""
    if error is None or not error.message.strip():
        return ENGINE_ERROR if error is None else VideoError(error.code or ENGINE_ERROR.code, ENGINE_ERROR.message)
    text = _SECRETS.sub("…", error.message.strip())
    return VideoError(error.code or ENGINE_ERROR.code, text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")
