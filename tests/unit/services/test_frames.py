"""Frames and length agree, or the request is refused: a price is by the second."""

from __future__ import annotations

import pytest

from filmgate.domain import EngineParameters
from filmgate.errors import InvalidValue
from filmgate.services import frames
from filmgate.wire.params import CreateParams


def _request(seconds: str | None, num_frames: int | None, fps: int | None) -> CreateParams:
    parameters = EngineParameters(num_frames=num_frames, fps=fps)
    return CreateParams(prompt="a dog", seconds=seconds, parameters=parameters)


@pytest.mark.parametrize(
    ("seconds", "num_frames", "fps", "expected"),
    [
        (None, None, 24, None),
        ("8", 97, 24, "8"),
        (None, 97, 24, "4"),
        (None, 129, 24, "5"),
        (None, 5, 24, "1"),
    ],
)
def test_frames_give_the_length_that_is_not_named(
    seconds: str | None, num_frames: int | None, fps: int | None, expected: str | None
) -> None:
    """Whole seconds, rounded down; a named length stays."""
    assert frames.with_seconds(_request(seconds, num_frames, fps)).seconds == expected


def test_frames_need_their_rate() -> None:
    """Each engine has its own, and the length is charged for."""
    with pytest.raises(InvalidValue, match="give 'fps' too") as caught:
        frames.with_seconds(_request("4", 97, None))
    assert caught.value.param == "num_frames"


@pytest.mark.parametrize("num_frames", [96, 97, 107])
def test_frames_may_be_rounded_up(num_frames: int) -> None:
    """As models do, by less than half a second."""
    frames.check(EngineParameters(num_frames=num_frames, fps=24), 4)


@pytest.mark.parametrize("num_frames", [1, 95, 108, 480])
def test_more_or_fewer_frames_than_are_charged_for_are_refused(num_frames: int) -> None:
    """The message gives the range."""
    with pytest.raises(InvalidValue, match="has 96 to 107 frames"):
        frames.check(EngineParameters(num_frames=num_frames, fps=24), 4)


def test_without_a_number_of_frames_nothing_is_checked() -> None:
    """A rate alone changes no length."""
    frames.check(EngineParameters(fps=24), 4)
