"""The window of a moving train or car: the seat, the frame, the passing landscape."""

from __future__ import annotations

import numpy as np

from filmgate_scene.canvas import Canvas
from filmgate_scene.cues import SoundEvent
from filmgate_scene.kernels.noise import fbm
from filmgate_scene.layers.flat import Flat
from filmgate_scene.layers.foliage import LEAF, broadleaf, clump, ramp
from filmgate_scene.layers.sky import sky
from filmgate_scene.palette import Colour, mix, rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage, WindowOpening, rocking

_DEPTH = 1.6  # metres to the window


@setting(
    "traincar",
    en=(
        "train window", "inside a train", "on a train", "train compartment", "train interior", "car window",
        "inside a car", "bus window", "out of the window of a train", "passing landscape",
    ),
    zh=("车窗", "车窗外", "车厢", "车厢里", "火车上", "列车上", "高铁上", "车内", "坐火车", "车窗外的风景", "夜行列车"),
    time="golden",
    camera=("static",),
    indoor=True,
)  # fmt: skip
def train_car(stage: SceneStage) -> None:
    """Looking out: near things pass fast, far things hardly move."""
    h = stage.height
    stage.horizon, stage.eye, stage.camera_range = h * 0.50, 1.2, 0.12
    stage.focal = 0.95 * max(h * 0.8, min(stage.width, h))
    stage.subject_depth, stage.depth_range, stage.default_action = 1.5, (1.2, 1.58), "sit"
    sky(stage)
    for k in range(3):
        _hills(stage, k)
    _fields(stage)
    _trees(stage)
    _wall(stage)
    stage.add_ambience(traffic=0.35, wind=0.3, pad=0.3)
    for k in range(int(stage.seconds / 0.8)):
        stage.events += [SoundEvent(0.3 + 0.8 * k + 0.13 * j, "step", 0.2 * (-1) ** j, 0.16) for j in (0, 1)]


def _strip(stage: SceneStage, canvas: Canvas, depth: float, pace: float) -> None:
    """Scroll a canvas as wide as the frame endlessly at ``pace`` frame widths a second."""
    run = pace * stage.width
    stage.tile(canvas, depth, sway=lambda t: (-run * t, 0.0))


def _sheet(stage: SceneStage, top: float, bottom: float) -> Canvas:
    """A canvas that tiles: one and a half times as wide as the frame."""
    return Canvas(0, top * stage.height, 1.5 * stage.width, bottom * stage.height)


def _hills(stage: SceneStage, k: int) -> None:
    """Chains of hills, blue in the distance."""
    h, canvas = stage.height, _sheet(stage, 0.15, 0.62)
    cells = 2 + k
    line = fbm(canvas.width, 1, cells / canvas.width, 1.0, 0.0, 3.0 * k, 5, cells, stage.seed % 997 + k)[0]
    base = stage.horizon + (0.02 + 0.02 * k) * h
    tops = np.asarray(base - (0.26, 0.17, 0.10)[k] * h * (line - 0.22) * 1.5, np.float32)
    tone = stage.outdoors.shade(rgb(("#8ba3bf", "#7fa08c", "#7d9d5c")[k]), (220.0, 110.0, 40.0)[k], lit=0.6)
    canvas.fill(canvas.below(tops), tone, to=mix(tone, stage.outdoors.haze, 0.45))
    _strip(stage, canvas, 900.0 / (k + 1), (0.012, 0.03, 0.07)[k])


def _fields(stage: SceneStage) -> None:
    """Meadows and furrows that pass faster the nearer they are to the rails."""
    for k in range(4):
        top, low = 0.53 + 0.055 * k, 0.60 + 0.07 * k
        canvas = _sheet(stage, top, low)
        tone = stage.outdoors.shade(rgb(("#a6b45c", "#7e9a48", "#8fa651", "#6f8a43")[k]), 30.0 / (k + 1), lit=0.7)
        cells = 9 - k
        blot = fbm(canvas.width, canvas.height, cells / canvas.width, 0.02 / stage.unit, 0.0, 2.0 * k, 3, cells, 11 + k)
        paint = np.asarray(tone, np.float32) * (0.78 + 0.5 * blot[..., None])
        canvas.fill(canvas.full_mask(np.ones((canvas.height, canvas.width), np.float32)), np.asarray(paint, np.float32))
        _strip(stage, canvas, 120.0 / (k + 1), (0.12, 0.20, 0.33, 0.5)[k])


def _trees(stage: SceneStage) -> None:
    """Single trees in the fields, bushes and poles along the line."""
    h, rng = stage.height, stage.rng
    far = _sheet(stage, 0.2, 0.72)
    for k in range(5):
        x = far.width * (0.1 + 0.2 * k + 0.03 * rng.normal())
        broadleaf(stage, far, (x, 0.585 * h), h * (0.10 + 0.06 * rng.random()), LEAF, depth=26.0, leaf=3.0)
    _strip(stage, far, 45.0, 0.16)
    near = _sheet(stage, -0.1, 0.95)
    pole = stage.outdoors.shade(rgb("#5b4a3c"), 4, lit=0.5)
    for x in (0.3 * near.width, 0.8 * near.width):
        near.rectangle(x, -0.1 * h, 7 * stage.unit, h, pole, to=scale(pole, 0.7))
        near.rectangle(x - 26 * stage.unit, 0.14 * h, 60 * stage.unit, 5 * stage.unit, scale(pole, 0.9))
    for k in range(8):
        at = (near.width * (0.06 + 0.125 * k), h * (0.80 + 0.02 * rng.normal()))
        clump(stage, near, at, (0.09 * h, 0.055 * h), 7 * stage.unit, ramp(stage, LEAF, 6.0), dense=0.8)
    _strip(stage, near, 9.0, 0.85)


def _wall(stage: SceneStage) -> None:
    """The panel with its rounded window, a curtain, a small table, the seat's back."""
    flat = Flat(stage, _DEPTH, top=-0.3, bottom=1.3)
    light = mix(stage.outdoors.ambient, (0.9, 0.82, 0.7), 0.35 + 0.3 * stage.outdoors.lamps)

    def tone(code: str, lit: float = 1.0) -> Colour:
        colour = rgb(code)
        return colour[0] * light[0] * 1.25 * lit, colour[1] * light[1] * 1.25 * lit, colour[2] * light[2] * 1.25 * lit

    panel, half = tone("#d9cdb8"), flat.half
    wide, tall, low = min(1.72 * half, 2.3), 1.06 if not stage.portrait else 1.35, 0.66
    flat.box(-flat.side, -1.0, 2 * flat.side, 4.5, panel, to=scale(panel, 0.72))
    flat.box(-wide / 2 - 0.07, low - 0.07, wide + 0.14, tall + 0.14, scale(panel, 0.62), radius=0.16)
    flat.box(-wide / 2 - 0.035, low - 0.035, wide + 0.07, tall + 0.07, tone("#8f959b"), radius=0.14)
    flat.box(-wide / 2, low, wide, tall, panel, radius=0.12, mode="erase")
    shine = [(-0.32 * wide, low + tall), (-0.18 * wide, low + tall), (-0.34 * wide, low), (-0.48 * wide, low)]
    flat.shape(shine, (1.0, 1.0, 1.0), alpha=0.06)
    for side in (-1, 1):
        cloth = tone("#7d3b38")
        x = side * (wide / 2 - 0.06) - 0.10
        flat.box(x, low - 0.02, 0.20, tall + 0.16, cloth, to=scale(cloth, 0.65))
        for k in range(3):
            flat.box(x + 0.03 + 0.06 * k, low - 0.02, 0.018, tall + 0.16, scale(cloth, 0.6), alpha=0.6)
    flat.box(-wide / 2 - 0.12, low + tall + 0.09, wide + 0.24, 0.04, tone("#5a4a3c"))
    table = tone("#7a5536", 1.1)
    flat.box(-0.36, low - 0.16, 0.72, 0.05, table, to=scale(table, 0.7), radius=0.02)
    cup = tone("#f4efe4")
    flat.box(0.06, low - 0.11, 0.10, 0.11, cup, to=scale(cup, 0.7), radius=0.02)
    book = tone("#3f6b7c")
    flat.box(-0.24, low - 0.11, 0.22, 0.035, book, to=scale(book, 0.7))
    seat = tone("#3f5f6b")
    for side in (-1, 1):
        x = side * 0.92 * half - 0.16
        flat.box(x - 0.15 * (side < 0), -0.6, 0.46, 1.55, seat, to=scale(seat, 0.55), radius=0.10)
        flat.box(x - 0.15 * (side < 0), 0.70, 0.46, 0.26, mix(seat, (1.0, 1.0, 1.0), 0.5), radius=0.08)
    if stage.needs_ground:
        bench = Flat(stage, 1.52, top=0.3, bottom=1.3)
        bench.box(-bench.side, -0.8, 2 * bench.side, 1.27, seat, to=scale(seat, 0.6), radius=0.05)
        bench.box(-bench.side, 0.40, 2 * bench.side, 0.07, mix(seat, (1.0, 1.0, 1.0), 0.12))
        bench.put()
    stage.windows.append(WindowOpening(-wide / 2, low, wide, tall, _DEPTH))
    stage.plate(flat.canvas, _DEPTH, sway=rocking(0.5 * stage.unit, 0.9 * stage.unit, 5.0))
