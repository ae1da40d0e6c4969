"""A lighthouse on a cliff above the sea, with a rotating beam."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.canvas import Canvas
from filmgate_scene.cues import SoundEvent
from filmgate_scene.kernels.declare import F32
from filmgate_scene.kernels.noise import fbm
from filmgate_scene.layers.jetty import jetty
from filmgate_scene.layers.sky import sky
from filmgate_scene.layers.water import Surface, Water
from filmgate_scene.palette import Colour, mix, rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage

_DEPTH = 60.0
_TURN = 4.2  # seconds for one turn of the lamp


@setting(
    "lighthouse",
    en=("lighthouse", "cliff", "cliffs", "sea cliffs", "rocky coast", "headland", "cape"),
    zh=("灯塔", "悬崖", "海崖", "峭壁", "礁石", "海角"),
    time="golden",
    camera=("dolly",),
)
def lighthouse(stage: SceneStage) -> None:
    """Seen from the water: the cliff on the right, the open sea on the left."""
    h = stage.height
    stage.horizon, stage.eye = h * (0.62 if not stage.portrait else 0.66), 2.4
    stage.focal = 0.95 * max(h * 0.8, min(stage.width, h))
    stage.subject_depth, stage.depth_range, stage.swim_range, stage.camera_range = 9.0, (6.0, 30.0), (5.0, 30.0), 1.2
    sky(stage)
    rough = 1.7 if "storm" in stage.shot.weather else 1.0
    tint = stage.light.shade((0.12, 0.28, 0.36), lit=0.35)
    sea = Surface(tint=tint, swell=0.10 * rough, mirror=0.15, wave=0.36, speed=1.5 * rough**0.5, foam=0.45 * rough)
    Water(sea).put(stage)
    far = stage.canvas(top=0.1, bottom=0.8)
    _cliff(stage, far, (0.78, 0.10), 0.55)
    stage.plate(far, 140.0)
    near = stage.canvas(top=-0.2, bottom=0.9)
    tops = _cliff(stage, near, (0.50, 0.24), 1.0)
    x = 0.72 * stage.width
    y = float(tops[round(x) - near.x0]) + 0.012 * h
    tall = min(0.46 * h, 0.62 * stage.width, 0.86 * (y - 0.02 * h))
    _tower(stage, near, x, y, tall)
    stage.plate(near, _DEPTH)
    if stage.needs_ground:
        stage.subject_depth = 8.4
        jetty(stage, stage.subject_depth)
    _beams(stage, x, y - 0.90 * tall)
    stage.add_ambience(waves=0.9, wind=0.5 * rough, gulls=0.4 if not stage.light.moon and rough < 1.5 else 0.0)
    for n in range(math.ceil(stage.seconds / 2.2)):
        stage.events.append(SoundEvent(0.5 + 2.2 * n, "wave", 0.4 * math.sin(n * 2.4), 0.6))


def _cliff(stage: SceneStage, canvas: Canvas, reach: tuple[float, float], near: float) -> F32:
    """A cliff that falls to the sea on its left, grass on top, white water below; returns its top row by column."""
    h, w, start, high = stage.height, stage.width, *reach
    x = canvas.columns() / w
    seed = stage.seed % 997 + int(near * 10)
    rough = fbm(canvas.width, 1, 9.0 / h, 1.0, 3.0, 5.0, 5, 0, seed)[0] - 0.5
    climb = np.clip((x - start) / 0.13, 0, 1) ** 0.55
    rise = climb * high * h * (1.0 + 0.25 * rough) + 0.05 * h * rough * climb
    foot = stage.horizon + (0.02 + 0.035 * near) * h
    tops = np.where(x > start, foot - rise, 9e9).astype(np.float32)
    depth = _DEPTH * (2.0 - near)
    grain = fbm(canvas.width, canvas.height, 22.0 / h, 7.0 / h, 0.0, 0.0, 6, 0, seed + 3)
    crack = fbm(canvas.width, canvas.height, 60.0 / h, 12.0 / h, 4.0, 0.0, 4, 0, seed + 4)
    light, dark = stage.shade(rgb("#a3917c"), depth * 0.4, lit=0.75), stage.shade(rgb("#4b4340"), depth * 0.4, lit=0.25)
    tone = np.clip(0.5 + 1.8 * (grain - 0.5) + 0.9 * (crack - 0.5), 0, 1)[..., None]
    rock = np.asarray(dark, np.float32) + (np.asarray(light, np.float32) - np.asarray(dark, np.float32)) * tone
    canvas.fill(canvas.below(tops, foot + 2), np.asarray(rock, np.float32))
    turf = np.asarray(tops + h * 0.028 * (0.6 + 1.2 * (rough + 0.5)), np.float32)
    shape = canvas.below(tops)[1] * (1 - canvas.below(turf)[1])
    green = stage.shade(rgb("#6f8a45"), depth * 0.4, lit=0.8)
    canvas.fill(
        canvas.full_mask(shape * (climb > 0.85)), green, to=scale(green, 0.7), texture=0.3, grain=0.1 / stage.unit
    )
    white = stage.shade((0.95, 0.97, 1.0), depth * 0.3, lit=0.8)
    rng = np.random.default_rng(seed)
    count = 46
    at = (start + (1.3 - start) * rng.random(count)) * w
    marks = [(px, foot + h * 0.006 * rng.normal(), h * 0.02 * (0.4 + rng.random()), h * 0.004, 0.0, 0.6) for px in at]
    canvas.blobs(np.array(marks, np.float32), np.full((count, 3), white, np.float32), 2.0)
    return tops


def _tower(stage: SceneStage, canvas: Canvas, x: float, y: float, tall: float) -> None:
    """White with red bands, a gallery, the lamp room and its cap; the keeper's cottage beside it."""
    white, red = stage.shade((0.95, 0.94, 0.91), 20, lit=0.8), stage.shade(rgb("#c23a30"), 20, lit=0.8)
    dark, lamps = stage.shade((0.16, 0.17, 0.20), 15), stage.light.lamps
    _house(stage, canvas, x - 0.30 * tall, y, tall)

    def band(low: float, top: float, colour: Colour) -> None:
        a, b = (0.105 - 0.045 * low) * tall, (0.105 - 0.045 * top) * tall
        points = [(x - a, y - low * tall), (x - b, y - top * tall), (x + b, y - top * tall), (x + a, y - low * tall)]
        canvas.polygon(points, colour)

    for k in range(5):
        band(-0.04 if k == 0 else 0.16 * k, 0.16 * (k + 1), red if k % 2 else white)
    side = 1 if stage.light.sun[0] < 0.5 else -1
    for k in range(6):
        wide = 0.014 * (k + 1) * tall
        left = x + 0.105 * tall - wide if side > 0 else x - 0.105 * tall
        canvas.rectangle(left, y - 0.8 * tall, wide, 0.84 * tall, (0.05, 0.06, 0.12), alpha=0.07, mode="atop")
    for q in (0.2, 0.42, 0.64):
        canvas.rectangle(x - 0.014 * tall, y - q * tall, 0.028 * tall, 0.05 * tall, mix(dark, (1.0, 0.8, 0.45), lamps))
    canvas.rectangle(x - 0.095 * tall, y - 0.83 * tall, 0.19 * tall, 0.032 * tall, dark)
    for k in range(-4, 5):
        canvas.line(
            [(x + 0.022 * k * tall, y - 0.87 * tall), (x + 0.022 * k * tall, y - 0.83 * tall)], stage.unit, dark
        )
    glass = mix((0.55, 0.66, 0.72), (1.0, 0.9, 0.6), max(0.3, lamps))
    canvas.rectangle(x - 0.05 * tall, y - 0.93 * tall, 0.10 * tall, 0.10 * tall, glass)
    canvas.rectangle(x - 0.004 * tall, y - 0.93 * tall, 0.008 * tall, 0.10 * tall, dark)
    cap = [(x - 0.062 * tall, y - 0.92 * tall), (x - 0.035 * tall, y - 0.98 * tall), (x, y - 1.0 * tall)]
    canvas.polygon(
        [*cap, (x + 0.035 * tall, y - 0.98 * tall), (x + 0.062 * tall, y - 0.92 * tall)], red, to=scale(red, 0.6)
    )
    canvas.line([(x, y - 0.99 * tall), (x, y - 1.06 * tall)], 1.6 * stage.unit, dark)


def _house(stage: SceneStage, canvas: Canvas, x: float, y: float, tall: float) -> None:
    """A low cottage with a red roof."""
    wall, roof = stage.shade((0.93, 0.91, 0.86), 20, lit=0.7), stage.shade(rgb("#8e3b30"), 20, lit=0.7)
    canvas.rectangle(x, y - 0.11 * tall, 0.24 * tall, 0.15 * tall, wall, to=scale(wall, 0.75))
    edge = [(x - 0.02 * tall, y - 0.10 * tall), (x + 0.04 * tall, y - 0.19 * tall)]
    canvas.polygon(
        [*edge, (x + 0.22 * tall, y - 0.19 * tall), (x + 0.26 * tall, y - 0.10 * tall)], roof, to=scale(roof, 0.7)
    )
    for dx in (0.04, 0.12):
        glow = mix((0.3, 0.38, 0.45), (1.0, 0.78, 0.42), stage.light.lamps)
        canvas.rectangle(x + dx * tall, y - 0.07 * tall, 0.035 * tall, 0.045 * tall, glow)


def _beams(stage: SceneStage, x: float, y: float) -> None:
    """Two cones of light that grow and fade as the lamp turns, and the lamp's flash."""
    power = max(0.0, stage.light.lamps - 0.15) * 1.1
    if power <= 0:
        return
    tone = np.asarray((1.0, 0.93, 0.72), np.float32)
    for side in (-1.0, 1.0):
        reach = 0.95 * stage.width
        canvas = Canvas(
            min(x, x + side * reach), y - 0.16 * stage.height, max(x, x + side * reach), y + 0.16 * stage.height
        )
        far = np.abs(canvas.columns() - x)[None] / reach
        off = np.abs(canvas.rows() - y)[:, None] / (stage.height * (0.006 + 0.13 * far))
        light = np.clip(1 - off, 0, 1) ** 1.3 * np.exp(-2.0 * far) * np.clip(1 - far, 0, 1)
        canvas.pixels[..., :3] = (0.85 * power * light)[..., None] * tone

        def turn(t: float, side: float = side) -> float:
            return math.pow(max(0.0, side * math.cos(math.tau * t / _TURN)), 1.6)

        stage.plate(canvas, _DEPTH * 0.99, opacity=turn)
    lamp = Canvas(x - 60 * stage.unit, y - 60 * stage.unit, x + 60 * stage.unit, y + 60 * stage.unit)
    lamp.glow(x, y, 16 * stage.unit, (1.0, 0.9, 0.65), 1.2 * power)
    stage.plate(lamp, _DEPTH * 0.985, gain=lambda t: 0.8 + 0.6 * abs(math.cos(math.tau * t / _TURN)) ** 4)
