"""A watermelon: one half, with slices beside it."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.canvas import Canvas
from filmgate_scene.description import SubjectSpec
from filmgate_scene.layers.table import TableSpot, shadow, table_spot
from filmgate_scene.palette import mix, rgb, scale
from filmgate_scene.registry import subject
from filmgate_scene.stage import SceneStage

_RIND, _FLESH, _PALE = rgb("#2f7a3a"), rgb("#ea4152"), rgb("#eaf2c8")


@subject("watermelon", en=("watermelon", "melon", "watermelons"), zh=("西瓜",), element="table")
def watermelon(stage: SceneStage, spec: SubjectSpec) -> None:
    """A half that shows its flesh, with one slice in front, more if the prompt gives a number."""
    for spot in table_spot(stage, max(1, min(3, spec.count))):
        _half(stage, spot)


def _half(stage: SceneStage, spot: TableSpot) -> None:
    """The half lies on its round side; a slice leans against it."""
    s, x, y = spot.size, spot.x, spot.y
    canvas = Canvas(x - 1.1 * s, y - 1.0 * s, x + 1.1 * s, y + 0.4 * s)
    shadow(canvas, x, y + 0.04 * s, 0.66 * s, 0.12 * s)
    rind = stage.shade(_RIND, lit=0.7)
    bowl = [(x + 0.62 * s * math.cos(a), y - 0.44 * s + 0.46 * s * math.sin(a)) for a in np.linspace(0, math.pi, 40)]
    canvas.polygon(bowl, mix(rind, (1.0, 1.0, 1.0), 0.10), to=scale(rind, 0.55))
    for k in range(-4, 5):
        dark = [
            (
                x + 0.62 * s * (k / 4.6) * math.cos(q) ** 0.9 + 0.012 * s * math.sin(q * 9 + k),
                y - 0.44 * s + 0.45 * s * math.sin(q),
            )
            for q in np.linspace(0.0, 1.45, 14)
        ]
        canvas.line(dark, 0.055 * s, scale(rind, 0.45), end=0.01 * s, alpha=0.75, mode="atop")
    _face(stage, canvas, x, y - 0.45 * s, 0.62 * s, 0.20 * s)
    _slice(stage, canvas, x - 0.50 * s, y + 0.10 * s, 0.46 * s, -0.10)
    _slice(stage, canvas, x + 0.56 * s, y + 0.12 * s, 0.38 * s, 0.16)
    stage.plate(canvas, spot.depth)


def _face(stage: SceneStage, canvas: Canvas, x: float, y: float, rx: float, ry: float) -> None:
    """The cut face seen from above: rind, white, flesh, a ring of seeds."""
    flesh = stage.shade(_FLESH, lit=0.9)
    canvas.ellipse(x, y, rx, ry, stage.shade(_RIND, lit=0.8))
    canvas.ellipse(x, y, rx * 0.96, ry * 0.95, stage.shade(_PALE, lit=0.9))
    canvas.ellipse(x, y, rx * 0.89, ry * 0.87, flesh, to=scale(flesh, 0.88))
    canvas.ellipse(x, y - 0.1 * ry, rx * 0.45, ry * 0.4, mix(flesh, (1.0, 0.75, 0.75), 0.35), alpha=0.5)
    for k in range(22):
        a, ring = k * 2.4, 0.42 + 0.26 * (k % 3) / 2
        canvas.ellipse(
            x + rx * ring * math.cos(a), y + ry * ring * math.sin(a), rx * 0.022, ry * 0.055, (0.09, 0.05, 0.05)
        )


def _slice(stage: SceneStage, canvas: Canvas, x: float, y: float, size: float, lean: float) -> None:
    """A wedge standing on its rind."""
    flesh = stage.shade(_FLESH, lit=0.95)

    def fan(radius: float, drop: float) -> list[tuple[float, float]]:
        arc = [
            (x + radius * size * math.sin(a + lean), y - 0.75 * size + radius * size * math.cos(a + lean))
            for a in np.linspace(-0.62, 0.62, 18)
        ]
        tip = (x + drop * size * math.sin(lean), y - 0.75 * size + drop * size * math.cos(lean))
        return [tip, *arc]

    shadow(canvas, x, y + 0.01 * size, 0.6 * size, 0.07 * size)
    canvas.polygon(fan(0.80, -0.02), stage.shade(_RIND, lit=0.8))
    canvas.polygon(fan(0.755, 0.0), stage.shade(_PALE, lit=0.9))
    canvas.polygon(fan(0.70, 0.0), flesh, to=scale(flesh, 0.9))
    for k in range(6):
        a, r = -0.42 + 0.17 * k + lean, 0.42 + 0.12 * (k % 2)
        canvas.ellipse(
            x + r * size * math.sin(a),
            y - 0.75 * size + r * size * math.cos(a),
            0.018 * size,
            0.03 * size,
            (0.09, 0.05, 0.05),
        )
