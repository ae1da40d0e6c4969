"""When to look at a job again: seldom at first, often when it should be ending, seldom again when it is overdue."""

from __future__ import annotations

import statistics
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable

from msgspec import Struct

__all__ = ["DurationModel", "next_poll_delay"]

SAMPLES_PER_MODEL = 20
"""Durations of a model that its experience is made of."""

MAX_TRACKED_JOBS = 100_000
"""Jobs on their way that are remembered."""

MAX_POLL_INTERVAL = 30.0
"""Seconds between two looks."""


def next_poll_delay(elapsed: float, expected: float, min_interval: float) -> float:
    """Seconds until the next look at a job.

    Args:
        elapsed: seconds since it was submitted.
        expected: seconds that it takes by experience.
        min_interval: seconds that must lie between two looks.
    """
    left = expected - elapsed
    dense = expected / 40
    wait = min(expected / 8, max(dense, left / 3)) if left > 0 else min(expected / 4, max(dense, -left / 4))
    return max(min_interval, min(MAX_POLL_INTERVAL, wait))


class _Running(Struct, frozen=True):
    model: str
    seconds: int
    since: float


class DurationModel:
    """What an engine learns about its models while it works; forgotten with its process.

    Args:
        prior: seconds of work a second of film, before anything was learnt.
        clock: seconds, from anywhere, never backwards.
    """

    def __init__(self, prior: float, clock: Callable[[], float]) -> None:
        self._prior = prior
        self._clock = clock
        self._seconds_per_second: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=SAMPLES_PER_MODEL))
        self._running: OrderedDict[str, _Running] = OrderedDict()

    def expected_seconds(self, model: str, seconds: int) -> float:
        """Seconds that a film of that length takes."""
        known = self._seconds_per_second.get(model)
        return (statistics.median(known) if known else self._prior) * seconds

    def record_submitted(self, ticket: str, model: str, seconds: int) -> None:
        """A job was submitted."""
        self._running[ticket] = _Running(model, seconds, self._clock())
        while len(self._running) > MAX_TRACKED_JOBS:
            self._running.popitem(last=False)

    def record_seen(self, ticket: str) -> None:
        """A job is being watched that another process submitted: it counts from now."""
        if ticket not in self._running:
            self.record_submitted(ticket, "", 0)

    def record_completed(self, ticket: str) -> None:
        """A job is done: learn from it, if its beginning is known."""
        job = self._running.pop(ticket, None)
        if job is not None and job.seconds:
            self._seconds_per_second[job.model].append((self._clock() - job.since) / job.seconds)

    def record_ended(self, ticket: str) -> None:
        """A job ended without a film."""
        self._running.pop(ticket, None)

    def next_poll_delay(self, ticket: str, min_interval: float) -> float:
        """Seconds until the next look at a job."""
        job = self._running.get(ticket)
        if job is None:
            return next_poll_delay(0.0, self.expected_seconds("", 4), min_interval)
        return next_poll_delay(
            self._clock() - job.since, self.expected_seconds(job.model, job.seconds or 4), min_interval
        )
