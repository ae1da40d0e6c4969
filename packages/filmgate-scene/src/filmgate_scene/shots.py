"""Builds the renderers of a video's shots, and loads images for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from filmgate.domain import Size
from filmgate_scene.compose import ShotRenderer, compose
from filmgate_scene.description import Description

__all__ = ["FPS", "read_image", "shot_renderer"]

FPS = 24
"""Frames a second, for every video."""


def shot_renderer(
    description: Description, number: int, *, size: Size, image: NDArray[np.float32] | None = None
) -> ShotRenderer:
    """A shot's renderer, not yet prepared; ``image`` (height, width, 3), in 0 … 1, is what the first shot shows."""
    shot, first = description.shots[number], description.shots[0]
    # Shots of one setting show the same place: they share its seed.
    seed = description.seed + number * (shot.setting != first.setting)
    return compose(shot, size=size, fps=FPS, seed=seed, reference=None if number else image)


def read_image(path: Path) -> NDArray[np.float32]:
    """Load an image, (height, width, 3) in 0 … 1."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.float32) / np.float32(255)
