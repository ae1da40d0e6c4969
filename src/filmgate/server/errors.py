"""Exceptions to error responses, in one place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.types import Scope

from filmgate.errors import BodyTimeout, Conflict, FilmgateError, InvalidKey, MethodNotAllowed, ServerError
from filmgate.server.responses import Header, Response, json_response
from filmgate.wire.dialect import Dialect

__all__ = ["error_response", "method_not_allowed", "public_error"]

EXTRA_HEADERS: dict[type[FilmgateError], tuple[Header, ...]] = {
    InvalidKey: ((b"www-authenticate", b"Bearer"),),
    BodyTimeout: ((b"connection", b"close"),),
}
"""HTTP-level headers that an error adds to those of its dialect."""


def public_error(error: Exception) -> FilmgateError:
    """Return the error that the client sees: one of the tree as it is, any other as ServerError without details."""
    if isinstance(error, FilmgateError) and not isinstance(error, Conflict):
        return error
    return ServerError()


def error_response(error: FilmgateError, dialect: Dialect, headers: Sequence[Header] = ()) -> Response:
    """Render an error in a dialect."""
    rendered = dialect.render_error(error)
    dialect_headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in rendered.headers.items()
    ]
    return json_response(
        rendered.body, rendered.status, [*dialect_headers, *EXTRA_HEADERS.get(type(error), ()), *headers]
    )


def method_not_allowed(scope: Scope, dialect: Dialect, allowed: Iterable[str]) -> Response:
    """Return the response to a method that a path does not support; OPTIONS is answered with those that it does."""
    allow = (b"allow", ", ".join(sorted({*allowed, "OPTIONS"})).encode("ascii"))
    if scope["method"] == "OPTIONS":
        return Response(204, [allow])  # it takes no key to learn them
    error = MethodNotAllowed(
        f"Not allowed to {scope['method']} on {scope['path']}. "
        "(HINT: Perhaps you meant to use a different HTTP method?)"
    )
    return error_response(error, dialect, [allow])
