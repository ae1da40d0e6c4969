"""Renders the metrics of :mod:`filmgate.server.metrics` in the Prometheus text format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from filmgate.flow.failure_codes import CODES
from filmgate.server.request_stats import BUCKET_BOUNDS, RequestStats
from filmgate.store import Snapshot
from filmgate.store.statistics import DURATION_BUCKETS
from filmgate.wire.chat_tasks import TASKS

__all__ = ["families", "text"]

_COMPLETED = "completed"
_OTHER = "other"

# A separate registry: the library's default one holds more collectors than we promise.
_PROCESS = CollectorRegistry(auto_describe=False)
ProcessCollector(registry=_PROCESS)


def families(
    snapshot: Snapshot,
    models: frozenset[str],
    request_stats: RequestStats,
    poll_counts: Mapping[tuple[str, str], int],
    task_counts: Mapping[str, int],
    loop_lag: float,
) -> list[Metric]:
    """Return every metric of the server.

    Args:
        snapshot: sums over the rows.
        models: the catalogue's model names; others are counted as ``other``.
        request_stats: counts and durations of requests.
        poll_counts: polls of engines, by engine and state.
        task_counts: background tasks of chat programs, by name.
        loop_lag: seconds.
    """
    return [
        *_videos(snapshot, models),
        *_http_requests(request_stats),
        *_polls(poll_counts),
        _chat_tasks(task_counts),
        _loop_lag(loop_lag),
    ]


def text(collected: Iterable[Metric]) -> bytes:
    """Return the metric families, and the metrics of this process, in the text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_StaticCollector(collected))
    return b"".join(generate_latest(each) for each in (registry, _PROCESS))


class _StaticCollector(Collector):
    """A collector of ready-made families."""

    def __init__(self, collected: Iterable[Metric]) -> None:
        self._collected = list(collected)

    def collect(self) -> Iterable[Metric]:
        return self._collected


def _videos(snapshot: Snapshot, models: frozenset[str]) -> Iterator[Metric]:
    yield _accepted(snapshot, models)
    yield _finished(snapshot, models)
    yield _duration(snapshot, models)
    yield from _backlog(snapshot)
    deliveries = CounterMetricFamily(
        "filmgate_webhook_deliveries", "Webhook deliveries that ended.", labels=["outcome"]
    )
    for outcome in ("delivered", "dropped", "failed"):
        deliveries.add_metric([outcome], snapshot.deliveries.get(outcome, 0))
    yield deliveries
    yield GaugeMetricFamily(
        "filmgate_webhook_deliveries_pending", "Webhook deliveries still to be made.", snapshot.undelivered
    )


def _accepted(snapshot: Snapshot, models: frozenset[str]) -> Metric:
    accepted = _SummedCounter("filmgate_videos_accepted", "Videos accepted.", "engine", "model")
    for (engine, model), count in snapshot.accepted.items():
        accepted.add(count, engine, _known_or_other(model, models))
    return accepted.family()


def _finished(snapshot: Snapshot, models: frozenset[str]) -> Metric:
    finished = _SummedCounter(
        "filmgate_videos_finished", "Videos that ended, by outcome.", "engine", "model", "outcome"
    )
    for (engine, model), count in snapshot.completed.items():
        finished.add(count, engine, _known_or_other(model, models), _COMPLETED)
    for (engine, model, code), count in snapshot.failed.items():
        finished.add(count, engine, _known_or_other(model, models), _known_or_other(code, CODES))
    return finished.family()


def _duration(snapshot: Snapshot, models: frozenset[str]) -> Metric:
    documentation = "Seconds from create to completion."
    family = HistogramMetricFamily("filmgate_video_duration_seconds", documentation, labels=["engine", "model"])
    for (engine, model), histogram in sorted(snapshot.durations.items()):
        if model in models:
            family.add_metric([engine, model], _buckets(DURATION_BUCKETS, histogram.counts), histogram.total_seconds)
    return family


def _backlog(snapshot: Snapshot) -> Iterator[Metric]:
    submitted = _SummedCounter("filmgate_submissions", "Submissions to engines, including rejected ones.", "engine")
    for engine, count in snapshot.submitted.items():
        submitted.add(count, engine)
    yield submitted.family()
    unresolved = GaugeMetricFamily(
        "filmgate_videos_unresolved", "Videos that ended as submission_unknown and that an operator must resolve."
    )
    unresolved.add_metric([], snapshot.unresolved)
    yield unresolved
    queued = GaugeMetricFamily("filmgate_videos_queued", "Videos that no engine works on yet.", labels=["engine"])
    unfinished = GaugeMetricFamily(
        "filmgate_videos_unfinished", "Videos that have not ended, by stage.", labels=["engine", "stage"]
    )
    for engine, count in sorted(snapshot.queued.items()):
        queued.add_metric([engine], count)
    for (engine, stage), count in sorted(snapshot.unfinished.items()):
        unfinished.add_metric([engine, stage], count)
    yield from (queued, unfinished)


def _http_requests(request_stats: RequestStats) -> Iterator[Metric]:
    labels = ["method", "route", "status"]
    seconds = HistogramMetricFamily(
        "filmgate_http_request_duration_seconds", "Seconds to a response's head.", labels=labels
    )
    sent = _SummedCounter("filmgate_http_response_bytes", "Bytes of response bodies sent.", "route")
    for sample in sorted(request_stats.samples(), key=lambda each: (each.route, each.method, each.status)):
        buckets = _buckets(BUCKET_BOUNDS, sample.histogram.counts)
        seconds.add_metric([sample.method, sample.route, sample.status], buckets, sample.histogram.seconds)
        sent.add(sample.histogram.sent_bytes, sample.route)
    yield from (seconds, sent.family())


def _polls(counts: Mapping[tuple[str, str], int]) -> Iterator[Metric]:
    polls = _SummedCounter("filmgate_polls", "Polls of engines by this process, by state.", "engine", "state")
    for labels, count in counts.items():
        polls.add(count, *labels)
    yield polls.family()


def _chat_tasks(counts: Mapping[str, int]) -> Metric:
    documentation = "Requests of chat programs for titles, tags and the like, answered without a video."
    family = CounterMetricFamily("filmgate_chat_background_requests", documentation, labels=["task"])
    for task in TASKS:
        family.add_metric([task], counts.get(task, 0))
    return family


def _loop_lag(seconds: float) -> Metric:
    documentation = "The longest delay of the event loop's timers since the last scrape, in seconds."
    return GaugeMetricFamily("filmgate_event_loop_lag_seconds", documentation, seconds)


class _SummedCounter:
    """A counter that sums the values of equal labels."""

    def __init__(self, name: str, documentation: str, *labels: str) -> None:
        self._family = CounterMetricFamily(name, documentation, labels=labels)
        self._sums: dict[tuple[str, ...], int] = {}

    def add(self, count: int, *labels: str) -> None:
        self._sums[labels] = self._sums.get(labels, 0) + count

    def family(self) -> Metric:
        for labels, count in sorted(self._sums.items()):
            self._family.add_metric(labels, count)
        return self._family


def _known_or_other(value: str, known: frozenset[str]) -> str:
    return value if value in known else _OTHER


def _buckets(bounds: Sequence[float], counts: Sequence[int]) -> list[tuple[str, float]]:
    edges = [*(str(float(bound)) for bound in bounds), "+Inf"]
    return list(zip(edges, accumulate(counts), strict=True))
