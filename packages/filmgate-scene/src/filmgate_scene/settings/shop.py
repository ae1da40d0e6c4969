"""Inside a shop: shelves to the ceiling, a counter, a sign."""

from __future__ import annotations

from filmgate_scene import fonts
from filmgate_scene.cues import SoundEvent
from filmgate_scene.layers.flat import Flat
from filmgate_scene.layers.ground import Soil
from filmgate_scene.layers.room import WARM, goods, lamps, outside, room
from filmgate_scene.palette import Colour, mix, rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage

_FRUIT: tuple[Colour, ...] = tuple(rgb(c) for c in ("#d8402f", "#f2a33a", "#7fae3f", "#f4d84e", "#8c4a9a"))


@setting(
    "shop",
    en=(
        "shop interior",
        "inside a shop",
        "inside a store",
        "store interior",
        "supermarket",
        "convenience store",
        "grocery store",
        "grocery",
        "bookstore interior",
        "library",
        "boutique",
        "shopping mall",
        "mall",
        "bookshop",
        "bookstore",
        "cosy shop",
        "toy shop",
        "antique shop",
        "gift shop",
    ),
    zh=(
        "店内",
        "商店内",
        "超市",
        "便利店",
        "商场",
        "图书馆",
        "书店内",
        "专卖店",
        "杂货铺",
        "购物中心",
        "书店里",
        "玩具店",
        "古董店",
    ),
    time="day",
    camera=("dolly",),
    inhabitants=("person",),
    indoor=True,
)
def shop(stage: SceneStage) -> None:
    """Shelves on the far wall, crates of fruit in front, the sign above."""
    floor = Soil(dark=(0.55, 0.52, 0.48), light=(0.86, 0.83, 0.78), period=4.6, wet=(0.0, 1.0, 0.14))
    wall = room(stage, rgb("#d8c7a6"), floor, boards=False)
    for k in range(-5, 5):
        _shelf(wall, 1.5 * k + 0.75)
    wall.wall(outside(stage))
    _sign(stage)
    _counter(stage)
    _crates(stage)
    lamps(stage, (-2.6, -1.5, 1.5, 2.6), 3.9, 2.15, rgb("#3a3a3c"))
    stage.subject_depth = 3.3
    stage.add_ambience(chatter=0.5, hum=0.15, pad=0.3)
    stage.events.append(SoundEvent(0.4, "bell", 0.6, 0.4))


def _shelf(wall: Flat, x: float) -> None:
    """One bay: five boards of goods."""
    wood = wall.stage.shade(rgb("#6f4c30"), lit=0.5)
    wall.box(x - 0.72, 0.1, 1.44, 2.2, scale(wood, 0.45), to=scale(wood, 0.35))
    for k in range(5):
        goods(wall, x - 0.70, 0.20 + 0.42 * k, 1.40, 0.32)
    for side in (-0.75, 0.69):
        wall.panel(x + side, 0.1, 0.06, 2.25, wood)
    wall.panel(x - 0.75, 2.30, 1.50, 0.08, wood)


def _sign(stage: SceneStage) -> None:
    """The prompt's text over the shelves."""
    flat = Flat(stage, 5.4, top=-0.2, bottom=0.7)
    wide = min(3.6, 1.7 * flat.half)
    board = stage.shade(rgb("#7a1f1c"), lit=0.6)
    flat.panel(-wide / 2, 2.40, wide, 0.58, board, radius=0.05)
    gold = mix(stage.shade(rgb("#f2d38a"), lit=0.9), rgb("#ffd98a"), 0.4)
    flat.box(-wide / 2 + 0.05, 2.44, wide - 0.1, 0.02, gold)
    flat.box(-wide / 2 + 0.05, 2.92, wide - 0.1, 0.02, gold)
    flat.text(0, 2.69, fonts.drawable(stage.shot.text)[:16] or "OPEN  欢迎光临", 0.34, wide * 0.9, gold)
    flat.glow(0, 2.7, wide * 0.35, WARM, 0.10)
    flat.put()


def _counter(stage: SceneStage) -> None:
    """The till."""
    flat = Flat(stage, 4.3)
    x = 0.48 * min(flat.half, 3.4)
    wood, dark = stage.shade(rgb("#b07a45"), lit=0.7), stage.shade((0.20, 0.21, 0.23), lit=0.5)
    flat.panel(x - 0.75, 0, 1.5, 0.92, scale(wood, 0.8))
    for k in range(1, 5):
        flat.box(x - 0.75 + 0.3 * k, 0.08, 0.02, 0.78, scale(wood, 0.5))
    flat.panel(x - 0.80, 0.92, 1.6, 0.06, wood)
    flat.panel(x + 0.12, 0.98, 0.44, 0.16, dark, radius=0.02)
    flat.shape([(x + 0.16, 1.14), (x + 0.52, 1.14), (x + 0.48, 1.42), (x + 0.20, 1.42)], scale(dark, 1.3))
    flat.box(x + 0.23, 1.20, 0.22, 0.17, (0.35, 0.80, 0.65))
    flat.panel(x - 0.55, 0.98, 0.18, 0.26, stage.shade(rgb("#f2ede2"), lit=0.8), radius=0.02)
    for k, colour in enumerate(("#d8503f", "#e9b44c", "#5f9e6e")):
        flat.line([(x - 0.46, 1.22), (x - 0.56 + 0.1 * k, 1.42)], 0.015, stage.shade(rgb("#4d8f4a")))
        flat.disc(x - 0.56 + 0.1 * k, 1.44, 0.05, 0.05, stage.shade(rgb(colour), lit=0.9))
    flat.put()


def _crates(stage: SceneStage) -> None:
    """Boxes of fruit, each with a heap."""
    flat, rng = Flat(stage, 4.1), stage.rng
    left = -0.92 * min(flat.half, 3.4)
    for k in range(3):
        x, colour, wood = left + 0.62 * k, _FRUIT[k], stage.shade(rgb("#a97b4a"), lit=0.6)
        for j in range(26):
            fruit = stage.shade(scale(colour, 0.75 + 0.4 * rng.random()), lit=0.7)
            flat.disc(
                x + 0.05 + 0.46 * rng.random(),
                0.50 + 0.006 * j * (1 - abs(rng.random() - 0.5)),
                0.055,
                0.052,
                fruit,
                to=scale(fruit, 0.6),
            )
        flat.panel(x, 0.30, 0.56, 0.22, wood)
        flat.box(x, 0.40, 0.56, 0.015, scale(wood, 0.5))
        flat.line([(x + 0.06, 0.0), (x + 0.06, 0.3)], 0.05, scale(wood, 0.6))
        flat.line([(x + 0.50, 0.0), (x + 0.50, 0.3)], 0.05, scale(wood, 0.6))
        flat.box(x + 0.18, 0.33, 0.20, 0.11, stage.shade((0.97, 0.95, 0.88), lit=0.8))
        flat.text(x + 0.28, 0.385, f"¥{3 + 2 * k}", 0.09, 0.18, (0.75, 0.15, 0.12))
    flat.put()
