"""The server-sent events of ``GET /v1/videos/{id}/events``, as bytes."""

from __future__ import annotations

import msgspec

from filmgate.wire.objects import encode

__all__ = ["PING", "completed", "failed", "progress", "queued"]

PING = b": ping\n\n"
"""A comment that keeps proxies from cutting a quiet stream."""


class _Queued(msgspec.Struct, frozen=True):
    position: int
    eta_seconds: float | None


class _Progress(msgspec.Struct, frozen=True):
    progress: int
    eta_seconds: float | None


def queued(position: int, eta_seconds: float | None) -> bytes:
    """It waits: ``position`` 1 is next; ``eta_seconds`` until it is completed, by experience."""
    return _event(b"queued", encode(_Queued(position, eta_seconds)))


def progress(percent: int, eta_seconds: float | None) -> bytes:
    """It is being made."""
    return _event(b"progress", encode(_Progress(percent, eta_seconds)))


def completed(video: bytes) -> bytes:
    """It is done; ``video`` is the rendered object. Nothing follows."""
    return _event(b"completed", video)


def failed(video: bytes) -> bytes:
    """It failed; ``video`` is the rendered object and says why. Nothing follows."""
    return _event(b"failed", video)


def _event(name: bytes, data: bytes) -> bytes:
    # Compact JSON has no line break, so one data line always suffices.
    return b"event: %b\ndata: %b\n\n" % (name, data)
