"""One logical call: sent again where that is safe, and only there."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any

from msgspec import Struct, field

from filmgate.client.durations import DurationHistory
from filmgate.client.effects import ApiResponse, Effect, Procedure, Request, Send, Sleep, TransportFailure
from filmgate.client.responses import retry_after
from filmgate.errors import ConnectionFailed, SubmissionUnknown

__all__ = [
    "REFUSAL_STATUSES",
    "SAFE_METHODS",
    "ClientState",
    "backoff",
    "register_id",
    "resolve_host",
    "send_with_retries",
    "submission_unknown",
]

SAFE_METHODS = frozenset({"GET", "HEAD"})
"""Methods that change nothing: sent again whatever happened."""

REFUSAL_STATUSES = frozenset({429, 503})
"""Statuses that say that this is not the time."""

MAX_REMEMBERED_IDS = 10_000
"""Ids of accepted videos, the latest."""

TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses after which a look may be tried again."""


def resolve_host(host: str) -> Sequence[str]:
    """The addresses of a host; none if it is unknown."""
    try:
        return [str(result[4][0]) for result in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except OSError:
        return []


class ClientState(Struct, frozen=True, kw_only=True):
    """What machines need of the world beside actions, injected so that tests decide about it."""

    max_retries: int = 2  # times that a call is sent again
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random  # 0 to 1
    api_address: str = ""  # whose videos these are, for experience: the API's address
    duration_history: DurationHistory = field(default_factory=DurationHistory)
    accepted_ids: dict[str, str | None] = field(default_factory=dict)  # ids that were given out, with their keys
    resolve_host: Callable[[str], Sequence[str]] = resolve_host  # a host's addresses; none: not for us to look up
    max_file_bytes: int = 8 * 1024**3  # bytes; a file beyond is no film
    on_response: Callable[[Request, ApiResponse], object] | None = None  # shown every answer, e.g. to learn limits of


def send_with_retries(
    state: ClientState,
    request: Request,
    make_effect: Callable[[Request], Effect] = Send,
    *,
    max_retries: int | None = None,
) -> Procedure[ApiResponse]:
    """The answer to a request, after as many tries as are safe and allowed.

    Args:
        state: its clock, jitter and patience.
        request: what to send; a POST carries an Idempotency-Key where it starts something.
        make_effect: ``Send``, or ``Open`` to read the body piecewise.
        max_retries: instead of the session's.

    Raises:
        ConnectionFailed: the server could not be reached; nothing was done.
        SubmissionUnknown: the reply to a create got lost; it may have been accepted.
    """
    left = state.max_retries if max_retries is None else max_retries
    tried = 0
    while True:
        outcome = yield from _attempt(make_effect(request))
        if state.on_response is not None and isinstance(outcome, ApiResponse):
            state.on_response(request, outcome)
        if isinstance(outcome, ApiResponse) and not _is_transient(request, outcome):
            return outcome
        if tried >= left or not _is_repeatable(request, outcome):
            return _final_response(request, outcome)
        yield Sleep(_retry_delay(state, outcome, tried))
        tried += 1


def backoff(state: ClientState, attempt: int, *, initial: float = 0.5, maximum: float = 8.0) -> float:
    """Seconds before the next try: doubling, with jitter."""
    return min(initial * 2.0**attempt, maximum) * (0.75 + state.jitter() / 2)


def _attempt(effect: Effect) -> Generator[Effect, Any, ApiResponse | TransportFailure]:
    try:
        answer: ApiResponse = yield effect
    except TransportFailure as fault:
        return fault
    return answer


def _is_transient(request: Request, response: ApiResponse) -> bool:
    passing = response.status in TRANSIENT_STATUSES if request.method in SAFE_METHODS else _is_surely_refused(response)
    return passing and response.headers.get("x-should-retry") != "false"


def _is_surely_refused(response: ApiResponse) -> bool:
    """Whether it says that nothing was done.

    A 503 does so that says when to come back; any other may be a gateway's, whose upstream took the request and died.
    """
    return response.status in REFUSAL_STATUSES and (response.status == 429 or retry_after(response) is not None)  # noqa: PLR2004 - HTTP's


def _is_repeatable(request: Request, outcome: ApiResponse | TransportFailure) -> bool:
    """Whether sending it again can't do it twice."""
    return request.method in SAFE_METHODS or isinstance(outcome, ApiResponse) or not outcome.sent


def _retry_delay(state: ClientState, outcome: ApiResponse | TransportFailure, attempt: int) -> float:
    asked = retry_after(outcome) if isinstance(outcome, ApiResponse) else None
    return backoff(state, attempt) if asked is None else asked + state.jitter() / 4


def _final_response(request: Request, outcome: ApiResponse | TransportFailure) -> ApiResponse:
    if isinstance(outcome, ApiResponse):
        return outcome
    if outcome.sent and "idempotency-key" in request.headers:
        raise submission_unknown(request, f"the connection broke before the answer came ({outcome})") from outcome
    raise ConnectionFailed(f"The server could not be reached: {outcome}.") from outcome


def submission_unknown(request: Request, reason: str, answer: ApiResponse | None = None) -> SubmissionUnknown:
    """The error of a request that may have been accepted."""
    key = request.headers.get("idempotency-key")
    advice = f"; a server that honours keys can be asked once more with idempotency_key={key!r}" if key else ""
    error = SubmissionUnknown(
        f"It is not known whether the video was accepted: {reason}. It was not sent again, for that may be charged "
        f"twice: look at the list of your videos or into your account first{advice}."
    )
    error.request_id = answer.request_id if answer else None
    return error


def register_id(state: ClientState, video_id: str, key: str | None) -> None:
    """Remember the id of a video that was just accepted.

    Raises:
        SubmissionUnknown: another one has it already, so it is not known which is which.
    """
    if video_id in state.accepted_ids and (key is None or state.accepted_ids[video_id] != key):
        raise SubmissionUnknown(f"The server gave two videos the id '{video_id}': which of them it is, nobody knows.")
    state.accepted_ids[video_id] = key
    if len(state.accepted_ids) > MAX_REMEMBERED_IDS:
        del state.accepted_ids[next(iter(state.accepted_ids))]
