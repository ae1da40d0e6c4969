"""The server-sent events of ``GET /v1/videos/{id}/events``, as bytes.

An event's data is the rendered video; while it is unfinished, with its ``position`` in the queue (0: it is running)
and ``eta_seconds`` beside its own keys.
"""

from __future__ import annotations

import msgspec

from filmgate.wire.objects import encode

__all__ = ["PING_COMMENT", "completed", "failed", "progress", "queued"]

PING_COMMENT = b": ping\n\n"
"""An SSE comment that keeps proxies from cutting a silent stream."""


class _QueueEta(msgspec.Struct, frozen=True):
    position: int
    eta_seconds: float | None


def queued(video: bytes, position: int, eta_seconds: float | None) -> bytes:
    """Encode ``queued``: ``position`` 1 is next; ``eta_seconds`` until completion, estimated from past videos."""
    return _sse_event(b"queued", _with_eta(video, position, eta_seconds))


def progress(video: bytes, eta_seconds: float | None) -> bytes:
    """Encode ``progress``: the video is running."""
    return _sse_event(b"progress", _with_eta(video, 0, eta_seconds))


def completed(video: bytes) -> bytes:
    """Encode ``completed``, the last event."""
    return _sse_event(b"completed", video)


def failed(video: bytes) -> bytes:
    """Encode ``failed``, the last event; the video holds the reason."""
    return _sse_event(b"failed", video)


def _with_eta(video: bytes, position: int, eta_seconds: float | None) -> bytes:
    return b"%b,%b" % (video[:-1], encode(_QueueEta(position, eta_seconds))[1:])


def _sse_event(name: bytes, data: bytes) -> bytes:
    # Compact JSON has no line break, so one data line is enough.
    return b"event: %b\ndata: %b\n\n" % (name, data)
