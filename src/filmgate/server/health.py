"""What needs no key: whether we live, whether we are ready, and the document that describes us."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from filmgate.errors import StorageFault, Unavailable
from filmgate.server.errors import refusal
from filmgate.server.responses import json_reply
from filmgate.store import Store
from filmgate.wire.openai import OPENAI

__all__ = ["ROOM", "Check", "Readiness", "disk_check", "document", "health", "running_check", "store_check"]

ROOM = 256 * 1024 * 1024
"""Bytes that must be free on the data folder's disk: a few films at work."""

PATIENCE = 2.0
"""Seconds within which a check must have answered."""

FRESH = 1.0
"""Seconds for which an answer is given again without a check."""

_METHODS = ("GET", "HEAD")

Check = Callable[[], Awaitable[str | None]]
"""Looks at one thing; returns what is wrong, or None."""


def health(ready: Callable[[], bool]) -> ASGIApp:
    """``GET /healthz``: 200 when requests are welcome, 503 while starting or draining."""
    return _Open(lambda: {"status": "ok"}, ready)


def document(content: bytes) -> ASGIApp:
    """``GET /openapi.json``: a document that never changes, as it was encoded once."""
    return _Open(lambda: content, lambda: True)


def running_check(ready: Callable[[], bool]) -> Check:
    """Whether the flow takes videos."""

    async def check() -> str | None:
        return None if ready() else "starting or stopping"

    return check


def store_check(store: Store) -> Check:
    """Whether something can be written and synced."""

    async def check() -> str | None:
        try:
            await store.check()
        except (StorageFault, Unavailable) as error:
            return error.message
        return None

    return check


def disk_check(folder: Path, least: int = ROOM) -> Check:
    """Whether the folder's disk has room."""

    async def check() -> str | None:
        try:
            found = await asyncio.to_thread(os.statvfs, folder)
        except OSError as error:
            return f"the data folder can't be looked at: {error.strerror}"
        free = found.f_bavail * found.f_frsize
        return None if free >= least else f"{free // 2**20} MiB are free, {least // 2**20} MiB are needed"

    return check


class Readiness:
    """``GET /readyz``: 200 when every check is passed, else 503 with what is wrong, by name.

    Args:
        checks: by the name that the answer gives them.
        clock: seconds, for the age of the last answer.
    """

    def __init__(self, checks: Mapping[str, Check], clock: Callable[[], float] = time.monotonic) -> None:
        self._checks = checks
        self._clock = clock
        self._turn = asyncio.Lock()
        self._seen_at = float("-inf")
        self._wrong: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["method"] not in _METHODS:
            await refusal(scope, OPENAI, _METHODS)(scope, receive, send)
            return
        wrong = await self.wrong()
        checks = {name: wrong.get(name, "ok") for name in self._checks}
        status = "unready" if wrong else "ready"
        await json_reply({"status": status, "checks": checks}, 503 if wrong else 200)(scope, receive, send)

    async def wrong(self) -> dict[str, str]:
        """What keeps us from being ready, by check."""
        async with self._turn:
            if self._clock() - self._seen_at >= FRESH:
                said = await asyncio.gather(*(_within(check) for check in self._checks.values()))
                self._wrong = {name: text for name, text in zip(self._checks, said, strict=True) if text is not None}
                self._seen_at = self._clock()
            return self._wrong


async def _within(check: Check) -> str | None:
    try:
        return await asyncio.wait_for(check(), PATIENCE)
    except TimeoutError:
        return f"no answer within {PATIENCE:g} s"


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
