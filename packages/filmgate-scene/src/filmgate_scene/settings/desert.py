"""A desert: dunes behind dunes, their crests sharp, sand that drifts."""

from __future__ import annotations

import numpy as np

from filmgate_scene.canvas import Canvas, step
from filmgate_scene.kernels.marks import splats
from filmgate_scene.kernels.noise import fbm
from filmgate_scene.layers.ground import Ground, Soil
from filmgate_scene.layers.sky import sky
from filmgate_scene.palette import mix
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage, ShotFrame

_DUNES = ((260.0, 0.15, 0.9), (130.0, 0.125, 0.8), (64.0, 0.09, 0.75), (30.0, 0.055, 0.9))  # depth, height, width


@setting(
    "desert",
    en=("desert", "dunes", "dune", "sahara", "sand dunes", "wasteland", "mars", "desert night"),
    zh=("沙漠", "沙丘", "戈壁", "大漠", "撒哈拉", "火星", "荒漠", "戈壁滩"),
    time="sunset",
    camera=("dolly",),
)
def desert(stage: SceneStage) -> None:
    """Warm sand to the horizon."""
    h = stage.height
    stage.horizon, stage.eye, stage.camera_range = h * (0.50 if not stage.portrait else 0.54), 1.3, 0.8
    stage.focal = 0.95 * max(h * 0.8, min(stage.width, h))
    stage.subject_depth, stage.depth_range, stage.endless = 3.8, (2.2, 16.0), True
    sky(stage)
    Ground(stage, Soil(dark=(0.66, 0.43, 0.25), light=(1.05, 0.76, 0.47), period=3.1)).put(stage)
    for k in range(len(_DUNES)):
        _dune(stage, k)
    if not stage.needs_ground and not stage.shot.subjects:
        _crest(stage)
    stage.add(_Drift(stage), 0.4)
    stage.add_ambience(wind=0.9)


def _dune(stage: SceneStage, k: int) -> None:
    """One dune chain: the sunny side bright, the other in shadow, ripples over both."""
    depth, high, wide = _DUNES[k]
    h, seed = stage.height, stage.seed % 997 + 13 * k
    bottom = stage.horizon + stage.eye * stage.focal / depth
    canvas = Canvas(0, 0.15 * h, 1.5 * stage.width, bottom + 3)
    count = max(2, round(canvas.width / (wide * h)))  # a whole number of cells, so that the line closes on itself
    cells = count / canvas.width
    line = fbm(canvas.width, 1, cells, 1.0, 0.0, 0.5, 3, count, seed)[0]
    tops = np.asarray(bottom - h * high * np.clip((line - 0.28) * 2.3, 0.04, 1.2), np.float32)
    below = canvas.rows()[:, None] - tops[None]
    ridge = fbm(canvas.width, canvas.height, cells * 2, cells, 0.0, 0.3, 3, count * 2, seed + 5)
    slope = np.gradient(tops)[None] * (1 if stage.light.sun[0] > 0.5 else -1)
    bright = step(0.30, -0.25, slope + (ridge - 0.5) * 0.9 + 0.0012 * below * 720 / h)
    ripples = fbm(canvas.width, canvas.height, 24 / canvas.width, 0.35 / stage.unit, 0.0, 0.0, 3, 24, seed + 9)
    sand, shade = (
        stage.shade((1.02, 0.72, 0.44), depth * 0.4, lit=0.95),
        stage.shade((0.62, 0.38, 0.26), depth * 0.4, lit=0.12),
    )
    paint = (
        np.asarray(shade, np.float32)
        + (np.asarray(sand, np.float32) - np.asarray(shade, np.float32)) * bright[..., None]
    )
    paint = paint * (1 + 0.16 * (ripples[..., None] - 0.5) * min(1.0, 60 / depth))
    rim = np.exp(-np.maximum(below, 0) / (0.004 * h))[..., None] * np.asarray(
        mix(stage.light.glow, sand, 0.4), np.float32
    )
    canvas.fill(canvas.below(tops, bottom), np.asarray(paint + rim * 0.22, np.float32))
    stage.tile(canvas, depth)


def _crest(stage: SceneStage) -> None:
    """The dune in front of the camera: a sharp crest from the left into the depth, one side in the sun."""
    h, w = stage.height, stage.width
    canvas = stage.canvas(top=0.4, bottom=1.2)
    x = (canvas.columns() / w).astype(np.float32)
    line = h * (0.70 + 0.10 * np.sin(2.4 * x + 0.4) + 0.03 * np.sin(6.1 * x + 1.0))
    sunny = stage.light.sun[0] > 0.5
    ys = canvas.rows()[:, None]
    below = ys - line[None]
    edge = (0.35 + 0.25 * np.sin(below / h * 5.0)) * h * np.clip(below / (0.35 * h), 0, 1.4)
    side = step(-0.02, 0.02, (canvas.columns()[None] - (0.62 * w + (1 if sunny else -1) * edge)) / w)
    lit = side if sunny else 1 - side
    ripples = fbm(canvas.width, canvas.height, 0.02 / stage.unit, 0.16 / stage.unit, 0.0, 0.0, 3, 0, stage.seed % 997)
    sand, shade = stage.shade((1.04, 0.74, 0.45), 2, lit=0.95), stage.shade((0.60, 0.36, 0.25), 2, lit=0.15)
    tone = (
        np.asarray(shade, np.float32) + (np.asarray(sand, np.float32) - np.asarray(shade, np.float32)) * lit[..., None]
    )
    tone = tone * (1 + 0.26 * (ripples[..., None] - 0.5))
    rim = np.exp(-np.maximum(below, 0) / (0.005 * h))[..., None] * np.asarray(stage.light.glow, np.float32)
    canvas.fill(canvas.below(np.asarray(line, np.float32)), np.asarray(tone + 0.25 * rim, np.float32))
    stage.plate(canvas, 4.5)


class _Drift:
    """Sand that the wind carries along the ground."""

    def __init__(self, stage: SceneStage) -> None:
        self.random = np.random.default_rng(stage.seed + 43).random((150, 4)).astype(np.float32)
        tone = np.asarray(stage.shade((1.0, 0.80, 0.55), lit=0.9), np.float32)
        self.colours = np.ascontiguousarray(np.broadcast_to(tone, (150, 3)))

    def draw(self, frame: ShotFrame) -> None:
        """Thin streaks, faster when near."""
        stage, r = frame.stage, self.random
        near = 0.25 + 0.75 * r[:, 1]
        marks = np.zeros((len(r), 6), np.float32)
        run = (r[:, 0] + frame.t * (0.10 + 0.20 * near)) % 1.2 - 0.1
        marks[:, 0] = run * stage.width
        rise = 0.012 * np.sin(9 * run + 6 * r[:, 3])
        marks[:, 1] = stage.horizon + stage.height * (0.03 + 0.46 * r[:, 1] ** 1.5 + rise)
        marks[:, 2] = 0.05 * stage.width * near
        marks[:, 3] = 0.004 * stage.height * np.cos(6 * r[:, 3])
        marks[:, 4] = (0.6 + 0.8 * near) * stage.unit
        marks[:, 5] = 0.22 * near
        splats(frame.pixels, marks, self.colours)
