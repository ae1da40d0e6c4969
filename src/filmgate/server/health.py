"""Endpoints without a key: health, readiness and the OpenAPI document."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from filmgate.errors import StorageFault, Unavailable
from filmgate.server.addresses import public_root
from filmgate.server.errors import method_not_allowed
from filmgate.server.responses import json_response
from filmgate.storage.base import MIN_FREE_BYTES
from filmgate.store import Store
from filmgate.wire.openai import OPENAI

__all__ = [
    "Check",
    "Readiness",
    "disk_check",
    "health",
    "openapi_document",
    "running_check",
    "store_check",
]

CHECK_TIMEOUT = 2.0
"""Seconds after which a running check counts as failed."""

CACHE_SECONDS = 1.0
"""Seconds for which a result is reused without a new check."""

_METHODS = ("GET", "HEAD")

Check = Callable[[], Awaitable[str | None]]
"""Checks one component; returns what is wrong, or None."""


def health(is_ready: Callable[[], bool]) -> ASGIApp:
    """``GET /healthz``: 200 while requests are accepted, 503 while starting or draining."""
    return _PublicEndpoint(lambda _scope: {"status": "ok"}, is_ready)


def openapi_document(content: Callable[[], bytes]) -> ASGIApp:
    """``GET /openapi.json``: encoded on the first request, with the address of each request as its server."""
    encoded = cache(content)

    def document(scope: Scope) -> bytes:
        server = b'"servers":[{"url":"%s"}]' % public_root(scope).encode("ascii")
        return encoded().replace(b'"servers":[{"url":"/"}]', server, 1)

    return _PublicEndpoint(document, lambda: True)


def running_check(is_ready: Callable[[], bool]) -> Check:
    """Check that the flow accepts videos."""

    async def check() -> str | None:
        return None if is_ready() else "starting or stopping"

    return check


def store_check(store: Store) -> Check:
    """Check that the store can write and sync."""

    async def check() -> str | None:
        try:
            await store.check()
        except (StorageFault, Unavailable) as error:
            return error.message
        return None

    return check


def disk_check(folder: Path, min_free_bytes: int = MIN_FREE_BYTES) -> Check:
    """Check that the folder's disk has enough free space."""

    async def check() -> str | None:
        try:
            stats = await asyncio.to_thread(os.statvfs, folder)
        except OSError as error:
            return f"the data folder can't be checked: {error.strerror}"
        free = stats.f_bavail * stats.f_frsize
        return (
            None
            if free >= min_free_bytes
            else f"{free // 2**20} MiB are free, {min_free_bytes // 2**20} MiB are needed"
        )

    return check


class Readiness:
    """``GET /readyz``: 200 if every check passes, else 503 with the problems by check.

    Args:
        checks: by the name that the response gives them.
        clock: seconds, for the age of the last result.
    """

    def __init__(self, checks: Mapping[str, Check], clock: Callable[[], float] = time.monotonic) -> None:
        self._checks = checks
        self._clock = clock
        self._lock = asyncio.Lock()
        self._checked_at = float("-inf")
        self._failures: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to GET and HEAD."""
        if scope["method"] not in _METHODS:
            await method_not_allowed(scope, OPENAI, _METHODS)(scope, receive, send)
            return
        failures = await self.failures()
        checks = {name: failures.get(name, "ok") for name in self._checks}
        status = "unready" if failures else "ready"
        await json_response({"status": status, "checks": checks}, 503 if failures else 200)(scope, receive, send)

    async def failures(self) -> dict[str, str]:
        """Return the failed checks: what is wrong, by check."""
        async with self._lock:
            if self._clock() - self._checked_at >= CACHE_SECONDS:
                results = await asyncio.gather(*(_run_check(check) for check in self._checks.values()))
                self._failures = {
                    name: text for name, text in zip(self._checks, results, strict=True) if text is not None
                }
                self._checked_at = self._clock()
            return self._failures


async def _run_check(check: Check) -> str | None:
    try:
        return await asyncio.wait_for(check(), CHECK_TIMEOUT)
    except TimeoutError:
        return f"no answer within {CHECK_TIMEOUT:g} s"


class _PublicEndpoint:
    """A public JSON document."""

    def __init__(self, content: Callable[[Scope], object], is_ready: Callable[[], bool]) -> None:
        self._content = content
        self._is_ready = is_ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in _METHODS:
            response = method_not_allowed(scope, OPENAI, _METHODS)
        elif self._is_ready():
            response = json_response(self._content(scope))
        else:
            raise Unavailable
        await response(scope, receive, send)
