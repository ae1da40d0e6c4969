"""``GET /metrics``: what there is to watch, in Prometheus' text format.

Every label is one of a small set: engines and models of the catalogue, outcomes that the docs list, routes' templates.
What counts money is added up from the rows (:class:`filmgate.store.Figures`), so it is right after a restart and for
all processes of the data folder; what is said of HTTP, looks and the process is of this process since its start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import Receive, Scope, Send

from filmgate.errors import UnknownUrl
from filmgate.flow.failure_codes import CODES
from filmgate.security.ip_scope import is_loopback
from filmgate.server.errors import refusal
from filmgate.server.request_stats import BOUNDS, Traffic
from filmgate.server.responses import Reply
from filmgate.store import Figures, Snapshot
from filmgate.store.statistics import DURATIONS
from filmgate.wire.openai import OPENAI

__all__ = ["EventLoopLag", "Looks", "Metrics", "metrics_text"]

Looks = Callable[[], Mapping[tuple[str, str], int]]
"""How often this process looked at engines, by engine and what it saw."""

SAMPLE_INTERVAL = 0.25
"""Seconds between two samples of the event loop's lag."""

IDLE_TIMEOUT = 300.0
"""Seconds after the last scrape at which sampling stops, until the next one."""

_METHODS = ("GET", "HEAD")
_FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via"})
_COMPLETED = "completed"
_OTHER = "other"


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
    """The route. A registry of its own, so that two apps in one process count apart.

    Args:
        figures: the rows' sums.
        traffic: what requests cost.
        looks: at engines.
        models: the names that the catalogue has; others are counted as ``other``.
        access: who may read: ``local`` (loopback alone), ``open`` (whoever reaches the port), ``off``.
    """

    def __init__(self, figures: Figures, traffic: Traffic, looks: Looks, *, models: Sequence[str], access: str) -> None:
        self._figures = figures
        self._traffic = traffic
        self._looks = looks
        self._models = frozenset(models)
        self._access = access
        self._lag = EventLoopLag()
        self._process = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._process)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer those who may read; for all others there is nothing here."""
        if not _may_read(scope, self._access):
            raise UnknownUrl(f"Invalid URL ({scope['method']} {scope['path']})")
        if scope["method"] not in _METHODS:
            reply = refusal(scope, OPENAI, _METHODS)
        else:
            text = await self.text()
            head = [(b"content-type", CONTENT_TYPE_PLAIN_0_0_4.encode()), (b"cache-control", b"no-store")]
            reply = Reply(200, [*head, (b"content-length", b"%d" % len(text))], text)
        await reply(scope, receive, send)

    async def text(self) -> bytes:
        """Everything, as of now.

        Raises:
            StorageFault: the rows can't be read.
        """
        lag = self._lag.max_lag()
        snapshot = await self._figures.read()
        families = [*_families(snapshot, self._models), *_http(self._traffic), *_looked(self._looks()), _lagged(lag)]
        return await asyncio.to_thread(metrics_text, families, self._process)


def metrics_text(families: Iterable[Metric], *more: Collector) -> bytes:
    """The families, and those of other collectors, as text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Fixed(families))
    return b"".join(generate_latest(each) for each in (registry, *more))


class _Fixed(Collector):
    """What was collected already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def _may_read(scope: Scope, access: str) -> bool:
    if access != "local":
        return access == "open"
    client = scope.get("client")
    near = client is not None and is_loopback(client[0])
    return near and not any(name in _FORWARDED for name, _value in scope["headers"])


def _families(seen: Snapshot, models: frozenset[str]) -> Iterator[Metric]:
    yield _accepted(seen, models)
    yield _ended(seen, models)
    yield _duration(seen, models)
    yield from _standing(seen)
    told = CounterMetricFamily("filmgate_webhook_deliveries", "Webhook deliveries that ended.", labels=["outcome"])
    for outcome in ("delivered", "dropped", "failed"):
        told.add_metric([outcome], seen.deliveries.get(outcome, 0))
    yield told
    yield GaugeMetricFamily("filmgate_webhook_deliveries_waiting", "Webhook deliveries to come.", seen.undelivered)


def _accepted(seen: Snapshot, models: frozenset[str]) -> Metric:
    accepted = _Sums("filmgate_videos_accepted", "Videos accepted.", "engine", "model")
    for (engine, model), count in seen.accepted.items():
        accepted.add(count, engine, _among(model, models))
    return accepted.family()


def _ended(seen: Snapshot, models: frozenset[str]) -> Metric:
    ended = _Sums("filmgate_videos_ended", "Videos that ended, by how.", "engine", "model", "outcome")
    for (engine, model), count in seen.completed.items():
        ended.add(count, engine, _among(model, models), _COMPLETED)
    for (engine, model, code), count in seen.failed.items():
        ended.add(count, engine, _among(model, models), _among(code, CODES))
    return ended.family()


def _duration(seen: Snapshot, models: frozenset[str]) -> Metric:
    said = "Seconds from create to completion."
    family = HistogramMetricFamily("filmgate_video_seconds", said, labels=["engine", "model"])
    for (engine, model), took in sorted(seen.took.items()):
        if model in models:
            family.add_metric([engine, model], _buckets(DURATIONS, took.counts), took.seconds)
    return family


def _standing(seen: Snapshot) -> Iterator[Metric]:
    submitted = _Sums("filmgate_submissions", "Submissions to engines, those that were refused included.", "engine")
    for engine, count in seen.submitted.items():
        submitted.add(count, engine)
    yield submitted.family()
    doubtful = GaugeMetricFamily(
        "filmgate_videos_doubtful", "Videos that ended as submission_unknown and wait for an operator's word."
    )
    doubtful.add_metric([], seen.doubtful)
    yield doubtful
    queued = GaugeMetricFamily("filmgate_videos_queued", "Videos that no engine works on yet.", labels=["engine"])
    unfinished = GaugeMetricFamily(
        "filmgate_videos_unfinished", "Videos that have not ended, by the step they are at.", labels=["engine", "stage"]
    )
    for engine, count in sorted(seen.queued.items()):
        queued.add_metric([engine], count)
    for (engine, stage), count in sorted(seen.standing.items()):
        unfinished.add_metric([engine, stage], count)
    yield from (queued, unfinished)


def _http(traffic: Traffic) -> Iterator[Metric]:
    labels = ["method", "route", "status"]
    seconds = HistogramMetricFamily("filmgate_http_request_seconds", "Seconds to an answer's head.", labels=labels)
    sent = _Sums("filmgate_http_sent_bytes", "Bytes of bodies sent.", "route")
    for line in sorted(traffic.lines(), key=lambda each: (each.route, each.method, each.status)):
        buckets = _buckets(BOUNDS, line.cell.counts)
        seconds.add_metric([line.method, line.route, line.status], buckets, line.cell.seconds)
        sent.add(line.cell.sent, line.route)
    yield from (seconds, sent.family())


def _looked(looks: Mapping[tuple[str, str], int]) -> Iterator[Metric]:
    looked = _Sums("filmgate_looks", "Looks at engines by this process, by what they saw.", "engine", "state")
    for labels, count in looks.items():
        looked.add(count, *labels)
    yield looked.family()


def _lagged(seconds: float) -> Metric:
    said = "The longest that the event loop kept anything waiting since the last scrape, in seconds."
    return GaugeMetricFamily("filmgate_loop_lag_seconds", said, seconds)


class _Sums:
    """A counter whose labels may be given more than once."""

    def __init__(self, name: str, said: str, *labels: str) -> None:
        self._family = CounterMetricFamily(name, said, labels=labels)
        self._sums: dict[tuple[str, ...], int] = {}

    def add(self, count: int, *labels: str) -> None:
        self._sums[labels] = self._sums.get(labels, 0) + count

    def family(self) -> Metric:
        for labels, count in sorted(self._sums.items()):
            self._family.add_metric(labels, count)
        return self._family


def _among(value: str, known: frozenset[str]) -> str:
    return value if value in known else _OTHER


def _buckets(bounds: Sequence[float], counts: Sequence[int]) -> list[tuple[str, float]]:
    edges = [*(str(float(bound)) for bound in bounds), "+Inf"]
    return list(zip(edges, accumulate(counts), strict=True))
