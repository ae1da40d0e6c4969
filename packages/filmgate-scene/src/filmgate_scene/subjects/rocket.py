"""A rocket that lifts off with fire and smoke."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.atlas import Sprite
from filmgate_scene.canvas import Canvas, Point, smooth
from filmgate_scene.cues import SoundEvent
from filmgate_scene.description import SubjectSpec
from filmgate_scene.palette import COLOURS, Colour, mix, rgb, scale
from filmgate_scene.registry import subject
from filmgate_scene.stage import AnimatedSprites, Quad, SceneStage, ShotFrame

_PUFFS = 34
_AIRLESS = frozenset(("space", "galaxy", "ringed", "sky"))


@subject(
    "rocket",
    en=("rocket", "rockets", "rocket launch", "launching rocket", "missile", "space rocket"),
    zh=("火箭", "火箭发射", "导弹"),
    actions=("fly",),
    element="air",
)
def rocket(stage: SceneStage, spec: SubjectSpec) -> None:
    """It accelerates upwards; in space it just flies on."""
    colour = next((COLOURS[name] for name in spec.attributes if name in COLOURS), rgb("#d8402f"))
    tall = 0.46 * min(stage.height, 1.5 * stage.width)
    canvas, flame = _paint_rocket(stage, colour, tall), _flame(tall)
    ship, fire = (stage.atlas.add(c.pixels, -c.x0, -c.y0) for c in (canvas, flame))
    tower = stage.atlas.add((mast := _gantry(stage, tall)).pixels, -mast.x0, -mast.y0)
    airless = stage.shot.setting in _AIRLESS
    puff = _puff(stage, 0.16 * tall)
    ground = min(stage.height * 0.92, stage.horizon + 0.12 * stage.height)
    random = np.random.default_rng(stage.seed + 71).random((_PUFFS, 3))

    def height(t: float) -> float:
        if airless:
            return stage.height * (0.014 * t - 0.12)
        return stage.height * (0.02 + 0.018 * t + 0.010 * t * t) % (1.5 * stage.height + 2 * tall)

    def quads(frame: ShotFrame) -> list[Quad]:
        t, zoom, out = frame.t, frame.lens.zoom, []
        if not airless:
            sx, sy = frame.screen(0.5 * stage.width, ground)
            out.append(Quad(tower, sx, sy, zoom, zoom))
        for r in random if not airless else ():
            age = (t * 0.34 + r[0]) % 1
            side = (2 * r[1] - 1) * (0.25 + 1.5 * age)
            sx, sy = frame.screen(
                0.5 * stage.width + side * tall * 0.8, ground - tall * 0.10 * r[2] - 0.12 * tall * age
            )
            grow = zoom * (0.7 + 1.6 * age)
            out.append(Quad(puff, sx, sy, grow, grow, opacity=0.75 * math.sin(math.pi * age) ** 0.7))
        for k in range(16 if not airless else 0):
            low = height(t) * (1 - k / 16)
            sx, sy = frame.screen(0.5 * stage.width + 0.02 * tall * math.sin(3 * t + k), ground - low)
            grow = zoom * (0.35 + 0.55 * k / 16)
            out.append(Quad(puff, sx, sy + 0.2 * tall, grow, grow, opacity=0.55 * min(1.0, low / tall)))
        shake = 0.003 * tall * math.sin(47 * t)
        sx, sy = frame.screen(0.5 * stage.width + shake, ground - height(t))
        flicker = 1.0 + 0.10 * math.sin(31 * t) + 0.06 * math.sin(53 * t)
        out.append(Quad(fire, sx, sy, zoom, zoom * flicker))
        out.append(Quad(ship, sx, sy, zoom, zoom))
        return out

    stage.add(AnimatedSprites(quads), stage.subject_depth * 1.6)
    stage.add_ambience(fire=1.0, wind=0.5, hum=0.4)
    stage.events.append(SoundEvent(0.1, "thunder", 0.0, 0.6))


def _paint_rocket(stage: SceneStage, colour: Colour, tall: float) -> Canvas:
    """A slender launcher: two boosters, a dark ring between the stages, a pointed fairing; its nozzle is at (0, 0)."""
    canvas = Canvas(-0.45 * tall, -1.15 * tall, 0.45 * tall, 0.2 * tall)
    white, dark = stage.shade((0.95, 0.96, 0.97), lit=0.9), stage.shade((0.13, 0.14, 0.16), lit=0.5)
    tone = stage.shade(colour, lit=0.85)
    for x in (-0.036, 0.036):
        canvas.polygon(_at(tall, (x - 0.020, -0.03), (x + 0.020, -0.03), (x + 0.030, 0.03), (x - 0.030, 0.03)), dark)
    for side in (-1, 1):
        _tank(stage, canvas, tall, (0.105 * side, 0.036, -0.02, 0.52), white)
        nose = [(0.105 * side - 0.036, -0.52), (0.105 * side - 0.012, -0.60), (0.105 * side + 0.012, -0.60)]
        canvas.polygon(
            smooth(_at(tall, *nose, (0.105 * side + 0.036, -0.52)), 5, closed=False), tone, to=scale(tone, 0.7)
        )
        foot = 0.105 * side
        canvas.polygon(
            _at(tall, (foot - 0.026, -0.02), (foot + 0.026, -0.02), (foot + 0.034, 0.03), (foot - 0.034, 0.03)), dark
        )
        canvas.line(_at(tall, (0.05 * side, -0.46), (0.075 * side, -0.46)), 0.012 * tall, dark)
    _tank(stage, canvas, tall, (0.0, 0.066, -0.03, 0.82), white)
    fairing = [
        (-0.078, -0.80),
        (-0.078, -0.92),
        (-0.040, -1.03),
        (0.0, -1.09),
        (0.040, -1.03),
        (0.078, -0.92),
        (0.078, -0.80),
    ]
    canvas.polygon(smooth(_at(tall, *fairing), 5, closed=False), white, to=scale(white, 0.82))
    canvas.rectangle(-0.068 * tall, -0.66 * tall, 0.136 * tall, 0.045 * tall, dark)
    canvas.rectangle(-0.066 * tall, -0.79 * tall, 0.132 * tall, 0.022 * tall, tone)
    canvas.rectangle(-0.066 * tall, -0.20 * tall, 0.132 * tall, 0.05 * tall, tone, to=scale(tone, 0.7))
    canvas.rectangle(-0.026 * tall, -0.60 * tall, 0.052 * tall, 0.034 * tall, tone)
    side = 1 if stage.light.sun[0] < 0.5 else -1
    for k in range(10):
        wide = 0.016 * (k + 1) * tall
        left = 0.15 * tall - wide if side > 0 else -0.15 * tall
        canvas.rectangle(left, -1.1 * tall, wide, 1.12 * tall, (0.06, 0.07, 0.13), alpha=0.055, mode="atop")
    canvas.glow(0, 0.02 * tall, 0.10 * tall, (1.0, 0.6, 0.25), 0.4)
    return canvas


def _at(tall: float, *points: Point) -> list[Point]:
    return [(x * tall, y * tall) for x, y in points]


def _tank(
    stage: SceneStage, canvas: Canvas, tall: float, box: tuple[float, float, float, float], white: Colour
) -> None:
    """A round tank (centre, radius, foot, height), with seams and a highlight."""
    x, r, foot, high = box
    canvas.rectangle((x - r) * tall, -high * tall, 2 * r * tall, (high + foot) * tall, white, to=scale(white, 0.85))
    for q in (0.25, 0.5, 0.75):
        canvas.rectangle((x - r) * tall, -high * q * tall, 2 * r * tall, max(1.0, 0.003 * tall), scale(white, 0.7))
    streak = mix(white, stage.light.glow, 0.3)
    canvas.rectangle((x - 0.55 * r) * tall, -high * tall, 0.35 * r * tall, (high + foot) * tall, streak, alpha=0.6)


def _gantry(stage: SceneStage, tall: float) -> Canvas:
    """The launch tower: a lattice with arms, a lamp on top; its foot is at (0, 0)."""
    canvas = Canvas(-0.72 * tall, -1.35 * tall, 0.5 * tall, 0.14 * tall)
    steel = stage.shade(rgb("#8c4b3c"), 6, lit=0.6)
    left, right, top = -0.50 * tall, -0.34 * tall, -1.22 * tall
    for x in (left, right):
        canvas.line([(x, 0.04 * tall), (x, top)], 0.014 * tall, steel)
    for k in range(14):
        a, b = 0.04 * tall + (top - 0.04 * tall) * k / 14, 0.04 * tall + (top - 0.04 * tall) * (k + 1) / 14
        canvas.line([(left, a), (right, b)], 0.007 * tall, scale(steel, 0.8))
        canvas.line([(right, a), (left, b)], 0.007 * tall, scale(steel, 0.8))
        canvas.line([(left, b), (right, b)], 0.007 * tall, steel)
    for y in (-0.45, -0.82):
        canvas.line([(right, y * tall), (-0.22 * tall, y * tall)], 0.018 * tall, steel)
    pad = stage.shade((0.42, 0.42, 0.44), 4, lit=0.5)
    canvas.rectangle(-0.62 * tall, 0.02 * tall, 1.05 * tall, 0.07 * tall, pad, to=scale(pad, 0.5))
    canvas.glow(0.5 * (left + right), top, 0.03 * tall, (1.0, 0.2, 0.15), 0.4 + 0.6 * stage.light.lamps)
    return canvas


def _flame(tall: float) -> Canvas:
    """Fire below (0, 0)."""
    canvas = Canvas(-0.6 * tall, -0.2 * tall, 0.6 * tall, 0.95 * tall)
    for k in range(16):
        q = k / 15
        canvas.glow(
            0,
            (0.05 + 0.52 * q) * tall,
            (0.075 - 0.05 * q) * tall,
            mix((1.0, 0.72, 0.25), (1.0, 0.28, 0.08), q),
            0.55 * (1 - 0.6 * q),
            tall=0.07 * tall,
        )
    canvas.glow(0, 0.10 * tall, 0.045 * tall, (1.0, 0.97, 0.85), 1.2, tall=0.12 * tall)
    canvas.glow(0, 0.12 * tall, 0.20 * tall, (1.0, 0.55, 0.2), 0.35)
    return canvas


def _puff(stage: SceneStage, size: float) -> Sprite:
    """A cloud of smoke, lit by the fire from within."""
    canvas = Canvas(-2.2 * size, -2.0 * size, 2.2 * size, 2.0 * size)
    rng, tone = np.random.default_rng(stage.seed + 5), stage.shade((0.93, 0.91, 0.90), lit=0.7)
    marks, colours = [], []
    for _ in range(30):
        a, r, big = math.tau * rng.random(), 0.9 * size * math.sqrt(rng.random()), (0.4 + 0.4 * rng.random()) * size
        marks.append((r * math.cos(a), 0.7 * r * math.sin(a), big, 0.9 * big, 0.0, 0.5))
        colours.append(mix(scale(tone, 0.75 + 0.25 * rng.random() - 0.15 * math.sin(a)), (1.0, 0.7, 0.4), 0.12))
    canvas.blobs(np.array(marks, np.float32), np.array(colours, np.float32), 0.3 * size)
    return stage.atlas.add(canvas.pixels, -canvas.x0, -canvas.y0)
