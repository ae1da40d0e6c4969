"""A straight road over a plain."""

from __future__ import annotations

import math

from filmgate_scene.kernels.declare import F32x1, F32x3, Scalar, f4, inline, kernel

__all__ = ["road"]


@inline
def _cover(x: float, left: float, right: float) -> Scalar:
    """The share of the pixel at ``x`` that lies between two edges."""
    return min(f4(1), max(f4(0), f4(x) + f4(1) - f4(left))) * min(f4(1), max(f4(0), f4(right) - f4(x)))


@kernel
def road(
    pixels: F32x3,
    horizon: float,
    centre: float,
    eye: float,
    focal: float,
    x0: float,
    z0: float,
    half: float,
    tar: F32x1,
    paint: F32x1,
    haze: F32x1,
    haze_depth: float,
) -> None:
    """Paint tar ``half`` metres to either side of x = 0, white lines at its edges and a broken one in the centre.

    The camera stands at (``x0``, ``eye``, ``z0``); colours are three floats each.
    """
    height, width = pixels.shape[1:]
    for y in range(max(0, int(math.floor(horizon)) + 1), height):
        depth = eye * focal / max(0.3, y + 0.6 - horizon)
        metre = focal / depth
        middle = centre - x0 * metre
        left, right = middle - half * metre, middle + half * metre
        fog = f4(1.0 - math.exp(-depth / haze_depth))
        z = depth + z0
        thick = f4(0.5 + 0.5 * math.sin(z * 0.9) * math.sin(z * 0.23))
        dashed = (z * (1 / 6.0)) % 1.0 < 0.5
        for x in range(max(0, int(left) - 1), min(width, int(right) + 2)):
            cover = _cover(x, left, right)
            line = _cover(x, left + 0.20 * metre, left + 0.34 * metre)
            line = max(line, _cover(x, right - 0.34 * metre, right - 0.20 * metre))
            if dashed:
                line = max(line, _cover(x, middle - 0.07 * metre, middle + 0.07 * metre))
            worn = f4(0.9) + f4(0.08) * thick
            for c in range(3):
                value = tar[c] * worn
                value += (paint[c] - value) * line * f4(0.9)
                value += (haze[c] - value) * fog
                pixels[c, y, x] += (value - pixels[c, y, x]) * cover
