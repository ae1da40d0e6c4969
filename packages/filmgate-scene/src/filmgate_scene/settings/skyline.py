"""A skyline across the water: adjoining towers, a bridge, lights reflected in the river."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from filmgate_scene.canvas import Canvas
from filmgate_scene.kernels.marks import sparks
from filmgate_scene.layers.jetty import jetty
from filmgate_scene.layers.sky import sky
from filmgate_scene.layers.water import Surface, Water
from filmgate_scene.palette import scale
from filmgate_scene.registry import setting
from filmgate_scene.settings.city import block, night_glow
from filmgate_scene.stage import SceneStage, ShotFrame

_SHORE = 90.0  # metres to the far bank
_CARS = 64


@setting(
    "skyline",
    en=(
        "skyline",
        "city skyline",
        "waterfront",
        "riverside",
        "city lights",
        "city across the river",
        "panorama of the city",
    ),
    zh=("天际线", "城市天际线", "江边夜景", "江景", "外滩", "维多利亚港", "万家灯火"),
    time="night",
    camera=("pan",),
)
def skyline(stage: SceneStage) -> None:
    """Seen from the opposite bank, a little above the water."""
    h = stage.height
    stage.light = night_glow(stage.light) if stage.light.lamps >= 0.9 else stage.light
    stage.horizon, stage.eye = h * (0.62 if not stage.portrait else 0.66), 9.0
    stage.focal = 0.95 * max(h * 0.8, min(stage.width, h))
    stage.subject_depth, stage.depth_range, stage.swim_range, stage.camera_range = 40.0, (20.0, 80.0), (18.0, 70.0), 6.0
    if stage.needs_ground:
        stage.eye, stage.subject_depth, stage.depth_range, stage.camera_range = 2.0, 5.5, (3.0, 20.0), 1.0
    sky(stage, sheets=1)
    for row in range(3):
        canvas = stage.canvas(top=-0.2, bottom=0.8)
        _blocks(stage, canvas, row)
        stage.plate(canvas, (420.0, 240.0, 120.0)[row])
    tint = stage.light.shade((0.10, 0.16, 0.24), lit=0.3)
    Water(Surface(tint=tint, swell=0.022, mirror=0.34, wave=0.9, speed=0.6, sparkle=0.0), far=_SHORE).put(stage)
    _bridge(stage)
    if stage.needs_ground:
        jetty(stage, stage.subject_depth)
    stage.add_ambience(city=0.7, water=0.4, pad=0.4)


def _blocks(stage: SceneStage, canvas: Canvas, row: int) -> None:
    """One row of towers, tallest near a centre of its own."""
    w, h, rng = stage.width, stage.height, stage.rng
    base = stage.home_position(0, 0, _SHORE)[1] + 2
    peak, x = (0.38, 0.70, 0.5)[row] + 0.1 * rng.normal(), -0.3 * w
    while x < 1.3 * w:
        wide = min(w, h) * (0.045 + 0.06 * rng.random()) * (0.8 + 0.18 * row)
        crowd = 0.35 + 0.65 * np.exp(-(((x / w - peak) / 0.30) ** 2))
        tall = h * (0.40, 0.33, 0.20)[row] * float(crowd) * (0.45 + 0.75 * rng.random())
        block(stage, canvas, (x, base - tall, wide, tall), row)
        x += wide * (1.0 + 0.12 * rng.random()) + 1


def _bridge(stage: SceneStage) -> None:
    """A suspension bridge that approaches on the left, with cars."""
    h, w, u = stage.height, stage.width, stage.unit
    canvas = stage.canvas(top=0.2, bottom=0.95)
    steel, lamps = stage.shade((0.52, 0.36, 0.34), 40, lit=0.6), stage.light.lamps
    deck = h * (0.635 if not stage.portrait else 0.675)
    towers = [w * x for x in (-0.10, 0.30, 0.70, 1.10)]
    for x in towers:
        canvas.rectangle(x - 4 * u, deck - 0.20 * h, 8 * u, 0.20 * h + 0.075 * h, steel, to=scale(steel, 0.7))
        canvas.glow(x, deck - 0.20 * h, 5 * u, (1.0, 0.25, 0.2), lamps)
    for a, b in pairwise(towers):
        sag = [(a + (b - a) * q, deck - h * (0.20 - 0.17 * 4 * q * (1 - q))) for q in np.linspace(0, 1, 25)]
        canvas.line(sag, 2.6 * u, steel)
        for x, y in sag[1:-1]:
            canvas.line([(x, y), (x, deck)], 0.9 * u, steel, alpha=0.7)
            canvas.glow(x, y, 2.2 * u, (1.0, 0.85, 0.55), 0.8 * lamps)
    canvas.rectangle(canvas.x0, deck, canvas.width, 7 * u, steel, to=scale(steel, 0.5))
    canvas.rectangle(canvas.x0, deck + 7 * u, canvas.width, 2 * u, scale(steel, 0.4))
    stage.plate(canvas, 62.0)
    stage.add(_Cars(stage, deck), 61.0)


class _Cars:
    """Headlights one way and tail lights the other; streaks at a fast tempo."""

    def __init__(self, stage: SceneStage, deck: float) -> None:
        self.random = np.random.default_rng(stage.seed + 47).random((_CARS, 3)).astype(np.float32)
        self.deck, self.power = deck, 0.15 + 0.85 * stage.light.lamps
        self.long = 3.0 if stage.shot.tempo == "fast" else 1.0
        white, red = np.asarray((1.0, 0.93, 0.75), np.float32), np.asarray((1.0, 0.22, 0.14), np.float32)
        self.colours = np.where((np.arange(_CARS) % 2)[:, None] == 0, white, red).astype(np.float32)

    def draw(self, frame: ShotFrame) -> None:
        """Draw the lights, which move with the bridge when the camera moves."""
        stage, r = frame.stage, self.random
        way = np.where(np.arange(_CARS) % 2 == 0, 1.0, -1.0)
        x = ((r[:, 0] + way * frame.t * (0.03 + 0.02 * r[:, 1])) % 1.0) * 1.6 - 0.3
        near = stage.focal / max(0.05, 61.0 - frame.lens.z)
        grow = 61.0 / max(0.05, 61.0 - frame.lens.z)
        middle = stage.width / 2
        marks = np.zeros((_CARS, 6), np.float32)
        px = middle + grow * (x * stage.width - middle) - frame.lens.x * near
        py = (
            stage.horizon
            + grow * (self.deck - (1.6 + 2.0 * (way < 0)) * stage.unit - stage.horizon)
            + frame.lens.y * near
        )
        marks[:, 0] = middle + frame.lens.zoom * (px - middle) - frame.lens.pan * stage.width
        marks[:, 1] = stage.pivot + frame.lens.zoom * (py - stage.pivot) + frame.lens.tilt * stage.height
        marks[:, 2] = -way * 7.0 * self.long * stage.unit
        marks[:, 4] = 1.5 * stage.unit
        marks[:, 5] = self.power
        sparks(frame.pixels, marks, self.colours)
