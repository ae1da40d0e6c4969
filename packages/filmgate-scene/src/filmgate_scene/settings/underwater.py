"""Under water: a reef, swaying weeds, light from above, bubbles."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from filmgate_scene.canvas import Canvas
from filmgate_scene.kernels.marks import splats
from filmgate_scene.kernels.noise import fbm_at
from filmgate_scene.layers.foliage import boulder, clump, ramp
from filmgate_scene.layers.ground import Ground, Soil
from filmgate_scene.layers.sky import Backdrop
from filmgate_scene.light import replace
from filmgate_scene.palette import mix, rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.stage import Plate, SceneStage, ShotFrame, rocking

_CORALS = (
    ("#7a2340", "#c8486a", "#f28aa0", "#ffd0d6"),
    ("#7a4312", "#cf7a25", "#f4b04c", "#ffe2a0"),
    ("#35245e", "#6d4bb0", "#a587e0", "#ddccff"),
)


@setting(
    "underwater",
    en=("underwater", "under the sea", "under water", "coral reef", "coral", "reef", "deep sea", "seabed", "aquarium"),
    zh=("水下", "海底", "水底", "珊瑚礁", "珊瑚", "深海", "海里", "水族馆"),
    camera=("pan",),
    inhabitants=("fish",),
    indoor=True,
)
def underwater(stage: SceneStage) -> None:
    """A sandy bottom between corals, the surface far above."""
    dim = 0.45 if stage.light.moon else 1.0
    deep, bright = scale(rgb("#12607f"), dim), scale(rgb("#49b8c9"), dim)
    stage.light = replace(
        stage.light, sun=(0.4, 0.5), ambient=scale((0.36, 0.62, 0.72), dim), key=scale((0.40, 0.52, 0.46), dim),
        haze=deep, haze_depth=11.0, glow=(0.6, 0.95, 1.0), bloom=(0.7, 0.6), glitter=0.0,
    )  # fmt: skip
    stage.horizon, stage.eye = stage.height * 0.56, 1.5
    stage.subject_depth, stage.depth_range, stage.swim_range, stage.camera_range = 5.0, (3.0, 12.0), (3.0, 12.0), 0.8
    rows = np.linspace(-0.2, 1.0, round(stage.height * 1.2), dtype=np.float32)
    share = np.clip(1 - rows / 0.56, 0, 1.3) ** 1.4
    down = [deep[c] + (bright[c] - deep[c]) * share for c in range(3)]
    image = np.stack([np.repeat(line[:, None], round(stage.width * 1.4), 1) for line in down])
    stage.add(Backdrop(image, -0.2 * stage.width, -0.2 * stage.height), math.inf)
    Ground(stage, Soil(dark=(0.60, 0.56, 0.42), light=(1.0, 0.94, 0.72), period=2.6)).put(stage)
    for k, depth in enumerate((13.0, 8.5, 5.4, 3.2)):
        _reef(stage, depth, k)
    _rays(stage)
    stage.add(_Bubbles(stage), 0.4)
    stage.add_ambience(underwater=1.0, pad=0.4)


def _reef(stage: SceneStage, depth: float, k: int) -> None:
    """Rocks, corals and weeds; the centre stays free in front."""
    w, rng, metre = stage.width, stage.rng, stage.focal / depth
    foot = stage.home_position(0, 0, depth)[1]
    free = (0.0, 0.10, 0.22, 0.36)[k]
    canvas, weeds = stage.canvas(top=-0.1, bottom=1.25), stage.canvas(top=-0.1, bottom=1.25)
    for _ in range(13):
        x = rng.random() * 1.5 - 0.25
        if abs(x - 0.5) < free:
            continue
        size = (0.25 + 0.35 * rng.random()) * metre
        boulder(stage, canvas, (w * x, foot - size * 0.2), size, depth=depth)
        paint = ramp(stage, tuple(rgb(c) for c in _CORALS[int(rng.integers(3))]), depth)
        for _ in range(3):
            cx, cy = w * x + size * rng.normal(), foot - size * (0.6 + 0.7 * rng.random())
            clump(stage, canvas, (cx, cy), (size * 0.55, size * 0.6), 0.05 * metre + 1, paint)
        for _ in range(4):
            _weed(stage, weeds, w * x + 1.6 * size * rng.normal(), foot, (0.7 + 0.9 * rng.random()) * metre, depth)
    stage.plate(weeds, depth * 1.01, sway=rocking(0.05 * metre, 0.0, 1.1, k * 1.9))
    stage.plate(canvas, depth)


def _weed(stage: SceneStage, canvas: Canvas, x: float, foot: float, tall: float, depth: float) -> None:
    """One ribbon of kelp."""
    phase = stage.rng.random() * 6
    colour = stage.shade(mix(rgb("#2c6b3c"), rgb("#8fae42"), stage.rng.random()), depth)
    points = [(x + 0.09 * tall * math.sin(phase + 5 * q), foot - tall * q) for q in np.linspace(0, 1, 12)]
    canvas.line(points, 0.055 * tall, colour, end=1.0)


def _rays(stage: SceneStage) -> None:
    """Two shimmering sheets of light from the surface."""
    width, height = stage.width // 2, stage.height // 2
    xs, ys = np.meshgrid(
        np.arange(-0.2 * width, 1.2 * width, dtype=np.float32), np.arange(-0.1 * height, height, dtype=np.float32)
    )
    angle = np.arctan2(ys + 0.5 * height, xs - 0.4 * width)
    for k in range(2):
        beams = np.clip(
            fbm_at((angle * 8 + 7 * k).astype(np.float32), np.full_like(angle, 3.0 + k), 3, stage.seed % 997 + k, 0.0)
            - 0.46,
            0,
            1,
        )
        canvas = Canvas(-0.2 * width, -0.1 * height, -0.2 * width + xs.shape[1], -0.1 * height + xs.shape[0])
        power = (beams * np.exp(-ys / height * 1.3) * 1.3)[: canvas.height, : canvas.width, None]
        canvas.pixels[: power.shape[0], : power.shape[1], :3] = power * np.asarray(stage.light.glow, np.float32)
        sprite = stage.atlas.add(canvas.pixels, -canvas.x0, -canvas.y0)
        shine = _shimmer(k)
        stage.add(Plate(sprite, 6.0, fine=0.5, opacity=shine, sway=rocking(20 * stage.unit, 0.0, 0.4, k * 2.0)), 6.0)


def _shimmer(k: int) -> Callable[[float], float]:
    return lambda t: 0.55 + 0.4 * math.sin(t * 0.9 + 3.1 * k)


class _Bubbles:
    """Streams of bubbles that rise and wobble."""

    def __init__(self, stage: SceneStage) -> None:
        self.random = np.random.default_rng(stage.seed + 71).random((90, 5)).astype(np.float32)
        self.colours = np.tile(np.asarray((0.75, 0.95, 1.0), np.float32), (90, 1))

    def draw(self, frame: ShotFrame) -> None:
        """Draw the bubbles; small ones rise slower."""
        stage, r, t = frame.stage, self.random, frame.t
        stream = np.floor(r[:, 0] * 7) / 7 + 0.05
        rise = (r[:, 1] + t * (0.07 + 0.08 * r[:, 2])) % 1.1
        marks = np.zeros((90, 6), np.float32)
        marks[:, 0] = (stream + 0.012 * np.sin(rise * 26 + r[:, 3] * 6) + 0.02 * r[:, 4] - frame.lens.pan) * stage.width
        marks[:, 1] = (1.05 - rise) * stage.height
        marks[:, 4] = (1.2 + 3.6 * r[:, 2] ** 2) * stage.unit
        marks[:, 5] = 0.55
        splats(frame.pixels, marks, self.colours)
