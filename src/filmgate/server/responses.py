"""Minimal HTTP responses: a status, headers and bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

__all__ = ["EVENT_STREAM_HEADERS", "Header", "Response", "json_response"]

Header = tuple[bytes, bytes]
"""A header's lower-case name and its value, as in ASGI."""

EVENT_STREAM_HEADERS: tuple[Header, ...] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # keeps nginx from holding events back to fill its buffer
    (b"x-content-type-options", b"nosniff"),
)
"""Headers of a response that streams server-sent events."""

_ENCODER = msgspec.json.Encoder()

_JSON_HEADERS: tuple[Header, ...] = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)


class Response:
    """A complete response, itself an ASGI app."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Sequence[Header], body: bytes = b"") -> None:
        self.status = status
        self.headers = headers
        self.body = body

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the response; HEAD gets the headers alone."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else self.body})


def json_response(payload: Any, status: int = 200, headers: Sequence[Header] = ()) -> Response:
    """Return ``payload`` as compact JSON: shell clients read it with grep."""
    body = payload if isinstance(payload, bytes) else _ENCODER.encode(payload)
    return Response(status, [*_JSON_HEADERS, (b"content-length", b"%d" % len(body)), *headers], body)
