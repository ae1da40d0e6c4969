"""Fog: hides the distance, with drifting banks."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.canvas import Canvas, step
from filmgate_scene.kernels.noise import fbm
from filmgate_scene.light import Light, overcast, replace
from filmgate_scene.registry import weather
from filmgate_scene.stage import Plate, SceneStage

_TILE = 1024


def _light(light: Light) -> Light:
    return replace(
        overcast(light, 0.4),
        haze_depth=light.haze_depth * 0.22,
        sun_size=light.sun_size,
        glow_amount=light.glow_amount * 0.8,
    )


@weather(
    "fog",
    en=("fog", "foggy", "mist", "misty", "haze", "hazy"),
    zh=("薄雾", "雾气", "大雾", "晨雾", "云雾", "雾", "薄雾弥漫", "雾蒙蒙", "烟雨"),
    light=_light,
)
def fog(stage: SceneStage) -> None:
    """Three banks at different depths, drifting at different speeds."""
    for k, depth in enumerate((stage.subject_depth * 4, stage.subject_depth * 1.6, stage.subject_depth * 0.6)):
        bank(stage, depth, k)
    stage.add_ambience(wind=0.2)


def bank(stage: SceneStage, depth: float, k: int, thick: float = 0.62) -> None:
    """One bank of fog around the horizon, tiling sideways."""
    high = stage.height * (0.30 + 0.12 * k)
    top = stage.horizon - high * 0.62
    canvas = Canvas(0, top / 2, _TILE, (top + high * 1.3) / 2)
    noise = fbm(_TILE, canvas.height, 8 / _TILE, 12.0 / canvas.height, 0.0, 0.0, 5, 8, 60 + k)
    down = np.linspace(0, 1, canvas.height, dtype=np.float32)[:, None]
    shape = step(0.0, 0.5, down) * step(1.0, 0.55, down) * step(0.30, 0.75, noise)
    canvas.fill(canvas.full_mask(shape * thick), stage.light.haze)
    sprite = stage.atlas.add(canvas.pixels, 0.0, -top * 0.5, crop=False)
    speed = (6.0 + 7.0 * k) * stage.unit
    stage.add(
        Plate(sprite, depth, fine=0.5, wraps=True, sway=lambda t: (-speed * t, 4 * stage.unit * math.sin(t * 0.3 + k))),
        depth,
    )
