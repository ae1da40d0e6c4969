"""A product in close view: a bottle, a watch, a phone, headphones, a sneaker."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from filmgate_scene import fonts
from filmgate_scene.canvas import Canvas, smooth
from filmgate_scene.description import SubjectSpec
from filmgate_scene.layers.table import TableSpot, shadow, table_spot
from filmgate_scene.palette import COLOURS, Colour, mix, rgb, scale
from filmgate_scene.registry import Words, subject
from filmgate_scene.stage import SceneStage


@subject(
    "product",
    en=(
        "product",
        "bottle",
        "perfume",
        "perfume bottle",
        "cosmetics",
        "skincare",
        "wristwatch",
        "luxury watch",
        "smartwatch",
        "phone",
        "smartphone",
        "headphones",
        "sneaker",
        "sneakers",
        "shoe",
        "shoes",
        "gadget",
        "gift box",
    ),
    zh=(
        "产品",
        "商品",
        "香水",
        "瓶子",
        "化妆品",
        "护肤品",
        "手表",
        "腕表",
        "手机",
        "耳机",
        "球鞋",
        "运动鞋",
        "鞋子",
        "礼盒",
    ),
    element="table",
    attributes={
        "watch": Words(en=("wristwatch", "luxury watch", "smartwatch"), zh=("手表", "腕表")),
        "phone": Words(en=("phone", "smartphone"), zh=("手机",)),
        "headphones": Words(en=("headphones",), zh=("耳机",)),
        "shoe": Words(en=("sneaker", "sneakers", "shoe", "shoes"), zh=("球鞋", "运动鞋", "鞋子")),
    },
)
def product(stage: SceneStage, spec: SubjectSpec) -> None:
    """A perfume bottle unless the prompt names another product; a glint moves over it."""
    kind = next((name for name in spec.attributes if name in _KINDS), "bottle")
    colour = next((COLOURS[name] for name in spec.attributes if name in COLOURS), None)
    for spot in table_spot(stage, max(1, min(4, spec.count))):
        s = spot.size
        canvas = Canvas(spot.x - 1.2 * s, spot.y - 1.4 * s, spot.x + 1.2 * s, spot.y + 0.4 * s)
        _KINDS[kind](stage, canvas, spot, colour)
        stage.plate(canvas, spot.depth)
        _glint(stage, canvas, spot)
    stage.add_ambience(pad=0.5)


def _glint(stage: SceneStage, canvas: Canvas, spot: TableSpot) -> None:
    """A pulsing star of light on the upper edge."""
    s = spot.size
    star = Canvas(spot.x - s, spot.y - 1.5 * s, spot.x + s, spot.y)
    alpha = canvas.pixels[..., 3]
    rows, columns = np.nonzero(alpha[: alpha.shape[0] // 2] > 0.9)
    at = int(rows.argmin()) if len(rows) else 0
    x, y = (columns[at] + canvas.x0, rows[at] + canvas.y0 + 0.05 * s) if len(rows) else (spot.x, spot.y - 0.8 * s)
    star.glow(x, y, 0.24 * s, (1.0, 1.0, 1.0), 0.55, tall=0.012 * s)
    star.glow(x, y, 0.012 * s, (1.0, 1.0, 1.0), 0.55, tall=0.24 * s)
    star.glow(x, y, 0.04 * s, (1.0, 1.0, 1.0), 0.8)
    stage.plate(star, spot.depth - 0.002, opacity=lambda t: max(0.0, math.sin(1.7 * t - 0.4)) ** 3)


def _bottle(stage: SceneStage, canvas: Canvas, spot: TableSpot, colour: Colour | None) -> None:
    """Thick glass, coloured scent, a golden cap, a label with the prompt's text."""
    s, x, y = spot.size, spot.x, spot.y
    glass, scent = stage.shade((0.93, 0.95, 0.97), lit=0.9), stage.shade(colour or rgb("#e9a35c"), lit=0.9)
    gold = stage.shade(rgb("#e3bf72"), lit=0.9)
    shadow(canvas, x, y + 0.01 * s, 0.52 * s, 0.10 * s)
    canvas.rectangle(x - 0.40 * s, y - 0.92 * s, 0.80 * s, 0.94 * s, glass, radius=0.10 * s, alpha=0.55)
    canvas.rectangle(
        x - 0.33 * s,
        y - 0.70 * s,
        0.66 * s,
        0.65 * s,
        mix(scent, (1.0, 1.0, 1.0), 0.25),
        to=scale(scent, 0.72),
        radius=0.07 * s,
    )
    canvas.rectangle(x - 0.37 * s, y - 0.88 * s, 0.05 * s, 0.82 * s, (1.0, 1.0, 1.0), radius=0.02 * s, alpha=0.55)
    canvas.rectangle(x + 0.31 * s, y - 0.86 * s, 0.025 * s, 0.80 * s, (1.0, 1.0, 1.0), radius=0.01 * s, alpha=0.35)
    canvas.rectangle(x - 0.13 * s, y - 0.99 * s, 0.26 * s, 0.08 * s, scale(gold, 0.8))
    canvas.rectangle(x - 0.17 * s, y - 1.24 * s, 0.34 * s, 0.26 * s, gold, radius=0.03 * s)
    for k in range(8):
        shade = 0.28 * abs(math.sin(k * 1.1))
        canvas.rectangle(
            x + (-0.17 + 0.0425 * k) * s, y - 1.24 * s, 0.043 * s, 0.26 * s, scale(gold, 0.4), alpha=shade, mode="atop"
        )
    label = stage.shade((0.98, 0.96, 0.92), lit=0.9)
    canvas.rectangle(x - 0.22 * s, y - 0.52 * s, 0.44 * s, 0.26 * s, label)
    text = fonts.drawable(stage.shot.text)[:10] or "AURA"
    canvas.text(
        x,
        y - 0.39 * s,
        text,
        min(0.15 * s, 0.38 * s / max(0.5, fonts.width(text, 1000) / 1000)),
        stage.shade((0.15, 0.12, 0.1)),
    )


def _watch(stage: SceneStage, canvas: Canvas, spot: TableSpot, colour: Colour | None) -> None:
    """A dial, a steel case, a strap that stands as on a stand."""
    s, x, y = spot.size, spot.x, spot.y - 0.55 * spot.size
    strap, steel = stage.shade(colour or rgb("#4a2f22"), lit=0.7), stage.shade((0.82, 0.82, 0.85), lit=0.9)
    shadow(canvas, x, spot.y + 0.01 * s, 0.40 * s, 0.09 * s)
    canvas.polygon(
        smooth(
            [
                (x - 0.20 * s, y - 0.30 * s),
                (x - 0.15 * s, y - 0.74 * s),
                (x + 0.15 * s, y - 0.74 * s),
                (x + 0.20 * s, y - 0.30 * s),
            ],
            6,
        ),
        scale(strap, 1.2),
        to=strap,
    )
    canvas.polygon(
        [
            (x - 0.20 * s, y + 0.25 * s),
            (x - 0.16 * s, y + 0.56 * s),
            (x + 0.16 * s, y + 0.56 * s),
            (x + 0.20 * s, y + 0.25 * s),
        ],
        strap,
        to=scale(strap, 0.6),
    )
    canvas.ellipse(x, y, 0.40 * s, 0.40 * s, scale(steel, 0.6))
    canvas.ellipse(x - 0.01 * s, y - 0.01 * s, 0.385 * s, 0.385 * s, steel, to=scale(steel, 0.65))
    canvas.rectangle(x + 0.38 * s, y - 0.05 * s, 0.07 * s, 0.10 * s, steel, radius=0.02 * s, to=scale(steel, 0.6))
    canvas.ellipse(x, y, 0.32 * s, 0.32 * s, (0.06, 0.09, 0.16), to=(0.10, 0.16, 0.28))
    for k in range(12):
        a = k * math.pi / 6
        inner = 0.24 if k % 3 else 0.21
        canvas.line(
            [
                (x + inner * s * math.sin(a), y - inner * s * math.cos(a)),
                (x + 0.29 * s * math.sin(a), y - 0.29 * s * math.cos(a)),
            ],
            0.022 * s,
            (0.95, 0.93, 0.85),
        )
    for angle, long, wide in ((-0.95, 0.15, 0.03), (0.95, 0.23, 0.022)):
        canvas.line(
            [(x, y), (x + long * s * math.sin(angle), y - long * s * math.cos(angle))], wide * s, (0.97, 0.96, 0.92)
        )
    canvas.ellipse(x, y, 0.022 * s, 0.022 * s, (0.9, 0.3, 0.2))
    canvas.polygon(
        [
            (x - 0.24 * s, y - 0.20 * s),
            (x - 0.02 * s, y - 0.31 * s),
            (x + 0.10 * s, y + 0.29 * s),
            (x - 0.08 * s, y + 0.31 * s),
        ],
        (1.0, 1.0, 1.0),
        alpha=0.08,
    )


def _phone(stage: SceneStage, canvas: Canvas, spot: TableSpot, colour: Colour | None) -> None:
    """An upright phone with a lit screen."""
    s, x, y = spot.size, spot.x, spot.y
    shell = stage.shade(colour or rgb("#3a3d44"), lit=0.8)
    shadow(canvas, x, y + 0.01 * s, 0.36 * s, 0.08 * s)
    canvas.rectangle(x - 0.30 * s, y - 1.15 * s, 0.60 * s, 1.16 * s, mix(shell, (1.0, 1.0, 1.0), 0.35), radius=0.09 * s)
    canvas.rectangle(x - 0.285 * s, y - 1.135 * s, 0.57 * s, 1.13 * s, (0.02, 0.02, 0.03), radius=0.08 * s)
    canvas.rectangle(
        x - 0.265 * s, y - 1.115 * s, 0.53 * s, 1.09 * s, (0.36, 0.30, 0.86), to=(0.98, 0.52, 0.46), radius=0.065 * s
    )
    canvas.ellipse(x - 0.05 * s, y - 0.35 * s, 0.28 * s, 0.16 * s, (1.0, 0.78, 0.45), alpha=0.35, mode="atop")
    canvas.rectangle(x - 0.08 * s, y - 1.085 * s, 0.16 * s, 0.04 * s, (0.02, 0.02, 0.03), radius=0.02 * s)
    canvas.text(x, y - 0.86 * s, "10:09", 0.15 * s, (1.0, 1.0, 1.0))
    for k in range(4):
        canvas.rectangle(
            x + (-0.215 + 0.115 * k) * s,
            y - 0.17 * s,
            0.085 * s,
            0.085 * s,
            COLOURS[("green", "blue", "golden", "red")[k]],
            radius=0.02 * s,
        )
    canvas.glow(x, y - 0.55 * s, 0.5 * s, (0.7, 0.45, 0.9), 0.06 + 0.12 * stage.light.lamps, tall=0.7 * s)


def _headphones(stage: SceneStage, canvas: Canvas, spot: TableSpot, colour: Colour | None) -> None:
    """A wide band between two cups."""
    s, x, y = spot.size, spot.x, spot.y
    shell = stage.shade(colour or rgb("#e8e4dc"), lit=0.8)
    shadow(canvas, x, y + 0.01 * s, 0.60 * s, 0.10 * s)
    arc = [(x + 0.48 * s * math.cos(a), y - 0.40 * s - 0.62 * s * math.sin(a)) for a in np.linspace(0, math.pi, 30)]
    canvas.line(arc, 0.10 * s, scale(shell, 0.6))
    canvas.line([(px, py - 0.012 * s) for px, py in arc], 0.07 * s, shell)
    for side in (-1, 1):
        canvas.ellipse(x + 0.40 * s * side, y - 0.28 * s, 0.15 * s, 0.29 * s, (0.10, 0.10, 0.11))
        canvas.ellipse(x + 0.50 * s * side, y - 0.28 * s, 0.15 * s, 0.27 * s, shell, to=scale(shell, 0.55))
        canvas.ellipse(x + 0.53 * s * side, y - 0.30 * s, 0.07 * s, 0.14 * s, scale(shell, 0.8), to=scale(shell, 0.65))


def _shoe(stage: SceneStage, canvas: Canvas, spot: TableSpot, colour: Colour | None) -> None:
    """A running shoe from the side, facing right."""
    s, x, y = spot.size * 1.15, spot.x, spot.y
    cloth, white = stage.shade(colour or rgb("#e0503c"), lit=0.8), stage.shade((0.97, 0.97, 0.95), lit=0.85)

    def at(u: float, v: float) -> tuple[float, float]:
        return x + u * s, y - v * s

    shadow(canvas, x, y + 0.01 * s, 0.78 * s, 0.09 * s)
    upper = [
        (-0.60, 0.14),
        (-0.62, 0.40),
        (-0.56, 0.55),
        (-0.44, 0.52),
        (-0.30, 0.46),
        (-0.12, 0.56),
        (-0.02, 0.52),
        (0.18, 0.34),
        (0.48, 0.26),
        (0.64, 0.16),
        (0.60, 0.10),
    ]
    canvas.polygon(smooth([at(*p) for p in upper], 6), mix(cloth, (1.0, 1.0, 1.0), 0.12), to=scale(cloth, 0.6))
    canvas.polygon(
        smooth([at(*p) for p in ((-0.60, 0.14), (-0.62, 0.40), (-0.56, 0.52), (-0.42, 0.34), (-0.36, 0.14))], 5),
        scale(cloth, 0.65),
        mode="atop",
    )
    canvas.polygon(
        smooth([at(*p) for p in ((-0.38, 0.22), (-0.05, 0.24), (0.30, 0.34), (0.02, 0.17), (-0.30, 0.14))], 5),
        white,
        mode="atop",
    )
    canvas.polygon(
        smooth(
            [
                at(*p)
                for p in (
                    (-0.66, 0.14),
                    (0.0, 0.12),
                    (0.66, 0.14),
                    (0.66, 0.05),
                    (0.40, 0.0),
                    (-0.55, 0.0),
                    (-0.68, 0.05),
                )
            ],
            6,
        ),
        white,
        to=scale(white, 0.75),
    )
    canvas.line([at(-0.62, 0.035), at(0.56, 0.03)], 0.03 * s, scale(cloth, 0.8))
    for k in range(5):
        u = -0.06 + 0.075 * k
        canvas.line([at(u, 0.50 - 0.055 * k), at(u + 0.07, 0.36 - 0.03 * k)], 0.022 * s, white)
    canvas.ellipse(*at(-0.35, 0.505), 0.13 * s, 0.03 * s, scale(cloth, 0.3))


_KINDS: Mapping[str, Callable[[SceneStage, Canvas, TableSpot, Colour | None], None]] = {
    "bottle": _bottle,
    "watch": _watch,
    "phone": _phone,
    "headphones": _headphones,
    "shoe": _shoe,
}
