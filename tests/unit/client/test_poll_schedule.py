"""The belief about when a vendor's video ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from benchmarks import waiting

from filmgate.client.durations import MAX_DURATIONS, DurationHistory
from filmgate.client.poll_schedule import PollSchedule

if TYPE_CHECKING:
    from pathlib import Path

KIND = ("https://vendor/v1", "sora-2", "1280x720", "8")


def test_no_more_looks_than_a_slow_loop_and_a_fraction_of_its_lateness() -> None:
    """Against a vendor with jobs of 2 to 5 minutes: as few looks as a loop of 15 s, a third of its lateness at most."""
    vendor = waiting.SimulatedVendor(seed=7)
    late, looks = waiting.summary(waiting.sdk_polling(vendor))
    its_late, its_looks = waiting.summary(waiting.fixed_interval(vendor, 15))
    assert looks <= its_looks * 1.05
    assert late <= its_late / 3


def test_a_short_job_is_not_kept_waiting() -> None:
    """Nothing known: the first pauses are seconds, so that a job of two seconds is seen within four."""
    assert 1.0 <= PollSchedule().next_delay() <= 4.0


def test_progress_brings_the_looks_together() -> None:
    """Half done after 100 s: nobody looks again soon, and somebody looks often near 200 s."""
    pacing = PollSchedule([150.0, 250.0])
    for elapsed, progress in ((95.0, 40.0), (100.0, 50.0)):
        pacing.observe(elapsed, progress, working=True)
    assert pacing.next_delay() == 40.0
    pacing.observe(198.0, 95.0, working=True)
    assert pacing.next_delay() < 4.0


def test_a_queue_is_no_work() -> None:
    """A hundred seconds in a queue and fifty at work for a half: fifty remain, not a hundred and fifty."""
    pacing = PollSchedule()
    for elapsed in (50.0, 99.0):
        pacing.observe(elapsed, 0.0, working=False)
    pacing.observe(101.0, 0.0, working=True)
    for elapsed, progress in ((148.0, 45.0), (150.0, 50.0), (194.0, 92.0)):
        pacing.observe(elapsed, progress, working=True)
    assert pacing.next_delay() < 6.0


@pytest.mark.parametrize("progress", [0.0, 99.0])
def test_an_endless_job_is_looked_at_for_ever(progress: float) -> None:
    """Whatever the progress said and however long it takes, the pauses stay within their bounds."""
    pacing = PollSchedule([10.0])
    for elapsed in (1.0, 10.0, 100.0, 4000.0, 100_000.0):
        pacing.observe(elapsed, progress, working=True)
        assert 1.0 <= pacing.next_delay() <= 40.0


def test_experience_outlives_the_program(tmp_path: Path) -> None:
    """The last durations of a kind are there for the next one; a spoilt file is as good as none."""
    file = tmp_path / "cache" / "durations.json"
    for seconds in range(MAX_DURATIONS + 5):
        DurationHistory(file).record(KIND, float(seconds))
    assert list(DurationHistory(file).recent(KIND)) == [float(seconds) for seconds in range(5, MAX_DURATIONS + 5)]
    assert DurationHistory(file).recent(("https://other/v1", *KIND[1:])) == []
    file.write_text("{broken", encoding="utf-8")
    assert DurationHistory(file).recent(KIND) == []
    DurationHistory(file).record(KIND, 3.0)
    assert list(DurationHistory(file).recent(KIND)) == [3.0]


def test_a_folder_that_can_not_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    """Then it is remembered for this program alone."""
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    experience = DurationHistory(tmp_path / "cache" / "durations.json")
    experience.record(KIND, 3.0)
    assert list(experience.recent(KIND)) == [3.0]
