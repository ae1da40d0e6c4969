"""Flight over a height field: every column is marched from near to far, painting each row once."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.kernels.declare import F32, F32x1, F32x2, F32x3, Scalar, f4, inline, kernel, part, u4

__all__ = ["shadows", "terrain"]


@inline
def _bilinear(field: F32, u: float, v: float, mask: np.uint32) -> Scalar:
    """Interpolate a tiling field bilinearly."""
    iu = int(u)
    iv = int(v)
    p = f4(u - iu)
    q = f4(v - iv)
    a = u4(iu) & mask
    b = (a + u4(1)) & mask
    i = u4(iv) & mask
    j = (i + u4(1)) & mask
    above = field[i, a] + (field[i, b] - field[i, a]) * p
    below = field[j, a] + (field[j, b] - field[j, a]) * p
    return above + (below - above) * q


@kernel
def shadows(heights: F32x2, dx: float, dz: float, climb: float, steps: int) -> F32x2:
    """The depth of each point below the light that comes from (dx, dz), rising ``climb`` a step."""
    size = heights.shape[0]
    out = np.zeros((size, size), f4)
    for z in range(size):
        for x in range(size):
            deepest = f4(0)
            for k in range(1, steps):
                i = (z + int(round(dz * k * 1.6))) % size
                j = (x + int(round(dx * k * 1.6))) % size
                deepest = max(deepest, heights[i, j] - f4(climb * k * 1.6) - heights[z, x])
            out[z, x] = deepest
    return out


@part
def _put(pixels: F32, x: int, top: float, low: float, before: F32, now: F32, part: F32, fresh: bool) -> None:
    """Paint a column from row ``low`` up to row ``top``, from one colour to the next.

    ``part`` accumulates the row at ``low`` that is only partly covered: r, g, b, cover.
    """
    height = pixels.shape[1]
    first = int(top)
    last = min(height - 1, int(low))
    if first == last and low < height:
        share = low - top
        for c in range(3):
            part[c] += now[c] * share
        part[3] += share
        return
    scale = f4(1) / (low - top)
    share = low - f4(last) if low < height else f4(1)
    for c in range(3):
        start = now[c] if fresh else before[c]
        pixels[c, last, x] = part[c] + start * share if low < height else start
        for y in range(first + 1, last):
            m = (f4(y) + f4(0.5) - top) * scale
            pixels[c, y, x] = now[c] + (start - now[c]) * m
        part[c] = now[c] * (f4(first + 1) - top)
    part[3] = f4(first + 1) - top


@kernel
def terrain(
    pixels: F32x3, heights: F32x2, colours: F32x3, detail: F32x2, eye: F32x1, haze: F32x1, glow: F32x1, view: F32x1
) -> None:
    """Draw a tiling landscape (heights, colours (3, n, n), detail) over the frame.

    ``eye``: x, z, altitude, yaw; ``view``: horizon row, centre column, focal length, nearest and farthest metres,
    a cell's metres, mist's height, sun's column, haze a metre, growth of a step.
    """
    height, width = pixels.shape[1:]
    mask = u4(heights.shape[0] - 1)
    fine = u4(detail.shape[0] - 1)
    cosine = math.cos(eye[3])
    sine = math.sin(eye[3])
    cell = 1.0 / view[5]
    before = np.empty(3, f4)
    now = np.empty(3, f4)
    part = np.empty(4, f4)
    air = np.empty(3, f4)
    for x in range(width):
        aside = (x + 0.5 - view[1]) / view[2]
        step_u = (sine + cosine * aside) * cell
        step_v = (cosine - sine * aside) * cell
        u0 = eye[0] * cell + heights.shape[0] * 64.0
        v0 = eye[1] * cell + heights.shape[0] * 64.0
        off = (f4(x) - view[7]) / f4(width * 0.5)
        near_sun = f4(math.exp(-off * off * 2.2))
        for c in range(3):
            air[c] = haze[c] + (glow[c] - haze[c]) * near_sun
        part[:] = f4(0)
        top = f4(height)
        seen = False
        z = float(view[3])
        while z < view[4] and top > 0:
            u = u0 + step_u * z
            v = v0 + step_v * z
            ground = _bilinear(heights, u, v, mask)
            grit = detail[u4(int(v * 5.0)) & fine, u4(int(u * 5.0)) & fine]
            if z < 9.0:
                ground += (grit - f4(0.5)) * f4(0.05) * min(f4(1), f4(1.2 / z))
            row = view[0] + (eye[2] - ground) * view[2] / f4(z)
            if row < top:
                broad = detail[u4(int(v * 1.7)) & fine, u4(int(u * 1.7)) & fine]
                rough = f4(1) + (grit - f4(0.5)) * f4(0.8) * min(f4(1), f4(4.0 / z))
                rough *= f4(1) + (broad - f4(0.5)) * f4(0.5) * min(f4(1), f4(8.0 / z))
                clear = math.exp(-f4(z) * view[8] * max(f4(0.3), f4(1.5) - ground * f4(0.8)))
                mist = min(f4(0.92), max(f4(0), (view[6] - ground) * f4(5.0))) * min(f4(1), f4(z) * f4(0.4))
                for c in range(3):
                    value = _bilinear(colours[c], u, v, mask) * rough
                    value += ((air[c] * f4(0.5) + f4(0.5) * haze[c]) * (f4(0.85) + f4(0.2) * broad) - value) * mist
                    now[c] = air[c] + (value - air[c]) * clear
                _put(pixels, x, max(f4(0), row), top, before, now, part, not seen)
                top = max(f4(0), row)
                for c in range(3):
                    before[c] = now[c]
                seen = True
            else:
                seen = False
            z *= view[9]
        if 0 < top < height:
            rest = max(f4(0), f4(1) - part[3])
            for c in range(3):
                pixels[c, int(top), x] = part[c] + pixels[c, int(top), x] * rest
