"""When to retry and when to give up."""

from __future__ import annotations

import pytest

from filmgate.domain import Stage, Status, VideoEvent
from filmgate.flow import retry


def _history(*stages: Stage) -> list[VideoEvent]:
    return [
        VideoEvent(seq=place, video_id="video_1", at=float(place), status=Status.QUEUED, stage=stage, progress=0)
        for place, stage in enumerate(stages)
    ]


A, S, W, F = Stage.ACCEPTED, Stage.SUBMITTING, Stage.WATCHING, Stage.FETCHING


@pytest.mark.parametrize(("failures", "seconds"), [(1, 1), (2, 2), (3, 4), (5, 16), (6, 30), (1000, 30)])
def test_the_delay_doubles_up_to_half_a_minute(failures: int, seconds: float) -> None:
    """Each failure in a row doubles the wait, and no wait is longer than half a minute."""
    assert retry.delay(failures, 0.5) == pytest.approx(seconds)


def test_the_delay_has_jitter() -> None:
    """Many that failed at once do not retry at once."""
    assert retry.delay(4, 0.0) == pytest.approx(0.8 * 8)
    assert retry.delay(4, 0.999) == pytest.approx(1.2 * 8, rel=0.01)


def test_retry_after_is_honoured_up_to_five_minutes() -> None:
    """A Retry-After never shortens the delay."""
    assert retry.delay(1, 0.5, retry_after=17.0) == 17.0
    assert retry.delay(6, 0.5, retry_after=2.0) == pytest.approx(30)
    assert retry.delay(1, 0.5, retry_after=1e9) == 300.0


def test_lost_jobs_are_returns_to_accepted() -> None:
    """Only an accepted job can be lost; progress and unknown outcomes do not count."""
    assert retry.count_lost_jobs(_history(A, S, A, S, W, W, A, S, W, F, A)) == 2


def test_bad_outputs_are_returns_from_fetching() -> None:
    """Only a return from FETCHING means that the output was unusable."""
    assert retry.count_bad_outputs(_history(A, S, W, A, S, W, F, A)) == 1


def test_submissions_are_counted_since_an_engine_last_accepted() -> None:
    """An engine that accepted the video once is reachable."""
    history = _history(A, S, A, S, W, A, S, A, S)
    assert retry.count_submissions(history) == 2
    assert retry.first_submission_at(history) == 6.0


def test_a_new_video_has_no_submissions() -> None:
    """An empty history counts as zero."""
    assert retry.count_submissions(_history(A)) == 0
    assert retry.first_submission_at(_history(A)) is None
