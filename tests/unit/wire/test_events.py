"""Server-sent events, byte for byte."""

from __future__ import annotations

from filmgate.wire import events

VIDEO = b'{"id":"video_1","status":"queued"}'


def test_queued_events() -> None:
    """They have the position and the estimated seconds."""
    data = b'{"id":"video_1","status":"queued","position":2,"eta_seconds":12.5}'
    assert events.queued(VIDEO, 2, 12.5) == b"event: queued\ndata: " + data + b"\n\n"


def test_progress_events() -> None:
    """A running video has position 0."""
    data = b'{"id":"video_1","status":"queued","position":0,"eta_seconds":null}'
    assert events.progress(VIDEO, None) == b"event: progress\ndata: " + data + b"\n\n"


def test_final_events() -> None:
    """They hold the finished video unchanged."""
    assert events.completed(VIDEO) == b"event: completed\ndata: " + VIDEO + b"\n\n"
    assert events.failed(VIDEO) == b"event: failed\ndata: " + VIDEO + b"\n\n"


def test_pings_are_comments() -> None:
    """No client sees a comment."""
    assert events.PING_COMMENT.startswith(b":")
    assert events.PING_COMMENT.endswith(b"\n\n")
