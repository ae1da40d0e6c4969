"""When to look again, and what is learnt of a model's pace."""

from __future__ import annotations

from itertools import pairwise

import pytest

from filmgate.engines.openai_videos import ModelProfile
from filmgate.engines.openai_videos.durations import (
    MAX_POLL_INTERVAL,
    MAX_TRACKED_JOBS,
    SAMPLES_PER_MODEL,
    DurationModel,
    next_poll_delay,
)


def looks(expected: float, until: float, least: float = 0.5) -> list[float]:
    """The times at which a job is looked at that does not end before ``until``."""
    times = [0.0]
    while times[-1] < until:
        times.append(times[-1] + next_poll_delay(times[-1], expected, least))
    return times


@pytest.mark.parametrize("expected", [10.0, 60.0, 300.0])
def test_looks_are_dense_where_the_end_is_expected(expected: float) -> None:
    """In the fifth around it there are more than in the first half, and its end is seen soon."""
    times = looks(expected, 2 * expected, least=0.1)
    first = sum(time < expected / 2 for time in times)
    around = sum(0.9 * expected <= time < 1.1 * expected for time in times)
    assert first < around
    late = min(time for time in times if time >= expected) - expected
    assert late <= max(0.5, expected / 20)


@pytest.mark.parametrize("expected", [1.0, 60.0, 1000.0, 1e6])
def test_a_job_costs_few_looks(expected: float) -> None:
    """However long it takes, and none is forgotten for long."""
    times = looks(expected, expected)
    assert len(times) <= 40 + expected / MAX_POLL_INTERVAL
    assert all(0.5 <= later - earlier <= MAX_POLL_INTERVAL for earlier, later in pairwise(times))


def test_an_overdue_job_is_looked_at_more_and_more_seldom() -> None:
    """But as often as the longest pause at least."""
    waits = [next_poll_delay(60.0 + overdue, 60.0, 0.5) for overdue in (0.0, 10.0, 60.0, 600.0, 86_400.0)]
    assert waits == sorted(waits)
    assert waits[-1] <= MAX_POLL_INTERVAL


def test_no_look_comes_sooner_than_wanted() -> None:
    """The operator's least pause holds everywhere."""
    assert {next_poll_delay(elapsed, 60.0, 45.0) for elapsed in (0.0, 59.0, 60.0, 500.0)} == {45.0}


class Clock:
    """Seconds that a test decides about."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def test_what_is_learnt_is_the_median_of_the_latest() -> None:
    """One slow night does not count for ever, and each model has its own."""
    clock = Clock()
    experience = DurationModel(15.0, clock)
    for number, pace in enumerate([100.0] * 30 + [2.0] * SAMPLES_PER_MODEL):
        experience.record_submitted(f"t{number}", "m", 4)
        clock.now += 4 * pace
        experience.record_completed(f"t{number}")
    assert experience.expected_seconds("m", 8) == 16.0
    assert experience.expected_seconds("other", 8) == 120.0


def test_what_did_not_run_through_teaches_nothing() -> None:
    """A job that failed, one of another process, and one that is done twice."""
    clock = Clock()
    experience = DurationModel(15.0, clock)
    experience.record_submitted("failed", "m", 4)
    experience.record_ended("failed")
    experience.record_completed("failed")
    experience.record_seen("found")
    clock.now += 1.0
    experience.record_completed("found")
    assert experience.expected_seconds("m", 4) == 60.0
    assert experience.expected_seconds("", 4) == 60.0


def test_a_job_of_another_process_is_watched_from_where_it_was_found() -> None:
    """It is looked at soon, then like any other."""
    clock = Clock()
    experience = DurationModel(15.0, clock)
    assert experience.next_poll_delay("x", 1.0) == 7.5
    experience.record_seen("x")
    clock.now += 60.0
    experience.record_seen("x")
    assert experience.next_poll_delay("x", 1.0) == 1.5


def test_memory_is_bounded() -> None:
    """Jobs that nobody asks for any more are forgotten, oldest first."""
    experience = DurationModel(15.0, Clock())
    for number in range(MAX_TRACKED_JOBS + 10):
        experience.record_submitted(str(number), "m", 4)
    assert len(experience._running) == MAX_TRACKED_JOBS
    assert "9" not in experience._running


@pytest.mark.parametrize(
    ("fps", "rule", "seconds", "frames"),
    [
        (16, "4k+1", 4, 65),
        (24, "8k+1", 4, 97),
        (24, "8k+1", 12, 289),
        (24, "1k", 4, 96),
        (25, "8k", 1, 32),
        (24, "100k+7", 4, 107),
        (None, "4k+1", 4, None),
    ],
)
def test_frames_are_rounded_up_to_the_models_rule(fps: int | None, rule: str, seconds: int, frames: int | None) -> None:
    """A film may be longer than asked for, never shorter."""
    assert ModelProfile(fps=fps, frame_rule=rule).frames(seconds) == frames
