"""A water plane in perspective that reflects what is drawn above it."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.kernels.declare import F32, U32, F32x1, F32x2, F32x3, Scalar, f4, i4, inline, kernel, part, u4

__all__ = ["glitter", "water"]


@inline
def _phase(periods: float) -> Scalar:
    """A position in a tile as a fraction of 2**32, so that sums wrap by overflow."""
    return u4(np.int64((periods - math.floor(periods)) * 4294967296.0))


@part
def _swell(row: F32, following: F32, part: float, first: np.uint32, pace: np.uint32, line: F32, out: F32) -> None:
    """The smoothly interpolated tilt along a row that lies between two rows of the slopes."""
    size = row.size
    share = f4(part)
    for i in range(size):
        line[i] = row[i] + (following[i] - row[i]) * share
    line[size] = line[0]
    shift = u4(32) - _bits(size)
    for x in range(out.size):
        at = u4(first + u4(u4(x) * pace))
        i = at >> shift
        h = f4(i4((at >> (shift - u4(16))) & u4(0xFFFF))) * f4(1 / 65536.0)
        value = line[i]
        out[x] = value + (line[i + u4(1)] - value) * h


@part
def _ripple(row: F32, first: np.uint32, pace: np.uint32, strength: float, out: F32) -> None:
    """Fine ripples along a row, over the swell."""
    shift = u4(32) - _bits(row.size)
    gain = f4(strength)
    for x in range(out.size):
        out[x] += row[u4(first + u4(u4(x) * pace)) >> shift] * gain


@inline
def _bits(size: int) -> Scalar:
    """The binary logarithm of a power of two."""
    bits = u4(0)
    while (1 << bits) < size:
        bits += u4(1)
    return bits


@part
def _slopes(
    slopes: F32,
    depth: float,
    step: float,
    centre: float,
    x0: float,
    z0: float,
    time: float,
    wave: float,
    line: F32,
    out_x: F32,
    out_z: F32,
) -> None:
    """The surface's tilt along one row: a slow swell and, near the camera, finer ripples over it."""
    size = slopes.shape[1]
    wrap = np.int64(size - 1)
    coarse = 0.11 * wave
    fine = 0.37 * wave
    v1 = ((depth + z0) * coarse + time * 0.030) * size
    v2 = ((depth + z0) * fine - time * 0.055) * size
    row1 = int(math.floor(v1))
    part = v1 - row1
    row2 = int(math.floor(v2))
    ripple = f4(0.55) / (f4(1) + f4(depth * depth * 0.004))
    left = x0 - centre * step
    first = _phase(left * coarse + time * 0.012)
    pace = _phase(step * coarse)
    first2 = _phase(left * fine + time * 0.021)
    pace2 = _phase(step * fine)
    for axis in range(2):
        out = out_x if axis == 0 else out_z
        _swell(slopes[axis, row1 & wrap], slopes[axis, (row1 + 1) & wrap], part, first, pace, line, out)
        _ripple(slopes[axis, row2 & wrap], first2, pace2, ripple, out)


@part
def _rings(rings: F32, depth: float, step: float, centre: float, x0: float, z0: float, out_x: F32, out_z: F32) -> None:
    """Ripples around the points (x, z, age, strength) of ``rings``."""
    width = out_x.size
    for n in range(rings.shape[0]):
        away = f4(depth + z0) - rings[n, 1]
        age = rings[n, 2]
        front = age * f4(0.34)
        reach = front + f4(0.25)
        if abs(away) > reach or rings[n, 3] <= 0:
            continue
        middle = centre + (rings[n, 0] - x0) / step
        for x in range(max(0, int(middle - reach / step)), min(width, int(middle + reach / step) + 1)):
            across = (f4(x) - f4(centre)) * f4(step) + f4(x0) - rings[n, 0]
            r = math.sqrt(across * across + away * away)
            fall = math.exp(-abs(r - front) * f4(12)) * max(f4(0), f4(1) - age * f4(0.28)) * rings[n, 3]
            crest = math.cos(r * f4(26) - age * f4(9)) * fall / (r + f4(0.05))
            out_x[x] += across * crest
            out_z[x] += away * crest


@kernel
def water(
    pixels: F32x3,
    planes: F32x2,
    slopes: F32x3,
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
    tint: F32x1,
    mirror: float,
    wave: float,
    murk: float,
    foam: float,
    rings: F32x2,
) -> None:
    """Paint water from row ``shore`` (its far edge) to ``bottom``, seen from ``eye`` metres above.

    ``planes`` is the same frame, the rows of each colour joined into one. ``mirror`` is the reflectance straight
    down (at grazing angles water always reflects all), ``swell`` the size of the waves, ``wave`` their
    frequency, ``murk`` hides the reflection, ``tint`` is the water's own colour.
    """
    width = pixels.shape[2]
    tilt_x = np.empty(width, f4)
    tilt_z = np.empty(width, f4)
    line = np.empty(slopes.shape[1] + 1, f4)
    source = np.empty(width, u4)
    keep = np.empty(width, f4)
    own = np.empty((3, width), f4)
    got = np.empty(width, f4)
    top = int(math.floor(shore))
    last = f4(top - 1)
    for y in range(bottom - 1, top - 1, -1):
        down = max(f4(0.3), f4(y + 0.6 - horizon))
        depth = f4(eye * focal) / down
        step = depth / f4(focal)
        near = (f4(y) - f4(top)) / f4(bottom - top + 1)
        _slopes(slopes, depth, step, centre, x0, z0, time, wave, line, tilt_x, tilt_z)
        _rings(rings, depth, step, centre, x0, z0, tilt_x, tilt_z)
        grazing = f4(mirror) + (f4(1) - f4(mirror)) * math.exp(-down / f4(focal) * f4(3.2))
        size = f4(swell) * (f4(0.25) + near) / (f4(1) + depth * f4(0.012)) * f4(focal)
        base = f4(2 * shore - 1 - y)
        cover = min(f4(1), f4(y + 1 - shore))
        _mirror(tilt_x, tilt_z, base, size, last, width, source)
        _body(tilt_z, grazing, f4(murk), f4(foam), tint, keep, own)
        for c in range(3):
            _take(planes[c], source, got)
            _over(pixels[c, y], got, keep, own[c], cover)


@part
def _mirror(tilt_x: F32, tilt_z: F32, base: float, size: float, last: float, width: int, source: U32) -> None:
    """The frame pixel that each pixel of a row reflects."""
    across = size * f4(0.45)
    right = f4(width - 1)
    pitch = u4(width)
    for x in range(source.size):
        row = u4(i4(min(last, max(f4(0), abs(base + tilt_z[x] * size)))))
        column = u4(i4(min(right, max(f4(0), f4(i4(x)) + tilt_x[x] * across))))
        source[x] = u4(u4(row * pitch) + column)


@part
def _body(tilt: F32, grazing: float, murk: float, foam: float, tint: F32, keep: F32, own: F32) -> None:
    """The share of reflection in a row, and the visible water itself: its colour, and white on the crests."""
    for x in range(keep.size):
        z = tilt[x]
        mirror = min(f4(1), max(f4(0), grazing * (f4(1) - z * f4(0.9)) + z * f4(0.06))) * (f4(1) - murk)
        keep[x] = mirror
        body = (f4(1) - mirror) * (f4(1) + z * f4(0.35))
        white = max(f4(0), z - f4(0.62)) * foam
        own[0, x] = tint[0] * body + white
        own[1, x] = tint[1] * body + white
        own[2, x] = tint[2] * body + white


@part
def _take(plane: F32, source: U32, got: F32) -> None:
    """Gather the pixels with these indices."""
    for x in range(source.size):
        got[x] = plane[source[x]]


@part
def _over(out: F32, got: F32, keep: F32, own: F32, cover: float) -> None:
    """Blend reflection and body over the background; fully covered pixels keep nothing of it.

    Not even a last digit: nothing is painted behind water, so the pixels there are of an earlier frame.
    """
    if cover >= f4(1):
        for x in range(out.size):
            out[x] = got[x] * keep[x] + own[x]
    else:
        for x in range(out.size):
            out[x] += (got[x] * keep[x] + own[x] - out[x]) * cover


@kernel
def glitter(
    pixels: F32x3,
    slopes: F32x3,
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
    colour: F32x1,
    amount: float,
) -> None:
    """The sun's reflection on the water: sparkles where a wave tilts the sun towards the camera."""
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
