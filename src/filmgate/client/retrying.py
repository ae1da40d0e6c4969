"""One logical call: sent again where that is safe, and only there."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any

from msgspec import Struct, field

from filmgate.client.durations import Experience
from filmgate.client.effects import Action, Answer, Fault, Machine, Request, Send, Sleep
from filmgate.client.responses import retry_after
from filmgate.errors import ConnectionFailed, SubmissionUnknown

__all__ = ["REFUSED", "SAFE", "Session", "backoff", "exchange", "fresh", "resolve_host", "unknown"]

SAFE = frozenset({"GET", "HEAD"})
"""Methods that change nothing: sent again whatever happened."""

REFUSED = frozenset({429, 503})
"""Statuses that say that this is not the time."""

REMEMBERED = 10_000
"""Ids of accepted videos, the latest."""

PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses after which a look may be tried again."""


def resolve_host(host: str) -> Sequence[str]:
    """The addresses of a host; none if it is unknown."""
    try:
        return [str(result[4][0]) for result in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except OSError:
        return []


class Session(Struct, frozen=True, kw_only=True):
    """What machines need of the world beside actions, injected so that tests decide about it."""

    retries: int = 2  # times that a call is sent again
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random  # 0 to 1
    vendor: str = ""  # whose videos these are, for experience: the API's address
    experience: Experience = field(default_factory=Experience)
    accepted: dict[str, str | None] = field(default_factory=dict)  # ids that were given out, with their keys
    resolve: Callable[[str], Sequence[str]] = resolve_host  # a host's addresses; none: not for us to look up
    largest: int = 8 * 1024**3  # bytes; a file beyond is no film
    observe: Callable[[Request, Answer], object] | None = None  # shown every answer, e.g. to learn limits of


def exchange(
    session: Session,
    request: Request,
    action: Callable[[Request], Action] = Send,
    *,
    retries: int | None = None,
) -> Machine[Answer]:
    """The answer to a request, after as many tries as are safe and allowed.

    Args:
        session: its clock, jitter and patience.
        request: what to send; a POST carries an Idempotency-Key where it starts something.
        action: ``Send``, or ``Open`` to read the body piecewise.
        retries: instead of the session's.

    Raises:
        ConnectionFailed: the server could not be reached; nothing was done.
        SubmissionUnknown: the reply to a create got lost; it may have been accepted.
    """
    left = session.retries if retries is None else retries
    tried = 0
    while True:
        outcome = yield from _attempt(action(request))
        if session.observe is not None and isinstance(outcome, Answer):
            session.observe(request, outcome)
        if isinstance(outcome, Answer) and not _passing(request, outcome):
            return outcome
        if tried >= left or not _repeatable(request, outcome):
            return _conclude(request, outcome)
        yield Sleep(_pause(session, outcome, tried))
        tried += 1


def backoff(session: Session, tried: int, *, first: float = 0.5, most: float = 8.0) -> float:
    """Seconds before the next try: doubling, with jitter."""
    return min(first * 2.0**tried, most) * (0.75 + session.jitter() / 2)


def _attempt(action: Action) -> Generator[Action, Any, Answer | Fault]:
    try:
        answer: Answer = yield action
    except Fault as fault:
        return fault
    return answer


def _passing(request: Request, answer: Answer) -> bool:
    passing = answer.status in PASSING if request.method in SAFE else _turned_away(answer)
    return passing and answer.headers.get("x-should-retry") != "false"


def _turned_away(answer: Answer) -> bool:
    """Whether it says that nothing was done.

    A 503 does so that says when to come back; any other may be a gateway's, whose upstream took the request and died.
    """
    return answer.status in REFUSED and (answer.status == 429 or retry_after(answer) is not None)  # noqa: PLR2004 - HTTP's


def _repeatable(request: Request, outcome: Answer | Fault) -> bool:
    """Whether sending it again can't do it twice."""
    return request.method in SAFE or isinstance(outcome, Answer) or not outcome.sent


def _pause(session: Session, outcome: Answer | Fault, tried: int) -> float:
    asked = retry_after(outcome) if isinstance(outcome, Answer) else None
    return backoff(session, tried) if asked is None else asked + session.jitter() / 4


def _conclude(request: Request, outcome: Answer | Fault) -> Answer:
    if isinstance(outcome, Answer):
        return outcome
    if outcome.sent and "idempotency-key" in request.headers:
        raise unknown(request, f"the connection broke before the answer came ({outcome})") from outcome
    raise ConnectionFailed(f"The server could not be reached: {outcome}.") from outcome


def unknown(request: Request, why: str, answer: Answer | None = None) -> SubmissionUnknown:
    """The error of a request that may have been accepted."""
    key = request.headers.get("idempotency-key")
    advice = f"; a server that honours keys can be asked once more with idempotency_key={key!r}" if key else ""
    error = SubmissionUnknown(
        f"It is not known whether the video was accepted: {why}. It was not sent again, for that may be charged "
        f"twice: look at the list of your videos or into your account first{advice}."
    )
    error.request_id = answer.request_id if answer else None
    return error


def fresh(session: Session, video_id: str, key: str | None) -> None:
    """Remember the id of a video that was just accepted.

    Raises:
        SubmissionUnknown: another one has it already, so it is not known which is which.
    """
    if video_id in session.accepted and (key is None or session.accepted[video_id] != key):
        raise SubmissionUnknown(f"The server gave two videos the id '{video_id}': which of them it is, nobody knows.")
    session.accepted[video_id] = key
    if len(session.accepted) > REMEMBERED:
        del session.accepted[next(iter(session.accepted))]
