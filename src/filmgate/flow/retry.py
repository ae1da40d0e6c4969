"""When to try again and when to give up: pure decisions over times, counts and a video's own history."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from filmgate.domain import Stage, VideoEvent

__all__ = [
    "FETCH_LIMIT",
    "MAX_BAD_OUTPUTS",
    "MAX_LOSSES",
    "MAX_STUMBLES",
    "MAX_TRIES",
    "PROOF_LIMIT",
    "SUBMIT_LIMIT",
    "delay",
    "losses",
    "spoilt",
    "tries",
    "trying_since",
    "watch_limit",
]

SUBMIT_LIMIT = 900.0
"""Seconds that an engine may be out of reach before its video fails."""

PROOF_LIMIT = 3600.0
"""Seconds after a submission for which its upstream surely lists the job and knows its key: one forgets after two
hours, most after a day. Later, an upstream that does not know the job proves nothing."""

FETCH_LIMIT = 3600.0
"""Seconds that a finished video's file may refuse to arrive before the video fails."""

MAX_LOSSES = 20
"""Times that an engine may lose the same work: high enough for a bad day of restarts, low enough for a video that
brings its engine down every time."""

MAX_TRIES = 100
"""Submissions in a row of which nothing came, whatever the reason."""

MAX_STUMBLES = 60
"""Times in a row, half a minute apart, that an engine may break its contract before its video fails."""

MAX_BAD_OUTPUTS = 2
"""Times that an engine which costs nothing may deliver something else than what was asked for."""

_LONGEST = 30.0
_LONGEST_SAID = 300.0


def delay(failures: int, roll: float, *, said: float | None = None) -> float:
    """Seconds until the next try.

    Args:
        failures: how often it failed in a row, from 1.
        roll: a random number in [0, 1), so that many don't come back at once.
        said: what the other side asked for (Retry-After), kept within five minutes.
    """
    backoff = min(_LONGEST, 2.0 ** min(failures - 1, 10))
    return max(backoff * (0.8 + 0.4 * roll), min(said or 0.0, _LONGEST_SAID))


def watch_limit(expected_seconds: float) -> float:
    """Seconds after its submission that a video is given up which by experience takes ``expected_seconds``."""
    return 900.0 + 20 * expected_seconds


def losses(history: Sequence[VideoEvent]) -> int:
    """How often the video had to begin again after an engine had taken it."""
    begun = (Stage.WATCHING, Stage.FETCHING)
    return sum(before.stage in begun and after.stage is Stage.ACCEPTED for before, after in pairwise(history))


def spoilt(history: Sequence[VideoEvent]) -> int:
    """How often it had to begin again because what was fetched could not be used."""
    return sum(before.stage is Stage.FETCHING and after.stage is Stage.ACCEPTED for before, after in pairwise(history))


def tries(history: Sequence[VideoEvent]) -> int:
    """Submissions begun since an engine last held the video."""
    return sum(event.stage is Stage.SUBMITTING for event in _latest_struggle(history))


def trying_since(history: Sequence[VideoEvent]) -> float | None:
    """When the first of those submissions began; None if there was none."""
    return next((event.at for event in _latest_struggle(history) if event.stage is Stage.SUBMITTING), None)


def _latest_struggle(history: Sequence[VideoEvent]) -> Sequence[VideoEvent]:
    held = [place for place, event in enumerate(history) if event.stage in (Stage.WATCHING, Stage.FETCHING)]
    return history[held[-1] + 1 :] if held else history
