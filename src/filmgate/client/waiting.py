"""Waiting for a video: long polls where the server holds them, its hints where it gives some, else by experience."""

from __future__ import annotations

from collections.abc import Callable, Generator
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, TypeVar

from filmgate.client import requests
from filmgate.client.backends.filmgate import FILMGATE, Backend
from filmgate.client.durations import VideoKind
from filmgate.client.effects import (
    ApiResponse,
    Effect,
    Emit,
    Emitter,
    Open,
    Procedure,
    Read,
    RunBlocking,
    Sleep,
    TransportFailure,
)
from filmgate.client.poll_schedule import PollSchedule
from filmgate.client.polling import OUTAGE_RETRIES
from filmgate.client.responses import VideoData, parse_event
from filmgate.client.retrying import ClientState, backoff
from filmgate.domain import TERMINAL, Status
from filmgate.errors import UnexpectedAnswer, WaitTimeout

__all__ = ["events", "poll_until_finished"]

T = TypeVar("T")

MAX_LONG_POLL = 30
"""Seconds that one long poll asks for: below the idle limits of proxies."""

FIRST_LONG_POLL = 4
"""Seconds of the first one, which shows whether the server holds answers back at all."""

MIN_HELD_SECONDS = 0.25
"""An answer that took this long, and several times as long as a plain look, was held back on purpose."""

MAX_RECONNECTS = 5
"""Times that an event stream is opened again without having said anything, before looking takes over."""

ChangeHandler = Callable[[VideoData, str | None], Procedure[None]]
"""Sees each change of a video and the id of the answer that told; may act in between."""


class _PollTimer:
    """When to look again. Learns from the answers whether the server holds long polls back, and how the video goes."""

    def __init__(self, state: ClientState, backend: Backend, interval: float | None) -> None:
        self._state = state
        self._min_gap = backend.min_poll_gap
        self._interval = interval
        self._schedule: PollSchedule | None = None
        self._age = 0.0  # seconds that the video was old when the watch began
        self._started_at = state.clock()
        self._plain_poll_seconds: float | None = None  # seconds that a look without waiting took
        self._supports_long_poll: bool | None = None if backend.supports_sse else False

    def long_poll_seconds(self, remaining: float | None) -> int:
        """Seconds to ask the server to hold the next answer back."""
        if self._interval is not None or self._plain_poll_seconds is None or self._supports_long_poll is False:
            return 0
        longest = MAX_LONG_POLL if self._supports_long_poll else FIRST_LONG_POLL
        return max(1, min(longest, int(remaining or longest)))

    def record_poll(self, requested_seconds: int, elapsed: float, *, changed: bool) -> None:
        """Remember how the server treated a look."""
        if not requested_seconds:
            self._plain_poll_seconds = elapsed
        elif elapsed >= max(MIN_HELD_SECONDS, 3 * (self._plain_poll_seconds or 0.0)):
            self._supports_long_poll = True
        elif not changed:
            self._supports_long_poll = False

    def next_delay(self, response: ApiResponse, video: VideoData) -> float:
        """Seconds until the next look."""
        if self._interval is not None:
            return self._interval
        if self._supports_long_poll:
            return 0.1 + self._state.jitter() / 10
        try:
            pause = float(response.headers.get("openai-poll-after-ms", "")) / 1000
        except ValueError:
            pause = self._estimate_delay(response, video)
        return min(max(pause, 0.1, self._min_gap), 60.0) * (0.95 + self._state.jitter() / 10)

    def record_duration(self, video: VideoData) -> None:
        """Remember how long it took, where that is what the next wait goes by."""
        if self._schedule is None or video.status is not Status.COMPLETED:
            return
        took = (video.completed_at or 0) - video.created_at
        self._state.duration_history.record(self._kind(video), took if took > 0 else self._elapsed())

    def _estimate_delay(self, response: ApiResponse, video: VideoData) -> float:
        if self._schedule is None:
            self._age = _video_age(response, video)
            self._schedule = PollSchedule(self._state.duration_history.recent(self._kind(video)))
        self._schedule.observe(self._elapsed(), video.progress, working=video.status is Status.IN_PROGRESS)
        return self._schedule.next_delay()

    def _elapsed(self) -> float:
        return self._age + self._state.clock() - self._started_at

    def _kind(self, video: VideoData) -> VideoKind:
        return (self._state.api_address, video.model, video.size, video.seconds)


def _video_age(response: ApiResponse, video: VideoData) -> float:
    """How old the video is by the server's own clock, in seconds; 0 where it does not say what time it is there."""
    try:
        now = parsedate_to_datetime(response.headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        return 0.0
    return max(0.0, now - video.created_at) if video.created_at else 0.0


def poll_until_finished(
    state: ClientState,
    video_id: str,
    on_change: ChangeHandler,
    *,
    timeout: float | None = None,
    interval: float | None = None,
    backend: Backend = FILMGATE,
) -> Procedure[None]:
    """Look until the video has ended; every change is shown to ``on_change``, its present state first.

    Args:
        state: clock, jitter, retries.
        video_id: which one.
        on_change: what is shown each change.
        timeout: seconds, None for as long as it takes.
        interval: fixed seconds between looks, for those who want them.
        backend: how the videos are looked at.

    Raises:
        WaitTimeout: the time is over, the video goes on.
        FilmgateError: what the server answered.
    """
    pace, seen = _PollTimer(state, backend, interval), None
    until = None if timeout is None else state.clock() + timeout
    while True:
        asked = pace.long_poll_seconds(None if until is None else until - state.clock())
        began = state.clock()
        video, answer = yield from backend.poll(state, video_id, asked, max_retries=OUTAGE_RETRIES)
        pace.record_poll(asked, state.clock() - began, changed=video != seen)
        if video != seen:
            yield from on_change(video, answer.request_id)
        if video.status in TERMINAL:
            yield RunBlocking(partial(pace.record_duration, video))
            return
        seen = video
        yield Sleep(_cap_to_deadline(pace.next_delay(answer, video), until, state))


def events(
    state: ClientState, video_id: str, convert: Callable[[VideoData], T], *, backend: Backend = FILMGATE
) -> Emitter[T]:
    """Emits what ``convert`` makes of the video at each of its changes, until it has ended.

    Reads the server's events; from a server that has none, or a proxy that swallows them, it looks instead.
    """
    silent = 0
    while backend.supports_sse and silent < MAX_RECONNECTS:
        said, over, supported = yield from _read_event_stream(video_id, convert)
        if over:
            return
        if not supported:
            break
        silent = 0 if said else silent + 1
        yield Sleep(backoff(state, silent))

    def see(video: VideoData, _request_id: str | None) -> Procedure[None]:
        yield Emit(convert(video))

    yield from poll_until_finished(state, video_id, see, backend=backend)


def _read_event_stream(
    video_id: str, convert: Callable[[VideoData], T]
) -> Generator[Effect, Any, tuple[bool, bool, bool]]:
    """One event stream: whether it said anything, whether the video ended, whether the server has streams at all."""
    said, pending = False, b""
    try:
        answer: ApiResponse = yield Open(requests.events(video_id))
        if answer.status != 200 or answer.media_type != "text/event-stream":  # noqa: PLR2004 - the wire's success
            return False, False, answer.status in {429, 502, 503, 504}
        while chunk := (yield Read()):
            *blocks, pending = (pending + chunk).replace(b"\r\n", b"\n").split(b"\n\n")
            for video in filter(None, map(_parse_event_block, blocks)):
                said = True
                yield Emit(convert(video))
                if video.status in TERMINAL:
                    return True, True, True
    except TransportFailure:
        pass
    return said, False, True


def _parse_event_block(block: bytes) -> VideoData | None:
    data = b"\n".join(line[5:].strip() for line in block.split(b"\n") if line.startswith(b"data:"))
    try:
        return parse_event(data) if data else None
    except UnexpectedAnswer:  # of a server that means something else by its events; the looks will tell
        return None


def _cap_to_deadline(pause: float, deadline: float | None, state: ClientState) -> float:
    if deadline is None:
        return pause
    left = deadline - state.clock()
    if left <= 0:
        raise WaitTimeout
    return min(pause, left)
