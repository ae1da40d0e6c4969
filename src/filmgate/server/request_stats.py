"""Request statistics, counted per response: half a microsecond each, in bounded memory."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from starlette.types import Scope

__all__ = ["BUCKET_BOUNDS", "SENT_BYTES_KEY", "Histogram", "RequestStats", "Sample"]

BUCKET_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
"""Upper bounds, in seconds, of the histogram buckets for the time to a response's head."""

SENT_BYTES_KEY = "filmgate.sent"
"""Scope key under which a connection records the bytes that it sent past the app, by sendfile."""

_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"})
_OTHER = "other"
_DISCONNECTED = "gone"


class Histogram:
    """Requests of one kind: how many per bucket of BUCKET_BOUNDS and above, total seconds and bytes."""

    __slots__ = ("counts", "seconds", "sent_bytes")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKET_BOUNDS) + 1)
        self.seconds = 0.0
        self.sent_bytes = 0


class Sample(Struct, frozen=True):
    """A histogram with its labels; each label has few values."""

    method: str
    route: str  # the path's template, never the path
    status: str  # 2xx, 3xx, 4xx, 5xx; gone: the client disconnected before the response
    histogram: Histogram


class RequestStats:
    """Counts requests by method, route and status class."""

    def __init__(self) -> None:
        self._routes: Mapping[Any, str] = {}
        self._histograms: dict[tuple[Any, str, int], Histogram] = {}

    def register_routes(self, routes: Iterable[tuple[Any, str]]) -> None:
        """Set the route of each endpoint; all other endpoints count as ``other``."""
        self._routes = dict(routes)

    def record(self, scope: Scope, status: int, seconds: float, sent_bytes: int) -> None:
        """Count one request.

        Args:
            scope: as the router left it.
            status: of the response; 0: none was sent.
            seconds: until the response's head.
            sent_bytes: bytes of the body that the app sent itself.
        """
        key = (scope.get("endpoint"), scope["method"], status // 100)
        histogram = self._histograms.get(key) or self._histogram(*key)
        histogram.counts[bisect_left(BUCKET_BOUNDS, seconds)] += 1
        histogram.seconds += seconds
        histogram.sent_bytes += sent_bytes + scope.get(SENT_BYTES_KEY, 0)

    def samples(self) -> Iterator[Sample]:
        """Yield the histograms so far."""
        for (endpoint, method, hundreds), histogram in list(self._histograms.items()):
            status = f"{hundreds}xx" if hundreds else _DISCONNECTED
            yield Sample(method, self._routes.get(endpoint, _OTHER), status, histogram)

    def _histogram(self, endpoint: Any, method: str, hundreds: int) -> Histogram:
        # Clients choose methods and paths: unknown ones share one histogram, so that no client can exhaust memory.
        known_endpoint = endpoint if endpoint in self._routes else None
        known_method = method if method in _METHODS else _OTHER
        return self._histograms.setdefault((known_endpoint, known_method, hundreds), Histogram())
