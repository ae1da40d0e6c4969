"""Northern lights: drifting, folding curtains over a dark sky."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.canvas import Canvas, step
from filmgate_scene.kernels.noise import fbm
from filmgate_scene.light import Light, replace
from filmgate_scene.palette import mix, rgb, scale
from filmgate_scene.registry import weather
from filmgate_scene.stage import Plate, SceneStage

_TILE = 1024


def _light(light: Light) -> Light:
    if not light.moon:
        return light
    return replace(light, stars=700, clouds=0.0, ambient=mix(light.ambient, scale(rgb("#3fae8a"), 0.5), 0.3))


@weather(
    "aurora",
    en=("aurora", "aurora borealis", "northern lights", "polar lights"),
    zh=("极光", "北极光"),
    light=_light,
    time="night",
)
def aurora(stage: SceneStage) -> None:
    """Three curtains, green below and violet above."""
    high = stage.horizon * 0.95
    for k in range(3):
        canvas = Canvas(0, 0, _TILE, high / 2)
        fold = fbm(_TILE, 1, 6 / _TILE, 1.0, 0.0, 0.0, 4, 6, stage.seed % 997 + k)[0]
        rays = fbm(_TILE, 1, 64 / _TILE, 1.0, 0.0, 0.0, 3, 64, stage.seed % 991 + k)[0]
        foot = canvas.height * (0.40 + 0.15 * k + 1.1 * (fold - 0.5))
        up = (foot[None] - np.arange(canvas.height, dtype=np.float32)[:, None]) / canvas.height
        shape = (
            step(-0.02, 0.02, up.astype(np.float32))
            * np.exp(-np.maximum(up, 0) * (3.4 + 1.2 * k))
            * (0.35 + 1.1 * rays[None])
        )
        green, violet = (np.asarray(rgb(c), np.float32) for c in ("#35f09a", "#8a4be0"))
        tone = np.clip(up * 2.6, 0, 1)[..., None]
        canvas.pixels[..., :3] = shape[..., None] * (green + (violet - green) * tone) * (0.62 - 0.12 * k)
        sprite = stage.atlas.add(canvas.pixels, 0.0, 0.0, crop=False)
        speed = (9.0 - 15.0 * (k % 2)) * stage.unit

        def drift(t: float, speed: float = speed, k: int = k) -> tuple[float, float]:
            return speed * t, 6 * stage.unit * math.sin(t * 0.5 + k * 2)

        def shimmer(t: float, k: int = k) -> float:
            return 0.8 + 0.2 * math.sin(t * 0.8 + k * 2.2)

        stage.add(Plate(sprite, math.inf, fine=0.5, wraps=True, sway=drift, opacity=shimmer), 8e8 - k)
