"""Sand, grass, earth, snow, pavement: a textured plane in perspective."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from msgspec import Struct

from filmgate_scene.kernels.declare import F32
from filmgate_scene.kernels.ground import ground
from filmgate_scene.kernels.noise import fbm, ridges
from filmgate_scene.palette import Colour, mix
from filmgate_scene.stage import SceneStage, ShotFrame

__all__ = ["Ground", "Soil", "grains", "mips"]

_SNOW = ((0.82, 0.85, 0.92), (1.06, 1.07, 1.10))  # colours in the hollows and on top
_DRY = (0.0, 1.0, 0.0)


class Soil(Struct, frozen=True, kw_only=True):
    """A ground material; colours as in daylight."""

    dark: Colour
    light: Colour
    period: float = 2.4  # metres a texture tile
    wet: tuple[float, float, float] = _DRY  # depth where it dries, over how many metres, how much it reflects
    haze: float = 1.0


def mips(texture: F32) -> F32:
    """A tiling square texture in 0 … 1 with its halved copies, (levels, n, n)."""
    size = texture.shape[0]
    out = np.zeros((int(math.log2(size)), size, size), np.float32)
    for level in range(out.shape[0]):
        n = texture.shape[0]
        out[level, :n, :n] = texture
        texture = texture.reshape(n // 2, 2, n // 2, 2).mean((1, 3))
    return out


def grains(seed: int, size: int = 512) -> F32:
    """Sand texture: soft dunes, ripples and grains."""
    n, g = (
        fbm(size, size, 8 / size, 24 / size, 0.0, 0.0, 6, 8, seed),
        fbm(size, size, 0.25, 0.25, 0.0, 0.0, 3, size // 4, seed + 1),
    )
    ripples = ridges(size, size, 16 / size, 64 / size, 0.0, 0.0, 4, 16, seed + 2)
    return np.asarray(np.clip(0.5 + (n - 0.5) * 1.4 + (g - 0.5) * 0.7 + (ripples - 0.4) * 0.5, 0, 1), np.float32)


class Ground:
    """Ground from ``far`` metres (infinity: the horizon) to the frame's lower edge."""

    def __init__(
        self,
        stage: SceneStage,
        soil: Soil,
        *,
        far: float = math.inf,
        texture: Callable[[int], F32] = grains,
        mirror_at: float = math.inf,
    ) -> None:
        light = stage.light
        self.far, self.soil, self.mirror_at = far, soil, mirror_at
        self.texture = mips(texture(stage.seed % 1000))
        dark, bright = mix(soil.dark, _SNOW[0], stage.snow_cover), mix(soil.light, _SNOW[1], stage.snow_cover)
        self.dark = np.asarray(light.shade(dark), np.float32)
        self.light = np.asarray(light.shade(bright), np.float32)
        self.haze = np.asarray(light.haze, np.float32)
        self.wet = np.asarray(soil.wet, np.float32)

    def put(self, stage: SceneStage) -> None:
        """Add it to a stage, behind everything that stands on it."""
        stage.add(self, self.far if math.isfinite(self.far) else 3000.0)

    def covers(self, frame: ShotFrame) -> int:
        """The first row that it hides."""
        edge = frame.row(self.far) if math.isfinite(self.far) else frame.horizon
        return min(frame.stage.height, max(2, math.ceil(edge) + 1))

    def draw(self, frame: ShotFrame) -> None:
        """Draw the plane."""
        stage = frame.stage
        edge = frame.row(self.far) if math.isfinite(self.far) else frame.horizon
        mirror = frame.row(self.mirror_at) if math.isfinite(self.mirror_at) else frame.horizon
        lens, soil, thin = frame.lens, self.soil, stage.light.haze_depth / self.soil.haze
        ground(frame.pixels, self.texture, self.dark, self.light, frame.horizon, frame.centre, max(0.0, edge),
               frame.rows, lens.x, lens.z, frame.eye, frame.focal, soil.period, self.haze, thin, self.wet,
               mirror)  # fmt: skip
