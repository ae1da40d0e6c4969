"""Poll intervals of a job: long at first, short around its expected end, long again when it is overdue."""

from __future__ import annotations

import statistics
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable

from msgspec import Struct

__all__ = ["DurationModel", "next_poll_delay"]

SAMPLES_PER_MODEL = 20
"""Number of latest durations of a model that are used."""

MAX_TRACKED_JOBS = 100_000
"""Maximum number of running jobs that are tracked."""

MAX_POLL_INTERVAL = 30.0
"""Maximum seconds between two polls."""


def next_poll_delay(elapsed: float, expected: float, min_interval: float) -> float:
    """Return the seconds until the next poll of a job.

    Args:
        elapsed: seconds since its submission.
        expected: seconds that it takes by experience.
        min_interval: minimum seconds between two polls.
    """
    remaining = expected - elapsed
    dense = expected / 40
    wait = (
        min(expected / 8, max(dense, remaining / 3)) if remaining > 0 else min(expected / 4, max(dense, -remaining / 4))
    )
    return max(min_interval, min(MAX_POLL_INTERVAL, wait))


class _Running(Struct, frozen=True):
    model: str
    seconds: int
    since: float


class DurationModel:
    """Durations that an engine observes for its models; lost when the process ends.

    Args:
        prior: seconds of work per second of video, used until durations are observed.
        clock: monotonic seconds.
    """

    def __init__(self, prior: float, clock: Callable[[], float]) -> None:
        self._prior = prior
        self._clock = clock
        self._seconds_per_second: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=SAMPLES_PER_MODEL))
        self._running: OrderedDict[str, _Running] = OrderedDict()

    def expected_seconds(self, model: str, seconds: int) -> float:
        """Return the expected seconds for a video of that length."""
        observed = self._seconds_per_second.get(model)
        return (statistics.median(observed) if observed else self._prior) * seconds

    def record_submitted(self, ticket: str, model: str, seconds: int) -> None:
        """Start to track a submitted job."""
        self._running[ticket] = _Running(model, seconds, self._clock())
        while len(self._running) > MAX_TRACKED_JOBS:
            self._running.popitem(last=False)

    def record_seen(self, ticket: str) -> None:
        """Start to track a job that another process submitted: its time counts from now."""
        if ticket not in self._running:
            self.record_submitted(ticket, "", 0)

    def record_completed(self, ticket: str) -> None:
        """Record the duration of a completed job if its start is known."""
        job = self._running.pop(ticket, None)
        if job is not None and job.seconds:
            self._seconds_per_second[job.model].append((self._clock() - job.since) / job.seconds)

    def record_ended(self, ticket: str) -> None:
        """Stop to track a job that ended without a video."""
        self._running.pop(ticket, None)

    def next_poll_delay(self, ticket: str, min_interval: float) -> float:
        """Return the seconds until the next poll of a job."""
        job = self._running.get(ticket)
        if job is None:
            return next_poll_delay(0.0, self.expected_seconds("", 4), min_interval)
        return next_poll_delay(
            self._clock() - job.since, self.expected_seconds(job.model, job.seconds or 4), min_interval
        )
