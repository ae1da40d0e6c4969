"""API key authentication: from a request's key to its principal."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import Scope

from filmgate.errors import InvalidKey
from filmgate.store import Principal, Store

__all__ = ["Authenticator", "mask", "read_key"]

AUTHORIZATION = b"authorization"

_VISIBLE = (5, 2)
_MIN_MASKABLE = 16

_MISSING_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY)."
)


class Authenticator:
    """Reads the key of a request and looks up its principal."""

    def __init__(self, store: Store) -> None:
        self._accounts = store.accounts

    async def __call__(self, scope: Scope, key_headers: Sequence[bytes] = (AUTHORIZATION,)) -> Principal:
        """Return the principal of a request.

        Args:
            scope: the request.
            key_headers: lower-case names of the headers that may have the key, the first choice first.

        Raises:
            InvalidKey: the key is missing or unknown.
        """
        secret = read_key(scope["headers"], key_headers)
        if not secret:
            raise InvalidKey(_MISSING_KEY)
        principal = await self._accounts.authenticate(secret)
        if principal is None:
            raise InvalidKey(f"Incorrect API key provided: {mask(secret)}.")
        return principal


def read_key(headers: list[tuple[bytes, bytes]], names: Sequence[bytes] = (AUTHORIZATION,)) -> str:
    """Return the key in ``Authorization: Bearer <key>``, with or without ``Bearer``; empty if there is none.

    Args:
        headers: of the request.
        names: lower-case names of the headers that may have it; the first that is not empty counts.
    """
    for wanted in names:
        value = next((value for name, value in headers if name == wanted), b"")
        words = value.decode("latin-1").split()
        if words and words[0].lower() == "bearer":
            del words[0]
        if words:
            return " ".join(words)
    return ""


def mask(secret: str) -> str:
    """Return enough of a key to recognise it by, never the whole key."""
    first, last = _VISIBLE
    text = "".join(char if char.isprintable() else "?" for char in secret)
    return f"{text[:first]}…{text[-last:]}" if len(text) >= _MIN_MASKABLE else "…"
