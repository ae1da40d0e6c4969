"""A street of small shops: awnings, signs, lit windows, lanterns, a few trees on the pavement."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene import fonts
from filmgate_scene.canvas import Canvas
from filmgate_scene.kernels.declare import F32
from filmgate_scene.kernels.noise import fbm
from filmgate_scene.layers.foliage import LEAF, broadleaf
from filmgate_scene.layers.ground import Ground, Soil
from filmgate_scene.layers.sky import sky
from filmgate_scene.palette import Colour, mix, rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage, rocking

_FRONT = 9.0  # metres to the shop fronts
_WALLS = ("#b5714f", "#d9b98c", "#8c6a5a", "#c9a27a", "#7f8a86", "#a85b4a")
_CLOTHS = ("#b3332b", "#2f6f5e", "#c9862f", "#34557f", "#7a3f5e")
_SHOPS = ("书店", "CAFÉ", "面馆", "BAKERY", "茶", "FLOWERS", "小吃", "花店", "RAMEN", "包子", "BOOKS", "杂货")


@setting(
    "street",
    en=(
        "street",
        "alley",
        "market",
        "shop",
        "shops",
        "store",
        "bakery",
        "bazaar",
        "old town",
        "village",
        "town",
        "sidewalk",
        "lane",
        "bus stop",
        "town square",
        "square",
        "plaza",
        "crossroads",
        "food stall",
    ),
    zh=(
        "街道",
        "街头",
        "小巷",
        "巷子",
        "市场",
        "集市",
        "夜市",
        "商店",
        "店铺",
        "书店",
        "面包店",
        "古镇",
        "小镇",
        "老街",
        "村庄",
        "胡同",
        "广场",
        "公交站",
        "车站",
        "十字路口",
        "步行街",
        "摊位",
    ),
    time="golden",
    camera=("pan",),
    inhabitants=("person",),
)
def street(stage: SceneStage) -> None:
    """Seen from across the road; the centre sign shows the prompt's text."""
    h = stage.height
    stage.horizon, stage.eye, stage.camera_range = h * (0.62 if not stage.portrait else 0.66), 1.55, 0.6
    stage.focal = 1.15 * max(h * 0.8, min(stage.width, h))
    stage.subject_depth, stage.depth_range = 6.6, (3.4, 8.6)
    stage.wetness = 0.34 if {"rain", "storm"} & set(stage.shot.weather) else 0.0
    sky(stage)
    slabs = Soil(dark=(0.34, 0.31, 0.29), light=(0.62, 0.58, 0.53), period=2.2, wet=(_FRONT, 1.0, stage.wetness))
    Ground(stage, slabs, texture=_paving, mirror_at=_FRONT).put(stage)
    _houses(stage)
    _trees(stage)
    _lanterns(stage)
    stage.add_ambience(chatter=0.7, city=0.25, birds=0.2 if not stage.light.moon else 0.0, pad=0.25)


def _paving(seed: int) -> F32:
    """Slabs, some darker, with joints."""
    size, count = 512, 8
    tone = np.random.default_rng(seed).random((count, count)).astype(np.float32)
    slabs = np.kron(tone, np.ones((size // count, size // count), np.float32))
    grit = fbm(size, size, 0.25, 0.25, 0.0, 0.0, 3, size // 4, seed)
    joints = np.ones((size, size), np.float32)
    joints[:: size // count] = joints[1 :: size // count] = 0.25
    joints[:, :: size // count] = joints[:, 1 :: size // count] = 0.25
    return np.asarray(np.clip((0.45 + 0.25 * slabs + 0.5 * (grit - 0.5)) * joints, 0, 1), np.float32)


def _houses(stage: SceneStage) -> None:
    """The row of shop fronts, the centre one with the prompt's sign."""
    metre = stage.focal / _FRONT
    foot = stage.home_position(0, 0, _FRONT)[1]
    canvas = stage.canvas(top=-0.5, bottom=0.95)
    wide = 4.2 * metre
    first = -math.ceil((stage.width / 2 - canvas.x0) / wide)
    sign = fonts.drawable(stage.shot.text)[:14]
    for k in range(first, -first + 1):
        text = sign if sign and k == 0 else _SHOPS[(k + stage.seed) % len(_SHOPS)]
        _house(stage, canvas, stage.width / 2 + (k - 0.5) * wide, foot, wide, metre, text, k)
    kerb = stage.shade((0.6, 0.58, 0.55))
    canvas.rectangle(canvas.x0, foot - 0.06 * metre, canvas.width, 0.10 * metre, kerb, to=scale(kerb, 0.6))
    stage.plate(canvas, _FRONT)


def _house(
    stage: SceneStage, canvas: Canvas, x: float, foot: float, wide: float, metre: float, text: str, k: int
) -> None:
    """Wall, roof, upstairs windows, shop window, door, awning, sign."""
    rng = stage.rng
    tall = (6.0 + 1.3 * rng.random()) * metre
    wall = stage.shade(rgb(_WALLS[(k + stage.seed) % len(_WALLS)]), 4, lit=0.55)
    canvas.rectangle(x, foot - tall, wide + 1, tall, wall, to=scale(wall, 0.78), texture=0.10, grain=0.04 / stage.unit)
    roof = stage.shade(rgb("#4d4a4c"), 5)
    canvas.polygon(
        [
            (x - 0.25 * metre, foot - tall),
            (x + wide + 0.25 * metre, foot - tall),
            (x + wide - 0.1 * metre, foot - tall - 0.9 * metre),
            (x + 0.1 * metre, foot - tall - 0.9 * metre),
        ],
        roof,
        to=scale(roof, 0.6),
    )
    for i in range(3):
        _window(stage, canvas, x + (0.42 + 1.22 * i) * metre, foot - 5.1 * metre, 0.92 * metre, 1.25 * metre)
    inside = _lit(stage, (1.0, 0.76, 0.42))
    canvas.rectangle(x + 0.3 * metre, foot - 2.25 * metre, 2.45 * metre, 1.85 * metre, inside, to=scale(inside, 0.55))
    _goods(stage, canvas, x + 0.3 * metre, foot, metre)
    frame = scale(wall, 0.35)
    for q in (0.3, 1.52, 2.75):
        canvas.rectangle(x + (q - 0.03) * metre, foot - 2.25 * metre, 0.06 * metre, 1.85 * metre, frame)
    canvas.rectangle(x + 0.24 * metre, foot - 0.42 * metre, 2.57 * metre, 0.40 * metre, frame, to=scale(frame, 0.7))
    canvas.rectangle(x + 2.98 * metre, foot - 2.3 * metre, 0.92 * metre, 2.28 * metre, scale(frame, 1.3), to=frame)
    canvas.rectangle(
        x + 3.1 * metre, foot - 2.15 * metre, 0.68 * metre, 1.25 * metre, scale(inside, 0.9), to=scale(inside, 0.5)
    )
    canvas.glow(
        x + 1.5 * metre, foot - 0.9 * metre, 1.1 * metre, (1.0, 0.62, 0.28), 0.30 * stage.light.lamps, tall=0.8 * metre
    )
    _awning(
        stage,
        canvas,
        x + 0.12 * metre,
        foot - 2.72 * metre,
        wide - 0.24 * metre,
        metre,
        rgb(_CLOTHS[(k + stage.seed) % len(_CLOTHS)]),
    )
    _sign(stage, canvas, x + wide / 2, foot - 3.22 * metre, wide * 0.86, metre, text, k)


def _lit(stage: SceneStage, colour: Colour) -> Colour:
    """The light of a room at this time of day."""
    return mix(stage.shade(scale(colour, 0.62)), colour, 0.30 + 0.65 * stage.light.lamps)


def _window(stage: SceneStage, canvas: Canvas, x: float, y: float, w: float, h: float) -> None:
    """An upstairs window: lit from inside, or reflecting the sky."""
    home = stage.rng.random() < 0.3 + 0.4 * stage.light.lamps
    glass = _lit(stage, (1.0, 0.80, 0.50)) if home else mix(stage.light.sky[1][1], stage.shade((0.2, 0.25, 0.3)), 0.5)
    border = stage.shade((0.86, 0.83, 0.78), lit=0.5)
    canvas.rectangle(x - 0.06 * w, y - 0.05 * h, w * 1.12, h * 1.1, border, to=scale(border, 0.8))
    canvas.rectangle(x, y, w, h, glass, to=scale(glass, 0.6))
    canvas.rectangle(x + w * 0.47, y, w * 0.06, h, border)
    canvas.rectangle(x, y + h * 0.38, w, h * 0.045, border)


def _goods(stage: SceneStage, canvas: Canvas, x: float, foot: float, metre: float) -> None:
    """Something colourful on two shelves."""
    rng = stage.rng
    for row in range(2):
        y = foot - (0.55 + 0.82 * row) * metre
        canvas.rectangle(x, y, 2.45 * metre, 0.05 * metre, stage.shade((0.35, 0.25, 0.18)))
        for i in range(11):
            colour = _lit(stage, rgb(("#d8503f", "#e9b44c", "#5f9e6e", "#5b84b1", "#efe3cf")[int(rng.integers(5))]))
            high = (0.20 + 0.28 * rng.random()) * metre
            canvas.rectangle(
                x + (0.06 + 0.218 * i) * metre,
                y - high,
                0.15 * metre,
                high,
                colour,
                to=scale(colour, 0.6),
                radius=0.03 * metre,
            )


def _awning(stage: SceneStage, canvas: Canvas, x: float, y: float, wide: float, metre: float, cloth: Colour) -> None:
    """A striped awning with a scalloped hem and a shadow."""
    canvas.rectangle(x, y + 0.5 * metre, wide, 0.35 * metre, (0.03, 0.03, 0.05), alpha=0.28)
    stripes = 12
    for i in range(stripes):
        a, b = x + wide * i / stripes, x + wide * (i + 1) / stripes
        colour = stage.shade(cloth if i % 2 == 0 else (0.94, 0.92, 0.87), lit=0.8)
        lean = 0.12 * metre
        p, q = (a - x - wide / 2) / wide * lean * 2, (b - x - wide / 2) / wide * lean * 2
        canvas.polygon(
            [(a, y), (b, y), (b + q, y + 0.52 * metre), (a + p, y + 0.52 * metre)], colour, to=scale(colour, 0.72)
        )
        canvas.ellipse((a + b + p + q) / 2, y + 0.52 * metre, (b - a) * 0.52, 0.10 * metre, scale(colour, 0.74))


def _sign(stage: SceneStage, canvas: Canvas, x: float, y: float, wide: float, metre: float, text: str, k: int) -> None:
    """A board above the awning."""
    size = min(0.52 * metre, 0.86 * wide / max(0.5, fonts.width(text, 1000) / 1000))
    board = stage.shade(rgb(("#2c2622", "#5a1a16", "#1f3a34")[k % 3]), lit=0.4)
    canvas.rectangle(
        x - wide / 2, y - 0.42 * metre, wide, 0.84 * metre, board, to=scale(board, 0.7), radius=0.06 * metre
    )
    gold = mix(stage.shade(rgb("#f2d38a"), lit=0.9), rgb("#ffd98a"), 0.35 + 0.5 * stage.light.lamps)
    canvas.rectangle(x - wide / 2 + 0.05 * metre, y - 0.37 * metre, wide - 0.1 * metre, 0.03 * metre, gold, alpha=0.7)
    canvas.rectangle(x - wide / 2 + 0.05 * metre, y + 0.34 * metre, wide - 0.1 * metre, 0.03 * metre, gold, alpha=0.7)
    canvas.text(x, y, text, size, gold)
    canvas.glow(x, y, wide * 0.3, (1.0, 0.70, 0.35), 0.16 * stage.light.lamps, tall=0.45 * metre)


def _trees(stage: SceneStage) -> None:
    """Two trees at the kerb, near enough to frame the view."""
    canvas = stage.canvas(top=-0.4, bottom=0.95)
    foot = stage.home_position(0, 0, 7.6)[1]
    for x in (-0.02, 1.0) if not stage.portrait else (-0.32, 1.32):
        broadleaf(
            stage,
            canvas,
            (stage.width * x, foot),
            0.62 * stage.height * (1.0 if not stage.portrait else 0.62),
            LEAF,
            depth=3,
            leaf=6.0,
        )
    stage.plate(canvas, 7.6, sway=rocking(1.0 * stage.unit, 0.0))


def _lanterns(stage: SceneStage) -> None:
    """Paper lanterns on a string across the street."""
    canvas = stage.canvas(top=-0.2, bottom=0.6)
    w, h, u = stage.width, stage.height, stage.unit
    xs = np.linspace(-0.1, 1.1, 60)
    line = [(w * float(x), h * (0.115 + 0.10 * (1 - (2 * float(x) - 1) ** 2))) for x in xs]
    canvas.line(line, 1.4 * u, stage.shade((0.12, 0.10, 0.10)))
    red = mix(stage.shade(rgb("#d8331f"), lit=0.7), rgb("#ff4a26"), 0.4 + 0.5 * stage.light.lamps)
    for k in range(5, 60, 7):
        x, y = line[k][0], line[k][1] + 15 * u
        canvas.glow(x, y, 17 * u, (1.0, 0.35, 0.12), 0.15 + 0.6 * stage.light.lamps)
        canvas.ellipse(x, y, 11.5 * u, 10 * u, red, to=scale(red, 0.7))
        for q in (-0.5, 0.5):
            canvas.line(
                [(x + 11 * u * q, y - 7 * u), (x + 13 * u * q, y), (x + 11 * u * q, y + 7 * u)],
                0.8 * u,
                scale(red, 0.55),
                alpha=0.6,
            )
        canvas.rectangle(x - 4 * u, y - 11.5 * u, 8 * u, 2.4 * u, rgb("#e2b23f"))
        canvas.rectangle(x - 4 * u, y + 9 * u, 8 * u, 2.4 * u, rgb("#e2b23f"))
        canvas.line([(x, y + 11 * u), (x, y + 20 * u)], 1.6 * u, rgb("#e8b84a"), end=2.6 * u)
    stage.plate(canvas, 5.0, sway=rocking(2.5 * u, 1.0 * u, 0.8))
