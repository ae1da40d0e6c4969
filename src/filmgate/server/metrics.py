"""``GET /metrics``: what there is to watch, in Prometheus' text format.

Every label is one of a small set: engines and models of the catalogue, outcomes that the docs list, routes' templates.
What counts money is added up from the rows (:class:`filmgate.store.Figures`), so it is right after a restart and for
all processes of the data folder; what is said of HTTP, looks and the process is of this process since its start.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping, Sequence

from starlette.types import Receive, Scope, Send

from filmgate.errors import UnknownUrl
from filmgate.security.ip_scope import is_loopback
from filmgate.server.errors import method_not_allowed
from filmgate.server.request_stats import RequestStats
from filmgate.server.responses import Response
from filmgate.store import Statistics
from filmgate.wire.openai import OPENAI

__all__ = ["EventLoopLag", "Metrics", "PollCounts"]

PollCounts = Callable[[], Mapping[tuple[str, str], int]]
"""How often this process looked at engines, by engine and what it saw."""

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"

SAMPLE_INTERVAL = 0.25
"""Seconds between two samples of the event loop's lag."""

IDLE_TIMEOUT = 300.0
"""Seconds after the last scrape at which sampling stops, until the next one."""

_METHODS = ("GET", "HEAD")
_FORWARDING_HEADERS = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via"})


class EventLoopLag:
    """Samples how late the event loop runs its timers. The first call starts sampling and returns 0."""

    def __init__(self) -> None:
        self._max_lag = 0.0
        self._watch_until = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def max_lag(self) -> float:
        """The longest delay since the last call, in seconds."""
        loop = asyncio.get_running_loop()
        self._watch_until = loop.time() + IDLE_TIMEOUT
        if self._timer is None:
            self._schedule_sample(loop)
        max_lag, self._max_lag = self._max_lag, 0.0
        return max_lag

    def _schedule_sample(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = loop.call_later(SAMPLE_INTERVAL, self._sample, loop, loop.time() + SAMPLE_INTERVAL)

    def _sample(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        now = loop.time()
        self._max_lag = max(self._max_lag, now - due)
        self._timer = None
        if now < self._watch_until:
            self._schedule_sample(loop)


class Metrics:
    """The route.

    Args:
        statistics: the rows' sums.
        request_stats: what requests cost.
        poll_counts: at engines.
        models: the names that the catalogue has; others are counted as ``other``.
        access: who may read: ``local`` (loopback alone), ``open`` (whoever reaches the port), ``off``.
    """

    def __init__(
        self,
        statistics: Statistics,
        request_stats: RequestStats,
        poll_counts: PollCounts,
        *,
        models: Sequence[str],
        access: str,
    ) -> None:
        self._statistics = statistics
        self._request_stats = request_stats
        self._poll_counts = poll_counts
        self._models = frozenset(models)
        self._access = access
        self._lag = EventLoopLag()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer those who may read; for all others there is nothing here."""
        if not _may_read(scope, self._access):
            raise UnknownUrl(f"Invalid URL ({scope['method']} {scope['path']})")
        if scope["method"] not in _METHODS:
            reply = method_not_allowed(scope, OPENAI, _METHODS)
        else:
            text = await self.text()
            head = [(b"content-type", CONTENT_TYPE), (b"cache-control", b"no-store")]
            reply = Response(200, [*head, (b"content-length", b"%d" % len(text))], text)
        await reply(scope, receive, send)

    async def text(self) -> bytes:
        """Everything, as of now.

        Raises:
            StorageFault: the rows can't be read.
        """
        lag = self._lag.max_lag()
        snapshot = await self._statistics.read()
        # The Prometheus client is loaded with the first scrape, on a thread: a start need not pay for it.
        await asyncio.to_thread(importlib.import_module, "filmgate.server.exposition")
        from filmgate.server import exposition  # noqa: PLC0415 - see above

        families = exposition.families(snapshot, self._models, self._request_stats, self._poll_counts(), lag)
        return await asyncio.to_thread(exposition.text, families)


def _may_read(scope: Scope, access: str) -> bool:
    if access != "local":
        return access == "open"
    client = scope.get("client")
    near = client is not None and is_loopback(client[0])
    return near and not any(name in _FORWARDING_HEADERS for name, _value in scope["headers"])
