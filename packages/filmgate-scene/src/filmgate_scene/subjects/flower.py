"""Flowers in close view: roses, sunflowers, tulips, daisies."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.canvas import Canvas, smooth
from filmgate_scene.description import SubjectSpec
from filmgate_scene.layers.table import shadow, table_spot
from filmgate_scene.palette import COLOURS, Colour, mix, rgb, scale
from filmgate_scene.registry import Words, subject
from filmgate_scene.stage import SceneStage, rocking

_ROOMS = frozenset(("interior", "kitchen", "livingroom", "studio", "shop", "office", "classroom"))
_TONES = {
    "rose": rgb("#c8243c"),
    "lotus": rgb("#f2a3bd"),
    "peony": rgb("#e26a94"),
    "sunflower": rgb("#f5b81f"),
    "tulip": rgb("#e4486a"),
    "daisy": rgb("#f6f2ea"),
}
_PLACES = (
    (0.50, 0.42, 1.0),
    (0.24, 0.55, 0.72),
    (0.77, 0.53, 0.76),
    (0.38, 0.66, 0.52),
    (0.64, 0.68, 0.54),
    (0.10, 0.70, 0.5),
    (0.91, 0.70, 0.5),
)


@subject(
    "flower",
    en=(
        "flower",
        "flowers",
        "rose",
        "roses",
        "sunflower",
        "sunflowers",
        "tulip",
        "tulips",
        "daisy",
        "daisies",
        "blossom",
        "bouquet",
        "vase",
        "vase of flowers",
        "lotus",
        "lotus flower",
        "peony",
        "peonies",
        "wildflowers",
        "wild flowers",
        "blooming flower",
    ),
    zh=(
        "花朵",
        "鲜花",
        "玫瑰",
        "玫瑰花",
        "向日葵",
        "郁金香",
        "雏菊",
        "花",
        "花束",
        "盛开的花",
        "花瓶",
        "荷花",
        "莲花",
        "牡丹",
        "野花",
        "花丛",
    ),
    element="plant",
    attributes={
        "rose": Words(en=("rose", "roses"), zh=("玫瑰", "玫瑰花")),
        "sunflower": Words(en=("sunflower", "sunflowers"), zh=("向日葵",)),
        "tulip": Words(en=("tulip", "tulips"), zh=("郁金香",)),
        "lotus": Words(en=("lotus", "lotus flower"), zh=("荷花", "莲花")),
        "peony": Words(en=("peony", "peonies"), zh=("牡丹",)),
        "vase": Words(en=("vase", "vase of flowers", "bouquet"), zh=("花瓶", "花束")),
    },
)
def flower(stage: SceneStage, spec: SubjectSpec) -> None:
    """One flower, or a group with the largest in the centre; a bed or a vase if there are other subjects."""
    kind = next((name for name in spec.attributes if name in _TONES), "daisy")
    colour = next((COLOURS[name] for name in spec.attributes if name in COLOURS), _TONES[kind])
    has_other_subjects = any(other.kind != "flower" for other in stage.shot.subjects)
    if "vase" in spec.attributes or stage.dishes is not None or (has_other_subjects and stage.shot.setting in _ROOMS):
        _vase(stage, kind, colour)
        return
    if has_other_subjects and "zoom" not in stage.shot.camera:
        _bed(stage, kind, colour, named=kind != "daisy" or colour != _TONES[kind])
        return
    stage.camera_range = min(stage.camera_range, 0.35)
    for k in range(max(1, min(len(_PLACES), spec.count)) - 1, -1, -1):
        x, y, near = _PLACES[k]
        size = 0.19 * near * min(stage.height, 1.2 * stage.width)
        canvas = Canvas(
            x * stage.width - 3 * size, y * stage.height - 1.6 * size, x * stage.width + 3 * size, 1.25 * stage.height
        )
        _stem(stage, canvas, x * stage.width, y * stage.height, size)
        _HEADS[kind](stage, canvas, x * stage.width, y * stage.height, size, colour)
        u = stage.unit
        stage.plate(canvas, 1.5 + 0.25 * k, sway=rocking(7 * u * near, 2 * u, 1.2, 1.3 * k))
    stage.add_ambience(birds=0.4, wind=0.25, crickets=0.2)


def _bed(stage: SceneStage, kind: str, colour: Colour, *, named: bool) -> None:
    """Flowers along the lower edge, in front of the main subjects."""
    rng, low = stage.rng, min(stage.height, 1.4 * stage.width)
    rows = 4 if named else 2
    for row in range(rows):
        near = (row + 1) / rows
        canvas = stage.canvas(top=0.45, bottom=1.3)
        across = 15 - 6 * row // max(1, rows - 1)
        for k in range(across):
            x = stage.width * (-0.14 + 1.28 * (k + 0.5 + 0.3 * rng.normal()) / across)
            size = low * ((0.018 + 0.044 * near) if named else (0.020 + 0.016 * near)) * (0.85 + 0.3 * rng.random())
            y = stage.height * ((0.70 + 0.20 * near) if named else (0.83 + 0.11 * near)) + 0.3 * size * rng.normal()
            which, tone = (kind, colour) if named else _MIXED[int(rng.integers(len(_MIXED)))]
            _stem(stage, canvas, x, y, size, wide=1.7)
            _HEADS[which](stage, canvas, x, y, size, tone)
        u = stage.unit
        stage.plate(canvas, 3.4 - 1.7 * near, sway=rocking(4 * u * near, u, 1.1, 1.7 * row))
    stage.add_ambience(birds=0.3, wind=0.2)


def _vase(stage: SceneStage, kind: str, colour: Colour) -> None:
    """A bunch in a vase on the table."""
    spot = table_spot(stage)[0]
    size = 0.9 * spot.size
    canvas = Canvas(spot.x - size, spot.y - 1.6 * size, spot.x + size, spot.y + 0.2 * size)
    shadow(canvas, spot.x, spot.y, 0.26 * size, 0.05 * size)
    heads = ((-0.26, -0.98), (0.25, -1.0), (0.0, -1.18), (-0.13, -0.82), (0.15, -0.80))
    green = stage.shade(rgb("#4f8a3a"), lit=0.7)
    for dx, dy in heads:
        stem = [(spot.x, spot.y - 0.45 * size), (spot.x + dx * size, spot.y + dy * size)]
        canvas.line(stem, 0.03 * size, scale(green, 0.8), end=0.02 * size)
        leaf = (spot.x + (0.6 * dx + 0.12) * size, spot.y + 0.75 * dy * size)
        canvas.line([(spot.x + 0.4 * dx * size, spot.y + 0.6 * dy * size), leaf], 0.07 * size, green, end=1.0)
    china = stage.shade((0.42, 0.58, 0.72), lit=0.85)
    outline = [(-0.10, -0.56), (-0.07, -0.46), (-0.19, -0.28), (-0.17, -0.08), (-0.10, 0.0)]
    shape = [(spot.x + x * size, spot.y + y * size) for x, y in (*outline, *((-x, y) for x, y in reversed(outline)))]
    canvas.polygon(smooth(shape, 6), china, to=scale(china, 0.55))
    canvas.ellipse(spot.x - 0.07 * size, spot.y - 0.26 * size, 0.03 * size, 0.13 * size, (1.0, 1.0, 1.0), alpha=0.35)
    for dx, dy in heads:
        _HEADS[kind](stage, canvas, spot.x + dx * size, spot.y + dy * size, 0.17 * size, colour)
    stage.plate(canvas, spot.depth)


def _stem(stage: SceneStage, canvas: Canvas, x: float, y: float, size: float, wide: float = 1.0) -> None:
    """A bent stem with two leaves; ``wide``: thickness relative to a large flower's."""
    green, low = stage.shade(rgb("#4f8a3a"), lit=0.7), 1.22 * stage.height
    stem = [(x + 0.22 * size * math.sin(1.6 * q), y + (low - y) * q) for q in np.linspace(0, 1, 12)]
    canvas.line(stem, 0.09 * wide * size, scale(green, 0.75), end=0.12 * wide * size)
    canvas.line([(px - 0.015 * size, py) for px, py in stem], 0.03 * size, green, end=0.04 * size)
    for side, q in ((-1, 4), (1, 5)):
        px, py = stem[q]
        leaf = [
            (px, py),
            (px + 0.5 * side * size, py - 0.45 * size),
            (px + 1.2 * side * size, py - 0.55 * size),
            (px + 0.8 * side * size, py - 0.12 * size),
        ]
        canvas.polygon(smooth(leaf, 6), mix(green, (0.8, 0.9, 0.4), 0.15), to=scale(green, 0.6))
        canvas.line([(px, py), (px + 1.1 * side * size, py - 0.48 * size)], 0.02 * size, scale(green, 0.6), end=1.0)


def _petals(
    stage: SceneStage,
    canvas: Canvas,
    x: float,
    y: float,
    colour: Colour,
    ring: tuple[int, float, float, float],
    turn: float,
) -> None:
    """A ring of petals (count, length, width, darkness)."""
    count, long, wide, shade = ring
    for k in range(count):
        a = math.tau * (k + turn) / count
        lit = stage.shade(scale(colour, 1.05 - 0.25 * shade), lit=0.75 - 0.25 * math.sin(a))
        c, s = math.cos(a), 0.86 * math.sin(a)
        points = [(0.1, 0.0), (0.5, 0.9), (0.85, 0.75), (1.0, 0.0), (0.85, -0.75), (0.5, -0.9)]
        outline = [(x + long * u * c - wide * v * s, y + long * u * s + wide * v * c) for u, v in points]
        canvas.polygon(smooth(outline, 5), scale(lit, 0.72))
        inner = [
            (x + 0.96 * long * u * c - 0.86 * wide * v * s, y + 0.96 * long * u * s + 0.86 * wide * v * c)
            for u, v in points
        ]
        canvas.polygon(smooth(inner, 5), lit)
        canvas.line(
            [(x + 0.2 * long * c, y + 0.2 * long * s), (x + 0.85 * long * c, y + 0.85 * long * s)],
            0.12 * wide,
            scale(lit, 0.85),
            end=1.0,
        )


def _daisy(stage: SceneStage, canvas: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    """White petals around a golden centre."""
    _petals(stage, canvas, x, y, colour, (14, size, 0.17 * size, 0.5), 0.0)
    _petals(stage, canvas, x, y, colour, (13, 0.86 * size, 0.16 * size, 0.0), 0.4)
    _button(stage, canvas, x, y, 0.30 * size, rgb("#f2b52a"))


def _sunflower(stage: SceneStage, canvas: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    """Pointed petals around a dark disc."""
    _petals(stage, canvas, x, y, scale(colour, 0.85), (21, 1.15 * size, 0.15 * size, 0.6), 0.0)
    _petals(stage, canvas, x, y, colour, (19, 1.02 * size, 0.14 * size, 0.0), 0.5)
    _button(stage, canvas, x, y, 0.52 * size, rgb("#6b3f1c"))


def _button(stage: SceneStage, canvas: Canvas, x: float, y: float, radius: float, colour: Colour) -> None:
    """The disc's seeds in a spiral."""
    canvas.ellipse(x, y, radius, 0.88 * radius, stage.shade(scale(colour, 0.6), lit=0.6))
    for k in range(150):
        r, a = radius * 0.95 * math.sqrt(k / 150), 2.39996 * k
        lit = stage.shade(scale(colour, 0.7 + 0.6 * (1 - k / 150) * (k % 2) + 0.25 * (k % 3 == 0)), lit=0.8)
        canvas.ellipse(x + r * math.cos(a), y + 0.88 * r * math.sin(a), 0.055 * radius, 0.05 * radius, lit)


def _tulip(stage: SceneStage, canvas: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    """A cup of six petals."""
    lit = stage.shade(colour, lit=0.8)
    for dx, wide, shade in (
        (-0.42, 0.34, 0.62),
        (0.42, 0.34, 0.66),
        (-0.2, 0.40, 0.8),
        (0.22, 0.40, 0.84),
        (0.0, 0.42, 1.0),
    ):
        tip = 1.05 if dx else 0.92
        outline = [
            (x + dx * 1.15 * size, y - tip * size),
            (x + (dx + wide) * size, y - 0.35 * size),
            (x + (dx * 0.5 + wide * 0.6) * size, y + 0.32 * size),
            (x + (dx * 0.5 - wide * 0.6) * size, y + 0.32 * size),
            (x + (dx - wide) * size, y - 0.35 * size),
        ]
        canvas.polygon(smooth(outline, 6), mix(scale(lit, shade), (1.0, 0.9, 0.8), 0.18), to=scale(lit, shade * 0.72))
        canvas.line(
            [(x + dx * 1.1 * size, y - 0.9 * tip * size), (x + dx * 0.6 * size, y + 0.2 * size)],
            0.02 * size,
            scale(lit, shade * 0.7),
            alpha=0.6,
        )


def _rose(stage: SceneStage, canvas: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    """Petals around petals, the inner ones darker and curled."""
    green = stage.shade(rgb("#4f8a3a"), lit=0.6)
    for k in range(5):
        a = 0.35 + 0.6 * k
        canvas.line(
            [(x, y + 0.3 * size), (x + 0.85 * size * math.cos(a), y + 0.1 * size + 0.8 * size * math.sin(a))],
            0.14 * size,
            green,
            end=1.0,
        )
    for ring in range(6):
        far, count = 0.62 - 0.115 * ring, 6 - ring // 2
        for k in range(count):
            a = math.tau * (k / count + 0.13 * ring) + 0.4
            px, py = x + far * size * math.cos(a), y + 0.82 * far * size * math.sin(a)
            wide = (0.50 - 0.055 * ring) * size
            tone = stage.shade(scale(colour, 1.12 - 0.09 * ring), lit=0.75 - 0.35 * math.sin(a))
            canvas.ellipse(px, py, wide, 0.86 * wide, scale(tone, 0.55))
            canvas.ellipse(
                px + 0.03 * size * math.cos(a),
                py + 0.03 * size * math.sin(a),
                0.94 * wide,
                0.80 * wide,
                mix(tone, (1.0, 0.8, 0.8), 0.10),
                to=scale(tone, 0.85),
            )
    for k in range(3):
        curl = [
            (x + (0.17 - 0.045 * k) * size * math.cos(q), y + (0.14 - 0.035 * k) * size * math.sin(q))
            for q in np.linspace(0.6 * k, 4.4 + 0.6 * k, 16)
        ]
        canvas.line(curl, 0.03 * size, stage.shade(scale(colour, 0.45), lit=0.5), end=1.0)


def _lotus(stage: SceneStage, canvas: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    """Pointed petals in the shape of open hands, pale at their base."""
    rows = (((-1.0, 0.95), (1.0, 0.95)), ((-0.62, 1.12), (0.62, 1.12)), ((-0.24, 1.22), (0.24, 1.22)), ((0.0, 1.05),))
    for row, petals in enumerate(rows):
        for lean, tall in petals:
            tip = (x + 0.95 * lean * size, y + (0.30 - tall * (1 - 0.38 * abs(lean))) * size)
            across, foot = 0.30 * size, (x + 0.10 * lean * size, y + 0.38 * size)
            middle = (0.45 * tip[0] + 0.55 * foot[0], 0.45 * tip[1] + 0.55 * foot[1])
            outline = [
                tip,
                (middle[0] + across, middle[1] - 0.1 * size),
                foot,
                (middle[0] - across, middle[1] - 0.1 * size),
            ]
            lit = stage.shade(scale(colour, 0.86 + 0.07 * row), lit=0.85)
            canvas.polygon(smooth(outline, 6), scale(lit, 0.86))
            inner = [(0.94 * (px - foot[0]) + foot[0], 0.94 * (py - foot[1]) + foot[1]) for px, py in outline]
            canvas.polygon(smooth(inner, 6), lit, to=mix(lit, (1.0, 0.96, 0.92), 0.65))


_HEADS = {"daisy": _daisy, "sunflower": _sunflower, "tulip": _tulip, "rose": _rose, "lotus": _lotus, "peony": _rose}
_MIXED = (
    ("daisy", _TONES["daisy"]),
    ("tulip", _TONES["tulip"]),
    ("daisy", rgb("#f2b84a")),
    ("tulip", rgb("#9a72d8")),
    ("daisy", rgb("#e88fb0")),
)
