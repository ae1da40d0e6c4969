"""Detects repeated requests and serialises equal requests that overlap.

An official SDK resends a create after a dropped connection, and a client may send an idempotency key. In both cases
the second request returns the video of the first.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from msgspec import Struct

from filmgate.wire.params import CreateParams, RevisionParams, Upload

__all__ = ["RESEND_WINDOW", "RequestIdentity", "SingleFlight", "fingerprint"]

RESEND_WINDOW = 120.0
"""Seconds within which an SDK's resend returns what the first request created (wire.md §3)."""


LATER_FIELDS = frozenset({"parameters", "user"})
"""Fields that digests of earlier versions lack."""


class RequestIdentity(Struct, frozen=True, kw_only=True):
    """Identifies a repeated request; the fields are those of :class:`filmgate.domain.NewVideo`."""

    idempotency_key: str | None
    resend_since: float | None  # Unix seconds; None: not a resend
    fingerprint: str


class SingleFlight:
    """Makes a resend wait for equal requests that are still running in this process.

    Without it, a resend that arrives before the first request is committed would find no video to return.
    """

    def __init__(self) -> None:
        self._running: dict[tuple[str, str], list[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def enter(self, request: tuple[str, str], *, wait: bool) -> AsyncIterator[None]:
        """Run one of several equal requests.

        Args:
            request: the key's id and the request's fingerprint.
            wait: whether to wait for equal requests that started earlier; False: run concurrently.
        """
        running = self._running.setdefault(request, [])
        earlier, done = list(running), asyncio.get_running_loop().create_future()
        running.append(done)
        try:
            if wait and earlier:
                await asyncio.wait(earlier)
            yield
        finally:
            done.cancel()
            running.remove(done)
            if not running:
                del self._running[request]


def fingerprint(params: CreateParams | RevisionParams) -> str:
    """Return a digest of the parsed fields and file bytes, independent of the request's encoding and boundary."""
    fields = msgspec.to_builtins(params, enc_hook=str)
    # What is not given is left out: a video that an earlier version accepted keeps its digest.
    fields = {name: value for name, value in fields.items() if value or name not in LATER_FIELDS}
    for name in ("input_reference", "video"):
        if isinstance(upload := getattr(params, name, None), Upload):
            fields[name] = upload.sha256
    return hashlib.sha256(msgspec.json.encode(fields, order="sorted")).hexdigest()
