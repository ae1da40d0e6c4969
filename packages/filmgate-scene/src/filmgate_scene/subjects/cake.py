"""A cake with candles."""

from __future__ import annotations

import math

from filmgate_scene.canvas import Canvas
from filmgate_scene.cues import SoundEvent
from filmgate_scene.description import SubjectSpec
from filmgate_scene.layers.table import TableSpot, shadow, table_spot
from filmgate_scene.palette import COLOURS, Colour, mix, rgb, scale
from filmgate_scene.registry import subject
from filmgate_scene.stage import SceneStage

_CANDLES = (rgb("#e4567a"), rgb("#4fa3d8"), rgb("#f2c53d"), rgb("#7fc26a"), rgb("#a86fd0"))


@subject(
    "cake",
    en=("cake", "birthday cake", "cheesecake", "cupcake", "dessert", "birthday", "pastry"),
    zh=("蛋糕", "生日蛋糕", "甜点", "甜品", "生日", "糕点"),
    element="table",
)
def cake(stage: SceneStage, spec: SubjectSpec) -> None:
    """Two layers with icing, strawberries and burning candles."""
    colour = next((COLOURS[name] for name in spec.attributes if name in COLOURS), rgb("#f7c9d4"))
    for spot in table_spot(stage, max(1, min(3, spec.count))):
        _cake(stage, spot, colour)
        _flames(stage, spot)
    stage.add_ambience(pad=0.4, chatter=0.15)
    stage.events.append(SoundEvent(0.6, "chime", 0.0, 0.35))


def _tier(stage: SceneStage, canvas: Canvas, x: float, y: float, rx: float, tall: float, colour: Colour) -> None:
    """A drum of sponge with icing running down its side; ``y`` is its base."""
    ry, icing = rx * 0.19, stage.shade(colour, lit=0.85)
    sponge = stage.shade(rgb("#f1d7a2"), lit=0.8)
    canvas.ellipse(x, y, rx, ry, scale(sponge, 0.72))
    canvas.rectangle(x - rx, y - tall, 2 * rx, tall, sponge, to=scale(sponge, 0.8))
    for k in range(2):
        canvas.rectangle(x - rx, y - tall * (0.32 + 0.3 * k), 2 * rx, tall * 0.07, mix(icing, (1.0, 1.0, 1.0), 0.4))
    canvas.ellipse(x, y, rx, ry * 0.9, scale(sponge, 0.8))
    drops = 11
    for k in range(drops):
        a = math.pi * (k + 0.5) / drops
        px, py = x - rx * math.cos(a), y - tall + ry * math.sin(a)
        long = tall * (0.25 + 0.22 * ((k * 7) % 5) / 5)
        canvas.line(
            [(px, py), (px, py + long)], rx * 0.16, mix(icing, scale(icing, 0.75), abs(math.cos(a))), end=rx * 0.15
        )
    canvas.ellipse(x, y - tall, rx, ry, icing, to=scale(icing, 0.93))
    canvas.ellipse(x - 0.2 * rx, y - tall - 0.1 * ry, rx * 0.6, ry * 0.55, mix(icing, (1.0, 1.0, 1.0), 0.4), alpha=0.35)
    shade = scale(sponge, 0.4)
    for k in range(10):
        wide = rx * 0.5 * (1 - k / 10)
        left = x + rx - wide if stage.light.sun[0] < 0.5 else x - rx
        canvas.rectangle(left, y - tall, wide, tall + ry, shade, alpha=0.05, mode="atop")


def _cake(stage: SceneStage, spot: TableSpot, colour: Colour) -> None:
    """Plate, two tiers, berries, candles."""
    s, x, y = spot.size, spot.x, spot.y
    canvas = Canvas(x - 1.1 * s, y - 1.35 * s, x + 1.1 * s, y + 0.4 * s)
    china = stage.shade((0.97, 0.96, 0.94), lit=0.85)
    shadow(canvas, x, y + 0.03 * s, 0.82 * s, 0.17 * s)
    canvas.ellipse(x, y + 0.015 * s, 0.80 * s, 0.155 * s, scale(china, 0.7))
    canvas.ellipse(x, y - 0.005 * s, 0.80 * s, 0.15 * s, china)
    _tier(stage, canvas, x, y - 0.02 * s, 0.62 * s, 0.40 * s, colour)
    _tier(stage, canvas, x, y - 0.42 * s, 0.42 * s, 0.26 * s, mix(colour, (1.0, 1.0, 1.0), 0.45))
    red = stage.shade(rgb("#d32f3a"), lit=0.85)
    for k in range(9):
        a = math.pi * (k + 0.5) / 9
        bx, by = x - 0.52 * s * math.cos(a), y - 0.43 * s + 0.095 * s * math.sin(a)
        canvas.ellipse(bx, by - 0.03 * s, 0.045 * s, 0.052 * s, red, to=scale(red, 0.6))
        canvas.ellipse(bx - 0.012 * s, by - 0.045 * s, 0.012 * s, 0.014 * s, (1.0, 0.8, 0.8), alpha=0.7)
    for k in range(5):
        cx, cy = _candle(spot, k)
        wax = stage.shade(_CANDLES[k], lit=0.9)
        canvas.line([(cx, cy), (cx, cy - 0.22 * s)], 0.034 * s, wax)
        for j in range(3):
            canvas.line(
                [(cx - 0.014 * s, cy - (0.03 + 0.07 * j) * s), (cx + 0.014 * s, cy - (0.055 + 0.07 * j) * s)],
                0.012 * s,
                (1.0, 1.0, 1.0),
                alpha=0.8,
            )
        canvas.line([(cx, cy - 0.22 * s), (cx, cy - 0.25 * s)], 0.01 * s, (0.1, 0.08, 0.07))
    stage.plate(canvas, spot.depth)


def _candle(spot: TableSpot, k: int) -> tuple[float, float]:
    """The base point of a candle."""
    s = spot.size
    return spot.x + s * (-0.28 + 0.14 * k), spot.y - s * (0.665 + 0.018 * (k % 2))


def _flames(stage: SceneStage, spot: TableSpot) -> None:
    """Flames that flicker independently."""
    s = spot.size
    for k in range(5):
        x, y = _candle(spot, k)
        y -= 0.275 * s
        canvas = Canvas(x - 0.5 * s, y - 0.5 * s, x + 0.5 * s, y + 0.5 * s)
        canvas.ellipse(x, y, 0.017 * s, 0.038 * s, (1.0, 0.82, 0.40))
        canvas.ellipse(x, y + 0.008 * s, 0.009 * s, 0.018 * s, (1.0, 0.97, 0.85))
        canvas.glow(x, y, 0.05 * s, (1.0, 0.62, 0.22), 0.8, tall=0.07 * s)
        canvas.glow(x, y, 0.16 * s, (1.0, 0.55, 0.2), 0.08 + 0.12 * stage.light.lamps)
        _burn(stage, canvas, spot, k)


def _burn(stage: SceneStage, canvas: Canvas, spot: TableSpot, k: int) -> None:
    """The flicker of one flame."""

    def bright(t: float) -> float:
        return 0.92 + 0.10 * math.sin(9 * t + 2.3 * k) + 0.05 * math.sin(23 * t + k)

    def lean(t: float) -> tuple[float, float]:
        return 0.006 * spot.size * math.sin(5 * t + 1.7 * k), 0.0

    stage.plate(canvas, spot.depth - 0.002, gain=bright, sway=lean)
