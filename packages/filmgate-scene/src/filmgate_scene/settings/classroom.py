"""A classroom: blackboard, desks in rows, windows on one side."""

from __future__ import annotations

from filmgate_scene import fonts
from filmgate_scene.layers.flat import Flat
from filmgate_scene.layers.ground import Soil
from filmgate_scene.layers.room import goods, outside, room, window
from filmgate_scene.palette import mix, rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage


@setting(
    "classroom",
    en=("classroom", "school", "lecture hall", "blackboard", "chalkboard"),
    zh=("教室", "课堂", "学校", "黑板", "讲台", "校园"),
    time="day",
    camera=("dolly",),
    indoor=True,
)
def classroom(stage: SceneStage) -> None:
    """Seen from the last row; the blackboard shows the prompt's text."""
    wall = room(
        stage, rgb("#e9e2c8"), Soil(dark=(0.38, 0.26, 0.17), light=(0.70, 0.52, 0.34), period=3.4, wet=(0.0, 1.0, 0.08))
    )
    half = min(wall.half, 4.4)
    wide = min(3.6, 1.5 * half)
    _board(wall, wide)
    for side in (-1, 1):
        for k in range(2):
            window(wall, side * (wide / 2 + 0.95 + 1.35 * k) - 0.5, 1.0, 1.0, 1.6)
    green = wall.stage.shade(rgb("#7fa58a"), lit=0.5)
    wall.box(-wall.side, 0.14, 2 * wall.side, 0.72, green, to=scale(green, 0.85))
    goods(wall, -wide / 2 - 3.2, 0.55, 1.6, 0.3)
    wall.wall(outside(stage))
    _teacher(stage)
    _rows(stage)
    stage.subject_depth = 4.5
    stage.default_action = "stand"
    stage.add_ambience(chatter=0.3, birds=0.2, pad=0.2)


def _board(wall: Flat, wide: float) -> None:
    """The blackboard, a clock over it, chalk on it."""
    stage = wall.stage
    frame, slate = stage.shade(rgb("#8a5f36"), lit=0.7), stage.shade(rgb("#2c5545"), lit=0.5)
    wall.panel(-wide / 2 - 0.07, 0.98, wide + 0.14, 1.49, frame)
    wall.box(-wide / 2, 1.05, wide, 1.35, slate, texture=0.10, grain=0.01 / stage.unit)
    wall.panel(-wide / 2, 0.96, wide, 0.06, scale(frame, 1.2))
    chalk = mix(slate, stage.shade((1.0, 1.0, 0.96), lit=0.9), 0.92)
    sign = fonts.drawable(stage.shot.text)[:24]
    wall.text(0, 2.02, sign or "E = mc²", 0.34, wide * 0.86, chalk)
    wall.text(-0.18 * wide, 1.58, "a² + b² = c²", 0.20, wide * 0.45, mix(slate, chalk, 0.8))
    wall.text(-0.18 * wide, 1.28, "今天学什么？", 0.17, wide * 0.45, mix(slate, chalk, 0.7))
    x = 0.27 * wide
    corners = [(x - 0.28, 1.22), (x + 0.34, 1.22), (x + 0.34, 1.70), (x - 0.28, 1.22)]
    wall.line(corners, 0.02, mix(slate, stage.shade(rgb("#f2c04a"), lit=0.9), 0.9))
    wall.disc(0, 2.78, 0.19, 0.19, scale(frame, 0.5))
    wall.disc(0, 2.78, 0.16, 0.16, stage.shade((0.97, 0.96, 0.93), lit=0.8))
    wall.line([(0.07, 2.84), (0, 2.78), (0, 2.90)], 0.018, (0.1, 0.1, 0.1))
    for k, colour in enumerate(("#d8503f", "#e9b44c", "#5b84b1")):
        wall.box(wide / 2 + 0.12, 2.25 - 0.36 * k, 0.26, 0.30, stage.shade(rgb(colour), lit=0.7))


def _teacher(stage: SceneStage) -> None:
    """The desk in front with a globe and books."""
    flat = Flat(stage, 4.9)
    wood = stage.shade(rgb("#a8713d"), lit=0.7)
    flat.panel(0.55, 0, 1.35, 0.76, scale(wood, 0.85))
    flat.panel(0.48, 0.76, 1.49, 0.06, wood)
    flat.line([(1.64, 0.82), (1.64, 0.92)], 0.05, (0.2, 0.15, 0.1))
    flat.disc(1.64, 1.06, 0.16, 0.16, stage.shade(rgb("#3f82c0"), lit=0.8), to=stage.shade(rgb("#24507c"), lit=0.4))
    flat.disc(1.60, 1.09, 0.07, 0.06, stage.shade(rgb("#6ea35a"), lit=0.8))
    flat.disc(1.70, 1.00, 0.04, 0.05, stage.shade(rgb("#6ea35a"), lit=0.6))
    for k, colour in enumerate(("#c8483f", "#3d7ea6", "#e3b04b")):
        flat.panel(0.75 + 0.02 * k, 0.82 + 0.055 * k, 0.34, 0.05, stage.shade(rgb(colour), lit=0.7))
    flat.put()


def _rows(stage: SceneStage) -> None:
    """Desks and chairs seen from behind, larger when nearer."""
    for z in (4.0, 3.2, 2.5):
        flat = Flat(stage, z)
        gap, clear = 1.15, 0.62
        for side in (-1, 1):
            for k in range(4):
                _desk(flat, side * (clear + 0.1 + gap * k) + (side * 0.3), k)
        flat.put()


def _desk(flat: Flat, x: float, k: int) -> None:
    """A desk with a chair pushed in."""
    stage = flat.stage
    wood, steel = stage.shade(rgb("#c99a5f"), lit=0.7), stage.shade((0.30, 0.33, 0.36), lit=0.5)
    for side in (-1, 1):
        flat.line([(x + 0.34 * side, 0.0), (x + 0.34 * side, 0.70)], 0.035, steel)
        flat.line([(x + 0.17 * side, 0.0), (x + 0.16 * side, 0.80)], 0.03, scale(steel, 0.8))
    flat.shape([(x - 0.40, 0.70), (x + 0.40, 0.70), (x + 0.35, 0.78), (x - 0.35, 0.78)], wood, to=scale(wood, 0.85))
    flat.panel(x - 0.40, 0.655, 0.80, 0.05, scale(wood, 0.75))
    if k % 2 == 0:
        colour = stage.shade(rgb(("#c8483f", "#3d7ea6")[k // 2 % 2]), lit=0.7)
        flat.shape([(x - 0.15, 0.75), (x + 0.12, 0.75), (x + 0.10, 0.79), (x - 0.13, 0.79)], colour)
    blue = stage.shade(rgb("#3f6f9e"), lit=0.6)
    flat.panel(x - 0.20, 0.40, 0.40, 0.06, scale(blue, 0.8), radius=0.02)
    flat.panel(x - 0.20, 0.60, 0.40, 0.24, blue, radius=0.05)
