"""A bamboo grove: green canes in rows, a path between them, light from above."""

from __future__ import annotations

import numpy as np

from filmgate_scene.canvas import Canvas
from filmgate_scene.layers.flat import Flat
from filmgate_scene.layers.foliage import boulder, grass
from filmgate_scene.layers.ground import Ground, Soil
from filmgate_scene.layers.room import outside
from filmgate_scene.light import replace
from filmgate_scene.palette import mix, rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.settings.forest import shafts
from filmgate_scene.stage import SceneStage, rocking

_ROWS = (26.0, 16.0, 10.0, 6.6, 4.4)  # metres; the first two rows are painted on the far wall of green


@setting(
    "bamboo",
    en=("bamboo", "bamboo forest", "bamboo grove", "bamboos"),
    zh=("竹林", "竹子", "竹海", "翠竹"),
    time="day",
    camera=("dolly",),
)
def bamboo(stage: SceneStage) -> None:
    """A path into green light."""
    h, light = stage.height, stage.light
    green = mix(light.haze, stage.shade(rgb("#b5d38a")), 0.55)
    stage.light = replace(light, haze=green, haze_depth=min(light.haze_depth, 24.0))
    stage.horizon, stage.eye, stage.camera_range = h * (0.60 if not stage.portrait else 0.64), 1.45, 1.1
    stage.focal = 0.95 * max(h * 0.8, min(stage.width, h))
    stage.subject_depth, stage.depth_range = 5.2, (3.2, 14.0)
    edge = stage.depth_of(0.71 * h)
    wall = Flat(stage, 1.5 * edge, bottom=0.95)
    far = wall.canvas
    top, low = stage.shade(rgb("#dcecb4"), 30, lit=0.9), stage.shade(rgb("#4f7a3c"), 20, lit=0.5)
    far.rectangle(far.x0, far.y0, far.width, far.height, top, to=low, texture=0.16, grain=0.012 / stage.unit)
    for row in range(2):
        _canes(stage, far, row)
    wall.wall(outside(stage, lambda _: None))
    floor = Soil(dark=(0.27, 0.26, 0.14), light=(0.60, 0.56, 0.33), period=2.8)
    Ground(stage, floor, far=edge).put(stage)
    for row in range(2, len(_ROWS)):
        canvas = stage.canvas(top=-0.2, bottom=1.05, margin=0.3)
        _canes(stage, canvas, row)
        metre = stage.focal / _ROWS[row]
        foot = stage.horizon + (stage.eye + 0.04) * metre
        for x0, x1 in ((-0.3, 0.46 - 0.05 * row), (0.54 + 0.05 * row, 1.3)):
            grass(stage, canvas, stage.width * x0, stage.width * x1, foot, 0.20 * metre, 150)
        stage.plate(canvas, _ROWS[row], sway=rocking((0.5 + 0.4 * row) * stage.unit, 0.0, 0.8, row))
    _floor(stage)
    shafts(stage)
    stage.add_ambience(birds=0.6 if not light.moon else 0.0, crickets=0.6 if light.moon else 0.0, wind=0.45)


def _canes(stage: SceneStage, canvas: Canvas, row: int) -> None:
    """One row of canes; the path in the centre stays free."""
    rng, depth = stage.rng, _ROWS[row]
    metre = stage.focal / depth
    foot = stage.horizon + stage.eye * metre
    free = (0.0, 0.06, 0.13, 0.20, 0.30)[row]
    gap = max(0.42 * metre, stage.width * 0.018 * (1 + 0.5 * row))
    x = float(canvas.x0)
    while x < canvas.x0 + canvas.width:
        if abs(x / stage.width - 0.5) > free:
            _cane(stage, canvas, x, foot + 0.12 * metre * rng.normal(), metre * (0.085 + 0.05 * rng.random()), depth)
        x += gap * (0.45 + 1.1 * rng.random())


def _cane(stage: SceneStage, canvas: Canvas, x: float, foot: float, width: float, depth: float) -> None:
    """Joints with pale rings, a lit side, tufts of narrow leaves."""
    rng, u = stage.rng, stage.unit
    tone = mix(rgb("#5d8a3c"), rgb("#a4b95a"), float(rng.random()))
    body, lit = stage.shade(tone, depth, lit=0.45), stage.shade(mix(tone, (0.95, 1.0, 0.75), 0.45), depth, lit=0.95)
    lean, side = 0.035 * rng.normal(), stage.light.toward()[0]

    def at(y: float) -> float:
        return x + lean * (foot - y)

    top = canvas.y0
    canvas.line([(at(foot), foot), (at(top), top)], width, scale(body, 0.82), end=width * 0.8)
    canvas.line(
        [(at(foot) + 0.22 * side * width, foot), (at(top) + 0.2 * side * width, top)], 0.34 * width, lit, alpha=0.75
    )
    step, y = max(6 * u, width * 4.2), foot - width * (1 + 3 * rng.random())
    while y > top:
        half = 0.56 * width
        canvas.line(
            [(at(y) - half, y), (at(y) + half, y)],
            max(1.0, 0.13 * width),
            scale(body, 0.5),
            alpha=0.8 if depth < 12 else 0.3,
        )
        canvas.line(
            [(at(y) - half, y + 0.16 * width), (at(y) + half, y + 0.16 * width)], max(1.0, 0.1 * width), lit, alpha=0.6
        )
        if rng.random() < 0.20 and depth < 20:
            _tuft(stage, canvas, at(y), y, width, depth)
        y -= step


def _tuft(stage: SceneStage, canvas: Canvas, x: float, y: float, width: float, depth: float) -> None:
    """A twig with a few hanging leaves."""
    rng = stage.rng
    way = float(rng.choice((-1, 1)))
    tip = (x + way * width * (3 + 2 * rng.random()), y - width * (1 + 1.5 * rng.random()))
    canvas.line([(x, y), tip], 0.12 * width + 0.5, stage.shade(rgb("#5a7a35"), depth), end=0.6)
    for _ in range(6):
        q = 0.35 + 0.65 * rng.random()
        px, py = x + (tip[0] - x) * q, y + (tip[1] - y) * q
        angle = (0.35 + 0.7 * rng.random()) * (1 if way > 0 else -1)
        long = width * (1.8 + 1.6 * rng.random())
        leaf = stage.shade(mix(rgb("#3f6b2c"), rgb("#b7cf6a"), float(rng.random())), depth, lit=0.8)
        end = (px + way * long * abs(np.cos(angle)), py + long * abs(np.sin(angle)))
        canvas.line(
            [(px, py), ((px + end[0]) / 2, (py + end[1]) / 2 - 0.1 * long)], 0.34 * width, leaf, end=0.34 * width
        )
        canvas.line([((px + end[0]) / 2, (py + end[1]) / 2 - 0.1 * long), end], 0.34 * width, leaf, end=0.4)


def _floor(stage: SceneStage) -> None:
    """Grass and stones along the path."""
    w, rng = stage.width, stage.rng
    for depth in (8.0, 4.0):
        metre = stage.focal / depth
        foot = stage.horizon + stage.eye * metre
        canvas = stage.canvas(top=0.4, bottom=1.25)
        for x0, x1 in ((-0.3, 0.30), (0.70, 1.3)):
            boulder(
                stage, canvas, (w * (x0 + (x1 - x0) * rng.random()), foot + 0.05 * metre), 0.22 * metre, depth=depth
            )
            grass(stage, canvas, w * x0, w * x1, foot + 0.10 * metre, 0.22 * metre, 110)
        stage.plate(canvas, depth * 0.98, sway=rocking(0.9 * stage.unit, 0.0))
