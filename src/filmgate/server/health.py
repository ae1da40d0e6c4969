"""What needs no key: whether we live, whether we are ready, and the document that describes us."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from filmgate.errors import StorageFault, Unavailable
from filmgate.server.errors import method_not_allowed
from filmgate.server.responses import json_response
from filmgate.store import Store
from filmgate.wire.openai import OPENAI

__all__ = [
    "MIN_FREE_BYTES",
    "Check",
    "Readiness",
    "disk_check",
    "health",
    "openapi_document",
    "running_check",
    "store_check",
]

MIN_FREE_BYTES = 256 * 1024 * 1024
"""Bytes that must be free on the data folder's disk: a few films at work."""

CHECK_TIMEOUT = 2.0
"""Seconds within which a check must have answered."""

CACHE_SECONDS = 1.0
"""Seconds for which an answer is given again without a check."""

_METHODS = ("GET", "HEAD")

Check = Callable[[], Awaitable[str | None]]
"""Looks at one thing; returns what is wrong, or None."""


def health(is_ready: Callable[[], bool]) -> ASGIApp:
    """``GET /healthz``: 200 when requests are welcome, 503 while starting or draining."""
    return _PublicEndpoint(lambda: {"status": "ok"}, is_ready)


def openapi_document(content: Callable[[], bytes]) -> ASGIApp:
    """``GET /openapi.json``: a document that never changes, encoded with the first request."""
    return _PublicEndpoint(cache(content), lambda: True)


def running_check(is_ready: Callable[[], bool]) -> Check:
    """Whether the flow takes videos."""

    async def check() -> str | None:
        return None if is_ready() else "starting or stopping"

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


def disk_check(folder: Path, min_free_bytes: int = MIN_FREE_BYTES) -> Check:
    """Whether the folder's disk has room."""

    async def check() -> str | None:
        try:
            found = await asyncio.to_thread(os.statvfs, folder)
        except OSError as error:
            return f"the data folder can't be looked at: {error.strerror}"
        free = found.f_bavail * found.f_frsize
        return (
            None
            if free >= min_free_bytes
            else f"{free // 2**20} MiB are free, {min_free_bytes // 2**20} MiB are needed"
        )

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
        self._lock = asyncio.Lock()
        self._checked_at = float("-inf")
        self._failures: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["method"] not in _METHODS:
            await method_not_allowed(scope, OPENAI, _METHODS)(scope, receive, send)
            return
        wrong = await self.failures()
        checks = {name: wrong.get(name, "ok") for name in self._checks}
        status = "unready" if wrong else "ready"
        await json_response({"status": status, "checks": checks}, 503 if wrong else 200)(scope, receive, send)

    async def failures(self) -> dict[str, str]:
        """What keeps us from being ready, by check."""
        async with self._lock:
            if self._clock() - self._checked_at >= CACHE_SECONDS:
                said = await asyncio.gather(*(_run_check(check) for check in self._checks.values()))
                self._failures = {name: text for name, text in zip(self._checks, said, strict=True) if text is not None}
                self._checked_at = self._clock()
            return self._failures


async def _run_check(check: Check) -> str | None:
    try:
        return await asyncio.wait_for(check(), CHECK_TIMEOUT)
    except TimeoutError:
        return f"no answer within {CHECK_TIMEOUT:g} s"


class _PublicEndpoint:
    """Something to read for everybody."""

    def __init__(self, content: Callable[[], object], is_ready: Callable[[], bool]) -> None:
        self._content = content
        self._is_ready = is_ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in _METHODS:
            reply = method_not_allowed(scope, OPENAI, _METHODS)
        elif self._is_ready():
            reply = json_response(self._content())
        else:
            raise Unavailable
        await reply(scope, receive, send)
