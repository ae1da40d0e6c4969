"""Neon signs and lit windows."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene import fonts
from filmgate_scene.canvas import Canvas
from filmgate_scene.palette import Colour, mix, rgb
from filmgate_scene.stage import SceneStage

__all__ = ["NEON", "flicker", "neon_sign", "sign_size", "windows"]

NEON: tuple[Colour, ...] = tuple(
    rgb(c) for c in ("#ff2d95", "#19e3ff", "#a64dff", "#ff8a1f", "#2dff9a", "#ffd84a", "#ff3b3b")
)


def sign_size(text: str, size: float, *, vertical: bool) -> tuple[float, float]:
    """Width and height of a sign with letters ``size`` pixels high, without its glow."""
    count = len(fonts.drawable(text))
    if vertical:
        return size * 1.55, size * (count * 1.12 + 0.6)
    return fonts.width(text, size) + size * 0.9, size * 1.65


def neon_sign(
    canvas: Canvas, x: float, y: float, text: str, size: float, colour: Colour, frame: Colour, *, vertical: bool
) -> None:
    """A dark board with glowing letters and a tube around it, centred on (x, y)."""
    wide, tall = sign_size(text, size, vertical=vertical)
    left, top = x - wide / 2, y - tall / 2
    canvas.rectangle(left, top, wide, tall, mix((0.02, 0.01, 0.05), colour, 0.06), radius=size * 0.15, alpha=0.9)
    corners = [(left, top), (left + wide, top), (left + wide, top + tall), (left, top + tall), (left, top)]
    canvas.neon(lambda c, paint: c.line(corners, max(1.2, size * 0.06), paint), frame, max(2, size * 0.10), 0.9)
    canvas.neon(lambda c, paint: c.text(x, y, text, size, paint, vertical=vertical), colour, max(2, size * 0.12), 1.5)


def flicker(phase: float, faulty: bool, t: float) -> float:  # noqa: FBT001 - one of two kinds of tube
    """A neon tube's brightness over time; a faulty one drops out now and then."""
    hum = 1.0 + 0.05 * math.sin(t * 7 + phase)
    if faulty:
        dip = math.sin(t * 11 + phase) * math.sin(t * 3.1 + phase * 2)
        return hum * (1.0 - 0.65 * min(1.0, max(0.0, (dip - 0.5) * 6)))
    return hum


def windows(
    stage: SceneStage,
    canvas: Canvas,
    box: tuple[float, float, float, float],
    cell: tuple[float, float],
    colours: tuple[Colour, ...],
    density: float,
    bright: float,
) -> None:
    """A grid of windows in (x, y, w, h), a share ``density`` of them lit."""
    rng = stage.rng
    x, y, w, h = box
    columns, rows = int((w - 4) / cell[0]), int((h - 6) / cell[1])
    if columns < 1 or rows < 1:
        return
    lit = rng.random((rows, columns)) < density * (0.5 + 0.5 * rng.random((rows, 1)))
    which, power = rng.integers(0, len(colours), (rows, columns)), 0.35 + 0.65 * rng.random((rows, columns))
    left = x + (w - columns * cell[0]) / 2 - canvas.x0
    for j, i in np.argwhere(lit):
        x0, y0 = int(left + i * cell[0]) + 1, int(y + 5 + j * cell[1] - canvas.y0)
        x1, y1 = x0 + max(1, int(cell[0]) - 2), y0 + max(1, int(cell[1] * 0.55))
        if x0 >= 0 and y0 >= 0:
            part = canvas.pixels[y0:y1, x0:x1, :3]
            part *= 0.25
            part += np.asarray(colours[which[j, i]], np.float32) * np.float32(power[j, i] * bright)
