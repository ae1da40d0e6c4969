"""One logical call: sent again only where a repetition is safe."""

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
"""Methods without effects: sent again after any failure."""

REFUSAL_STATUSES = frozenset({429, 503})
"""Statuses that reject the request for now."""

MAX_REMEMBERED_IDS = 10_000
"""Number of accepted ids that are remembered, the latest."""

TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses after which a safe method is retried."""


def resolve_host(host: str) -> Sequence[str]:
    """Return the addresses of a host; none if it is unknown."""
    try:
        return [str(result[4][0]) for result in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except OSError:
        return []


class ClientState(Struct, frozen=True, kw_only=True):
    """State and dependencies that all procedures of a client share; tests inject their own."""

    max_retries: int = 2  # retries of a call
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random  # 0 to 1
    api_address: str = ""  # base URL of the API: part of the key of duration_history
    duration_history: DurationHistory = field(default_factory=DurationHistory)
    accepted_ids: dict[str, str | None] = field(default_factory=dict)  # id to Idempotency-Key
    resolve_host: Callable[[str], Sequence[str]] = resolve_host  # none: not resolved here
    max_file_bytes: int = 8 * 1024**3  # a larger file is an error
    on_response: Callable[[Request, ApiResponse], object] | None = (
        None  # sees every response, e.g. to learn rate limits
    )


def send_with_retries(
    state: ClientState,
    request: Request,
    make_effect: Callable[[Request], Effect] = Send,
    *,
    max_retries: int | None = None,
) -> Procedure[ApiResponse]:
    """Send a request and return its response, with as many retries as are safe and allowed.

    Args:
        state: clock, jitter and retries.
        request: the request; a POST that starts work carries an Idempotency-Key.
        make_effect: ``Send``, or ``Open`` to read the body in chunks.
        max_retries: replaces the client's.

    Raises:
        ConnectionFailed: the server could not be reached; nothing was done.
        SubmissionUnknown: the response to a create was lost; it may have been accepted.
    """
    retry_limit = state.max_retries if max_retries is None else max_retries
    attempt = 0
    while True:
        outcome = yield from _attempt(make_effect(request))
        if state.on_response is not None and isinstance(outcome, ApiResponse):
            state.on_response(request, outcome)
        if isinstance(outcome, ApiResponse) and not _is_transient(request, outcome):
            return outcome
        if attempt >= retry_limit or not _is_repeatable(request, outcome):
            return _final_response(request, outcome)
        yield Sleep(_retry_delay(state, outcome, attempt))
        attempt += 1


def backoff(state: ClientState, attempt: int, *, initial: float = 0.5, maximum: float = 8.0) -> float:
    """Return the seconds before the next attempt: doubling, with jitter."""
    return min(initial * 2.0**attempt, maximum) * (0.75 + state.jitter() / 2)


def _attempt(effect: Effect) -> Generator[Effect, Any, ApiResponse | TransportFailure]:
    try:
        response: ApiResponse = yield effect
    except TransportFailure as failure:
        return failure
    return response


def _is_transient(request: Request, response: ApiResponse) -> bool:
    transient = (
        response.status in TRANSIENT_STATUSES if request.method in SAFE_METHODS else _is_surely_refused(response)
    )
    return transient and response.headers.get("x-should-retry") != "false"


def _is_surely_refused(response: ApiResponse) -> bool:
    """Whether the response guarantees that nothing was done.

    A 503 with Retry-After does; any other may come from a gateway whose upstream accepted the request and then failed.
    """
    return response.status in REFUSAL_STATUSES and (response.status == 429 or retry_after(response) is not None)  # noqa: PLR2004 - Too Many Requests


def _is_repeatable(request: Request, outcome: ApiResponse | TransportFailure) -> bool:
    """Whether a repetition cannot do the work twice."""
    return request.method in SAFE_METHODS or isinstance(outcome, ApiResponse) or not outcome.sent


def _retry_delay(state: ClientState, outcome: ApiResponse | TransportFailure, attempt: int) -> float:
    requested = retry_after(outcome) if isinstance(outcome, ApiResponse) else None
    return backoff(state, attempt) if requested is None else requested + state.jitter() / 4


def _final_response(request: Request, outcome: ApiResponse | TransportFailure) -> ApiResponse:
    if isinstance(outcome, ApiResponse):
        return outcome
    if outcome.sent and "idempotency-key" in request.headers:
        raise submission_unknown(request, f"the connection broke before the response arrived ({outcome})") from outcome
    raise ConnectionFailed(f"The server could not be reached: {outcome}.") from outcome


def submission_unknown(request: Request, reason: str, response: ApiResponse | None = None) -> SubmissionUnknown:
    """Return the error of a request that may have been accepted."""
    key = request.headers.get("idempotency-key")
    advice = f"; if the server honours Idempotency-Keys, send it again with idempotency_key={key!r}" if key else ""
    error = SubmissionUnknown(
        f"The video may have been accepted: {reason}. It was not sent again, because that may be charged "
        f"twice: check the list of your videos or your account first{advice}."
    )
    error.request_id = response.request_id if response else None
    return error


def register_id(state: ClientState, video_id: str, key: str | None) -> None:
    """Remember the id of an accepted video.

    Raises:
        SubmissionUnknown: another accepted video has this id, so the two cannot be distinguished.
    """
    if video_id in state.accepted_ids and (key is None or state.accepted_ids[video_id] != key):
        raise SubmissionUnknown(f"The server gave two videos the same id '{video_id}'; they cannot be distinguished.")
    state.accepted_ids[video_id] = key
    if len(state.accepted_ids) > MAX_REMEMBERED_IDS:
        del state.accepted_ids[next(iter(state.accepted_ids))]
