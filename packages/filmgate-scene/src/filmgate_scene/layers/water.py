"""Seas, ponds and wet streets: a plane that reflects what is above it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from msgspec import Struct

from filmgate_scene.kernels.declare import F32
from filmgate_scene.kernels.water import glitter, water
from filmgate_scene.layers.sky import sun_place
from filmgate_scene.palette import Colour
from filmgate_scene.stage import SceneStage, ShotFrame

__all__ = ["Rings", "Surface", "Water"]

Rings = Callable[[float], F32]
"""Maps a time to the ripples (x, z, age, strength) at that time."""

_CALM: F32 = np.zeros((0, 4), np.float32)


class Surface(Struct, frozen=True, kw_only=True):
    """The properties of a water surface."""

    tint: Colour  # colour, in the stage's light
    swell: float = 0.03  # size of the waves
    mirror: float = 0.17  # reflection when seen straight down
    wave: float = 0.8  # frequency of the waves
    murk: float = 0.0  # how much it hides the reflection
    foam: float = 0.0  # whitecaps on the crests
    speed: float = 1.0
    wind: float = 0.0  # drift of the pattern in metres a second
    sparkle: float = 1.0  # strength of the sun's reflection


class Water:
    """Water from ``far`` metres (infinity: the horizon) to ``near`` metres (0: the frame's edge)."""

    def __init__(self, surface: Surface, far: float = math.inf, near: float = 0.0, rings: Rings | None = None) -> None:
        self.surface, self.far, self.near, self.rings = surface, far, near, rings
        self.tint = np.asarray(surface.tint, np.float32)

    def put(self, stage: SceneStage) -> None:
        """Add it to a stage, behind everything in front of it."""
        stage.add(self, self.far if math.isfinite(self.far) else 3000.0)

    def covers(self, frame: ShotFrame) -> int:
        """The first row that it hides."""
        if self.near:
            return frame.stage.height
        shore = frame.row(self.far) if math.isfinite(self.far) else frame.horizon
        return min(frame.stage.height, max(2, math.ceil(shore) + 1))

    def draw(self, frame: ShotFrame) -> None:
        """Draw the surface and, where there is a sun, its reflection."""
        s, stage = self.surface, frame.stage
        height = stage.height
        horizon = frame.horizon
        shore = frame.row(self.far) if math.isfinite(self.far) else horizon
        shore = max(2.0, shore)
        bottom = min(height, math.ceil(frame.row(self.near)) + 1) if self.near else height
        if shore >= bottom:
            return
        t = frame.t * s.speed
        focal, eye, x0 = frame.focal, frame.eye, frame.lens.x + s.wind * frame.t
        centre, rings = frame.centre, self.rings(frame.t) if self.rings else _CALM
        planes = frame.pixels.reshape(3, -1)
        water(frame.pixels, planes, stage.slopes, horizon, centre, shore, bottom, t, x0, frame.lens.z, eye, focal,
              s.swell, self.tint, s.mirror, s.wave, s.murk, s.foam, rings)  # fmt: skip
        light = stage.light
        if light.glitter > 0 and s.sparkle > 0:
            sun = frame.screen(sun_place(stage)[0], 0.0)[0]
            glitter(frame.pixels, stage.slopes, horizon, centre, math.ceil(shore), bottom, sun, 0.065 * height, t, x0,
                    eye, focal, np.asarray(light.glow, np.float32), light.glitter * s.sparkle)  # fmt: skip
