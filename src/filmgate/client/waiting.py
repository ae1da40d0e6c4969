"""Waiting for a video: long polls where the server holds them, its hints where it gives some, else by experience."""

from __future__ import annotations

from collections.abc import Callable, Generator
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, TypeVar

from filmgate.client import requests
from filmgate.client.backends.filmgate import OWN, Api
from filmgate.client.durations import Kind
from filmgate.client.effects import Action, Answer, Emit, Emitter, Fault, Machine, Open, Read, Run, Sleep
from filmgate.client.poll_schedule import Pacing
from filmgate.client.polling import OUTAGE
from filmgate.client.responses import VideoData, parse_event
from filmgate.client.retrying import Session, backoff
from filmgate.domain import TERMINAL, Status
from filmgate.errors import UnexpectedAnswer, WaitTimeout

__all__ = ["events", "watch"]

T = TypeVar("T")

LONGEST_POLL = 30
"""Seconds that one long poll asks for: below the idle limits of proxies."""

FIRST_POLL = 4
"""Seconds of the first one, which shows whether the server holds answers back at all."""

HELD = 0.25
"""An answer that took this long, and several times as long as a plain look, was held back on purpose."""

RECONNECTS = 5
"""Times that an event stream is opened again without having said anything, before looking takes over."""

Observer = Callable[[VideoData, str | None], Machine[None]]
"""Sees each change of a video and the id of the answer that told; may act in between."""


class _Pace:
    """When to look again. Learns from the answers whether the server holds long polls back, and how the video goes."""

    def __init__(self, session: Session, api: Api, interval: float | None) -> None:
        self._session = session
        self._gap = api.gap
        self._interval = interval
        self._belief: Pacing | None = None
        self._age = 0.0  # seconds that the video was old when the watch began
        self._began = session.clock()
        self._plain: float | None = None  # seconds that a look without waiting took
        self._holds: bool | None = None if api.streams else False

    def ask(self, left: float | None) -> int:
        """Seconds to ask the server to hold the next answer back."""
        if self._interval is not None or self._plain is None or self._holds is False:
            return 0
        longest = LONGEST_POLL if self._holds else FIRST_POLL
        return max(1, min(longest, int(left or longest)))

    def learn(self, asked: int, took: float, *, changed: bool) -> None:
        """Remember how the server treated a look."""
        if not asked:
            self._plain = took
        elif took >= max(HELD, 3 * (self._plain or 0.0)):
            self._holds = True
        elif not changed:
            self._holds = False

    def pause(self, answer: Answer, video: VideoData) -> float:
        """Seconds until the next look."""
        if self._interval is not None:
            return self._interval
        if self._holds:
            return 0.1 + self._session.jitter() / 10
        try:
            pause = float(answer.headers.get("openai-poll-after-ms", "")) / 1000
        except ValueError:
            pause = self._believe(answer, video)
        return min(max(pause, 0.1, self._gap), 60.0) * (0.95 + self._session.jitter() / 10)

    def ended(self, video: VideoData) -> None:
        """Remember how long it took, where that is what the next wait goes by."""
        if self._belief is None or video.status is not Status.COMPLETED:
            return
        took = (video.completed_at or 0) - video.created_at
        self._session.experience.note(self._kind(video), took if took > 0 else self._elapsed())

    def _believe(self, answer: Answer, video: VideoData) -> float:
        if self._belief is None:
            self._age = _age(answer, video)
            self._belief = Pacing(self._session.experience.typical(self._kind(video)))
        self._belief.see(self._elapsed(), video.progress, working=video.status is Status.IN_PROGRESS)
        return self._belief.pause()

    def _elapsed(self) -> float:
        return self._age + self._session.clock() - self._began

    def _kind(self, video: VideoData) -> Kind:
        return (self._session.vendor, video.model, video.size, video.seconds)


def _age(answer: Answer, video: VideoData) -> float:
    """How old the video is by the server's own clock, in seconds; 0 where it does not say what time it is there."""
    try:
        now = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        return 0.0
    return max(0.0, now - video.created_at) if video.created_at else 0.0


def watch(
    session: Session,
    video_id: str,
    see: Observer,
    *,
    timeout: float | None = None,
    interval: float | None = None,
    api: Api = OWN,
) -> Machine[None]:
    """Look until the video has ended; every change is shown to ``see``, its present state first.

    Args:
        session: clock, jitter, retries.
        video_id: which one.
        see: what is shown each change.
        timeout: seconds, None for as long as it takes.
        interval: fixed seconds between looks, for those who want them.
        api: how the videos are looked at.

    Raises:
        WaitTimeout: the time is over, the video goes on.
        FilmgateError: what the server answered.
    """
    pace, seen = _Pace(session, api, interval), None
    until = None if timeout is None else session.clock() + timeout
    while True:
        asked = pace.ask(None if until is None else until - session.clock())
        began = session.clock()
        video, answer = yield from api.look(session, video_id, asked, retries=OUTAGE)
        pace.learn(asked, session.clock() - began, changed=video != seen)
        if video != seen:
            yield from see(video, answer.request_id)
        if video.status in TERMINAL:
            yield Run(partial(pace.ended, video))
            return
        seen = video
        yield Sleep(_within(pace.pause(answer, video), until, session))


def events(session: Session, video_id: str, show: Callable[[VideoData], T], *, api: Api = OWN) -> Emitter[T]:
    """Emits what ``show`` makes of the video at each of its changes, until it has ended.

    Reads the server's events; from a server that has none, or a proxy that swallows them, it looks instead.
    """
    silent = 0
    while api.streams and silent < RECONNECTS:
        said, over, supported = yield from _listen(video_id, show)
        if over:
            return
        if not supported:
            break
        silent = 0 if said else silent + 1
        yield Sleep(backoff(session, silent))

    def see(video: VideoData, _request_id: str | None) -> Machine[None]:
        yield Emit(show(video))

    yield from watch(session, video_id, see, api=api)


def _listen(video_id: str, show: Callable[[VideoData], T]) -> Generator[Action, Any, tuple[bool, bool, bool]]:
    """One event stream: whether it said anything, whether the video ended, whether the server has streams at all."""
    said, pending = False, b""
    try:
        answer: Answer = yield Open(requests.events(video_id))
        if answer.status != 200 or answer.media_type != "text/event-stream":  # noqa: PLR2004 - the wire's success
            return False, False, answer.status in {429, 502, 503, 504}
        while chunk := (yield Read()):
            *blocks, pending = (pending + chunk).replace(b"\r\n", b"\n").split(b"\n\n")
            for video in filter(None, map(_event, blocks)):
                said = True
                yield Emit(show(video))
                if video.status in TERMINAL:
                    return True, True, True
    except Fault:
        pass
    return said, False, True


def _event(block: bytes) -> VideoData | None:
    data = b"\n".join(line[5:].strip() for line in block.split(b"\n") if line.startswith(b"data:"))
    try:
        return parse_event(data) if data else None
    except UnexpectedAnswer:  # of a server that means something else by its events; the looks will tell
        return None


def _within(pause: float, until: float | None, session: Session) -> float:
    if until is None:
        return pause
    left = until - session.clock()
    if left <= 0:
        raise WaitTimeout
    return min(pause, left)
