"""When to try again and when to give up: pure decisions over times, counts and a video's own history."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from filmgate.domain import Stage, VideoEvent

__all__ = [
    "ABSENCE_PROOF_LIMIT",
    "FETCH_LIMIT",
    "MAX_BAD_OUTPUTS",
    "MAX_CRASHES",
    "MAX_LOST_JOBS",
    "MAX_SUBMISSIONS",
    "SUBMIT_LIMIT",
    "count_bad_outputs",
    "count_lost_jobs",
    "count_submissions",
    "delay",
    "first_submission_at",
    "poll_time_limit",
]

SUBMIT_LIMIT = 900.0
"""Seconds that an engine may be out of reach before its video fails."""

ABSENCE_PROOF_LIMIT = 3600.0
"""Seconds after a submission for which its upstream surely lists the job and knows its key: one forgets after two
hours, most after a day. Later, an upstream that does not know the job proves nothing."""

FETCH_LIMIT = 3600.0
"""Seconds that a finished video's file may refuse to arrive before the video fails."""

MAX_LOST_JOBS = 20
"""Times that an engine may lose the same work: high enough for a bad day of restarts, low enough for a video that
brings its engine down every time."""

MAX_SUBMISSIONS = 100
"""Submissions in a row of which nothing came, whatever the reason."""

MAX_CRASHES = 60
"""Times in a row, half a minute apart, that an engine may break its contract before its video fails."""

MAX_BAD_OUTPUTS = 2
"""Times that an engine which costs nothing may deliver something else than what was asked for."""

_MAX_DELAY = 30.0
_MAX_RETRY_AFTER = 300.0


def delay(failures: int, roll: float, *, retry_after: float | None = None) -> float:
    """Seconds until the next try.

    Args:
        failures: how often it failed in a row, from 1.
        roll: a random number in [0, 1), so that many don't come back at once.
        retry_after: what the other side asked for (Retry-After), kept within five minutes.
    """
    backoff = min(_MAX_DELAY, 2.0 ** min(failures - 1, 10))
    return max(backoff * (0.8 + 0.4 * roll), min(retry_after or 0.0, _MAX_RETRY_AFTER))


def poll_time_limit(expected_seconds: float) -> float:
    """Seconds after its submission that a video is given up which by experience takes ``expected_seconds``."""
    return 900.0 + 20 * expected_seconds


def count_lost_jobs(history: Sequence[VideoEvent]) -> int:
    """How often the video had to begin again after an engine had taken it."""
    begun = (Stage.WATCHING, Stage.FETCHING)
    return sum(before.stage in begun and after.stage is Stage.ACCEPTED for before, after in pairwise(history))


def count_bad_outputs(history: Sequence[VideoEvent]) -> int:
    """How often it had to begin again because what was fetched could not be used."""
    return sum(before.stage is Stage.FETCHING and after.stage is Stage.ACCEPTED for before, after in pairwise(history))


def count_submissions(history: Sequence[VideoEvent]) -> int:
    """Submissions begun since an engine last held the video."""
    return sum(event.stage is Stage.SUBMITTING for event in _since_last_held(history))


def first_submission_at(history: Sequence[VideoEvent]) -> float | None:
    """When the first of those submissions began; None if there was none."""
    return next((event.at for event in _since_last_held(history) if event.stage is Stage.SUBMITTING), None)


def _since_last_held(history: Sequence[VideoEvent]) -> Sequence[VideoEvent]:
    held = [place for place, event in enumerate(history) if event.stage in (Stage.WATCHING, Stage.FETCHING)]
    return history[held[-1] + 1 :] if held else history
