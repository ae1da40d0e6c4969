"""Rain: streaks near and far, and a closed sky."""

from __future__ import annotations

import numpy as np

from filmgate_scene.kernels.marks import sparks
from filmgate_scene.light import Light, overcast, replace
from filmgate_scene.registry import weather
from filmgate_scene.stage import SceneStage, ShotFrame

__all__ = ["Rain"]


def _light(light: Light) -> Light:
    return replace(overcast(light, 0.75 if not light.moon else 0.6), haze_depth=light.haze_depth * 0.6)


@weather(
    "rain",
    en=("rain", "rainy", "raining", "drizzle", "rainfall", "downpour", "rainstorm", "heavy rain"),
    zh=(
        "下雨",
        "雨天",
        "雨夜",
        "雨中",
        "细雨",
        "暴雨",
        "雨",
        "小雨",
        "大雨",
        "雨后",
        "雨水",
        "雨滴",
        "下着雨",
        "蒙蒙细雨",
    ),
    light=_light,
    time="day",
)
def rain(stage: SceneStage) -> None:
    """Steady rain."""
    stage.add(Rain(stage, 520), 0.3)
    stage.add_ambience(rain=0.7)


class Rain:
    """``count`` endlessly falling drops, the near ones longer and faster."""

    def __init__(self, stage: SceneStage, count: int, slant: float = 0.07) -> None:
        self.random = np.random.default_rng(stage.seed + 21).random((count, 4)).astype(np.float32)
        self.near = 0.35 + 0.65 * self.random[:, 2] ** 1.5
        self.slant = slant
        bright = 0.35 + 0.55 * sum(stage.light.haze) / 3
        self.colours = np.tile(np.asarray((bright * 0.94, bright * 0.97, bright * 1.06), np.float32), (count, 1))

    def draw(self, frame: ShotFrame) -> None:
        """Streaks of light."""
        stage, r, near = frame.stage, self.random, self.near
        fall = (r[:, 1] + frame.t * (1.1 + 1.0 * near)) % 1.15 - 0.08
        marks = np.zeros((len(r), 6), np.float32)
        marks[:, 1] = fall * stage.height
        marks[:, 3] = stage.height * 0.045 * near
        marks[:, 2] = marks[:, 3] * self.slant
        marks[:, 0] = ((r[:, 0] - frame.lens.pan * near) % 1.0) * stage.width * 1.1 + (
            marks[:, 1] - stage.height
        ) * self.slant
        marks[:, 4] = (0.85 * near + 0.4) * stage.unit + 0.2
        marks[:, 5] = 0.30 * near
        sparks(frame.pixels, marks, self.colours)
