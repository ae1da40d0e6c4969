"""Tumbling petals and leaves."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.kernels.marks import splats
from filmgate_scene.palette import Colour, rgb
from filmgate_scene.registry import weather
from filmgate_scene.stage import SceneStage, ShotFrame

_COUNT = 130


@weather(
    "petals",
    en=(
        "petals",
        "falling petals",
        "blossom rain",
        "sakura petals",
        "cherry blossom",
        "cherry blossoms",
        "sakura",
        "spring",
        "springtime",
    ),
    zh=("花瓣", "落花", "樱花飘落", "花瓣飘落", "飞花", "樱花", "樱花盛开", "桃花", "春天", "春日", "春季"),
)
def petals(stage: SceneStage) -> None:
    """Cherry petals."""
    stage.add(_Tumbling(stage, (rgb("#ffd3e0"), rgb("#f7b6cb"), rgb("#fff0f4"))), 0.3)


@weather(
    "leaves",
    en=("leaves", "falling leaves", "autumn leaves", "autumn", "autumnal", "fall foliage", "golden leaves"),
    zh=("落叶", "枫叶飘落", "树叶飘落", "飘落的叶子", "秋天", "秋日", "秋季", "深秋", "金秋", "红叶"),
)
def leaves(stage: SceneStage) -> None:
    """Autumn leaves."""
    stage.add(_Tumbling(stage, (rgb("#d9652f"), rgb("#e9a53b"), rgb("#a83a24")), size=1.35), 0.3)
    stage.add_ambience(wind=0.25)


class _Tumbling:
    """Flat things that rotate while they fall."""

    def __init__(self, stage: SceneStage, colours: tuple[Colour, ...], size: float = 1.0) -> None:
        rng = np.random.default_rng(stage.seed + 23)
        self.random = rng.random((_COUNT, 7)).astype(np.float32)
        self.near = 0.35 + 0.65 * self.random[:, 2] ** 1.6
        self.size = size
        chosen = np.array([stage.shade(colour, lit=0.8) for colour in colours], np.float32)
        self.colours = chosen[rng.integers(0, len(colours), _COUNT)] * (0.88 + 0.2 * self.random[:, 3:4])

    def draw(self, frame: ShotFrame) -> None:
        """Draw them; their width oscillates as they rotate."""
        stage, r, near, t = frame.stage, self.random, self.near, frame.t
        x = r[:, 0] + t * 0.024 * near + 0.03 * np.sin(t * 1.1 + r[:, 4] * 2 * math.pi) - frame.lens.pan * near
        y = r[:, 1] + t * (0.055 + 0.05 * r[:, 3]) * 1.5 * near
        angle = t * (1.5 + 2 * r[:, 5]) + r[:, 6] * 2 * math.pi
        long = (2.6 + 5.4 * near) * stage.unit * self.size * (0.35 + 0.65 * np.abs(np.sin(angle * 0.7)))
        marks = np.zeros((_COUNT, 6), np.float32)
        marks[:, 0] = (x % 1.15 - 0.08) * stage.width
        marks[:, 1] = (y % 1.15 - 0.08) * stage.height
        marks[:, 2] = np.cos(angle) * long
        marks[:, 3] = np.sin(angle) * long * 0.6
        marks[:, 4] = (1.4 + 3.0 * near) * stage.unit * self.size
        marks[:, 5] = 0.95
        splats(frame.pixels, marks, self.colours)
