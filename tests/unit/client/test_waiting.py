"""Waiting: few requests, no late end, no give-up while a server restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from filmgate.client.effects import Action, Answer, Fault, Machine, Open, Read, Send
from filmgate.client.retrying import Session
from filmgate.client.waiting import events, watch
from filmgate.errors import VideoNotFound, WaitTimeout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.client.conftest import Player, Wire

    from filmgate.client.responses import VideoData


def _session(play: Player) -> Session:
    return Session(clock=play.clock, jitter=lambda: 0.5)


class Film:
    """A server whose film grows by a percent a second, seen by the play's clock."""

    def __init__(self, play: Player, wire: Wire, *, seconds: float, holds: bool) -> None:
        self._play = play
        self._wire = wire
        self._seconds = seconds
        self._holds = holds
        self.waits: list[int] = []

    def __call__(self, action: Action) -> Answer:
        """Answer a look."""
        assert isinstance(action, Send)
        wait = int(action.request.params.get("wait", 0))
        self.waits.append(wait)
        self._play.now += 0.02
        if self._holds and wait:
            self._play.now = min(self._play.now + wait, self._next_change())
        done = self._play.now >= self._seconds
        status, percent = ("completed", 100) if done else ("in_progress", self._percent())
        return self._wire.answer(self._wire.video(status, percent), openai_poll_after_ms="2000")

    def _percent(self) -> int:
        return int(self._play.now / self._seconds * 10) * 10

    def _next_change(self) -> float:
        return (self._percent() / 10 + 1) * self._seconds / 10 + 1e-6


def _watch(play: Player, film: Film, **options: Any) -> list[int]:
    seen: list[int] = []

    def see(video: VideoData, _request_id: str | None) -> Machine[None]:
        seen.append(video.progress)
        yield from ()

    play(watch(_session(play), "video_1", see, **options), film)
    return seen


def test_a_server_that_holds_long_polls_is_asked_once_a_change(play: Player, wire: Wire) -> None:
    """Where the server answers when something happens, the end is seen at once and nothing is asked in vain."""
    film = Film(play, wire, seconds=100, holds=True)
    seen = _watch(play, film)
    assert seen == [*range(0, 100, 10), 100]
    assert len(film.waits) <= 13
    assert play.now < 100.1


def test_a_server_without_long_polls_is_asked_when_it_says(play: Player, wire: Wire) -> None:
    """Elsewhere ``openai-poll-after-ms`` is obeyed: no quicker, and not much slower."""
    film = Film(play, wire, seconds=100, holds=False)
    assert _watch(play, film)[-1] == 100
    assert 45 <= len(film.waits) <= 55
    assert film.waits[-1] == 0
    assert play.now < 103


def test_a_fixed_interval_is_kept(play: Player, wire: Wire) -> None:
    """Who wants an interval gets it, and plain looks."""
    film = Film(play, wire, seconds=30, holds=True)
    _watch(play, film, interval=5.0)
    assert film.waits == [0] * 7


def test_patience_ends_in_time(play: Player, wire: Wire) -> None:
    """The time-out is kept to the second, whatever the server holds back."""
    film = Film(play, wire, seconds=1000, holds=True)
    with pytest.raises(WaitTimeout):
        _watch(play, film, timeout=10.0)
    assert 9.9 < play.now < 11.2


def test_a_restart_of_the_server_is_waited_out(play: Player, wire: Wire) -> None:
    """Half a minute without a server is no reason to give up a film that goes on."""
    outcomes = iter(
        [wire.answer(wire.video()), *[Fault("refused", sent=False)] * 7, wire.answer(wire.video("completed", 100))]
    )
    seen: list[int] = []

    def see(video: VideoData, _request_id: str | None) -> Machine[None]:
        seen.append(video.progress)
        yield from ()

    play(watch(_session(play), "video_1", see), lambda _: next(outcomes))
    assert seen == [0, 100]
    assert play.now > 30


def test_a_video_that_is_gone_ends_the_wait(play: Player, wire: Wire) -> None:
    """Deleted meanwhile: said, not waited for."""
    with pytest.raises(VideoNotFound):
        _watch_reply(play, wire.answer(wire.error("video_not_found"), 404))


def _watch_reply(play: Player, reply: Answer) -> None:
    def see(_video: VideoData, _request_id: str | None) -> Machine[None]:
        yield from ()

    play(watch(_session(play), "video_1", see), lambda _: reply)


class Stream:
    """A server of events, cut into pieces that end anywhere."""

    def __init__(self, *connections: list[bytes | Fault]) -> None:
        self._connections = iter(connections)
        self._body: Iterator[bytes | Fault] = iter(())
        self.opened = 0

    def __call__(self, action: Action) -> Answer | Fault | bytes:
        """Open a stream, or read on in it."""
        if isinstance(action, Open):
            self.opened += 1
            self._body = iter(next(self._connections))
            return Answer(200, {"content-type": "text/event-stream; charset=utf-8"})
        assert isinstance(action, Read)
        return next(self._body, b"")


def _event(wire: Wire, status: str, progress: int, **more: object) -> bytes:
    return b"event: x\nid: 1\ndata: " + msgspec.json.encode(wire.video(status, progress, **more)) + b"\n\n"


def test_events_arrive_whole_however_they_were_cut(play: Player, wire: Wire) -> None:
    """Pieces are put together, comments left out, the place in the queue is told."""
    text = (
        _event(wire, "queued", 0, position=2, eta_seconds=3.0)
        + b": keep-alive\r\n\r\n"
        + _event(wire, "completed", 100).replace(b"\n", b"\r\n")
    )
    stream = Stream([text[at : at + 7] for at in range(0, len(text), 7)])
    emitted = play(events(_session(play), "video_1", lambda video: video), stream).emitted
    assert [(video.progress, video.position) for video in emitted] == [(0, 2), (100, None)]


def test_a_broken_stream_is_opened_again(play: Player, wire: Wire) -> None:
    """Every stream begins with the present state, so nothing is missed."""
    stream = Stream(
        [_event(wire, "in_progress", 10), Fault("reset", sent=True)],
        [_event(wire, "in_progress", 60)],
        [_event(wire, "completed", 100)],
    )
    emitted = play(events(_session(play), "video_1", lambda video: video.progress), stream).emitted
    assert emitted == [10, 60, 100]
    assert stream.opened == 3


def test_without_events_it_looks(play: Player, wire: Wire) -> None:
    """A vendor that has no such path is asked in the usual way."""

    def reply(action: Action) -> Answer:
        if isinstance(action, Open):
            return wire.answer(wire.error("unknown_url"), 404)
        return wire.answer(wire.video("completed", 100))

    emitted = play(events(_session(play), "video_1", lambda video: video.progress), reply).emitted
    assert emitted == [100]
