"""Histograms of request times."""

from __future__ import annotations

from filmgate.server.request_stats import BOUNDS, Traffic


def test_times_fall_into_their_classes() -> None:
    """A bound belongs to its class; what is beyond all counts only in the whole."""
    traffic = Traffic()
    for seconds in (0.0, BOUNDS[0], BOUNDS[0] * 1.01, BOUNDS[-1] + 1):
        traffic.note({"method": "GET"}, 0, seconds, 0)
    (line,) = traffic.lines()
    assert (line.method, line.route, line.status) == ("GET", "other", "gone")
    assert (line.cell.counts[0], line.cell.counts[1], line.cell.counts[-1], sum(line.cell.counts)) == (2, 1, 1, 4)
