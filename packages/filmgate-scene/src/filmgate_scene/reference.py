"""A reference image as the shot: the first frame is the unchanged image, then the camera moves in an estimated depth.

The depth is a guess from the image alone (low is near, sharp and salient is near, the centre is nearer than the
edges), so moves stay small. Nothing in the image moves by itself.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from filmgate_scene.canvas import blur
from filmgate_scene.kernels.declare import F32
from filmgate_scene.kernels.warp import warp
from filmgate_scene.lens import Lens, Path, ease
from filmgate_scene.light import Light
from filmgate_scene.stage import Layer, SceneStage, ShotFrame

__all__ = ["ReferenceLayer", "RevealedLayers", "estimate_nearness", "reveal", "tint"]

_REVEAL_SECONDS = 1.0  # seconds over which weather, light and grade fade in over the image


def reveal(t: float) -> float:
    """The opacity of everything added to the image: zero in the first frame."""
    q = min(1.0, max(0.0, t / _REVEAL_SECONDS))
    return q * q * (3 - 2 * q)


def estimate_nearness(image: F32) -> F32:
    """Estimate how near each pixel of (h, w, 3) is, smoothly, in 0 … 1."""
    height, width = image.shape[:2]
    small = (
        np.asarray(
            Image.fromarray((image * 255).astype(np.uint8)).resize((width // 4, height // 4), Image.Resampling.BOX),
            np.float32,
        )
        / 255
    )
    h, w = small.shape[:2]
    grey = small.mean(2)
    sharp = blur(np.abs(grey - blur(grey, 2)), max(2, h // 14))
    border = np.concatenate([small[:4].reshape(-1, 3), small[:, :4].reshape(-1, 3), small[:, -4:].reshape(-1, 3)]).mean(
        0
    )
    strange = blur(np.linalg.norm(small - border, axis=2).astype(np.float32), max(2, h // 20))
    ys, xs = np.mgrid[0:h, 0:w].astype(np.float32)
    middle = np.exp(-(((xs / w - 0.5) / 0.33) ** 2) - ((ys / h - 0.55) / 0.40) ** 2)
    guess = 0.42 * (ys / h) ** 1.2 + 0.30 * middle + 0.22 * middle * _normalised(strange) + 0.18 * _normalised(sharp)
    for _ in range(2):
        guess = blur(guess.astype(np.float32), max(2, h // 22))
    guess = _normalised(guess - guess.min())
    return np.asarray(
        Image.fromarray(guess.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC), np.float32
    ).clip(0, 1)


def _normalised(values: F32) -> F32:
    return values / (float(values.max()) + 1e-6)


class ReferenceLayer:
    """The image as a layer. ``path`` is the camera's, relative to its position in the first frame."""

    def __init__(self, stage: SceneStage, image: F32, path: Path, still: bool) -> None:  # noqa: FBT001 - a tripod or not
        self.source = np.ascontiguousarray(image.transpose(2, 0, 1), np.float32)
        self.near = np.ascontiguousarray(estimate_nearness(image))
        self.path, self.still, self.start = path, still, path(0.0, 0.0)
        self.seconds = stage.seconds

    def draw(self, frame: ShotFrame) -> None:
        """Draw the image from the camera's current position."""
        share = frame.share
        lens, start = self.path(share, share * self.seconds), self.start
        width, height = frame.stage.width, frame.stage.height
        drift = 0.0 if self.still else ease(share) - ease(0.0)
        calm = reveal(frame.t)
        slide_x = width * (0.022 * math.sin(2.2 * drift) * calm + 0.03 * (lens.x - start.x))
        slide_y = -height * (0.02 * (lens.y - start.y) + 0.004 * drift)
        shift_x, shift_y = 0.5 * width * (lens.pan - start.pan), -0.5 * height * (lens.tilt - start.tilt)
        push = 0.05 * drift + 0.07 * max(0.0, lens.z - start.z)
        needed = 1 + 2.1 * max(
            (abs(shift_x) + abs(slide_x) * 0.7) / width, (abs(shift_y) + abs(slide_y) * 0.7) / height
        )
        zoom = max(needed, _relative_lens(lens, start) * (1 + 0.035 * drift))
        warp(frame.pixels, self.source, self.near, zoom, shift_x, shift_y, slide_x, slide_y, push)


def _relative_lens(lens: Lens, start: Lens) -> float:
    return lens.zoom / start.zoom


class RevealedLayers:
    """Layers that fade in over the image instead of being visible from the first frame."""

    def __init__(self, layers: list[Layer]) -> None:
        self.layers = layers

    def draw(self, frame: ShotFrame) -> None:
        """Draw the layers, mixed with the background."""
        share = reveal(frame.t)
        if share <= 0:
            return
        before = frame.pixels.copy() if share < 1 else frame.pixels
        for layer in self.layers:
            layer.draw(frame)
        if share < 1:
            frame.pixels *= np.float32(share)
            frame.pixels += before * np.float32(1 - share)


def tint(light: Light, day: Light) -> tuple[float, float, float]:
    """The colour change that a time of day makes to an image taken by daylight."""
    now, then = (tuple(a + 0.8 * k for a, k in zip(value.ambient, value.key, strict=True)) for value in (light, day))
    ratio = [a / b for a, b in zip(now, then, strict=True)]
    return (1 + 0.6 * (ratio[0] - 1), 1 + 0.6 * (ratio[1] - 1), 1 + 0.6 * (ratio[2] - 1))
