"""Renders one frame of a video without the video, to check a prompt, a setting or a subject."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmgate.domain import Size
from filmgate.media.encode import YuvFrame
from filmgate.media.frames import to_rgb
from filmgate_scene.description import Description
from filmgate_scene.prompt import understand
from filmgate_scene.semantic import PlaceMatcher
from filmgate_scene.shots import FPS, shot_renderer

__all__ = ["render_still"]


def render_still(
    prompt: str, *, seed: int, seconds: int, size: Size, at: float, image: NDArray[np.float32] | None = None
) -> NDArray[np.uint8]:
    """The frame ``at`` seconds from the start, (height, width, 3), before encoding.

    Cross-fades are not drawn. ``image`` (height, width, 3), in 0 … 1, is the video's first frame.
    """
    description = PlaceMatcher().assign_places(understand(prompt, seed=seed, frames=seconds * FPS))
    number, n = _locate_frame(description, min(int(at * FPS), seconds * FPS - 1))
    view = shot_renderer(description, number, size=size, image=image)
    view.prepare()
    frame = YuvFrame(size)
    view.draw(n, frame.y, frame.u, frame.v)
    return to_rgb(frame.video)


def _locate_frame(description: Description, n: int) -> tuple[int, int]:
    """The shot that contains the video's frame ``n``, and the frame's index in the shot."""
    for number, shot in enumerate(description.shots[:-1]):
        if n < shot.frames:
            return number, n
        n -= shot.frames
    return len(description.shots) - 1, n
