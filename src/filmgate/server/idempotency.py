"""The headers by which a request identifies itself as a repetition."""

from __future__ import annotations

from filmgate.errors import InvalidValue
from filmgate.server.request import Call

__all__ = ["idempotency_key", "retry_count"]

LONGEST_KEY = 255
"""Characters of the longest Idempotency-Key."""


def idempotency_key(call: Call) -> str | None:
    """The client's ``Idempotency-Key``; None if there is none.

    Raises:
        InvalidValue: it is too long.
    """
    key = (call.header(b"idempotency-key") or "").strip()
    if len(key) > LONGEST_KEY:
        raise InvalidValue(f"The Idempotency-Key is longer than {LONGEST_KEY} characters.", param="Idempotency-Key")
    return key or None


def retry_count(call: Call) -> int:
    """How often an official SDK has sent this before (``x-stainless-retry-count``); 0 if it is not a small number."""
    count = call.header(b"x-stainless-retry-count") or ""
    return int(count) if count.isascii() and count.isdigit() and len(count) <= 2 else 0  # noqa: PLR2004 - two digits
