"""The context of an authenticated request, and the endpoint that dispatches one path by method."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from filmgate.errors import InvalidValue, MissingParameter
from filmgate.server.addresses import public_root
from filmgate.server.auth import Authenticator
from filmgate.server.errors import method_not_allowed
from filmgate.server.held_bytes import ACCOUNT_KEY
from filmgate.store import Principal
from filmgate.wire.dialect import Dialect, RenderContext
from filmgate.wire.readers import whole_number

__all__ = ["Handler", "HttpEndpoint", "RequestContext"]

DIALECT_KEY = "filmgate.dialect"
"""Where a scope has the dialect of its route."""

MAX_KEY_LENGTH = 255
"""Maximum characters of an Idempotency-Key."""


MAX_LENGTH_DIGITS = 18
"""Maximum digits of a ``content-length`` that is read."""


class RequestContext:
    """An authenticated request: its principal, dialect, parameters and headers."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        principal: Principal,
        dialect: Dialect,
        authenticate: Callable[[], Awaitable[Principal]] | None = None,
    ) -> None:
        self._authenticate = authenticate
        self.scope = scope
        self.receive = receive
        self.principal = principal
        self.dialect = dialect
        text: bytes = scope["query_string"]
        # The last of repeated parameters counts; one without a value is not given.
        self.query = dict(parse_qsl(text.decode("latin-1"))) if text else {}

    async def check_key(self) -> None:
        """Check the key again, after a wait: it may have been revoked, or have expired.

        Raises:
            InvalidKey: it was, or has.
        """
        if self._authenticate is not None:
            await self._authenticate()

    @property
    def path_id(self) -> str:
        """The id in the path, or in the query where the path has none.

        Raises:
            MissingParameter: it is in neither.
        """
        target: str = self.scope["path_params"].get("id") or self.query.get("id", "")
        if not target:
            raise MissingParameter("id")
        return self.dialect.to_video_id(target)

    @property
    def path_model(self) -> str | None:
        """The model in the path; None where the path has none."""
        model: str | None = self.scope["path_params"].get("model")
        return model

    @property
    def render_context(self) -> RenderContext:
        """What the dialect's renderers need."""
        origin = public_root(self.scope)
        return RenderContext(origin + self.dialect.base_path, origin)

    @property
    def idempotency_key(self) -> str | None:
        """The client's ``Idempotency-Key``, or None.

        Raises:
            InvalidValue: it is too long.
        """
        key = (self.header(b"idempotency-key") or "").strip()
        if len(key) > MAX_KEY_LENGTH:
            message = f"The Idempotency-Key is longer than {MAX_KEY_LENGTH} characters."
            raise InvalidValue(message, param="Idempotency-Key")
        return key or None

    @property
    def retry_count(self) -> int:
        """Earlier tries of an official SDK (``x-stainless-retry-count``); 0 if absent."""
        count = self.header(b"x-stainless-retry-count") or ""
        return int(count) if count.isascii() and count.isdigit() and len(count) <= 2 else 0  # noqa: PLR2004 - two digits

    @property
    def content_length(self) -> int | None:
        """The length of the body in bytes; None if it is not given."""
        text = self.header(b"content-length") or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_LENGTH_DIGITS else None

    def header(self, name: bytes) -> str | None:
        """Return the first header of that lower-case name, or None."""
        return next((value.decode("latin-1") for key, value in self.scope["headers"] if key == name), None)

    def choice_param(self, param: str, default: str, *supported: str) -> str:
        """Return a query parameter that is one of the supported values.

        Raises:
            InvalidValue: it is not.
        """
        value = self.query.get(param, default)
        if value not in supported:
            raise InvalidValue.unsupported(param, value, supported)
        return value

    def int_param(self, param: str, default: int, maximum: int) -> int:
        """Return a query parameter that is an integer from 0 to ``maximum``.

        Raises:
            InvalidValue: it is not.
        """
        value = self.query.get(param)
        if value is None:
            return default
        number = whole_number(value)
        if number is None or not 0 <= number <= maximum:
            raise InvalidValue(f"Invalid value: '{value[:100]}'. Expected an integer from 0 to {maximum}.", param=param)
        return number


Handler = Callable[[RequestContext], Awaitable[ASGIApp]]
"""Handles a request; returns the response to send."""


class HttpEndpoint:
    """Dispatches one path by method; HEAD works wherever GET does."""

    def __init__(self, dialect: Dialect, authenticate: Authenticator, **handlers: Handler) -> None:
        self._dialect = dialect
        self._authenticate = authenticate
        self._handlers = {method.upper(): handler for method, handler in handlers.items()}
        if "GET" in self._handlers:
            self._handlers["HEAD"] = self._handlers["GET"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Authenticate, call the handler, send its response."""
        scope[DIALECT_KEY] = self._dialect
        handler = self._handlers.get(scope["method"])
        if handler is None:
            await method_not_allowed(scope, self._dialect, self._handlers)(scope, receive, send)
            return
        authenticate = partial(self._authenticate, scope, self._dialect.key_headers)
        principal = await authenticate()
        scope[ACCOUNT_KEY] = principal.account_id
        context = RequestContext(scope, receive, principal, self._dialect, authenticate)
        response = await handler(context)
        await response(scope, receive, send)
