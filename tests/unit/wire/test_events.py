"""Server-sent events, byte for byte."""

from __future__ import annotations

from filmgate.wire import events

VIDEO = b'{"id":"video_1","status":"queued"}'


def test_queued() -> None:
    """A queued video comes with its place and the seconds it will take."""
    data = b'{"id":"video_1","status":"queued","position":2,"eta_seconds":12.5}'
    assert events.queued(VIDEO, 2, 12.5) == b"event: queued\ndata: " + data + b"\n\n"


def test_progress() -> None:
    """A video that is being made has no place any more."""
    data = b'{"id":"video_1","status":"queued","position":0,"eta_seconds":null}'
    assert events.progress(VIDEO, None) == b"event: progress\ndata: " + data + b"\n\n"


def test_ends() -> None:
    """A finished video is shown as it is."""
    assert events.completed(VIDEO) == b"event: completed\ndata: " + VIDEO + b"\n\n"
    assert events.failed(VIDEO) == b"event: failed\ndata: " + VIDEO + b"\n\n"


def test_ping() -> None:
    """A sign of life is a comment, which no client sees."""
    assert events.PING_COMMENT.startswith(b":")
    assert events.PING_COMMENT.endswith(b"\n\n")
