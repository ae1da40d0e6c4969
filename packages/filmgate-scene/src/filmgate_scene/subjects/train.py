"""A passing train on its rails: an express, or a steam engine with carriages."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from filmgate_scene.canvas import Canvas, smooth
from filmgate_scene.cues import SoundEvent
from filmgate_scene.description import SubjectSpec
from filmgate_scene.layers.flat import Flat
from filmgate_scene.palette import COLOURS, Colour, mix, rgb, scale
from filmgate_scene.registry import Words, subject
from filmgate_scene.stage import AnimatedSprites, Quad, SceneStage, ShotFrame

_TALL = 3.4  # metres from the rails to the roof
_COACH = 13.0  # metres
_POSES = 4


@subject(
    "train",
    en=(
        "train",
        "trains",
        "bullet train",
        "high-speed train",
        "railway",
        "steam train",
        "steam locomotive",
        "locomotive",
        "subway",
        "tram",
        "metro",
        "express",
        "carriage",
    ),
    zh=("火车", "列车", "高铁", "动车", "蒸汽火车", "铁路", "地铁", "电车", "绿皮火车", "绿皮车"),
    actions=("drive",),
    attributes={"steam": Words(en=("steam train", "steam locomotive"), zh=("蒸汽火车",))},
)
def train(stage: SceneStage, spec: SubjectSpec) -> None:
    """It is followed if the place is endless, else it enters from the left."""
    z = min(max(stage.subject_depth * 2.6, 9.0), stage.depth_range[1] * 0.97)
    true = stage.focal / z
    pixels = min(true, 0.20 * stage.height / _TALL, 0.82 * stage.width / _COACH)
    steam = "steam" in spec.attributes
    colour = next(
        (COLOURS[name] for name in spec.attributes if name in COLOURS), rgb("#2f4a3a" if steam else "#e9edf2")
    )
    _rails(stage, z)
    head = [
        stage.atlas.add(c.pixels, -c.x0, -c.y0)
        for c in (_head(stage, colour, pixels, p / _POSES, steam=steam) for p in range(_POSES))
    ]
    coach = [
        stage.atlas.add(c.pixels, -c.x0, -c.y0)
        for c in (_coach(stage, colour, pixels, p / _POSES, steam=steam) for p in range(_POSES))
    ]
    width = stage.width / true
    long = _COACH * pixels / true
    speed = (16.0 if not steam else 9.0) * pixels / true
    if stage.endless:
        stage.camera_speed = max(stage.camera_speed, speed)
    count = 6 if not stage.portrait else 4

    def quads(frame: ShotFrame) -> list[Quad]:
        t, out = frame.t, []
        x = (
            stage.camera_speed * t + 0.30 * width + 0.05 * width * math.sin(0.3 * t)
            if stage.camera_speed
            else (speed * t + 0.35 * width) % (2.2 * width + count * long) - 0.6 * width
        )
        pose = int(t * 6) % _POSES
        for k in range(count, -1, -1):
            sx, sy, metre = frame.project(x - k * long * 1.012, 0.0, z)
            jolt = 0.02 * metre * math.sin(13 * t + 2 * k)
            out.append(Quad((coach if k else head)[pose], sx, sy - 0.18 * metre + jolt, metre / true, metre / true))
        return out

    stage.add(AnimatedSprites(quads), z)
    if steam:
        _smoke(stage, quads, z, pixels)
    stage.add_ambience(traffic=0.5, wind=0.2)
    stage.events += [
        SoundEvent(0.22 + 0.72 * k + 0.14 * j, "step", 0.0, 0.3)
        for k in range(int(stage.seconds / 0.72))
        for j in (0, 1)
    ]
    stage.events.append(SoundEvent(0.9, "whistle", 0.2, 0.35))


def _rails(stage: SceneStage, z: float) -> None:
    """Ballast, sleepers and the near rail, without end."""
    flat = Flat(stage, z)
    flat.canvas = Canvas(0, flat.at(0, 0.3)[1], 1.5 * stage.width, flat.at(0, -0.9)[1])
    stone, steel = stage.shade(rgb("#8d857b"), z * 0.5, lit=0.5), stage.shade(rgb("#b9bcc2"), z * 0.5, lit=0.8)
    metre, canvas = flat.metre, flat.canvas
    y = flat.at(0, 0)[1]
    canvas.rectangle(
        0,
        y - 0.05 * metre,
        canvas.width,
        0.45 * metre,
        stone,
        to=scale(stone, 0.7),
        texture=0.5,
        grain=0.25 / stage.unit,
    )
    count = max(2, round(canvas.width / (0.65 * metre)))
    for k in range(count):
        canvas.rectangle(
            (k + 0.2) * canvas.width / count, y - 0.02 * metre, 0.28 * metre, 0.16 * metre, scale(stone, 0.45)
        )
    canvas.rectangle(0, y - 0.16 * metre, canvas.width, 0.10 * metre, steel, to=scale(steel, 0.4))
    stage.plate(canvas, z * 1.001, wraps=True)


def _wheels(stage: SceneStage, canvas: Canvas, xs: tuple[float, ...], radius: float, turn: float) -> None:
    """Wheels with one bright spoke."""
    steel = stage.shade((0.30, 0.30, 0.33), lit=0.6)
    for x in xs:
        canvas.ellipse(x, -radius, radius, radius, scale(steel, 0.45))
        canvas.ellipse(x, -radius, 0.75 * radius, 0.75 * radius, steel)
        a = math.tau * turn
        canvas.line(
            [(x, -radius), (x + 0.7 * radius * math.cos(a), -radius + 0.7 * radius * math.sin(a))],
            0.2 * radius,
            scale(steel, 1.7),
        )


def _underneath(stage: SceneStage, canvas: Canvas, long: float, metre: float) -> None:
    """The equipment between the wheels."""
    dark = stage.shade((0.11, 0.11, 0.13))
    for x, wide in ((-0.70, 0.20), (-0.46, 0.16)):
        canvas.rectangle(x * long, -0.55 * metre, wide * long, 0.38 * metre, dark, radius=0.06 * metre)


def _windows(stage: SceneStage, canvas: Canvas, left: float, wide: float, metre: float, count: int) -> None:
    """A row of panes, lit in the dark."""
    lamps = stage.light.lamps
    glass = mix(mix(stage.light.sky[-2][1], (0.10, 0.13, 0.18), 0.6), (1.0, 0.82, 0.50), 0.85 * lamps)
    for k in range(count):
        x = left + wide * (k + 0.12) / count
        canvas.rectangle(
            x, -2.55 * metre, 0.76 * wide / count, 0.80 * metre, glass, to=scale(glass, 0.7), radius=0.12 * metre
        )
    canvas.glow(left + wide / 2, -2.1 * metre, wide * 0.4, (1.0, 0.7, 0.35), 0.10 * lamps, tall=0.7 * metre)


def _coach(stage: SceneStage, colour: Colour, metre: float, turn: float, *, steam: bool) -> Canvas:
    """A carriage; x = 0 is its front end."""
    long, body = _COACH * metre, stage.shade(colour if not steam else rgb("#7a2f2a"), lit=0.8)
    canvas = Canvas(-1.05 * long, -1.25 * _TALL * metre, 0.1 * metre, 0.3 * metre)
    canvas.rectangle(
        -long * 0.985, -3.35 * metre, long * 0.97, 2.85 * metre, body, to=scale(body, 0.68), radius=0.28 * metre
    )
    canvas.rectangle(-long * 0.985, -3.42 * metre, long * 0.97, 0.35 * metre, scale(body, 0.7), radius=0.17 * metre)
    _windows(stage, canvas, -0.92 * long, 0.84 * long, metre, 7)
    stripe = stage.shade(rgb("#e3c066") if steam else rgb("#2f6fc0"), lit=0.8)
    canvas.rectangle(-long * 0.985, -1.45 * metre, long * 0.97, 0.16 * metre, stripe)
    canvas.rectangle(-long, -0.75 * metre, long, 0.30 * metre, stage.shade((0.15, 0.15, 0.17)))
    _underneath(stage, canvas, long, metre)
    _wheels(stage, canvas, (-0.88 * long, -0.76 * long, -0.24 * long, -0.12 * long), 0.42 * metre, turn)
    return canvas


def _head(stage: SceneStage, colour: Colour, metre: float, turn: float, *, steam: bool) -> Canvas:
    """The front vehicle, facing right."""
    return _engine(stage, colour, metre, turn) if steam else _nose(stage, colour, metre, turn)


def _nose(stage: SceneStage, colour: Colour, metre: float, turn: float) -> Canvas:
    """The long nose of an express."""
    long, body = _COACH * metre, stage.shade(colour, lit=0.85)
    canvas = Canvas(-1.05 * long, -1.25 * _TALL * metre, 0.6 * long, 0.3 * metre)
    outline = [
        (-0.985, 3.40),
        (-0.2, 3.42),
        (0.02, 3.15),
        (0.22, 2.25),
        (0.36, 1.45),
        (0.40, 0.95),
        (0.34, 0.5),
        (-0.985, 0.5),
    ]
    canvas.polygon(
        [(x * long, -y * metre) for x, y in outline[:1]]
        + smooth([(x * long, -y * metre) for x, y in outline[1:7]], 6, closed=False)
        + [(outline[7][0] * long, -outline[7][1] * metre)],
        mix(body, (1.0, 1.0, 1.0), 0.15),
        to=scale(body, 0.66),
    )
    _windows(stage, canvas, -0.92 * long, 0.70 * long, metre, 6)
    glass = mix(stage.light.sky[-2][1], (0.05, 0.07, 0.10), 0.7)
    canvas.polygon(
        smooth(
            [
                (0.05 * long, -2.95 * metre),
                (0.17 * long, -2.45 * metre),
                (0.19 * long, -2.15 * metre),
                (0.02 * long, -2.2 * metre),
                (-0.02 * long, -2.9 * metre),
            ],
            5,
        ),
        glass,
    )
    stripe = stage.shade(rgb("#2f6fc0"), lit=0.8)
    canvas.polygon(
        [
            (-0.985 * long, -1.45 * metre),
            (0.1 * long, -1.45 * metre),
            (0.36 * long, -1.02 * metre),
            (0.33 * long, -0.92 * metre),
            (0.1 * long, -1.29 * metre),
            (-0.985 * long, -1.29 * metre),
        ],
        stripe,
        mode="atop",
    )
    canvas.rectangle(
        -long, -0.75 * metre, 1.32 * long, 0.30 * metre, stage.shade((0.15, 0.15, 0.17)), radius=0.1 * metre
    )
    _underneath(stage, canvas, long, metre)
    _wheels(stage, canvas, (-0.88 * long, -0.76 * long, 0.02 * long, 0.14 * long), 0.42 * metre, turn)
    canvas.ellipse(0.37 * long, -1.15 * metre, 0.25 * metre, 0.12 * metre, (1.0, 0.97, 0.85))
    canvas.glow(0.38 * long, -1.15 * metre, 0.7 * metre, (1.0, 0.95, 0.8), 0.35 + 0.6 * stage.light.lamps)
    return canvas


def _engine(stage: SceneStage, colour: Colour, metre: float, turn: float) -> Canvas:
    """A steam engine: boiler, chimney, cab, driving wheels with their rod."""
    body, black = stage.shade(colour, lit=0.8), stage.shade((0.13, 0.13, 0.14), lit=0.7)
    red, brass = stage.shade(rgb("#b5302a"), lit=0.8), stage.shade(rgb("#d9b55c"), lit=0.9)
    canvas, m = Canvas(-13.5 * metre, -5.0 * metre, 2.0 * metre, 0.3 * metre), metre
    canvas.rectangle(-12.8 * m, -2.6 * m, 3.6 * m, 1.9 * m, body, to=scale(body, 0.6), radius=0.1 * m)
    canvas.rectangle(-12.7 * m, -2.9 * m, 3.4 * m, 0.45 * m, black, radius=0.2 * m)
    canvas.rectangle(-9.0 * m, -3.9 * m, 2.3 * m, 3.1 * m, body, to=scale(body, 0.6), radius=0.08 * m)
    canvas.rectangle(-9.3 * m, -4.05 * m, 2.9 * m, 0.22 * m, black, radius=0.1 * m)
    canvas.rectangle(
        -8.5 * m,
        -3.5 * m,
        1.2 * m,
        1.0 * m,
        mix(black, (1.0, 0.75, 0.4), 0.2 + 0.6 * stage.light.lamps),
        radius=0.08 * m,
    )
    canvas.rectangle(
        -6.9 * m, -3.1 * m, 7.3 * m, 1.7 * m, mix(body, (1.0, 1.0, 1.0), 0.12), to=scale(body, 0.42), radius=0.5 * m
    )
    for x in (-5.5, -3.7, -1.9):
        canvas.rectangle(x * m, -3.1 * m, 0.12 * m, 1.7 * m, brass, to=scale(brass, 0.5))
    canvas.rectangle(-0.55 * m, -4.4 * m, 0.75 * m, 1.5 * m, black)
    canvas.rectangle(-0.70 * m, -4.55 * m, 1.05 * m, 0.28 * m, scale(black, 1.6), radius=0.08 * m)
    canvas.ellipse(-2.8 * m, -3.15 * m, 0.5 * m, 0.4 * m, brass, to=scale(brass, 0.6))
    canvas.ellipse(-4.8 * m, -3.15 * m, 0.45 * m, 0.35 * m, body)
    canvas.rectangle(-7.0 * m, -1.45 * m, 7.8 * m, 0.28 * m, red, to=scale(red, 0.6))
    canvas.polygon([(0.5 * m, -1.2 * m), (1.5 * m, -0.1 * m), (0.3 * m, -0.1 * m)], red, to=scale(red, 0.5))
    _wheels(stage, canvas, (-12.2 * m, -11.0 * m, -9.9 * m), 0.45 * m, turn)
    _wheels(stage, canvas, (-6.6 * m, -5.0 * m, -3.4 * m), 0.75 * m, turn)
    _wheels(stage, canvas, (-1.7 * m, -0.5 * m), 0.42 * m, turn)
    dx, dy = 0.4 * m * math.cos(math.tau * turn), 0.4 * m * math.sin(math.tau * turn)
    canvas.line([(-6.6 * m + dx, -0.75 * m + dy), (-3.4 * m + dx, -0.75 * m + dy)], 0.16 * m, brass)
    canvas.ellipse(0.45 * m, -2.3 * m, 0.22 * m, 0.3 * m, (1.0, 0.95, 0.8))
    canvas.glow(0.6 * m, -2.3 * m, 0.7 * m, (1.0, 0.9, 0.65), 0.4 + 0.6 * stage.light.lamps)
    return canvas


def _smoke(stage: SceneStage, train: Callable[[ShotFrame], list[Quad]], z: float, pixels: float) -> None:
    """White clouds from the chimney that trail behind, grow and thin out."""
    canvas = Canvas(-2.2 * pixels, -2.2 * pixels, 2.2 * pixels, 2.2 * pixels)
    tone = stage.shade((0.97, 0.97, 0.98), lit=0.7)
    rng = stage.rng
    for _ in range(26):
        a, r = math.tau * rng.random(), 0.75 * pixels * math.sqrt(rng.random())
        size = (0.35 + 0.35 * rng.random()) * pixels
        mark = (r * math.cos(a), 0.7 * r * math.sin(a), size, 0.9 * size, 0.0, 0.45)
        paint = scale(tone, 0.80 + 0.22 * rng.random())
        canvas.blobs(np.array([mark], np.float32), np.array([paint], np.float32), 0.35 * size)
    sprite = stage.atlas.add(canvas.pixels, -canvas.x0, -canvas.y0)

    def quads(frame: ShotFrame) -> list[Quad]:
        head = train(frame)[-1]
        metre = head.scale_x * pixels
        out = []
        for k in range(14):
            age = (frame.t * 1.1 + k / 14 * 2.8) % 2.8
            q = age / 2.8
            grow = head.scale_x * (0.35 + 1.0 * q)
            x = head.x - 0.2 * metre - 8.5 * metre * q - 0.5 * metre * math.sin(3 * q)
            out.append(
                Quad(
                    sprite,
                    x,
                    head.y - (4.7 + 2.6 * q**0.8) * metre,
                    grow,
                    grow,
                    opacity=0.85 * (1 - q) ** 1.1 * min(1.0, 8 * q),
                )
            )
        return out

    stage.add(AnimatedSprites(quads), z - 0.01)
