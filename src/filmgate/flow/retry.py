"""When to retry and when to give up: pure decisions over times, counts and a video's own history."""

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
"""Seconds that an engine may be unreachable before its video fails."""

ABSENCE_PROOF_LIMIT = 3600.0
"""Seconds after a submission within which its upstream surely lists the job and remembers its key: one forgets after
two hours, most after a day. Later, an upstream that does not list the job proves nothing.
"""

FETCH_LIMIT = 3600.0
"""Seconds that the download of a finished video may fail before the video fails."""

MAX_LOST_JOBS = 20
"""Times that an engine may lose a video's job: enough for a bad day of restarts, few enough for a video that crashes
its engine every time.
"""

MAX_SUBMISSIONS = 100
"""Submissions in a row without a result, for any reason."""

MAX_CRASHES = 60
"""Times in a row, half a minute apart, that an engine may break its contract before its video fails."""

MAX_BAD_OUTPUTS = 2
"""Times that a free engine may deliver something other than what was requested."""

_MAX_DELAY = 30.0
_MAX_RETRY_AFTER = 300.0


def delay(failures: int, roll: float, *, retry_after: float | None = None) -> float:
    """Return the seconds until the next try.

    Args:
        failures: how often it failed in a row, from 1.
        roll: a random number in [0, 1), so that many retries do not coincide.
        retry_after: what the other side requested (Retry-After), capped at five minutes.
    """
    backoff = min(_MAX_DELAY, 2.0 ** min(failures - 1, 10))
    return max(backoff * (0.8 + 0.4 * roll), min(retry_after or 0.0, _MAX_RETRY_AFTER))


def poll_time_limit(expected_seconds: float) -> float:
    """Return the seconds after submission at which a video is given up that usually takes ``expected_seconds``."""
    return 900.0 + 20 * expected_seconds


def count_lost_jobs(history: Sequence[VideoEvent]) -> int:
    """Count how often the video was requeued after an engine had accepted it."""
    running_stages = (Stage.WATCHING, Stage.FETCHING)
    return sum(before.stage in running_stages and after.stage is Stage.ACCEPTED for before, after in pairwise(history))


def count_bad_outputs(history: Sequence[VideoEvent]) -> int:
    """Count how often the video was requeued because the fetched file was unusable."""
    return sum(before.stage is Stage.FETCHING and after.stage is Stage.ACCEPTED for before, after in pairwise(history))


def count_submissions(history: Sequence[VideoEvent]) -> int:
    """Count the submissions since an engine last accepted the video."""
    return sum(event.stage is Stage.SUBMITTING for event in _since_last_held(history))


def first_submission_at(history: Sequence[VideoEvent]) -> float | None:
    """Return when the first of those submissions began; None if there was none."""
    return next((event.at for event in _since_last_held(history) if event.stage is Stage.SUBMITTING), None)


def _since_last_held(history: Sequence[VideoEvent]) -> Sequence[VideoEvent]:
    positions = [position for position, event in enumerate(history) if event.stage in (Stage.WATCHING, Stage.FETCHING)]
    return history[positions[-1] + 1 :] if positions else history
