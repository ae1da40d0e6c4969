"""What requests cost, counted as they are answered: half a microsecond each, a fixed number of numbers in all."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from starlette.types import Scope

__all__ = ["BUCKET_BOUNDS", "SENT_BYTES_KEY", "Histogram", "RequestStats", "Sample"]

BUCKET_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
"""Upper bounds, in seconds, of the classes in which the times to an answer's head are counted."""

SENT_BYTES_KEY = "filmgate.sent"
"""Where in its scope a connection notes the bytes that it sent past the app, by sendfile."""

_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"})
_OTHER = "other"
_DISCONNECTED = "gone"


class Histogram:
    """Requests of one kind: how many in each class of BOUNDS and beyond, seconds and bytes all together."""

    __slots__ = ("counts", "seconds", "sent_bytes")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKET_BOUNDS) + 1)
        self.seconds = 0.0
        self.sent_bytes = 0


class Sample(Struct, frozen=True):
    """A cell by what it counts; each label is one of a few words."""

    method: str
    route: str  # the path's template, never the path
    status: str  # 2xx, 3xx, 4xx, 5xx; gone: hung up before there was an answer
    histogram: Histogram


class RequestStats:
    """Counts requests by method, route and class of status."""

    def __init__(self) -> None:
        self._routes: Mapping[Any, str] = {}
        self._histograms: dict[tuple[Any, str, int], Histogram] = {}

    def register_routes(self, routes: Iterable[tuple[Any, str]]) -> None:
        """Which endpoint is which route; whatever else answers is none of them."""
        self._routes = dict(routes)

    def record(self, scope: Scope, status: int, seconds: float, sent_bytes: int) -> None:
        """Count one request.

        Args:
            scope: as the router left it.
            status: of its answer; 0: there was none.
            seconds: until the answer's head.
            sent_bytes: bytes of its body that the app sent itself.
        """
        kind = (scope.get("endpoint"), scope["method"], status // 100)
        cell = self._histograms.get(kind) or self._histogram(*kind)
        cell.counts[bisect_left(BUCKET_BOUNDS, seconds)] += 1
        cell.seconds += seconds
        cell.sent_bytes += sent_bytes + scope.get(SENT_BYTES_KEY, 0)

    def samples(self) -> Iterator[Sample]:
        """What was counted so far."""
        for (endpoint, method, hundreds), cell in list(self._histograms.items()):
            status = f"{hundreds}xx" if hundreds else _DISCONNECTED
            yield Sample(method, self._routes.get(endpoint, _OTHER), status, cell)

    def _histogram(self, endpoint: Any, method: str, hundreds: int) -> Histogram:
        # Clients choose methods and paths: what is not ours shares one cell, so that nobody can fill the memory.
        known = endpoint if endpoint in self._routes else None
        named = method if method in _METHODS else _OTHER
        return self._histograms.setdefault((known, named, hundreds), Histogram())
