"""Poll intervals, and the durations that an engine observes."""

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


def poll_times(expected: float, until: float, min_interval: float = 0.5) -> list[float]:
    """The times at which a job that does not end before ``until`` is polled."""
    times = [0.0]
    while times[-1] < until:
        times.append(times[-1] + next_poll_delay(times[-1], expected, min_interval))
    return times


@pytest.mark.parametrize("expected", [10.0, 60.0, 300.0])
def test_polls_are_dense_around_the_expected_end(expected: float) -> None:
    """The fifth around it has more polls than the first half, and its end is noticed soon."""
    times = poll_times(expected, 2 * expected, min_interval=0.1)
    first = sum(time < expected / 2 for time in times)
    around = sum(0.9 * expected <= time < 1.1 * expected for time in times)
    assert first < around
    late = min(time for time in times if time >= expected) - expected
    assert late <= max(0.5, expected / 20)


@pytest.mark.parametrize("expected", [1.0, 60.0, 1000.0, 1e6])
def test_a_job_needs_few_polls(expected: float) -> None:
    """However long it takes, the number is small and no gap is long."""
    times = poll_times(expected, expected)
    assert len(times) <= 40 + expected / MAX_POLL_INTERVAL
    assert all(0.5 <= later - earlier <= MAX_POLL_INTERVAL for earlier, later in pairwise(times))


def test_an_overdue_job_is_polled_less_and_less() -> None:
    """The maximum interval still applies."""
    waits = [next_poll_delay(60.0 + overdue, 60.0, 0.5) for overdue in (0.0, 10.0, 60.0, 600.0, 86_400.0)]
    assert waits == sorted(waits)
    assert waits[-1] <= MAX_POLL_INTERVAL


def test_the_minimum_interval_is_kept() -> None:
    """The operator's minimum interval applies everywhere."""
    assert {next_poll_delay(elapsed, 60.0, 45.0) for elapsed in (0.0, 59.0, 60.0, 500.0)} == {45.0}


class Clock:
    """Seconds that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def test_the_median_of_the_latest_durations_is_used() -> None:
    """A few slow jobs do not count forever, and each model has its own durations."""
    clock = Clock()
    durations = DurationModel(15.0, clock)
    for number, pace in enumerate([100.0] * 30 + [2.0] * SAMPLES_PER_MODEL):
        durations.record_submitted(f"t{number}", "m", 4)
        clock.now += 4 * pace
        durations.record_completed(f"t{number}")
    assert durations.expected_seconds("m", 8) == 16.0
    assert durations.expected_seconds("other", 8) == 120.0


def test_incomplete_observations_are_ignored() -> None:
    """They are a failed job, one of another process, and one that is completed twice."""
    clock = Clock()
    durations = DurationModel(15.0, clock)
    durations.record_submitted("failed", "m", 4)
    durations.record_ended("failed")
    durations.record_completed("failed")
    durations.record_seen("adopted")
    clock.now += 1.0
    durations.record_completed("adopted")
    assert durations.expected_seconds("m", 4) == 60.0
    assert durations.expected_seconds("", 4) == 60.0


def test_a_job_of_another_process_is_timed_from_its_first_poll() -> None:
    """It is polled soon, then like any other."""
    clock = Clock()
    durations = DurationModel(15.0, clock)
    assert durations.next_poll_delay("x", 1.0) == 7.5
    durations.record_seen("x")
    clock.now += 60.0
    durations.record_seen("x")
    assert durations.next_poll_delay("x", 1.0) == 1.5


def test_memory_is_bounded() -> None:
    """The oldest jobs are dropped first."""
    durations = DurationModel(15.0, Clock())
    for number in range(MAX_TRACKED_JOBS + 10):
        durations.record_submitted(str(number), "m", 4)
    assert len(durations._running) == MAX_TRACKED_JOBS
    assert "9" not in durations._running


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
    """A video may be longer than requested, never shorter."""
    assert ModelProfile(fps=fps, frame_rule=rule).frames(seconds) == frames
