"""``GET /metrics``: the server's metrics in the Prometheus text format.

Every label has few values: engines and models of the catalogue, documented outcomes, route templates. Metrics about
money are summed from the rows (:class:`filmgate.store.Snapshot`), so they are right after a restart and for all
processes of the data folder; metrics about HTTP, polls and the process cover this process since its start.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping, Sequence

from starlette.types import Receive, Scope, Send

from filmgate.errors import UnknownUrl
from filmgate.server.addresses import is_local
from filmgate.server.errors import method_not_allowed
from filmgate.server.request_stats import RequestStats
from filmgate.server.responses import Response
from filmgate.store import Statistics
from filmgate.wire.openai import OPENAI

__all__ = ["EventLoopLag", "Metrics", "PollCounts"]

PollCounts = Callable[[], Mapping[tuple[str, str], int]]
"""Returns the number of this process's polls, by engine and result."""

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"

SAMPLE_INTERVAL = 0.25
"""Seconds between two samples of the event loop's lag."""

IDLE_TIMEOUT = 300.0
"""Seconds after the last scrape at which sampling stops, until the next one."""

_METHODS = ("GET", "HEAD")


class EventLoopLag:
    """Samples how late the event loop runs its timers. The first call starts sampling and returns 0."""

    def __init__(self) -> None:
        self._max_lag = 0.0
        self._watch_until = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def max_lag(self) -> float:
        """Return the longest delay since the last call, in seconds."""
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
    """Handler of ``GET /metrics``.

    Args:
        statistics: the sums over the rows.
        request_stats: counts and durations of requests.
        poll_counts: polls by engine and result.
        models: the catalogue's model names; others are counted as ``other``.
        task_counts: background tasks of chat programs, by name.
        access: who may read: ``local`` (loopback alone), ``open`` (everyone who reaches the port), ``off``.
    """

    def __init__(
        self,
        statistics: Statistics,
        request_stats: RequestStats,
        poll_counts: PollCounts,
        *,
        models: Sequence[str],
        access: str,
        task_counts: Mapping[str, int] | None = None,
    ) -> None:
        self._task_counts = {} if task_counts is None else task_counts
        self._statistics = statistics
        self._request_stats = request_stats
        self._poll_counts = poll_counts
        self._models = frozenset(models)
        self._access = access
        self._lag = EventLoopLag()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to clients that may read; for all others the path does not exist."""
        if not _may_read(scope, self._access):
            raise UnknownUrl(f"Invalid URL ({scope['method']} {scope['path']})")
        if scope["method"] not in _METHODS:
            response = method_not_allowed(scope, OPENAI, _METHODS)
        else:
            text = await self.text()
            head = [(b"content-type", CONTENT_TYPE), (b"cache-control", b"no-store")]
            response = Response(200, [*head, (b"content-length", b"%d" % len(text))], text)
        await response(scope, receive, send)

    async def text(self) -> bytes:
        """Return all metrics as of now.

        Raises:
            StorageFault: the rows can't be read.
        """
        lag = self._lag.max_lag()
        snapshot = await self._statistics.read()
        # The first scrape loads the Prometheus client, on a thread, so that a start does not pay for it.
        await asyncio.to_thread(importlib.import_module, "filmgate.server.exposition")
        from filmgate.server import exposition  # noqa: PLC0415 - see above

        families = exposition.families(
            snapshot, self._models, self._request_stats, self._poll_counts(), self._task_counts, lag
        )
        return await asyncio.to_thread(exposition.text, families)


def _may_read(scope: Scope, access: str) -> bool:
    if access != "local":
        return access == "open"
    return is_local(scope)
