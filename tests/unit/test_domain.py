"""The pure rules about videos."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filmgate.domain import (
    STAGE_STATUSES,
    TERMINAL,
    TRANSITIONS,
    Size,
    Stage,
    Status,
    default_seed,
    new_id,
    next_progress,
    poll_after_ms,
)


def test_four_statuses() -> None:
    """They are the API's four statuses."""
    assert [status.value for status in Status] == ["queued", "in_progress", "completed", "failed"]
    assert {Status.COMPLETED, Status.FAILED} == TERMINAL


def test_transitions() -> None:
    """A status only moves forward; no change is always allowed."""
    order = {Status.QUEUED: 0, Status.IN_PROGRESS: 1, Status.COMPLETED: 2, Status.FAILED: 2}
    for before in Status:
        for after in Status:
            assert (after in TRANSITIONS[before]) == (order[before] < order[after])


def test_every_stage_has_its_statuses() -> None:
    """Every stage defines the statuses that clients may see with it."""
    assert STAGE_STATUSES.keys() == set(Stage)
    assert STAGE_STATUSES[Stage.DONE] == TERMINAL


@pytest.mark.parametrize("text", ["720x1280", "1x1", "99999x99999"])
def test_size(text: str) -> None:
    """A size prints as it was written."""
    assert str(Size.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "720", "720X1280", "720x", "0x4", "07x4", " 7x4", "7x4\n", "٧x٤", "-7x4", "7x4x2", "100000x4"]
)
def test_invalid_sizes(text: str) -> None:
    """Any other notation is invalid."""
    assert Size.parse(text) is None


@given(st.integers(0, 99), st.none() | st.floats())
def test_progress_never_falls(previous: int, reported: float | None) -> None:
    """Whatever an engine reports, progress never falls and is 99 at most before the end."""
    if reported is None or math.isfinite(reported):
        assert previous <= next_progress(previous, reported) <= 99


@pytest.mark.parametrize("reported", [math.nan, math.inf, -math.inf])
def test_progress_that_is_not_finite(reported: float) -> None:
    """The progress stays between the last value and 99."""
    assert 42 <= next_progress(42, reported) <= 99


@pytest.mark.parametrize(("expected", "milliseconds"), [(0, 500), (5, 500), (20, 2000), (3600, 5000)])
def test_poll_after(expected: float, milliseconds: int) -> None:
    """Clients poll after a tenth of the expected time, between half a second and five."""
    assert poll_after_ms(expected) == milliseconds


def test_ids() -> None:
    """An id is its kind and 128 random bits."""
    made = {new_id() for _ in range(100)}
    assert len(made) == 100
    assert all(len(name) == len("video_") + 32 and name.startswith("video_") for name in made)


def test_default_seed() -> None:
    """Equal requests have equal seeds, different ones differ, and every text has one of 63 bits."""
    size = Size(720, 1280)
    assert default_seed("a dog", size, 4) == default_seed("a dog", size, 4)
    assert default_seed("a dog", size, 4) != default_seed("a dog", size, 8)
    assert 0 <= default_seed("\ud800", size, 4) < 2**63
