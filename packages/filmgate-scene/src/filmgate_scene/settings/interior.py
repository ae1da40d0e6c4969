"""A café or living room: windows, pictures, a counter, small tables, hanging lamps."""

from __future__ import annotations

from filmgate_scene import fonts
from filmgate_scene.layers.flat import Flat
from filmgate_scene.layers.ground import Soil
from filmgate_scene.layers.room import goods, lamps, outside, plant, room, window
from filmgate_scene.palette import Colour, mix, rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage

_CUPS: tuple[Colour, ...] = (rgb("#f2ede2"), rgb("#7d4a2d"), rgb("#2f5d57"), rgb("#d8a24a"))


@setting(
    "interior",
    en=(
        "interior",
        "indoors",
        "cafe",
        "café",
        "coffee shop",
        "tea house",
        "teahouse",
        "restaurant",
        "diner",
        "bar",
        "inside a cafe",
        "dining room",
    ),
    zh=(
        "室内",
        "屋内",
        "咖啡馆",
        "咖啡店",
        "咖啡厅",
        "茶馆",
        "餐厅",
        "餐馆",
        "酒吧",
    ),
    time="golden",
    camera=("dolly",),
    indoor=True,
)
def interior(stage: SceneStage) -> None:
    """The counter on the left, windows on the right, tables in between."""
    wall = room(
        stage, rgb("#b98d63"), Soil(dark=(0.30, 0.19, 0.12), light=(0.62, 0.42, 0.27), period=3.2, wet=(0.0, 1.0, 0.10))
    )
    half = min(wall.half, 4.2)
    for x in (0.06 * half, 0.56 * half, 1.06 * half):
        window(wall, x, 0.85, 0.42 * half, 1.75)
    for x in (-1.5 * half, -2.1 * half, 1.6 * half):
        window(wall, x, 0.85, 0.42 * half, 1.75)
    _menu(wall, -0.52 * half, 0.84 * half)
    wall.wall(outside(stage))
    _counter(stage, -0.56 * half)
    for x, z in ((0.30, 4.3), (0.92, 4.6), (-0.15, 4.9)):
        _seats(stage, x * half, z)
    _corner(stage, half)
    lamps(stage, [x * half for x in (-0.72, 0.0, 0.42, 0.84)], 4.0, 1.98, rgb("#2f4a45"))
    stage.default_action = "stand"
    stage.add_ambience(chatter=0.6, pad=0.35)


def _menu(wall: Flat, x: float, wide: float) -> None:
    """A blackboard with the café's name, and shelves under it."""
    stage = wall.stage
    frame, slate = stage.shade(rgb("#5a3a22"), lit=0.6), stage.shade(rgb("#2b302e"), lit=0.4)
    wall.panel(x - wide / 2 - 0.06, 2.08, wide + 0.12, 0.88, frame)
    wall.box(x - wide / 2, 2.14, wide, 0.76, slate)
    chalk = mix(slate, stage.shade((1.0, 0.97, 0.88), lit=0.8), 0.9)
    wall.text(x, 2.62, fonts.drawable(stage.shot.text)[:14] or "CAFÉ  咖啡", 0.30, wide * 0.9, chalk)
    for k, line in enumerate(("latte 28   mocha 30", "拿铁 28   摩卡 30")):
        wall.text(x, 2.37 - 0.15 * k, line, 0.12, wide * 0.9, mix(slate, chalk, 0.75))
    for y in (1.28, 1.68):
        goods(wall, x - wide / 2, y, wide, 0.24, _CUPS)


def _counter(stage: SceneStage, x: float) -> None:
    """The bar, its coffee machine and the cakes under glass."""
    flat = Flat(stage, 4.9)
    wide = 0.95 * min(flat.half, 4.0)
    front, top = stage.shade(rgb("#4a6a63"), lit=0.6), stage.shade(rgb("#d9b48a"), lit=0.8)
    flat.panel(x - wide / 2, 0, wide, 1.0, front)
    for k in range(1, 7):
        flat.box(x - wide / 2 + wide * k / 7, 0.1, 0.02, 0.82, scale(front, 0.6))
    flat.panel(x - wide / 2 - 0.06, 1.0, wide + 0.12, 0.07, top)
    steel = stage.shade((0.80, 0.80, 0.83), lit=0.9)
    left = x - 0.36 * wide
    flat.panel(left, 1.07, 0.62, 0.40, steel, radius=0.04)
    flat.box(left + 0.06, 1.12, 0.50, 0.14, scale(steel, 0.35), radius=0.02)
    for k in range(2):
        flat.box(left + 0.16 + 0.22 * k, 1.10, 0.07, 0.07, (0.95, 0.93, 0.88))
        flat.disc(left + 0.12 + 0.3 * k, 1.39, 0.035, 0.035, scale(steel, 0.5))
    flat.box(left + 0.06, 1.47, 0.50, 0.06, (0.95, 0.93, 0.88), radius=0.02)
    glass = x + 0.06 * wide
    flat.box(glass, 1.07, 0.34 * wide, 0.36, stage.shade((0.75, 0.85, 0.88)), alpha=0.35, radius=0.03)
    for k, cake in enumerate(("#d98b5f", "#f3d9b0", "#8a4a3a", "#e9a3b4")):
        flat.box(
            glass + (0.03 + 0.078 * k) * wide, 1.09, 0.055 * wide, 0.13, stage.shade(rgb(cake), lit=0.8), radius=0.02
        )
    flat.put()


def _seats(stage: SceneStage, x: float, z: float) -> None:
    """A round table and two chairs."""
    flat = Flat(stage, z)
    wood, dark = stage.shade(rgb("#a9713f"), lit=0.7), stage.shade(rgb("#3a2c26"), lit=0.5)
    for side in (-1, 1):
        at = x + 0.62 * side
        flat.line([(at + 0.20 * side, 0.95), (at + 0.17 * side, 0.47), (at + 0.20 * side, 0.0)], 0.045, dark)
        flat.line([(at - 0.18 * side, 0.0), (at - 0.16 * side, 0.46)], 0.045, dark)
        flat.panel(at - 0.21, 0.44, 0.42, 0.055, wood, radius=0.02)
        flat.line([(at + 0.20 * side, 0.94), (at + 0.19 * side, 0.72)], 0.09, wood)
    flat.box(x - 0.03, 0.03, 0.06, 0.70, dark)
    flat.disc(x, 0.03, 0.26, 0.05, dark)
    flat.disc(x, 0.74, 0.42, 0.07, scale(wood, 0.7))
    flat.disc(x, 0.765, 0.42, 0.07, wood)
    flat.box(x - 0.06, 0.78, 0.09, 0.09, stage.shade((0.96, 0.94, 0.90), lit=0.8), radius=0.02)
    flat.put()


def _corner(stage: SceneStage, half: float) -> None:
    """Plants at the frame's edges."""
    flat = Flat(stage, 3.7)
    for x in (-0.98, 0.96):
        plant(flat, x * min(flat.half, half), 0.0, 1.25)
    flat.put()
