"""API key authentication: from a request's key to its principal."""

from __future__ import annotations

from starlette.types import Scope

from filmgate.errors import InvalidKey
from filmgate.store import Principal, Store

__all__ = ["Authenticator", "mask", "read_key"]

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

    async def __call__(self, scope: Scope) -> Principal:
        """Return the principal of a request.

        Raises:
            InvalidKey: the key is missing or unknown.
        """
        secret = read_key(scope["headers"])
        if not secret:
            raise InvalidKey(_MISSING_KEY)
        principal = await self._accounts.authenticate(secret)
        if principal is None:
            raise InvalidKey(f"Incorrect API key provided: {mask(secret)}.")
        return principal


def read_key(headers: list[tuple[bytes, bytes]]) -> str:
    """Return the key in ``Authorization: Bearer <key>`` or ``Authorization: <key>``; empty if there is none."""
    for name, value in headers:
        if name == b"authorization":
            words = value.decode("latin-1").split()
            if words and words[0].lower() == "bearer":
                del words[0]
            return " ".join(words)
    return ""


def mask(secret: str) -> str:
    """Return enough of a key to recognise it by, never the whole key."""
    first, last = _VISIBLE
    text = "".join(char if char.isprintable() else "?" for char in secret)
    return f"{text[:first]}…{text[-last:]}" if len(text) >= _MIN_MASKABLE else "…"
