"""The one table by which exceptions become answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.types import Scope

from filmgate.errors import BodyTimeout, Conflict, FilmgateError, InvalidKey, MethodNotAllowed, ServerError
from filmgate.server.responses import Header, Reply, json_reply
from filmgate.wire.dialect import Dialect

__all__ = ["error_reply", "publishable", "refusal"]

MORE_HEADERS: dict[type[FilmgateError], tuple[Header, ...]] = {
    InvalidKey: ((b"www-authenticate", b"Bearer"),),
    BodyTimeout: ((b"connection", b"close"),),
}
"""Headers of HTTP itself that an error brings along, beside those of its dialect."""


def publishable(error: Exception) -> FilmgateError:
    """What the client is told: an error of the tree as it is, anything else as a fault of ours without any detail."""
    if isinstance(error, FilmgateError) and not isinstance(error, Conflict):
        return error
    return ServerError()


def error_reply(error: FilmgateError, dialect: Dialect, headers: Sequence[Header] = ()) -> Reply:
    """The answer that a dialect gives to an error."""
    rendered = dialect.render_error(error)
    named = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in rendered.headers.items()]
    return json_reply(rendered.body, rendered.status, [*named, *MORE_HEADERS.get(type(error), ()), *headers])


def refusal(scope: Scope, dialect: Dialect, allowed: Iterable[str]) -> Reply:
    """The answer to a method that a path does not have."""
    error = MethodNotAllowed(
        f"Not allowed to {scope['method']} on {scope['path']}. "
        "(HINT: Perhaps you meant to use a different HTTP method?)"
    )
    return error_reply(error, dialect, [(b"allow", ", ".join(sorted(allowed)).encode("ascii"))])
