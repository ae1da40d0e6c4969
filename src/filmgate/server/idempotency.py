"""How a request says that it repeats another."""

from __future__ import annotations

from filmgate.errors import InvalidValue
from filmgate.server.request import Call

__all__ = ["idempotency_key", "resend"]

LONGEST_KEY = 255
"""Characters of the longest Idempotency-Key."""


def idempotency_key(call: Call) -> str | None:
    """The client's own name for what it wants, if it gave one.

    Raises:
        InvalidValue: it is too long.
    """
    key = (call.header(b"idempotency-key") or "").strip()
    if len(key) > LONGEST_KEY:
        raise InvalidValue(f"The Idempotency-Key is longer than {LONGEST_KEY} characters.", param="Idempotency-Key")
    return key or None


def resend(call: Call) -> int:
    """How often an official SDK says that it has sent this before; nonsense counts as never."""
    count = call.header(b"x-stainless-retry-count") or ""
    return int(count) if count.isascii() and count.isdigit() and len(count) <= 2 else 0  # noqa: PLR2004 - two digits
