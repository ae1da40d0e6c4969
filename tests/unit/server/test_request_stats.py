"""Histograms of request times."""

from __future__ import annotations

from filmgate.server.request_stats import BUCKET_BOUNDS, RequestStats


def test_times_fall_into_their_classes() -> None:
    """A bound belongs to its class; what is beyond all counts only in the whole."""
    traffic = RequestStats()
    for seconds in (0.0, BUCKET_BOUNDS[0], BUCKET_BOUNDS[0] * 1.01, BUCKET_BOUNDS[-1] + 1):
        traffic.record({"method": "GET"}, 0, seconds, 0)
    (line,) = traffic.samples()
    assert (line.method, line.route, line.status) == ("GET", "other", "gone")
    assert (
        line.histogram.counts[0],
        line.histogram.counts[1],
        line.histogram.counts[-1],
        sum(line.histogram.counts),
    ) == (2, 1, 1, 4)
