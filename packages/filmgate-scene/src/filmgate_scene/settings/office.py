"""An office high above the city: a wall of glass, desks, screens."""

from __future__ import annotations

from filmgate_scene.canvas import Canvas
from filmgate_scene.cues import SoundEvent
from filmgate_scene.layers.flat import Flat
from filmgate_scene.layers.ground import Soil
from filmgate_scene.layers.room import outside, plant, room
from filmgate_scene.layers.signs import windows
from filmgate_scene.palette import Colour, mix, rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage

_LIT: tuple[Colour, ...] = ((1.0, 0.80, 0.48), (1.0, 0.88, 0.66), (0.62, 0.84, 1.0))


@setting(
    "office",
    en=(
        "office",
        "workplace",
        "meeting room",
        "conference room",
        "workspace",
        "desk",
        "startup office",
        "laboratory",
        "open-plan office",
        "open plan office",
    ),
    zh=("办公室", "会议室", "写字楼", "工位", "办公桌", "公司", "实验室", "开放式办公室"),
    time="day",
    camera=("pan",),
    indoor=True,
)
def office(stage: SceneStage) -> None:
    """The skyline behind glass, two rows of desks before it."""
    floor = Soil(dark=(0.33, 0.36, 0.41), light=(0.52, 0.55, 0.60), period=2.6, wet=(0.0, 1.0, 0.10))
    wall = room(stage, rgb("#d9dcdf"), floor, boards=False)
    _glass(wall)
    wall.wall(outside(stage, _skyline))
    _strips(stage)
    for z, shift in ((4.7, 0.0), (3.6, 0.9)):
        _desks(stage, z, shift)
    front = Flat(stage, 3.0)
    plant(front, -0.93 * front.half, 0.0, 1.3)
    front.put()
    stage.subject_depth = 2.9
    stage.default_action = "stand"
    stage.add_ambience(hum=0.3, chatter=0.35, city=0.15)
    stage.events += [SoundEvent(0.5 + 0.37 * k, "click", -0.3, 0.15) for k in range(int(stage.seconds / 0.37)) if k % 5]


def _skyline(stage: SceneStage) -> None:
    """Towers across the way."""
    canvas, rng, light = stage.canvas(top=-0.1, bottom=0.85), stage.rng, stage.light
    dark = mix(light.sky[1][1], stage.shade((0.25, 0.3, 0.4)), 0.5)
    for depth in (420.0, 200.0):
        x = float(canvas.x0)
        while x < canvas.x0 + canvas.width:
            wide = stage.width * (0.04 + 0.06 * rng.random())
            tall = stage.height * (0.14 + 0.26 * rng.random()) * (0.8 if depth > 300 else 1.0)
            face = mix(stage.shade(rgb("#6d7c92"), lit=0.5), light.sky[-2][1], 0.62 if depth > 300 else 0.32)
            top = stage.horizon + 0.05 * stage.height - tall
            canvas.rectangle(x, top, wide, stage.height, face, to=scale(face, 0.85))
            colours = _LIT if light.lamps > 0.3 else (scale(face, 0.86), mix(face, dark, 0.3))
            cell = (7 * stage.unit, 10 * stage.unit)
            windows(stage, canvas, (x, top, wide, tall), cell, colours, 0.4 + 0.4 * (light.lamps < 0.3), 1.0)
            x += wide * (1.02 + 0.3 * rng.random())
    stage.plate(canvas, 200.0)


def _glass(wall: Flat) -> None:
    """Glass from floor to ceiling, with slim posts."""
    post = wall.stage.shade((0.22, 0.24, 0.27), lit=0.5)
    wall.box(-wall.side, 0.22, 2 * wall.side, 2.66, post, mode="erase")
    sky = wall.stage.light.sky[-1][1]
    wall.box(-wall.side, 0.22, 2 * wall.side, 2.66, sky, alpha=0.08)
    for k in range(-8, 9):
        wall.panel(1.45 * k + 0.70, 0.22, 0.055, 2.66, post)
    wall.box(-wall.side, 0.95, 2 * wall.side, 0.035, post)


def _strips(stage: SceneStage) -> None:
    """Strip lights in the ceiling that run towards the camera."""
    canvas = Canvas(-0.3 * stage.width, -0.3 * stage.height, 1.3 * stage.width, 0.5 * stage.height)
    for x in (-2.2, -0.75, 0.75, 2.2):
        (ax, ay, _), (bx, by, _) = stage.home_position(x, 3.08, 5.3), stage.home_position(x, 3.08, 3.2)
        metre = stage.focal / 3.2
        pale = mix(stage.shade((1.0, 1.0, 0.98)), (1.0, 1.0, 0.97), 0.7)
        canvas.line([(ax, ay), (bx, by)], 0.06 * metre, pale, end=0.16 * metre)
        canvas.glow((ax + bx) / 2, (ay + by) / 2, 0.3 * metre, (0.85, 0.93, 1.0), 0.10)
    stage.plate(canvas, 5.0)


def _desks(stage: SceneStage, z: float, shift: float) -> None:
    """A row of desks."""
    flat = Flat(stage, z)
    pitch = 1.9
    for k in range(-4, 4):
        _desk(flat, pitch * k + shift, k)
    flat.put()


def _desk(flat: Flat, x: float, k: int) -> None:
    """A table, a screen that glows, a chair."""
    stage = flat.stage
    wood, steel = stage.shade(rgb("#d8c3a0"), lit=0.7), stage.shade((0.24, 0.25, 0.28), lit=0.5)
    flat.line([(x + 0.12, 0.0), (x + 0.12, 0.70)], 0.05, steel)
    flat.line([(x + 1.38, 0.0), (x + 1.38, 0.70)], 0.05, steel)
    flat.panel(x, 0.70, 1.5, 0.05, wood)
    flat.box(x + 0.68, 0.75, 0.07, 0.16, steel)
    flat.box(x + 0.36, 0.88, 0.72, 0.44, (0.05, 0.05, 0.06), radius=0.02)
    tone = ((0.16, 0.32, 0.50), (0.92, 0.94, 0.96), (0.10, 0.12, 0.18))[k % 3]
    flat.box(x + 0.385, 0.905, 0.67, 0.39, tone)
    ink = mix(tone, (0.35, 0.85, 0.65) if k % 3 == 2 else (0.35, 0.55, 0.85), 0.7)
    for j in range(6):
        flat.box(x + 0.42 + 0.03 * (j % 3), 1.235 - 0.055 * j, 0.18 + 0.30 * ((j * 7 + k * 3) % 5) / 5, 0.022, ink)
    flat.glow(x + 0.72, 1.1, 0.4, (0.5, 0.7, 1.0), 0.05 + 0.12 * stage.light.lamps)
    flat.panel(
        x + 0.14, 0.75, 0.10, 0.11, stage.shade(rgb(("#c8483f", "#e3b04b", "#f2ede2")[k % 3]), lit=0.7), radius=0.02
    )
    flat.line([(x + 0.72, 0.08), (x + 0.72, 0.45)], 0.05, steel)
    flat.line([(x + 0.50, 0.03), (x + 0.72, 0.10), (x + 0.94, 0.03)], 0.035, steel)
    flat.panel(x + 0.47, 0.43, 0.50, 0.08, steel, radius=0.03)
    flat.panel(x + 0.49, 0.52, 0.46, 0.46, scale(steel, 1.25), radius=0.09)
