"""A plane of water in perspective: it mirrors whatever was drawn above it."""

from __future__ import annotations

import math

import numpy as np

from filmgate.engines.scene.kernels.jit import F32, f4, i4, kernel, u4

__all__ = ["glitter", "water"]


@kernel
def _slopes(
    slopes: F32,
    depth: float,
    step: float,
    centre: float,
    x0: float,
    z0: float,
    time: float,
    wave: float,
    out_x: F32,
    out_z: F32,
) -> None:
    """The surface's tilt along one row: a slow swell and, near the eye, finer ripples over it."""
    size = slopes.shape[1]
    mask = u4(size - 1)
    wrap = np.int64(size - 1)
    coarse = size * 0.11 * wave
    fine = size * 0.37 * wave
    v1 = (depth + z0) * coarse + time * size * 0.030
    v2 = (depth + z0) * fine - time * size * 0.055
    row1 = int(math.floor(v1))
    part = f4(v1 - row1)
    row2 = int(math.floor(v2))
    ax = slopes[0, row1 & wrap]
    bx = slopes[0, (row1 + 1) & wrap]
    cx = slopes[0, row2 & wrap]
    az = slopes[1, row1 & wrap]
    bz = slopes[1, (row1 + 1) & wrap]
    cz = slopes[1, row2 & wrap]
    ripple = f4(0.55) / (f4(1) + f4(depth * depth * 0.004))
    width = out_x.size
    move1 = step * coarse * 65536.0
    move2 = step * fine * 65536.0
    u1 = (x0 - centre * step) * coarse + time * size * 0.012
    u2 = (x0 - centre * step) * fine + time * size * 0.021
    u1 = (u1 - math.floor(u1 / size) * size) * 65536.0
    u2 = (u2 - math.floor(u2 / size) * size) * 65536.0
    for x in range(width):
        u = np.int64(u1 + x * move1)
        i = u4(u >> 16) & mask
        j = (i + u4(1)) & mask
        h = f4(i4(u & 65535)) * f4(1 / 65536.0)
        k = u4(np.int64(u2 + x * move2) >> 16) & mask
        p = ax[i] + (ax[j] - ax[i]) * h
        q = bx[i] + (bx[j] - bx[i]) * h
        out_x[x] = p + (q - p) * part + cx[k] * ripple
        p = az[i] + (az[j] - az[i]) * h
        q = bz[i] + (bz[j] - bz[i]) * h
        out_z[x] = p + (q - p) * part + cz[k] * ripple


@kernel
def _rings(rings: F32, depth: float, step: float, centre: float, x0: float, z0: float, out_x: F32, out_z: F32) -> None:
    """Ripples round the points (x, z, age, strength) of ``rings``."""
    width = out_x.size
    for n in range(rings.shape[0]):
        away = f4(depth + z0) - rings[n, 1]
        age = rings[n, 2]
        front = age * f4(0.34)
        if abs(away) > front + f4(0.25) or rings[n, 3] <= 0:
            continue
        for x in range(width):
            across = (f4(x) - f4(centre)) * f4(step) + f4(x0) - rings[n, 0]
            if abs(across) > front + f4(0.25):
                continue
            r = math.sqrt(across * across + away * away)
            fall = math.exp(-abs(r - front) * f4(12)) * max(f4(0), f4(1) - age * f4(0.28)) * rings[n, 3]
            crest = math.cos(r * f4(26) - age * f4(9)) * fall / (r + f4(0.05))
            out_x[x] += across * crest
            out_z[x] += away * crest


@kernel
def water(
    pixels: F32,
    slopes: F32,
    horizon: float,
    centre: float,
    shore: float,
    bottom: int,
    time: float,
    x0: float,
    z0: float,
    eye: float,
    focal: float,
    swell: float,
    tint: F32,
    mirror: float,
    wave: float,
    murk: float,
    foam: float,
    rings: F32,
) -> None:
    """Water from row ``shore`` (its far edge) to ``bottom``, seen from ``eye`` metres above.

    ``mirror`` is how much it reflects straight down (it always reflects all at grazing angles), ``swell`` the size of
    the waves, ``wave`` their frequency, ``murk`` hides the reflection, ``tint`` is the water's own colour.
    """
    width = pixels.shape[2]
    tilt_x = np.empty(width, f4)
    tilt_z = np.empty(width, f4)
    top = int(math.floor(shore))
    last = f4(top - 1)
    for y in range(bottom - 1, top - 1, -1):
        down = max(f4(0.3), f4(y + 0.6 - horizon))
        depth = f4(eye * focal) / down
        step = depth / f4(focal)
        near = (f4(y) - f4(top)) / f4(bottom - top + 1)
        _slopes(slopes, depth, step, centre, x0, z0, time, wave, tilt_x, tilt_z)
        _rings(rings, depth, step, centre, x0, z0, tilt_x, tilt_z)
        grazing = f4(mirror) + (f4(1) - f4(mirror)) * math.exp(-down / f4(focal) * f4(3.2))
        size = f4(swell) * (f4(0.25) + near) / (f4(1) + depth * f4(0.012)) * f4(focal)
        base = f4(2 * shore - 1 - y)
        cover = min(f4(1), f4(y + 1 - shore))
        r0 = pixels[0, y]
        g0 = pixels[1, y]
        b0 = pixels[2, y]
        for x in range(width):
            z = tilt_z[x]
            row = u4(i4(min(last, max(f4(0), abs(base + z * size)))))
            column = u4(i4(min(f4(width - 1), max(f4(0), f4(x) + tilt_x[x] * size * f4(0.45)))))
            keep = min(f4(1), max(f4(0), grazing * (f4(1) - z * f4(0.9)) + z * f4(0.06))) * (f4(1) - f4(murk))
            body = (f4(1) - keep) * (f4(1) + z * f4(0.35))
            white = max(f4(0), z - f4(0.62)) * f4(foam)
            r0[x] += (pixels[0, row, column] * keep + tint[0] * body + white - r0[x]) * cover
            g0[x] += (pixels[1, row, column] * keep + tint[1] * body + white - g0[x]) * cover
            b0[x] += (pixels[2, row, column] * keep + tint[2] * body + white - b0[x]) * cover


@kernel
def glitter(
    pixels: F32,
    slopes: F32,
    horizon: float,
    centre: float,
    top: int,
    bottom: int,
    sun_x: float,
    spread: float,
    time: float,
    x0: float,
    eye: float,
    focal: float,
    colour: F32,
    amount: float,
) -> None:
    """The sun's road on the water: sparkles where a wave tilts the sun towards the eye."""
    width = pixels.shape[2]
    size = slopes.shape[1]
    mask = i4(size - 1)
    for y in range(top, bottom):
        down = max(f4(0.3), f4(y + 0.6 - horizon))
        depth = f4(eye * focal) / down
        step = depth / f4(focal)
        reach = f4(spread) * (f4(0.35) + down / f4(focal) * f4(1.3))
        scale = f4(size * 0.52)
        i = i4(math.floor(depth * scale * f4(0.6) - f4(time * size * 0.05))) & mask
        jump = i4(time * 37)
        for x in range(max(0, int(sun_x - reach * 3)), min(width, int(sun_x + reach * 3))):
            e = (f4(x) - f4(sun_x)) / reach
            e = math.exp(-e * e)
            across = (f4(x) - f4(centre)) * step + f4(x0)
            a = i4(math.floor(across * scale + f4(time * size * 0.03))) & mask
            spark = slopes[1, i, a] * f4(1.4) + slopes[0, (i * 3) & mask, (a + jump) & mask] * f4(0.6)
            spark = max(f4(0), spark + e * f4(0.75) - f4(0.62)) * f4(amount) * e * f4(3.2)
            pixels[0, y, x] += colour[0] * spark
            pixels[1, y, x] += colour[1] * spark
            pixels[2, y, x] += colour[2] * spark
