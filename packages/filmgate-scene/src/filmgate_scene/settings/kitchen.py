"""A kitchen: cupboards, stove, sink under the window, a worktop before the camera."""

from __future__ import annotations

import math

from filmgate_scene.cues import SoundEvent
from filmgate_scene.layers.flat import Flat
from filmgate_scene.layers.ground import Soil
from filmgate_scene.layers.room import lamps, outside, plant, room, window
from filmgate_scene.layers.table import table
from filmgate_scene.palette import Colour, mix, rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage, rocking

_FRONT, _STONE = rgb("#5f8a84"), rgb("#e6dccb")


@setting(
    "kitchen",
    en=("kitchen", "cooking", "chef's kitchen", "bakery kitchen", "baking"),
    zh=("厨房", "灶台", "做饭", "烹饪", "烘焙"),
    time="day",
    camera=("dolly",),
    indoor=True,
)
def kitchen(stage: SceneStage) -> None:
    """The window over the sink in the middle, the stove beside it."""
    floor = Soil(dark=(0.55, 0.50, 0.46), light=(0.90, 0.86, 0.80), period=4.0, wet=(0.0, 1.0, 0.08))
    wall = room(stage, rgb("#efe6d6"), floor, boards=False)
    _tiles(wall)
    window(wall, -0.75, 1.15, 1.5, 1.25)
    for side in (-1, 1):
        for k in range(4):
            _cupboard(wall, side * (1.02 + 0.72 * k) - (0.70 if side < 0 else 0.0), 1.75, 0.68, 0.90)
    wall.wall(outside(stage))
    _units(stage)
    _hanging(stage)
    table(stage, rgb("#b98a5e"))
    lamps(stage, (-0.9, 0.9), 3.4, 1.95, rgb("#c9543a"))
    stage.default_action = "stand"
    stage.add_ambience(fire=0.15, water=0.15, pad=0.3)
    stage.events += [SoundEvent(1.3 + 2.9 * k, "clink", 0.4, 0.3) for k in range(int(stage.seconds / 2.9))]


def _tiles(wall: Flat) -> None:
    """White tiles from the worktop up to the cupboards."""
    white = wall.stage.shade((0.93, 0.95, 0.94), lit=0.8)
    wall.box(-wall.side, 0.9, 2 * wall.side, 0.85, white, to=scale(white, 0.92))
    grout = scale(white, 0.82)
    for k in range(int(wall.side / 0.2)):
        for side in (-1, 1):
            wall.box(side * 0.2 * k, 0.9, 0.012, 0.85, grout)
    for k in range(6):
        wall.box(-wall.side, 0.93 + 0.15 * k, 2 * wall.side, 0.012, grout)


def _cupboard(flat: Flat, x: float, y: float, w: float, h: float) -> None:
    """A front with a frame and a knob."""
    front = flat.stage.shade(_FRONT, lit=0.6)
    flat.panel(x, y, w, h, front, radius=0.01)
    flat.box(x + 0.06, y + 0.06, w - 0.12, h - 0.12, scale(front, 0.86), to=scale(front, 0.74))
    flat.disc(x + w - 0.09, y + h / 2, 0.022, 0.022, flat.stage.shade(rgb("#d9b55c"), lit=0.9))


def _units(stage: SceneStage) -> None:
    """The row below: fronts, worktop, sink, stove, fridge."""
    flat = Flat(stage, 5.2)
    stone, steel = stage.shade(_STONE, lit=0.8), stage.shade((0.76, 0.78, 0.80), lit=0.8)
    for k in range(-6, 6):
        _cupboard(flat, 0.72 * k + 0.02, 0.08, 0.68, 0.78)
    flat.box(-flat.side, 0.0, 2 * flat.side, 0.09, stage.shade((0.16, 0.15, 0.15)))
    flat.panel(-flat.side, 0.86, 2 * flat.side, 0.07, stone)
    flat.line([(0.0, 0.93), (0.0, 1.20), (0.05, 1.27), (0.14, 1.26), (0.16, 1.17)], 0.035, steel)
    _stove(flat, 1.15, steel)
    _fridge(flat, -2.55 if not stage.portrait else -1.62, steel)
    plant(flat, -0.95, 0.93, 0.42)
    for k, colour in enumerate(("#d8503f", "#e9b44c", "#efe3cf")):
        flat.panel(-1.55 + 0.15 * k, 0.93, 0.12, 0.20 - 0.03 * k, stage.shade(rgb(colour), lit=0.7), radius=0.02)
    flat.put()
    _steam(stage, 5.15, 1.38, 1.30)


def _stove(flat: Flat, x: float, steel: Colour) -> None:
    """Oven, flames, a red pot and the hood."""
    stage = flat.stage
    flat.panel(x, 0.06, 0.78, 0.85, steel)
    flat.box(x + 0.08, 0.16, 0.62, 0.42, (0.07, 0.06, 0.06), radius=0.03)
    flat.box(x + 0.14, 0.21, 0.50, 0.32, (0.55, 0.28, 0.10), to=(0.25, 0.11, 0.05), radius=0.02)
    flat.box(x + 0.08, 0.63, 0.62, 0.03, scale(steel, 0.5))
    for k in range(4):
        flat.disc(x + 0.15 + 0.16 * k, 0.76, 0.035, 0.035, (0.12, 0.12, 0.13))
    red = stage.shade(rgb("#c23a2e"), lit=0.8)
    for k in range(7):
        flat.glow(x + 0.12 + 0.04 * k, 0.95, 0.03, (0.25, 0.45, 1.0), 0.9)
    flat.panel(x + 0.06, 0.97, 0.38, 0.22, red, radius=0.04)
    flat.box(x + 0.04, 1.185, 0.42, 0.03, scale(red, 1.2), radius=0.015)
    flat.disc(x + 0.25, 1.235, 0.03, 0.025, (0.1, 0.1, 0.1))
    flat.panel(x + 0.48, 0.95, 0.26, 0.07, (0.16, 0.16, 0.17))
    flat.line([(x + 0.73, 1.0), (x + 1.0, 1.03)], 0.03, (0.16, 0.16, 0.17))
    flat.shape([(x - 0.06, 1.72), (x + 0.84, 1.72), (x + 0.58, 2.05), (x + 0.20, 2.05)], steel, to=scale(steel, 0.7))
    flat.panel(x + 0.20, 2.05, 0.38, 1.05, scale(steel, 0.95))


def _fridge(flat: Flat, x: float, steel: Colour) -> None:
    """Two doors."""
    pale = mix(steel, (1.0, 1.0, 1.0), 0.25)
    flat.panel(x, 0.04, 0.86, 1.95, pale, radius=0.04)
    flat.box(x, 1.32, 0.86, 0.018, scale(pale, 0.45))
    for y, high in ((0.85, 0.4), (1.40, 0.3)):
        flat.box(x + 0.74, y, 0.035, high, scale(pale, 0.5), radius=0.015)
    for k, colour in enumerate(("#e9b44c", "#5f9e6e", "#d8503f")):
        flat.box(x + 0.14 + 0.15 * k, 1.52 - 0.05 * (k % 2), 0.11, 0.13, flat.stage.shade(rgb(colour)))


def _hanging(stage: SceneStage) -> None:
    """Pans and ladles on a rail."""
    flat = Flat(stage, 5.3)
    metal = stage.shade((0.70, 0.52, 0.36), lit=0.9)
    flat.line([(-2.2, 1.66), (-0.95, 1.66)], 0.02, scale(metal, 0.5))
    for k in range(4):
        x = -2.05 + 0.32 * k
        flat.line([(x, 1.66), (x, 1.42)], 0.02, scale(metal, 0.6))
        flat.disc(x, 1.34, 0.09 + 0.02 * (k % 2), 0.10 + 0.02 * (k % 2), metal, to=scale(metal, 0.6))
    flat.put()


def _steam(stage: SceneStage, z: float, x: float, y: float) -> None:
    """What rises from the pot."""
    for k in range(3):
        flat = Flat(stage, z - 0.01 * k)
        for j in range(7):
            flat.glow(
                x + 0.04 * math.sin(j * 1.1 + k * 2),
                y + 0.07 * j,
                0.07 + 0.014 * j,
                (0.9, 0.92, 0.95),
                0.10 * (1 - j / 8),
            )
        stage.plate(flat.canvas, z - 0.01 * k, sway=rocking(5 * stage.unit, 5 * stage.unit, 1.3, 2.0 * k))
