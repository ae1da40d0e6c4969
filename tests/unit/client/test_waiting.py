"""Waiting: few requests, no late end, and no failure while a server restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from filmgate.client.effects import ApiResponse, Effect, Open, Procedure, Read, Send, TransportFailure
from filmgate.client.retrying import ClientState
from filmgate.client.waiting import events, poll_until_finished
from filmgate.errors import VideoNotFound, WaitTimeout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.client.conftest import Driver, HttpStub

    from filmgate.client.responses import VideoData


def _state(drive: Driver) -> ClientState:
    return ClientState(clock=drive.clock, jitter=lambda: 0.5)


class VideoServer:
    """A server whose video advances with the driver's clock, reaching 100 % after ``seconds``."""

    def __init__(self, drive: Driver, http_stub: HttpStub, *, seconds: float, long_polls: bool) -> None:
        self._driver = drive
        self._stub = http_stub
        self._seconds = seconds
        self._long_polls = long_polls
        self.waits: list[int] = []

    def __call__(self, effect: Effect) -> ApiResponse:
        """Answer a poll."""
        assert isinstance(effect, Send)
        wait = int(effect.request.params.get("wait", 0))
        self.waits.append(wait)
        self._driver.now += 0.02
        if self._long_polls and wait:
            self._driver.now = min(self._driver.now + wait, self._next_change())
        done = self._driver.now >= self._seconds
        status, progress = ("completed", 100) if done else ("in_progress", self._progress())
        return self._stub.response(self._stub.video(status, progress), openai_poll_after_ms="2000")

    def _progress(self) -> int:
        return int(self._driver.now / self._seconds * 10) * 10

    def _next_change(self) -> float:
        return (self._progress() / 10 + 1) * self._seconds / 10 + 1e-6


def _watch(drive: Driver, server: VideoServer, **options: Any) -> list[int]:
    progress: list[int] = []

    def on_change(video: VideoData, _request_id: str | None) -> Procedure[None]:
        progress.append(video.progress)
        yield from ()

    drive(poll_until_finished(_state(drive), "video_1", on_change, **options), server)
    return progress


def test_long_polls_cost_one_request_a_change(drive: Driver, http_stub: HttpStub) -> None:
    """A server that holds responses back shows the end at once, without superfluous requests."""
    server = VideoServer(drive, http_stub, seconds=100, long_polls=True)
    progress = _watch(drive, server)
    assert progress == [*range(0, 100, 10), 100]
    assert len(server.waits) <= 13
    assert drive.now < 100.1


def test_poll_hints_are_followed(drive: Driver, http_stub: HttpStub) -> None:
    """Without long polls: no faster than ``openai-poll-after-ms``, and not much slower."""
    server = VideoServer(drive, http_stub, seconds=100, long_polls=False)
    assert _watch(drive, server)[-1] == 100
    assert 45 <= len(server.waits) <= 55
    assert server.waits[-1] == 0
    assert drive.now < 103


def test_a_fixed_interval_is_kept(drive: Driver, http_stub: HttpStub) -> None:
    """With plain polls."""
    server = VideoServer(drive, http_stub, seconds=30, long_polls=True)
    _watch(drive, server, interval=5.0)
    assert server.waits == [0] * 7


def test_the_timeout_limits_long_polls(drive: Driver, http_stub: HttpStub) -> None:
    """To about a second, however long the server holds its response back."""
    server = VideoServer(drive, http_stub, seconds=1000, long_polls=True)
    with pytest.raises(WaitTimeout):
        _watch(drive, server, timeout=10.0)
    assert 9.9 < drive.now < 11.2


def test_a_server_restart_is_survived(drive: Driver, http_stub: HttpStub) -> None:
    """Half a minute without a server does not end the wait."""
    outcomes = iter(
        [
            http_stub.response(http_stub.video()),
            *[TransportFailure("refused", sent=False)] * 7,
            http_stub.response(http_stub.video("completed", 100)),
        ]
    )
    progress: list[int] = []

    def on_change(video: VideoData, _request_id: str | None) -> Procedure[None]:
        progress.append(video.progress)
        yield from ()

    drive(poll_until_finished(_state(drive), "video_1", on_change), lambda _: next(outcomes))
    assert progress == [0, 100]
    assert drive.now > 30


def test_a_deleted_video_ends_the_wait(drive: Driver, http_stub: HttpStub) -> None:
    """With VideoNotFound."""
    with pytest.raises(VideoNotFound):
        _watch_reply(drive, http_stub.response(http_stub.error("video_not_found"), 404))


def _watch_reply(drive: Driver, reply: ApiResponse) -> None:
    def on_change(_video: VideoData, _request_id: str | None) -> Procedure[None]:
        yield from ()

    drive(poll_until_finished(_state(drive), "video_1", on_change), lambda _: reply)


class Stream:
    """An event server whose streams are cut into arbitrary chunks."""

    def __init__(self, *connections: list[bytes | TransportFailure]) -> None:
        self._connections = iter(connections)
        self._body: Iterator[bytes | TransportFailure] = iter(())
        self.opened = 0

    def __call__(self, effect: Effect) -> ApiResponse | TransportFailure | bytes:
        """Open a stream, or read its next chunk."""
        if isinstance(effect, Open):
            self.opened += 1
            self._body = iter(next(self._connections))
            return ApiResponse(200, {"content-type": "text/event-stream; charset=utf-8"})
        assert isinstance(effect, Read)
        return next(self._body, b"")


def _event(http_stub: HttpStub, status: str, progress: int, **more: object) -> bytes:
    return b"event: x\nid: 1\ndata: " + msgspec.json.encode(http_stub.video(status, progress, **more)) + b"\n\n"


def test_events_are_assembled_from_chunks(drive: Driver, http_stub: HttpStub) -> None:
    """Comments are skipped; the queue position is included."""
    text = (
        _event(http_stub, "queued", 0, position=2, eta_seconds=3.0)
        + b": keep-alive\r\n\r\n"
        + _event(http_stub, "completed", 100).replace(b"\n", b"\r\n")
    )
    stream = Stream([text[at : at + 7] for at in range(0, len(text), 7)])
    emitted = drive(events(_state(drive), "video_1", lambda video: video), stream).emitted
    assert [(video.progress, video.position) for video in emitted] == [(0, 2), (100, None)]


def test_a_broken_event_stream_is_reopened(drive: Driver, http_stub: HttpStub) -> None:
    """Every stream starts with the current state, so no change is missed."""
    stream = Stream(
        [_event(http_stub, "in_progress", 10), TransportFailure("reset", sent=True)],
        [_event(http_stub, "in_progress", 60)],
        [_event(http_stub, "completed", 100)],
    )
    emitted = drive(events(_state(drive), "video_1", lambda video: video.progress), stream).emitted
    assert emitted == [10, 60, 100]
    assert stream.opened == 3


def test_polling_replaces_missing_event_streams(drive: Driver, http_stub: HttpStub) -> None:
    """A vendor without such a path is polled."""

    def reply(effect: Effect) -> ApiResponse:
        if isinstance(effect, Open):
            return http_stub.response(http_stub.error("unknown_url"), 404)
        return http_stub.response(http_stub.video("completed", 100))

    emitted = drive(events(_state(drive), "video_1", lambda video: video.progress), reply).emitted
    assert emitted == [100]
