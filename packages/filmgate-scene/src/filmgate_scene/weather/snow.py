"""Snow: drifting flakes."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.kernels.marks import splats
from filmgate_scene.light import Light, overcast, replace
from filmgate_scene.palette import mix
from filmgate_scene.registry import weather
from filmgate_scene.stage import SceneStage, ShotFrame

_COUNT = 560


def _light(light: Light) -> Light:
    return replace(overcast(light, 0.45), haze=mix(light.haze, (0.86, 0.89, 0.95), 0.15 if light.moon else 0.4))


@weather(
    "snow",
    en=("snow", "snowing", "snowfall", "snowy", "snowflakes", "blizzard", "winter", "wintry", "snowstorm"),
    zh=("下雪", "飘雪", "雪花", "大雪", "雪天", "雪", "冬天", "冬日", "冬季", "大雪纷飞", "雪花飘落"),
    light=_light,
)
def snow(stage: SceneStage) -> None:
    """A quiet snowfall."""
    stage.add(_Snow(stage), 0.3)
    stage.add_ambience(wind=0.3)


class _Snow:
    """Flakes: far ones are small and many, near ones large and blurred."""

    def __init__(self, stage: SceneStage) -> None:
        self.random = np.random.default_rng(stage.seed + 22).random((_COUNT, 5)).astype(np.float32)
        self.near = 0.22 + 0.78 * self.random[:, 2] ** 2.2
        white = min(1.0, 0.35 + 0.75 * sum(stage.light.shade((1.0, 1.0, 1.0))) / 3)
        self.colours = np.tile(
            np.asarray((white * 0.97, white * 0.985, min(1.0, white * 1.03)), np.float32), (_COUNT, 1)
        )

    def draw(self, frame: ShotFrame) -> None:
        """Draw the flakes, which fall and sway."""
        stage, r, near, t = frame.stage, self.random, self.near, frame.t
        x = r[:, 0] + t * 0.022 * near + 0.02 * np.sin(t * 0.9 + r[:, 3] * 2 * math.pi) - frame.lens.pan * near
        marks = np.zeros((_COUNT, 6), np.float32)
        marks[:, 0] = (x % 1.12 - 0.06) * stage.width
        marks[:, 1] = ((r[:, 1] + t * (0.05 + 0.13 * near)) % 1.12 - 0.06) * stage.height
        marks[:, 4] = (1.0 + 4.4 * near * near) * stage.unit + 0.3
        marks[:, 5] = 0.95 - 0.45 * near
        splats(frame.pixels, marks, self.colours)
