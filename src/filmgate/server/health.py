"""What needs no key: whether we are ready, and the document that describes us."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from filmgate.errors import Unavailable
from filmgate.server.errors import refusal
from filmgate.server.reply import json_reply
from filmgate.wire.openai import OPENAI

__all__ = ["document", "health"]

_METHODS = ("GET", "HEAD")


def health(ready: Callable[[], bool]) -> ASGIApp:
    """``GET /healthz``: 200 when requests are welcome, 503 while starting or draining."""
    return _Open(lambda: {"status": "ok"}, ready)


def document(content: bytes) -> ASGIApp:
    """``GET /openapi.json``: a document that never changes, as it was encoded once."""
    return _Open(lambda: content, lambda: True)


class _Open:
    """Something to read for everybody."""

    def __init__(self, content: Callable[[], object], ready: Callable[[], bool]) -> None:
        self._content = content
        self._ready = ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in _METHODS:
            reply = refusal(scope, OPENAI, _METHODS)
        elif self._ready():
            reply = json_reply(self._content())
        else:
            raise Unavailable
        await reply(scope, receive, send)
