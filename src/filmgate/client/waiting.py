"""Waiting for a video: long polls if the server supports them, else its poll hints, else the poll schedule."""

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
"""Seconds of one long poll: below the idle limits of proxies."""

FIRST_LONG_POLL = 4
"""Seconds of the first long poll, which shows whether the server supports them."""

MIN_HELD_SECONDS = 0.25
"""Least seconds of a response that was held back; it must also take several times as long as a plain poll."""

MAX_RECONNECTS = 5
"""Times that an event stream is reopened without having received anything, before polling replaces it."""

ChangeHandler = Callable[[VideoData, str | None], Procedure[None]]
"""Called with each change of a video and the id of its response; may yield effects."""


class _PollTimer:
    """Decides when to poll next. Learns from responses whether long polls work, and how fast the video progresses."""

    def __init__(self, state: ClientState, backend: Backend, interval: float | None) -> None:
        self._state = state
        self._min_gap = backend.min_poll_gap
        self._interval = interval
        self._schedule: PollSchedule | None = None
        self._age = 0.0  # the video's age in seconds when the wait started
        self._started_at = state.clock()
        self._plain_poll_seconds: float | None = None  # seconds that a poll without hold_seconds took
        self._supports_long_poll: bool | None = None if backend.supports_sse else False

    def long_poll_seconds(self, remaining: float | None) -> int:
        """Return the seconds for which the server should hold the next response back."""
        if self._interval is not None or self._plain_poll_seconds is None or self._supports_long_poll is False:
            return 0
        longest = MAX_LONG_POLL if self._supports_long_poll else FIRST_LONG_POLL
        return max(1, min(longest, int(remaining or longest)))

    def record_poll(self, requested_seconds: int, elapsed: float, *, changed: bool) -> None:
        """Learn from a poll whether the server held it back."""
        if not requested_seconds:
            self._plain_poll_seconds = elapsed
        elif elapsed >= max(MIN_HELD_SECONDS, 3 * (self._plain_poll_seconds or 0.0)):
            self._supports_long_poll = True
        elif not changed:
            self._supports_long_poll = False

    def next_delay(self, response: ApiResponse, video: VideoData) -> float:
        """Return the seconds until the next poll."""
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
        """Record how long the video took, if the next wait uses it."""
        if self._schedule is None or video.status is not Status.COMPLETED:
            return
        duration = (video.completed_at or 0) - video.created_at
        self._state.duration_history.record(self._kind(video), duration if duration > 0 else self._elapsed())

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
    """Return the video's age in seconds by the server's clock; 0 if the response has no date."""
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
    """Poll until the video has ended; pass every change to ``on_change``, starting with the current state.

    Args:
        state: clock, jitter, retries.
        video_id: the video's id.
        on_change: called with each change.
        timeout: seconds; None: no limit.
        interval: fixed seconds between polls; None: adaptive.
        backend: the API's calls.

    Raises:
        WaitTimeout: the timeout has passed; the video continues on the server.
        FilmgateError: the server's error.
    """
    timer, last_video = _PollTimer(state, backend, interval), None
    deadline = None if timeout is None else state.clock() + timeout
    while True:
        hold_seconds = timer.long_poll_seconds(None if deadline is None else deadline - state.clock())
        started_at = state.clock()
        video, response = yield from backend.poll(state, video_id, hold_seconds, max_retries=OUTAGE_RETRIES)
        timer.record_poll(hold_seconds, state.clock() - started_at, changed=video != last_video)
        if video != last_video:
            yield from on_change(video, response.request_id)
        if video.status in TERMINAL:
            yield RunBlocking(partial(timer.record_duration, video))
            return
        last_video = video
        yield Sleep(_cap_to_deadline(timer.next_delay(response, video), deadline, state))


def events(
    state: ClientState, video_id: str, convert: Callable[[VideoData], T], *, backend: Backend = FILMGATE
) -> Emitter[T]:
    """Emit ``convert(video)`` at each change of the video, until it has ended.

    Reads the server's event stream; polls if there is none or a proxy withholds its events.
    """
    silent_streams = 0
    while backend.supports_sse and silent_streams < MAX_RECONNECTS:
        received, ended, supported = yield from _read_event_stream(video_id, convert)
        if ended:
            return
        if not supported:
            break
        silent_streams = 0 if received else silent_streams + 1
        yield Sleep(backoff(state, silent_streams))

    def on_change(video: VideoData, _request_id: str | None) -> Procedure[None]:
        yield Emit(convert(video))

    yield from poll_until_finished(state, video_id, on_change, backend=backend)


def _read_event_stream(
    video_id: str, convert: Callable[[VideoData], T]
) -> Generator[Effect, Any, tuple[bool, bool, bool]]:
    """Read one event stream. Returns: received an event, the video ended, the server supports streams."""
    received, pending = False, b""
    try:
        response: ApiResponse = yield Open(requests.events(video_id))
        if response.status != 200 or response.media_type != "text/event-stream":  # noqa: PLR2004 - OK
            return False, False, response.status in {429, 502, 503, 504}
        while chunk := (yield Read()):
            *blocks, pending = (pending + chunk).replace(b"\r\n", b"\n").split(b"\n\n")
            for video in filter(None, map(_parse_event_block, blocks)):
                received = True
                yield Emit(convert(video))
                if video.status in TERMINAL:
                    return True, True, True
    except TransportFailure:
        pass
    return received, False, True


def _parse_event_block(block: bytes) -> VideoData | None:
    data = b"\n".join(line[5:].strip() for line in block.split(b"\n") if line.startswith(b"data:"))
    try:
        return parse_event(data) if data else None
    except UnexpectedAnswer:  # the server's events mean something else; polling replaces them
        return None


def _cap_to_deadline(pause: float, deadline: float | None, state: ClientState) -> float:
    if deadline is None:
        return pause
    remaining = deadline - state.clock()
    if remaining <= 0:
        raise WaitTimeout
    return min(pause, remaining)
