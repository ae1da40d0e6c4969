"""When to look at a job again: seldom at first, often when it should be ending, seldom again when it is overdue."""

from __future__ import annotations

import statistics
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable

from msgspec import Struct

__all__ = ["Experience", "look_after"]

LATEST = 20
"""Durations of a model that its experience is made of."""

REMEMBERED = 100_000
"""Jobs on their way that are remembered."""

LONGEST = 30.0
"""Seconds between two looks."""


def look_after(elapsed: float, expected: float, least: float) -> float:
    """Seconds until the next look at a job.

    Args:
        elapsed: seconds since it was submitted.
        expected: seconds that it takes by experience.
        least: seconds that must lie between two looks.
    """
    left = expected - elapsed
    dense = expected / 40
    wait = min(expected / 8, max(dense, left / 3)) if left > 0 else min(expected / 4, max(dense, -left / 4))
    return max(least, min(LONGEST, wait))


class _Running(Struct, frozen=True):
    model: str
    seconds: int
    since: float


class Experience:
    """What an engine learns about its models while it works; forgotten with its process.

    Args:
        prior: seconds of work a second of film, before anything was learnt.
        clock: seconds, from anywhere, never backwards.
    """

    def __init__(self, prior: float, clock: Callable[[], float]) -> None:
        self._prior = prior
        self._clock = clock
        self._paces: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=LATEST))
        self._running: OrderedDict[str, _Running] = OrderedDict()

    def expected(self, model: str, seconds: int) -> float:
        """Seconds that a film of that length takes."""
        known = self._paces.get(model)
        return (statistics.median(known) if known else self._prior) * seconds

    def began(self, ticket: str, model: str, seconds: int) -> None:
        """A job was submitted."""
        self._running[ticket] = _Running(model, seconds, self._clock())
        while len(self._running) > REMEMBERED:
            self._running.popitem(last=False)

    def seen(self, ticket: str) -> None:
        """A job is being watched that another process submitted: it counts from now."""
        if ticket not in self._running:
            self.began(ticket, "", 0)

    def completed(self, ticket: str) -> None:
        """A job is done: learn from it, if its beginning is known."""
        job = self._running.pop(ticket, None)
        if job is not None and job.seconds:
            self._paces[job.model].append((self._clock() - job.since) / job.seconds)

    def over(self, ticket: str) -> None:
        """A job ended without a film."""
        self._running.pop(ticket, None)

    def look_after(self, ticket: str, least: float) -> float:
        """Seconds until the next look at a job."""
        job = self._running.get(ticket)
        if job is None:
            return look_after(0.0, self.expected("", 4), least)
        return look_after(self._clock() - job.since, self.expected(job.model, job.seconds or 4), least)
