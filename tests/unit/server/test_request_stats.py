"""Histograms of request times."""

from __future__ import annotations

from filmgate.server.request_stats import BUCKET_BOUNDS, RequestStats


def test_times_are_counted_in_their_buckets() -> None:
    """A bound belongs to its bucket; a time above all bounds is in the last one."""
    stats = RequestStats()
    for seconds in (0.0, BUCKET_BOUNDS[0], BUCKET_BOUNDS[0] * 1.01, BUCKET_BOUNDS[-1] + 1):
        stats.record({"method": "GET"}, 0, seconds, 0)
    (sample,) = stats.samples()
    assert (sample.method, sample.route, sample.status) == ("GET", "other", "gone")
    assert (
        sample.histogram.counts[0],
        sample.histogram.counts[1],
        sample.histogram.counts[-1],
        sum(sample.histogram.counts),
    ) == (2, 1, 1, 4)
