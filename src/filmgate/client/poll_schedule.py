"""When to look again at a vendor's video: a belief about when it ends, sharpened by every look.

A vendor that neither holds a look back nor says when to come again leaves two clues: how long videos of this kind
took so far, and the progress it shows, in jumps. Both go into one belief, a weight for each possible duration; the
next look is at the moment where missing the end would begin to cost more than a look does. Against jobs of two to
five minutes with jumpy progress that asks as seldom as a loop of 15 s does, and sees the end a quarter as late
(``make bench``, row ``wait``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import takewhile

__all__ = ["PollSchedule"]

MIN_DURATION, MAX_DURATION = 1.0, 3600.0
DURATION_STEP = 1.006
"""Possible durations lie this factor apart: half a percent, a second in three minutes."""

DURATIONS = tuple(
    MIN_DURATION * DURATION_STEP**place
    for place in range(int(math.log(MAX_DURATION / MIN_DURATION, DURATION_STEP)) + 1)
)

DURATION_SPREAD = 0.2
"""How far durations of one kind scatter around each that was seen, as a share of it."""

UNIFORM_SHARE = 0.1
"""The share of the belief that says: this one takes as long as it likes."""

PROGRESS_ERROR = 0.03
"""How far a vendor's progress strays from the true share of the duration."""

MIN_LIKELIHOOD = 0.01
"""What remains of a belief that the progress speaks against: some vendors' progress means nothing."""


class PollSchedule:
    """The belief about one video.

    Args:
        past_durations: seconds that videos of its kind took, the latest of them.
        poll_cost: what a look may cost, in seconds of waiting saved.
        min_pause: shortest pause, in seconds.
        max_pause: longest pause, so that whoever watches sees something happen.
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
        """Take in what a look showed.

        Args:
            elapsed: seconds since the video was accepted.
            progress: percent.
            working: whether it is being made; the time before that it only stood in a queue.
        """
        if working and self._work_started is None:
            self._work_started = (self._elapsed + elapsed) / 2 if self._elapsed else 0.0
        self._rule_out(elapsed)
        if progress > self._progress:
            self._reweight(elapsed, progress / 100)
            self._progress = progress
        self._elapsed = elapsed

    def next_delay(self) -> float:
        """Seconds until the next look: as far ahead as the expected lateness still costs less than a look."""
        left = sum(self._weights)
        ended = 0.0
        for duration, weight in zip(DURATIONS, self._weights, strict=True):
            ended += weight
            ahead = duration - self._elapsed
            if weight and ahead * ended / left / 2 >= self._poll_cost:
                return min(self._max_pause, max(self._min_pause, ahead))
        return self._max_pause

    def _rule_out(self, elapsed: float) -> None:
        passed = sum(1 for _ in takewhile(lambda duration: duration <= elapsed, DURATIONS))
        self._weights[:passed] = [0.0] * passed

    def _reweight(self, elapsed: float, share: float) -> None:
        """Believe in durations whose share of progress was reached between the last look and this one."""
        began = self._work_started or 0.0
        for place, duration in enumerate(DURATIONS):
            reached = began + (duration - began) * share
            off = max(0.0, self._elapsed - reached, reached - elapsed) / (PROGRESS_ERROR * duration)
            self._weights[place] *= MIN_LIKELIHOOD + math.exp(-0.5 * off * off)


def _prior(past_durations: Sequence[float]) -> list[float]:
    """Equal weights over the logarithm of the duration; around the typical ones where there are some."""
    weights = [UNIFORM_SHARE / len(DURATIONS)] * len(DURATIONS)
    for seen in past_durations:
        near = [
            math.exp(-0.5 * (math.log(duration / max(seen, MIN_DURATION)) / DURATION_SPREAD) ** 2)
            for duration in DURATIONS
        ]
        whole = sum(near) * len(past_durations)
        weights = [weight + each / whole for weight, each in zip(weights, near, strict=True)]
    return weights
