"""A photographer's studio: a seamless backdrop, soft lights, a round plinth."""

from __future__ import annotations

import numpy as np

from filmgate_scene.canvas import Canvas
from filmgate_scene.layers.sky import Backdrop
from filmgate_scene.light import replace
from filmgate_scene.palette import Colour, mix, rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage

_PAPERS = ("#8fa9c4", "#d9a79a", "#a9bfa2", "#b9a6c9", "#d8c39a")


@setting(
    "studio",
    en=(
        "studio",
        "photo studio",
        "product shot",
        "commercial",
        "advertisement",
        "plain background",
        "white background",
    ),
    zh=("摄影棚", "影棚", "工作室", "广告", "产品展示", "纯色背景", "白色背景"),
    time="day",
    camera=("orbit",),
    indoor=True,
)
def studio(stage: SceneStage) -> None:
    """A light studio without objects."""
    _room(stage, rgb(_PAPERS[stage.seed % len(_PAPERS)]))


@setting(
    "darkroom",
    en=("black background", "dark background", "dark studio", "low key"),
    zh=("黑色背景", "黑背景", "深色背景", "暗调", "黑底"),
    time="day",
    camera=("orbit",),
    indoor=True,
)
def darkroom(stage: SceneStage) -> None:
    """A dark studio with one golden light from above."""
    _room(stage, (0.12, 0.105, 0.095))


def _room(stage: SceneStage, colour: Colour) -> None:
    """A seamless background of one colour, a pool of light, the plinth."""
    w, h = stage.width, stage.height
    stage.horizon, stage.eye, stage.camera_range = 0.52 * h, 1.3, 0.35
    stage.focal = 0.95 * max(h * 0.8, min(w, h))
    stage.subject_depth, stage.depth_range, stage.dishes = 3.3, (2.0, 6.0), 0
    stage.light = replace(
        stage.light, ambient=(0.60, 0.60, 0.62), key=(0.55, 0.53, 0.50), haze_depth=900.0, sun=(0.25, 0.5), stars=0
    )
    ys, xs = np.mgrid[0 : round(1.3 * h), 0 : round(1.4 * w)].astype(np.float32)
    u, v = xs / w - 0.7, ys / h - 0.15
    pool = np.exp(-((u / 0.42) ** 2) - ((v - 0.45) / 0.42) ** 2)
    floor = np.clip((v - 0.66) / 0.10, 0, 1) * 0.14
    shine = 0.42 + 0.62 * pool + floor * np.exp(-((u / 0.5) ** 2))
    stage.add(Backdrop(np.stack([shine * c for c in colour]), -0.2 * w, -0.15 * h), float("inf"))
    _plinth(stage, mix(colour, (1.0, 1.0, 1.0), 0.55 if sum(colour) > 1 else 0.10))
    stage.add_ambience(pad=0.6)


def _plinth(stage: SceneStage, colour: tuple[float, float, float]) -> None:
    """Two round steps under the subject."""
    w, h = stage.width, stage.height
    canvas, size = Canvas(-0.2 * w, 0.6 * h, 1.2 * w, 1.2 * h), 0.36 * min(h, 1.15 * w)
    for rx, y, tall in ((1.55, 0.975, 0.20), (1.05, 0.915, 0.11)):
        foot, top = y * h, (y - 0.03) * h - tall * size * 0.4
        canvas.blobs(
            np.array([[w / 2, foot + 0.02 * h, rx * size * 1.25, 0.30 * rx * size, 0, 0.5]], np.float32),
            np.full((1, 3), 0.05, np.float32),
            2.5,
        )
        canvas.ellipse(w / 2, foot, rx * size, 0.17 * rx * size, scale(colour, 0.62))
        canvas.rectangle(w / 2 - rx * size, top, 2 * rx * size, foot - top, scale(colour, 0.80), to=scale(colour, 0.62))
        canvas.ellipse(w / 2, top, rx * size, 0.17 * rx * size, colour, to=scale(colour, 0.92))
    stage.plate(canvas, 1.8)
