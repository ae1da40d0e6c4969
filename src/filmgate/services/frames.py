"""Number of frames and length: a price is by the second, so the two must agree."""

from __future__ import annotations

import msgspec

from filmgate.domain import EngineParameters
from filmgate.errors import InvalidValue
from filmgate.wire.params import CreateParams

__all__ = ["check", "with_seconds"]


def with_seconds(params: CreateParams) -> CreateParams:
    """Return the request with the length that its frames give, if it names none.

    Raises:
        InvalidValue: the number of frames is given without their rate, which each engine sets in its own way.
    """
    frames, fps = params.parameters.num_frames, params.parameters.fps
    if frames is None:
        return params
    if fps is None:
        raise InvalidValue("Invalid 'num_frames': give 'fps' too; the two make the length.", param="num_frames")
    if params.seconds is not None:
        return params
    return msgspec.structs.replace(params, seconds=str(max(1, frames // fps)))


def check(parameters: EngineParameters, seconds: int) -> None:
    """Check that the frames last as long as is charged for: models round them up by less than half a second.

    Raises:
        InvalidValue: they do not.
    """
    frames, fps = parameters.num_frames, parameters.fps
    if frames is None or fps is None:
        return
    fewest, most = fps * seconds, fps * seconds + (fps - 1) // 2
    if not fewest <= frames <= most:
        raise InvalidValue(
            f"Invalid 'num_frames': a video of {seconds} s with {fps} frames a second has {fewest} to {most} frames, "
            f"not {frames}.",
            param="num_frames",
        )
