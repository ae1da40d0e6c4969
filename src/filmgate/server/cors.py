"""Cross-origin requests: which web pages may call the server and read its answers.

``*`` is safe: a page needs a key, which it sends as a bearer. Browsers attach nothing to a request by themselves,
because no answer allows credentials (cookies). The operator's paths are for programs on the server's side alone.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.types import Scope

from filmgate.server.responses import Header, Response

__all__ = ["EXPOSED_HEADERS", "CorsPolicy"]

EXPOSED_HEADERS: Final = (
    *("x-request-id", "retry-after", "openai-poll-after-ms", "openai-processing-ms", "x-should-retry"),
    *("content-disposition", "content-length", "content-range", "accept-ranges", "etag", "allow", "www-authenticate"),
    *(f"x-ratelimit-{name}-requests" for name in ("limit", "remaining", "reset")),
)
"""Headers of answers that a page may read, besides those that it always may."""

OPERATOR_PATHS: Final = frozenset({"/metrics", "/healthz", "/readyz"})

MAX_AGE: Final = 7200
"""Seconds that a browser may keep the answer to a preflight: the most that Chromium takes."""

MAX_ASKED_BYTES: Final = 4096
"""Maximum length of the list of headers that a preflight may ask for."""

_TOKENS = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z, -]+")
_EXPOSE: Final = (b"access-control-expose-headers", ", ".join(EXPOSED_HEADERS).encode())
_VARY: Final = (b"vary", b"Origin")
_ANY: Final = ((b"access-control-allow-origin", b"*"), _EXPOSE)


class CorsPolicy:
    """Headers of answers to pages of other origins.

    Args:
        allow_origins: origins in lower case, or ``*`` alone; empty: no page may call.
    """

    def __init__(self, allow_origins: tuple[str, ...] = ()) -> None:
        self._any = "*" in allow_origins
        self._origins = frozenset(origin.encode() for origin in allow_origins)

    def headers(self, scope: Scope) -> tuple[Header, ...]:
        """Return what every answer to a request has, errors included.

        With ``*`` they are the same for all requests, so that caches need no variants. Otherwise an answer depends on
        the request's origin, also where it has none.
        """
        if not self._origins or scope["path"] in OPERATOR_PATHS:
            return ()
        if self._any:
            return _ANY
        if not self._allows(scope):
            return (_VARY,)
        return ((b"access-control-allow-origin", _header(scope, b"origin")), _EXPOSE, _VARY)

    def preflight(self, scope: Scope) -> Response | None:
        """Return the answer to a preflight, on any path, so that a page can read a 404 too; None: it is none.

        A page of the internet may reach a server in the visitor's own network only if the operator lists its origin:
        ``*`` is a default, and would show every page who runs a server.
        """
        if scope["method"] != "OPTIONS" or not self._origins or scope["path"] in OPERATOR_PATHS:
            return None
        if not (_header(scope, b"origin") and _header(scope, b"access-control-request-method")):
            return None
        if not self._allows(scope):
            return Response(204, ())
        headers = [
            (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
            (b"access-control-max-age", b"%d" % MAX_AGE),
        ]
        asked = _header(scope, b"access-control-request-headers")
        if len(asked) <= MAX_ASKED_BYTES and _TOKENS.fullmatch(asked):
            headers.append((b"access-control-allow-headers", asked))
        if not self._any and _header(scope, b"access-control-request-private-network") == b"true":
            headers.append((b"access-control-allow-private-network", b"true"))
        return Response(204, headers)

    def _allows(self, scope: Scope) -> bool:
        return self._any or _header(scope, b"origin").lower() in self._origins


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")
