"""A rocket that lifts off on fire and smoke."""

from __future__ import annotations

import math

import numpy as np

from filmgate.engines.scene.atlas import Sprite
from filmgate.engines.scene.canvas import Canvas, smooth
from filmgate.engines.scene.cues import SoundEvent
from filmgate.engines.scene.description import SubjectSpec
from filmgate.engines.scene.palette import COLOURS, Colour, mix, rgb, scale
from filmgate.engines.scene.registry import subject
from filmgate.engines.scene.stage import Figures, Frame, Quad, Stage

_PUFFS = 34


@subject(
    "rocket",
    en=("rocket", "rockets", "rocket launch", "launching rocket", "missile", "space rocket"),
    zh=("火箭", "火箭发射", "导弹"),
    actions=("fly",),
    element="air",
)
def rocket(stage: Stage, spec: SubjectSpec) -> None:
    """It climbs slowly, then faster; in space it just flies on."""
    colour = next((COLOURS[name] for name in spec.attributes if name in COLOURS), rgb("#d8402f"))
    tall = 0.42 * min(stage.height, 1.5 * stage.width)
    canvas, flame = _picture(stage, colour, tall), _flame(tall)
    ship, fire = (stage.atlas.add(c.pixels, -c.x0, -c.y0) for c in (canvas, flame))
    airless = stage.shot.setting == "space"
    puff = _puff(stage, 0.16 * tall)
    ground = min(stage.height * 0.92, stage.horizon + 0.12 * stage.height)
    random = np.random.default_rng(stage.seed + 71).random((_PUFFS, 3))

    def height(t: float) -> float:
        if airless:
            return stage.height * (0.014 * t - 0.12)
        return stage.height * (0.02 + 0.018 * t + 0.010 * t * t) % (1.5 * stage.height + 2 * tall)

    def quads(frame: Frame) -> list[Quad]:
        t, zoom, out = frame.t, frame.lens.zoom, []
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

    stage.add(Figures(quads), stage.standing * 1.6)
    stage.hear(fire=1.0, wind=0.5, hum=0.4)
    stage.events.append(SoundEvent(0.1, "thunder", 0.0, 0.6))


def _picture(stage: Stage, colour: Colour, tall: float) -> Canvas:
    """White body, coloured nose and fins, a round window; its nozzle is at (0, 0)."""
    canvas = Canvas(-0.45 * tall, -1.15 * tall, 0.45 * tall, 0.2 * tall)
    white, tone = stage.shade((0.95, 0.96, 0.97), lit=0.85), stage.shade(colour, lit=0.85)
    side = 1 if stage.light.sun[0] > 0.5 else -1

    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x * tall, y * tall) for x, y in points]

    for k in (-1, 1):
        canvas.polygon(
            smooth(at((0.11 * k, -0.36), (0.25 * k, -0.12), (0.26 * k, 0.05), (0.11 * k, -0.06)), 5),
            tone,
            to=scale(tone, 0.55),
        )
    canvas.polygon(at((-0.07, -0.04), (0.07, -0.04), (0.095, 0.03), (-0.095, 0.03)), stage.shade((0.25, 0.26, 0.28)))
    body = smooth(
        at(
            (0.0, -1.06),
            (0.075, -0.92),
            (0.125, -0.70),
            (0.135, -0.40),
            (0.11, -0.03),
            (-0.11, -0.03),
            (-0.135, -0.40),
            (-0.125, -0.70),
            (-0.075, -0.92),
        ),
        6,
    )
    canvas.polygon(body, white)
    nose = smooth(at((0.0, -1.08), (0.075, -0.93), (0.118, -0.76), (-0.118, -0.76), (-0.075, -0.93)), 6)
    canvas.polygon(nose, tone, mode="atop")
    canvas.rectangle(-0.2 * tall, -0.17 * tall, 0.4 * tall, 0.05 * tall, tone, mode="atop")
    for k in range(9):
        wide = 0.022 * (k + 1) * tall
        left = -0.14 * tall if side > 0 else 0.14 * tall - wide
        canvas.rectangle(left, -1.1 * tall, wide, 1.1 * tall, (0.10, 0.12, 0.2), alpha=0.05, mode="atop")
    canvas.ellipse(0, -0.58 * tall, 0.066 * tall, 0.066 * tall, scale(tone, 0.7))
    canvas.ellipse(0, -0.58 * tall, 0.050 * tall, 0.050 * tall, (0.35, 0.65, 0.85), to=(0.12, 0.25, 0.45))
    canvas.ellipse(-0.015 * tall, -0.60 * tall, 0.016 * tall, 0.012 * tall, (1.0, 1.0, 1.0), alpha=0.7)
    canvas.rectangle(
        -0.018 * tall, -0.30 * tall, 0.036 * tall, 0.34 * tall, tone, to=scale(tone, 0.6), radius=0.015 * tall
    )
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


def _puff(stage: Stage, size: float) -> Sprite:
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
