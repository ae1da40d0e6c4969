"""What an HTTP status means for a job where the body does not speak of one: the table of reliability, rule 4.

A submission is *certainly not accepted* (TERMINAL, TRANSIENT) only where the status says that the request was turned
away before anything was done with it. Everything that a gateway may say *after* it handed the request on is
AMBIGUOUS, and an ambiguous submission is never sent again to an upstream that costs money.

+-----------------+-----------+-------------------------------------------------------------------------------------+
| answer          | submit    | why                                                                                 |
+=================+===========+=====================================================================================+
| 301 307 308     | TERMINAL  | "not here": the address in the configuration is not the upstream's own              |
| other 1xx, 3xx  | AMBIGUOUS | 302 and 303 are what a form answers that did its work                               |
| 401             | TERMINAL  | the key was refused, before anything else                                           |
| 402             | TERMINAL  | no balance, before anything else                                                    |
| 403             | TERMINAL  | refused: balance, region, policy                                                    |
| 408             | AMBIGUOUS | "your request did not arrive whole", but gateways say it of their own upstreams too |
| 409             | AMBIGUOUS | an Idempotency-Key that is being worked on: the job may be there                    |
| 425             | TRANSIENT | sent too early to be looked at                                                      |
| 429             | TRANSIENT | turned away at the door; for a used-up quota TERMINAL, for waiting won't help       |
| 499             | AMBIGUOUS | a gateway's word for "somebody hung up"                                             |
| other 4xx       | TERMINAL  | the request's own fault, found before it was taken                                  |
| 501 505         | TERMINAL  | it can't do such a thing                                                            |
| 503 529         | TRANSIENT | with Retry-After: overloaded, deliberately turned away                              |
| 503 529         | AMBIGUOUS | without it: a gateway whose upstream may have taken the request and then died       |
| 500 502 504 5xx | AMBIGUOUS | the request had been handed on                                                      |
| 2xx, no job     | TERMINAL  | an error and no id: it says itself that it took nothing                             |
| 2xx, no job     | AMBIGUOUS | HTML, half an object, an id that can't be one: it may have been taken               |
+-----------------+-----------+-------------------------------------------------------------------------------------+

A *look* changes nothing, so only two of its answers decide anything: a job in the body, and "gone" (404, 410), of which
the flow wants three in a row. All else is TRANSIENT, a revoked key included: the job may be fine, and the key mended.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from filmgate.domain import VideoError
from filmgate.wire.upstream.parsing import retry_after

__all__ = ["ReplyKind", "classify_poll", "classify_submit", "is_success", "public_rejection"]


class ReplyKind(StrEnum):
    """What an answer says."""

    JOB = "job"  # it speaks of our job
    TERMINAL = "terminal"  # it was not accepted and never will be
    TRANSIENT = "transient"  # it was certainly not accepted, or could not be looked at: try again
    AMBIGUOUS = "ambiguous"  # it may have been accepted
    GONE = "gone"  # a look: there is no such job
    UNKNOWN = "unknown"  # a look: an answer that says nothing of the job: look again


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

# Of these the upstream's own words are about our account there, which is nobody's affair but the operator's.
_ACCOUNT_ERRORS = {
    401: VideoError("upstream_unauthorized", "The engine does not let this server in at the moment."),
    402: VideoError("upstream_quota", "The engine's quota is used up."),
}
_REDIRECT_ERROR = VideoError("upstream_misconfigured", "The engine is not at the address that this server has.")


def is_success(status: int) -> bool:
    """Whether an HTTP status is one of success."""
    return 200 <= status < 300  # noqa: PLR2004 - the class of success


def classify_submit(status: int, headers: Mapping[str, str], code: str | None) -> ReplyKind:
    """What the answer to a submission means that holds no job; ``code`` is its error's, if it holds one.

    2xx is for the body to decide, see :meth:`filmgate.wire.upstream.base.Upstream.read_created`.
    """
    if code in _QUOTA_CODES and 400 <= status < 500:  # noqa: PLR2004 - the class of the caller's mistakes
        return ReplyKind.TERMINAL
    if status in _OVERLOADED:
        return ReplyKind.AMBIGUOUS if retry_after(headers) is None else ReplyKind.TRANSIENT
    return _SUBMIT_KINDS.get(status, ReplyKind.TERMINAL if status // 100 == 4 else ReplyKind.AMBIGUOUS)  # noqa: PLR2004 - the same


def classify_poll(status: int, *, readable: bool) -> ReplyKind:
    """What the answer to a look means that holds no job; ``readable``: it is an object at least."""
    if status in _NOT_FOUND:
        return ReplyKind.GONE
    return ReplyKind.UNKNOWN if is_success(status) and readable else ReplyKind.TRANSIENT


def public_rejection(status: int, error: VideoError) -> VideoError:
    """What a client is told of a refusal: the upstream's reason, unless it is about our account there."""
    if status // 100 == 3:  # noqa: PLR2004 - the class of redirects
        return _REDIRECT_ERROR
    return _ACCOUNT_ERRORS[402] if error.code in _QUOTA_CODES else _ACCOUNT_ERRORS.get(status, error)
