"""High mountains seen from the air: snow, rock, mist in the valleys."""

from __future__ import annotations

import numpy as np

from filmgate_scene.canvas import step
from filmgate_scene.kernels.noise import fbm, fbm_at
from filmgate_scene.layers.sky import sky
from filmgate_scene.layers.terrain import Relief, Terrain, alps
from filmgate_scene.palette import rgb
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage


@setting(
    "mountains",
    en=(
        "mountains",
        "mountain",
        "mountain range",
        "snowy mountains",
        "peaks",
        "peak",
        "alps",
        "himalaya",
        "himalayas",
        "summit",
    ),
    zh=("雪山", "山脉", "群山", "高山", "山峰", "大山", "阿尔卑斯", "喜马拉雅", "山顶", "峡谷"),
    time="dawn",
    camera=("static",),
)
def mountains(stage: SceneStage) -> None:
    """A moving drone view."""
    stage.horizon = stage.height * (0.36 if not stage.portrait else 0.46)
    stage.focal = 0.82 * max(stage.width, stage.height * 0.9)
    stage.eye, stage.subject_depth, stage.camera_range = 30.0, 90.0, 4.0
    stage.depth_range = (40.0, 300.0)
    if stage.needs_ground:
        stage.eye, stage.subject_depth, stage.depth_range, stage.camera_range = 1.5, 5.6, (3.6, 9.0), 0.6
        stage.horizon = stage.height * 0.46
    sky(stage)
    Terrain(stage, Relief(heights=alps(stage.seed % 1000)), speed=0.7, over=1.15 if not stage.portrait else 2.0).put(
        stage
    )
    if stage.needs_ground:
        _summit(stage)
    stage.add_ambience(wind=1.0, pad=0.6)


def _summit(stage: SceneStage) -> None:
    """A rocky summit in the foreground, snow in its hollows."""
    h, canvas = stage.height, stage.canvas(top=0.5, bottom=1.25)
    edge, seed = stage.home_position(0, 0, 7.6)[1], stage.seed % 997
    rough = fbm(canvas.width, 1, 5.0 / h, 1.0, 2.0, 5.0, 5, 0, seed)[0] - 0.5
    across = np.abs(canvas.columns() / stage.width - 0.5)
    tops = np.asarray(edge + h * (0.05 * rough + 0.20 * np.maximum(0, across - 0.34)), np.float32)
    x, y = np.meshgrid(canvas.columns() / h, canvas.rows() / h)
    u, v = (0.9 * x + 1.7 * y).astype(np.float32), (2.9 * y - 0.6 * x).astype(np.float32)  # turned off the grid
    stone, drift = fbm_at(9 * u, 9 * v, 6, seed, 0.8), fbm_at(2.2 * u, 3.1 * v, 5, seed + 4, 1.2)
    dark, light = (
        np.asarray(stage.shade(rgb(c), 2, lit=k), np.float32) for c, k in (("#57524f", 0.3), ("#a39a92", 0.85))
    )
    paint = dark + (light - dark) * np.clip(2.2 * (stone - 0.28), 0, 1)[..., None]
    white = step(0.40, 0.47, drift + 0.30 * (stone - 0.5))[..., None]
    snow = np.asarray(stage.shade((0.95, 0.96, 1.0), 2, lit=0.9), np.float32) * (0.82 + 0.3 * stone[..., None])
    below = canvas.rows()[:, None] - tops[None]
    rim = np.exp(-np.maximum(below, 0) / (0.006 * h))[..., None] * np.asarray(stage.light.glow, np.float32)
    paint = paint * (1 - white) + snow * white + 0.30 * rim
    canvas.fill(canvas.below(tops), np.asarray(paint, np.float32))
    stage.plate(canvas, 7.6)
