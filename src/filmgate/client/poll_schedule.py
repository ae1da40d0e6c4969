"""When to poll a vendor's video next: a probability distribution of its end, updated by every poll.

A vendor without long polls and without a hint for the next poll leaves two clues: how long videos of this kind took
so far, and the progress it reports, in jumps. Both update one distribution, a weight for each possible duration; the
next poll is at the moment from which missing the end costs more than a poll. Against jobs of two to five minutes
with jumpy progress that polls as rarely as a loop of 15 s, and detects the end a quarter as late
(``make bench``, row ``wait``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import takewhile

__all__ = ["PollSchedule"]

MIN_DURATION, MAX_DURATION = 1.0, 3600.0
DURATION_STEP = 1.006
"""Ratio of neighbouring durations: half a percent, a second in three minutes."""

DURATIONS = tuple(
    MIN_DURATION * DURATION_STEP**exponent
    for exponent in range(int(math.log(MAX_DURATION / MIN_DURATION, DURATION_STEP)) + 1)
)

DURATION_SPREAD = 0.2
"""Relative spread of durations of one kind around each recorded one."""

UNIFORM_SHARE = 0.1
"""Share of the distribution that is independent of history: this video may take any time."""

PROGRESS_ERROR = 0.03
"""Typical error of a vendor's progress, as a share of the duration."""

MIN_LIKELIHOOD = 0.01
"""Least factor by which contradicting progress reduces a weight: some vendors' progress means nothing."""


class PollSchedule:
    """Distribution of the end of one video.

    Args:
        past_durations: seconds that videos of its kind took, the latest of them.
        poll_cost: the cost of a poll, in seconds of lateness.
        min_pause: shortest pause, in seconds.
        max_pause: longest pause in seconds, so that a progress display keeps moving.
    """

    def __init__(
        self,
        past_durations: Sequence[float] = (),
        *,
        poll_cost: float = 0.25,
        min_pause: float = 1.0,
        max_pause: float = 40.0,
    ) -> None:
        self._poll_cost, self._min_pause, self._max_pause = poll_cost, min_pause, max_pause
        self._work_started: float | None = None
        self._elapsed = 0.0
        self._progress = 0.0
        self._weights = _prior(past_durations)

    def observe(self, elapsed: float, progress: float, *, working: bool) -> None:
        """Update the distribution with the result of a poll.

        Args:
            elapsed: seconds since the video was accepted.
            progress: percent.
            working: whether it is being rendered; before that it is queued.
        """
        if working and self._work_started is None:
            self._work_started = (self._elapsed + elapsed) / 2 if self._elapsed else 0.0
        self._rule_out(elapsed)
        if progress > self._progress:
            self._reweight(elapsed, progress / 100)
            self._progress = progress
        self._elapsed = elapsed

    def next_delay(self) -> float:
        """Return the seconds until the next poll: as far ahead as the expected lateness costs less than a poll."""
        total_weight = sum(self._weights)
        ended_weight = 0.0
        for duration, weight in zip(DURATIONS, self._weights, strict=True):
            ended_weight += weight
            pause = duration - self._elapsed
            if weight and pause * ended_weight / total_weight / 2 >= self._poll_cost:
                return min(self._max_pause, max(self._min_pause, pause))
        return self._max_pause

    def _rule_out(self, elapsed: float) -> None:
        passed_count = sum(1 for _ in takewhile(lambda duration: duration <= elapsed, DURATIONS))
        self._weights[:passed_count] = [0.0] * passed_count

    def _reweight(self, elapsed: float, share: float) -> None:
        """Raise durations that reach this share of progress between the previous poll and this one."""
        started = self._work_started or 0.0
        for index, duration in enumerate(DURATIONS):
            expected_at = started + (duration - started) * share
            deviation = max(0.0, self._elapsed - expected_at, expected_at - elapsed) / (PROGRESS_ERROR * duration)
            self._weights[index] *= MIN_LIKELIHOOD + math.exp(-0.5 * deviation * deviation)


def _prior(past_durations: Sequence[float]) -> list[float]:
    """Equal weights over the logarithm of the duration, plus a peak around each recorded duration."""
    weights = [UNIFORM_SHARE / len(DURATIONS)] * len(DURATIONS)
    for past_duration in past_durations:
        peak = [
            math.exp(-0.5 * (math.log(duration / max(past_duration, MIN_DURATION)) / DURATION_SPREAD) ** 2)
            for duration in DURATIONS
        ]
        peak_sum = sum(peak) * len(past_durations)
        weights = [weight + peak_weight / peak_sum for weight, peak_weight in zip(weights, peak, strict=True)]
    return weights
