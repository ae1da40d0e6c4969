"""A cup of steaming coffee."""

from __future__ import annotations

import math

from filmgate_scene.canvas import Canvas
from filmgate_scene.cues import SoundEvent
from filmgate_scene.description import SubjectSpec
from filmgate_scene.layers.table import TableSpot, shadow, table_spot
from filmgate_scene.palette import COLOURS, Colour, mix, rgb, scale
from filmgate_scene.registry import subject
from filmgate_scene.stage import SceneStage

_RISE = 2.6  # lifetime of a wisp of steam in seconds


@subject(
    "coffee",
    en=(
        "coffee",
        "cup of coffee",
        "coffee cup",
        "latte",
        "cappuccino",
        "espresso",
        "tea",
        "cup of tea",
        "teacup",
        "mug",
        "hot chocolate",
    ),
    zh=("咖啡", "咖啡杯", "拿铁", "卡布奇诺", "热茶", "茶杯", "一杯茶", "热可可", "马克杯"),
    element="table",
)
def coffee(stage: SceneStage, spec: SubjectSpec) -> None:
    """Cups on saucers, steam above each."""
    colour = next((COLOURS[name] for name in spec.attributes if name in COLOURS), rgb("#f4f0e6"))
    for spot in table_spot(stage, max(1, min(4, spec.count))):
        _cup(stage, spot, colour)
        _steam(stage, spot)
    stage.add_ambience(pad=0.3)
    stage.events.append(SoundEvent(0.8, "clink", 0.1, 0.4))


def _cup(stage: SceneStage, spot: TableSpot, colour: Colour) -> None:
    """Saucer, cup, handle and contents."""
    s, canvas = (
        spot.size,
        Canvas(spot.x - spot.size, spot.y - spot.size * 1.2, spot.x + spot.size, spot.y + spot.size * 0.4),
    )
    x, y = spot.x, spot.y
    clay = stage.shade(colour, lit=0.85)
    side, dark = (1 if stage.light.sun[0] > 0.5 else -1), scale(clay, 0.55)
    shadow(canvas, x - side * 0.05 * s, y + 0.02 * s, 0.62 * s, 0.13 * s)
    canvas.ellipse(x, y, 0.58 * s, 0.125 * s, scale(clay, 0.72))
    canvas.ellipse(x, y - 0.02 * s, 0.58 * s, 0.12 * s, clay, to=scale(clay, 0.86))
    canvas.ellipse(x, y - 0.025 * s, 0.34 * s, 0.065 * s, scale(clay, 0.7))
    handle = [
        (x + 0.34 * s, y - 0.48 * s),
        (x + 0.52 * s, y - 0.47 * s),
        (x + 0.55 * s, y - 0.34 * s),
        (x + 0.46 * s, y - 0.23 * s),
        (x + 0.31 * s, y - 0.21 * s),
    ]
    canvas.line(handle, 0.075 * s, scale(clay, 0.78))
    canvas.line(handle, 0.035 * s, clay, alpha=0.7)
    wall = [(x + 0.40 * s * (1 - 0.42 * _round(1 - k / 59)), y - (0.03 + 0.55 * k / 59) * s) for k in range(60)]
    outline = wall + [(2 * x - px, py) for px, py in reversed(wall)]
    canvas.polygon(outline, clay, to=scale(clay, 0.8))
    for k in range(12):
        share = k / 11
        canvas.polygon(
            [
                (x + side * (-0.40 + 0.30 * share) * s * 0.98, y - 0.57 * s),
                (x - side * 0.42 * s, y - 0.57 * s),
                (x - side * 0.42 * s, y),
                (x + side * (-0.30 + 0.25 * share) * s, y),
            ],
            dark,
            alpha=0.055,
            mode="atop",
        )
    canvas.ellipse(x, y - 0.58 * s, 0.40 * s, 0.085 * s, scale(clay, 1.08))
    canvas.ellipse(x, y - 0.575 * s, 0.37 * s, 0.072 * s, scale(clay, 0.5))
    brown = stage.shade(rgb("#6b3d1f"), lit=0.8)
    canvas.ellipse(x, y - 0.565 * s, 0.355 * s, 0.062 * s, brown, to=scale(brown, 1.3))
    foam = mix(brown, stage.shade(rgb("#f0d9b5"), lit=0.9), 0.8)
    for k, (dx, wide) in enumerate(((0.0, 0.16), (-0.07, 0.11), (0.07, 0.11), (0.0, 0.08))):
        canvas.ellipse(x + dx * s, y - (0.57 - 0.012 * (k == 3)) * s, wide * s * 0.8, 0.026 * s, foam, alpha=0.8)
    canvas.line(
        [(x - side * -0.24 * s, y - 0.46 * s), (x + side * 0.20 * s, y - 0.16 * s)],
        0.03 * s,
        (1.0, 1.0, 1.0),
        end=0.01 * s,
        alpha=0.5,
    )
    stage.plate(canvas, spot.depth)


def _round(q: float) -> float:
    """The cup's taper, 0 at its rim, 1 at its foot."""
    return math.pow(q, 2.2)


def _steam(stage: SceneStage, spot: TableSpot) -> None:
    """Wisps of steam that rise, spread and fade, one after the other."""
    s = spot.size
    for k in range(4):
        canvas = Canvas(spot.x - 0.6 * s, spot.y - 1.9 * s, spot.x + 0.6 * s, spot.y - 0.45 * s)
        for j in range(26):
            q = j / 25
            x = spot.x + s * (0.14 * math.sin(5.5 * q + 2.1 * k) * q + 0.09 * (k - 1.5))
            canvas.glow(
                x,
                spot.y - (0.66 + 0.72 * q) * s,
                (0.030 + 0.055 * q) * s,
                (0.92, 0.93, 0.95),
                0.085 * math.sin(math.pi * (0.08 + 0.92 * q)),
            )
        share = k / 4

        def rise(t: float, share: float = share) -> tuple[float, float]:
            return 0.03 * s * math.sin(1.9 * t + 9 * share), -0.34 * s * ((t / _RISE + share) % 1 - 0.4)

        def strength(t: float, share: float = share) -> float:
            return math.pow(math.sin(math.pi * ((t / _RISE + share) % 1)), 1.2)

        stage.plate(canvas, spot.depth - 0.005, sway=rise, opacity=strength)
