"""What an HTTP status means for a job if the body does not say it: rule 4 of reliability.

A submission is *certainly not accepted* (TERMINAL, TRANSIENT) only if the status says that the request was rejected
before anything was done with it. Everything that a gateway may send *after* it forwarded the request is AMBIGUOUS, and
an ambiguous submission is never sent again to an upstream that costs money.

+-----------------+-----------+-------------------------------------------------------------------------------------+
| response        | submit    | why                                                                                 |
+=================+===========+=====================================================================================+
| 301 307 308     | TERMINAL  | "not here": the configured address is not the upstream's own                        |
| other 1xx, 3xx  | AMBIGUOUS | 302 and 303 are what a form responds that did its work                              |
| 401             | TERMINAL  | the key was rejected, before anything else                                          |
| 402             | TERMINAL  | no balance, before anything else                                                    |
| 403             | TERMINAL  | rejected: balance, region, policy                                                   |
| 408             | AMBIGUOUS | "your request did not arrive whole", but gateways also send it for their upstreams  |
| 409             | AMBIGUOUS | an Idempotency-Key that is in progress: the job may exist                           |
| 425             | TRANSIENT | sent too early to be processed                                                      |
| 429             | TRANSIENT | rejected before processing; TERMINAL for a used-up quota, since waiting won't help  |
| 499             | AMBIGUOUS | a gateway's code for a client that disconnected                                     |
| other 4xx       | TERMINAL  | the request's own fault, found before it was accepted                               |
| 501 505         | TERMINAL  | the operation is not supported                                                      |
| 503 529         | TRANSIENT | with Retry-After: overloaded, deliberately rejected                                 |
| 503 529         | AMBIGUOUS | without it: a gateway whose upstream may have accepted the request and then died    |
| 500 502 504 5xx | AMBIGUOUS | the request had been forwarded                                                      |
| 2xx, no job     | TERMINAL  | an error and no id: the upstream itself says that it accepted nothing               |
| 2xx, no job     | AMBIGUOUS | HTML, half an object, an id that can't be one: it may have been accepted            |
+-----------------+-----------+-------------------------------------------------------------------------------------+

A *poll* changes nothing, so only two of its responses decide anything: a job in the body, and "gone" (404, 410), which
the flow requires three times in a row. All else is TRANSIENT, a revoked key included: the job may be fine, and the key
can be replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from filmgate.domain import VideoError
from filmgate.wire.upstream.parsing import retry_after

__all__ = ["ReplyKind", "classify_poll", "classify_submit", "is_success", "public_rejection"]


class ReplyKind(StrEnum):
    """What a response means."""

    JOB = "job"  # it describes our job
    TERMINAL = "terminal"  # not accepted, and never will be
    TRANSIENT = "transient"  # certainly not accepted, or the poll failed: try again
    AMBIGUOUS = "ambiguous"  # it may have been accepted
    GONE = "gone"  # a poll: there is no such job
    UNKNOWN = "unknown"  # a poll: the response says nothing about the job: poll again


_SUBMIT_KINDS: Mapping[int, ReplyKind] = {
    301: ReplyKind.TERMINAL,
    307: ReplyKind.TERMINAL,
    308: ReplyKind.TERMINAL,
    408: ReplyKind.AMBIGUOUS,
    409: ReplyKind.AMBIGUOUS,
    425: ReplyKind.TRANSIENT,
    429: ReplyKind.TRANSIENT,
    499: ReplyKind.AMBIGUOUS,
    501: ReplyKind.TERMINAL,
    505: ReplyKind.TERMINAL,
}
_OVERLOADED = frozenset({503, 529})
_NOT_FOUND = frozenset({404, 410})
_QUOTA_CODES = frozenset(
    {
        "billing_hard_limit_reached",
        "billing_not_active",
        "insufficient_balance",
        "insufficient_quota",
        "insufficient_user_quota",
        "quota_exceeded",
    }
)

# The upstream's own words for these are about our account there, which concerns the operator alone.
_ACCOUNT_ERRORS = {
    401: VideoError("upstream_unauthorized", "The engine currently rejects this server's credentials."),
    402: VideoError("upstream_quota", "The engine's quota is used up."),
}
_REDIRECT_ERROR = VideoError("upstream_misconfigured", "This server has a wrong address for the engine.")


def is_success(status: int) -> bool:
    """Return whether an HTTP status means success."""
    return 200 <= status < 300  # noqa: PLR2004 - the class of success


def classify_submit(status: int, headers: Mapping[str, str], code: str | None) -> ReplyKind:
    """Return what a response to a submission means that holds no job; ``code`` is its error's, if it has one.

    For 2xx the body decides, see :meth:`filmgate.wire.upstream.base.Upstream.read_create`.
    """
    if code in _QUOTA_CODES and 400 <= status < 500:  # noqa: PLR2004 - the class of the caller's mistakes
        return ReplyKind.TERMINAL
    if status in _OVERLOADED:
        return ReplyKind.AMBIGUOUS if retry_after(headers) is None else ReplyKind.TRANSIENT
    return _SUBMIT_KINDS.get(status, ReplyKind.TERMINAL if status // 100 == 4 else ReplyKind.AMBIGUOUS)  # noqa: PLR2004 - the same


def classify_poll(status: int, *, readable: bool) -> ReplyKind:
    """Return what a response to a poll means that holds no job; ``readable``: it is at least an object."""
    if status in _NOT_FOUND:
        return ReplyKind.GONE
    return ReplyKind.UNKNOWN if is_success(status) and readable else ReplyKind.TRANSIENT


def public_rejection(status: int, error: VideoError) -> VideoError:
    """Return the error that a client sees for a rejection: the upstream's, unless it is about our account there."""
    if status // 100 == 3:  # noqa: PLR2004 - the class of redirects
        return _REDIRECT_ERROR
    return _ACCOUNT_ERRORS[402] if error.code in _QUOTA_CODES else _ACCOUNT_ERRORS.get(status, error)
