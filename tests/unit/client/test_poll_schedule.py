"""The poll schedule and the durations it learns from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from benchmarks import waiting

from filmgate.client.durations import MAX_DURATIONS, DurationHistory
from filmgate.client.poll_schedule import PollSchedule

if TYPE_CHECKING:
    from pathlib import Path

KIND = ("https://vendor/v1", "sora-2", "1280x720", "8")


def test_few_polls_detect_the_end_early() -> None:
    """For vendor jobs of 2 to 5 minutes: as few polls as a loop of 15 s, a third of its lateness at most."""
    vendor = waiting.SimulatedVendor(seed=7)
    vendor.jobs = vendor.jobs[:60]
    lateness, polls = waiting.summary(waiting.sdk_polling(vendor))
    loop_lateness, loop_polls = waiting.summary(waiting.fixed_interval(vendor, 15))
    assert polls <= loop_polls * 1.05
    assert lateness <= loop_lateness / 3


def test_a_short_job_is_polled_soon() -> None:
    """Without history the first pauses are seconds, so that the end of a job of two seconds is seen within four."""
    assert 1.0 <= PollSchedule().next_delay() <= 4.0


def test_progress_moves_polls_to_the_expected_end() -> None:
    """Half done after 100 s: the next poll is far away, and polls are frequent near 200 s."""
    schedule = PollSchedule([150.0, 250.0])
    for elapsed, progress in ((95.0, 40.0), (100.0, 50.0)):
        schedule.observe(elapsed, progress, working=True)
    assert schedule.next_delay() == 40.0
    schedule.observe(198.0, 95.0, working=True)
    assert schedule.next_delay() < 4.0


def test_queued_time_does_not_count_as_work() -> None:
    """100 s in the queue, then 50 s for one half of the work: 50 s remain, not 150."""
    schedule = PollSchedule()
    for elapsed in (50.0, 99.0):
        schedule.observe(elapsed, 0.0, working=False)
    schedule.observe(101.0, 0.0, working=True)
    for elapsed, progress in ((148.0, 45.0), (150.0, 50.0), (194.0, 92.0)):
        schedule.observe(elapsed, progress, working=True)
    assert schedule.next_delay() < 6.0


@pytest.mark.parametrize("progress", [0.0, 99.0])
def test_pauses_of_an_endless_job_stay_bounded(progress: float) -> None:
    """Whatever the progress and the duration."""
    schedule = PollSchedule([10.0])
    for elapsed in (1.0, 10.0, 100.0, 4000.0, 100_000.0):
        schedule.observe(elapsed, progress, working=True)
        assert 1.0 <= schedule.next_delay() <= 40.0


def test_durations_are_kept_between_programs(tmp_path: Path) -> None:
    """The latest durations of a kind are read again; a damaged file counts as empty."""
    file = tmp_path / "cache" / "durations.json"
    for seconds in range(MAX_DURATIONS + 5):
        DurationHistory(file).record(KIND, float(seconds))
    assert list(DurationHistory(file).recent(KIND)) == [float(seconds) for seconds in range(5, MAX_DURATIONS + 5)]
    assert DurationHistory(file).recent(("https://other/v1", *KIND[1:])) == []
    file.write_text("{broken", encoding="utf-8")
    assert DurationHistory(file).recent(KIND) == []
    DurationHistory(file).record(KIND, 3.0)
    assert list(DurationHistory(file).recent(KIND)) == [3.0]


def test_an_unwritable_folder_is_ignored(tmp_path: Path) -> None:
    """Durations are then kept in memory only."""
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    history = DurationHistory(tmp_path / "cache" / "durations.json")
    history.record(KIND, 3.0)
    assert list(history.recent(KIND)) == [3.0]
