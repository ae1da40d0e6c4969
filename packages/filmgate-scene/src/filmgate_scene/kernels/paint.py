"""Painting looks: colours that bleed, dark outlines, paper grain."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.kernels.declare import F32x2, F32x3, f4, i4, kernel, u4

__all__ = ["cut", "paint"]


@kernel
def paint(pixels: F32x3, source: F32x3, paper: F32x2, reach: float, ink: float, tooth: float) -> None:
    """Repaint ``source`` into ``pixels``.

    Each pixel is the mean of five taps ``reach`` pixels apart, displaced by the paper's grain (h, w, in -1 … 1), so
    that edges wobble as if drawn by hand; where the taps differ, a line of ``ink`` appears; ``tooth`` is the grain's
    strength.
    """
    height, width = pixels.shape[1:]
    r = f4(reach)
    right = f4(width - 1)
    low = f4(height - 1)
    for y in range(height):
        for x in range(width):
            grain = paper[y, x]
            wobble = paper[(y + 61) % height, (x + 37) % width]
            cx = f4(x) + wobble * r * f4(0.9)
            cy = f4(y) + grain * r * f4(0.9)
            x0 = u4(i4(min(right, max(f4(0), cx))))
            y0 = u4(i4(min(low, max(f4(0), cy))))
            xa = u4(i4(min(right, max(f4(0), cx - r))))
            xb = u4(i4(min(right, max(f4(0), cx + r))))
            ya = u4(i4(min(low, max(f4(0), cy - r))))
            yb = u4(i4(min(low, max(f4(0), cy + r))))
            across = f4(0)
            down = f4(0)
            for c in range(3):
                left_ = source[c, y0, xa]
                right_ = source[c, y0, xb]
                above = source[c, ya, x0]
                below = source[c, yb, x0]
                across += abs(right_ - left_)
                down += abs(below - above)
                pixels[c, y, x] = (source[c, y0, x0] * f4(2) + left_ + right_ + above + below) * f4(1 / 6.0)
            edge = min(f4(1), max(f4(0), math.sqrt(across * across + down * down) - f4(0.16)) * f4(1.5))
            bright = (pixels[0, y, x] + pixels[1, y, x] + pixels[2, y, x]) * f4(1 / 3.0)
            edge *= min(f4(1), max(f4(0), (f4(1.02) - bright) * f4(4)))
            shade = (f4(1) - f4(ink) * edge * (f4(0.75) + f4(0.5) * grain)) * (f4(1) + f4(tooth) * f4(0.075) * grain)
            for c in range(3):
                value = min(f4(1.1), pixels[c, y, x])
                pixels[c, y, x] = value * shade


@kernel
def cut(pixels: F32x3, source: F32x3, paper: F32x2, sheets: int, drop: int, tooth: float) -> None:
    """Repaint ``source`` as ``sheets`` of paper by brightness, dark ones on top, shadows ``drop`` pixels long.

    ``paper``: the grain (h, w) in -1 … 1, of strength ``tooth``.
    """
    height, width = pixels.shape[1:]
    n = f4(sheets)
    bright = source[0] * f4(0.30) + source[1] * f4(0.55) + source[2] * f4(0.15)
    tone = bright + f4(0.45) * (source[0] - source[2])  # warm paper lies above cold paper of the same brightness
    level = np.floor(np.minimum(f4(0.999), np.maximum(f4(0), tone)) * n)
    for y in range(height):
        below = level[min(height - 1, y + 2)]
        for x in range(width):
            own = level[y, x]
            value = min(f4(0.999), max(f4(0.02), bright[y, x]))
            flat = (math.floor(value * n) + f4(0.65)) / n / value
            shade = f4(1) + f4(tooth) * f4(0.05) * paper[y, x]
            for k in range(1, 5):
                if level[max(0, y - k * drop // 4), max(0, x - k * drop // 4)] < own:
                    shade -= f4(0.085)
            rim = f4(0.09) if below[min(width - 1, x + 2)] > own else f4(0)
            for c in range(3):
                pixels[c, y, x] = source[c, y, x] * flat * shade + rim
