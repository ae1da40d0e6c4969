"""Bodies of smoothly joined capsules, lit like solids: still poses of animals and people."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.kernels.declare import F32, I32, F32x2, F32x3, f4, i4, inline, kernel, part
from filmgate_scene.kernels.noise import fractal

__all__ = ["puppet"]

_TILE = 8  # pixels of a cell's side: limbs are selected once for each cell
_SEEN = f4(0.1)  # units from a body's surface within which its fur and its edge are visible


@inline
def _away(limbs: F32, i: int, x: float, y: float) -> tuple[float, float, float, float]:
    """The distance of (x, y) to a limb's surface and to its bone, and the vector from the bone."""
    ax, ay, ra = limbs[i, 1], limbs[i, 2], limbs[i, 3]
    bx, by, rb = limbs[i, 4] - ax, limbs[i, 5] - ay, limbs[i, 6]
    px = x - ax
    py = y - ay
    t = min(f4(1), max(f4(0), (px * bx + py * by) / (bx * bx + by * by + f4(1e-9))))
    cx = px - bx * t
    cy = py - by * t
    away = math.sqrt(cx * cx + cy * cy) + f4(1e-6)
    return away - (ra + (rb - ra) * t), away, cx, cy


@part
def _near(limbs: F32, start: int, stop: int, x: float, y: float, reach: float, away: F32, near: I32) -> int:
    """Select the limbs within ``reach`` of (x, y): their count, and their numbers in ``near``. Zero if none is visible.

    A limb four joins farther than the nearest one moves the surface by less than a hundredth.
    """
    nearest = f4(9)
    for i in range(start, stop):
        away[i] = _away(limbs, i, x, y)[0]
        nearest = min(nearest, away[i])
    if nearest > _SEEN + reach:
        return 0
    count = 0
    for i in range(start, stop):
        if away[i] < nearest + f4(2) * reach + f4(4) * limbs[i, 7]:
            near[count] = i
            count += 1
    return count


@part
def _field(limbs: F32, near: I32, count: int, x: float, y: float) -> tuple[float, float, float]:
    """The distance to the joined limbs and the surface direction at (x, y)."""
    distance = f4(9)
    total = f4(0)
    gx = f4(0)
    gy = f4(0)
    for k in range(count):
        i = near[k]
        join = limbs[i, 7]
        d, away, cx, cy = _away(limbs, i, x, y)
        if d > join * f4(5) and d > distance + join:
            continue
        weight = math.exp(-d / join * f4(1.2))
        facing = min(f4(1), away / (away - d)) / away
        total += weight
        gx += weight * cx * facing
        gy += weight * cy * facing
        if distance > f4(5):
            distance = d
        else:
            blend = max(join - abs(distance - d), f4(0)) / join
            distance = min(distance, d) - blend * blend * join * f4(0.25)
    total = max(total, f4(1e-12))
    return distance, gx / total, gy / total


@inline
def _light(gx: float, gy: float, lx: float, ly: float) -> tuple[float, float]:
    """The brightness 0 … 1 and the rim brightness of a surface with slope (gx, gy)."""
    lean = min(f4(0.98), gx * gx + gy * gy)
    front = math.sqrt(f4(1) - lean)
    key = max(f4(0), gx * lx + gy * ly + front * f4(0.25))
    shade = f4(0.22) * (f4(0.5) - f4(0.5) * gy) + f4(0.35) * front + f4(0.65) * key
    return min(f4(1), shade), lean * lean * max(f4(0), gx * lx + gy * ly + f4(0.15))


@kernel
def puppet(
    out: F32x3,
    limbs: F32x2,
    skins: F32x2,
    ox: float,
    oy: float,
    scale: float,
    lx: float,
    ly: float,
    fur: float,
    seed: int,
) -> None:
    """Paint limbs over a premultiplied (h, w, 4) canvas.

    ``limbs``: skin, x1, y1, r1, x2, y2, r2, join; sorted by skin, which is also the painting order. ``skins``: lit
    r, g, b, shaded r, g, b, edge sharpness, fur length, rim, rim r, g, b. ``fur``: strands a unit.
    """
    height, width = out.shape[:2]
    near = np.empty(limbs.shape[0], i4)
    away = np.empty(limbs.shape[0], f4)
    first = 0
    for skin in range(skins.shape[0]):
        last = first
        box = np.array([9e9, -9e9, 9e9, -9e9], f4)
        while last < limbs.shape[0] and int(limbs[last, 0]) == skin:
            reach = max(limbs[last, 3], limbs[last, 6]) + f4(0.06)
            box[0] = min(box[0], min(limbs[last, 1], limbs[last, 4]) - reach)
            box[1] = max(box[1], max(limbs[last, 1], limbs[last, 4]) + reach)
            box[2] = min(box[2], min(limbs[last, 2], limbs[last, 5]) - reach)
            box[3] = max(box[3], max(limbs[last, 2], limbs[last, 5]) + reach)
            last += 1
        if last == first:
            continue
        x0 = max(0, int(ox + box[0] * scale))
        x1 = min(width, int(ox + box[1] * scale) + 1)
        y0 = max(0, int(oy + box[2] * scale))
        y1 = min(height, int(oy + box[3] * scale) + 1)
        reach = f4(0.75 * _TILE / scale)
        for top in range(y0, y1, _TILE):
            for left in range(x0, x1, _TILE):
                x = f4((left + _TILE / 2 - ox) / scale)
                y = f4((top + _TILE / 2 - oy) / scale)
                count = _near(limbs, first, last, x, y, reach, away, near)
                if count == 0:
                    continue
                for py in range(top, min(y1, top + _TILE)):
                    for px in range(left, min(x1, left + _TILE)):
                        x = f4((px + 0.5 - ox) / scale)
                        y = f4((py + 0.5 - oy) / scale)
                        _paint(out[py, px], limbs, near, count, skins[skin], x, y, scale, lx, ly, fur, seed + skin * 7)
        first = last


@part
def _paint(
    out: F32,
    limbs: F32,
    near: I32,
    count: int,
    skin: F32,
    x: float,
    y: float,
    scale: float,
    lx: float,
    ly: float,
    fur: float,
    seed: int,
) -> None:
    """Paint one pixel of one skin."""
    length = skin[7]
    distance, gx, gy = _field(limbs, near, count, x, y)
    if distance > _SEEN:
        return
    strand = f4(0)
    if length > 0:
        u = y * f4(0.5) - x * f4(0.86)
        v = x * f4(0.5) + y * f4(0.86)
        strand = fractal(u * fur * 0.22, v * fur, 3, 0, seed, False) - f4(0.5)
    distance -= strand * length
    alpha = min(f4(1), max(f4(0), f4(0.5) - distance * f4(scale) * skin[6]))
    if alpha <= 0:
        return
    gx += strand * length * f4(9)
    shade, rim = _light(gx, gy, f4(lx), f4(ly))
    if length > 0:
        shade += strand * f4(0.5)
    shade = min(f4(1.1), max(f4(0), shade))
    for c in range(3):
        colour = skin[3 + c] + (skin[c] - skin[3 + c]) * shade + rim * skin[8] * skin[9 + c]
        out[c] = out[c] * (f4(1) - alpha) + colour * alpha
    out[3] = out[3] * (f4(1) - alpha) + alpha
