"""Pictures on planes: the opaque backdrop, and packed plates and sprites blended over it."""

from __future__ import annotations

import math

import numpy as np

from filmgate.engines.scene.kernels.jit import F32, F64, I32, U32, Scalar, f4, i4, inline, kernel, u4

__all__ = ["COLUMNS", "backdrop", "blend", "extent", "pack", "row_spans"]

COLUMNS = 13
"""A row of ``blend``'s table: atlas offset, width, height, scale x, scale y, left, top, gain r, g, b, opacity,
wraps, first span."""

_LANES = u4(0xFF00FF)
_HIGH = u4(0xFF00FF00)
_BLOCK = 64


@kernel
def row_spans(plate: U32) -> I32:
    """For each row the first and one past the last pixel that is not empty, and which of 32 cells hold any."""
    height, width = plate.shape
    cell = (width + 31) // 32
    out = np.zeros((height, 3), np.int32)
    for y in range(height):
        first = width
        last = 0
        cells = u4(0)
        for x in range(width):
            if plate[y, x] != 0:
                first = min(first, x)
                last = x + 1
                cells |= u4(1) << u4(x // cell)
        out[y, 0] = first
        out[y, 1] = last
        out[y, 2] = i4(cells)
    return out


@inline
def _empty(cells: np.uint32, first: int, last: int) -> Scalar:
    """Whether none of the cells ``first`` … ``last`` holds anything."""
    upto = (u4(2) << u4(last)) - u4(1)
    return (cells & upto & ~((u4(1) << u4(first)) - u4(1))) == u4(0)


@kernel
def backdrop(pixels: F32, source: F32, left: float, top: float, scale: float, height: int) -> None:
    """Fill the frame's first ``height`` rows from a planar float picture, bilinear, clamped at its borders."""
    width = pixels.shape[2]
    rows, columns = source.shape[1:]
    inverse = 1.0 / scale
    index = np.empty(width, u4)
    weight = np.empty(width, f4)
    mixed = np.empty(columns + 1, f4)
    for x in range(width):
        u = min(columns - 1.001, max(0.0, (x + 0.5 - left) * inverse - 0.5))
        index[x] = int(u)
        weight[x] = u - int(u)
    for y in range(height):
        v = min(rows - 1.001, max(0.0, (y + 0.5 - top) * inverse - 0.5))
        row = int(v)
        part = f4(v - row)
        for c in range(3):
            above = source[c, row]
            below = source[c, row + 1]
            out = pixels[c, y]
            for i in range(columns):
                mixed[i] = above[i] + (below[i] - above[i]) * part
            for x in range(width):
                i0 = index[x]
                value = mixed[i0]
                out[x] = value + (mixed[i0 + u4(1)] - value) * weight[x]


@inline
def _lerp(a: np.uint32, b: np.uint32, keep: np.uint32, take: np.uint32) -> Scalar:
    """Mix two packed pixels, two channels at a time; ``keep`` + ``take`` = 256."""
    low = (((a & _LANES) * keep + (b & _LANES) * take) >> u4(8)) & _LANES
    return low | ((((a >> u4(8)) & _LANES) * keep + ((b >> u4(8)) & _LANES) * take) & _HIGH)


@kernel
def _columns(table: F64, first: int, last: int, width: int, index: U32, weight: U32, reach: F64) -> None:
    """Where each frame column falls in each plate: independent of the row, so found once."""
    for n in range(last - first):
        k = first + n
        plate_width = int(table[k, 1])
        inverse = 1.0 / table[k, 3]
        start = (0.5 - table[k, 5]) * inverse - 0.5
        wraps = table[k, 11] > 0
        left = 0
        right = width
        if wraps:
            start = start - math.floor(start / plate_width) * plate_width
        else:
            left = max(0, int(math.ceil(-start / inverse)))
            right = min(width, int(math.floor((plate_width - 1.001 - start) / inverse)) + 1)
        reach[n, 0] = start
        reach[n, 1] = left
        reach[n, 2] = right
        for x in range(left, right):
            u = start + x * inverse
            if wraps:
                u = u - math.floor(u / plate_width) * plate_width
            i = int(u)
            index[n, x] = i
            weight[n, x] = int((u - i) * 256)


@kernel
def _hidden(clear: F32, start: int, stop: int) -> Scalar:
    """Whether nothing behind these pixels can be seen any more."""
    most = f4(0)
    for x in range(start, stop):
        most = max(most, clear[x])
    return most < f4(0.004)


@kernel
def blend(pixels: F32, atlas: U32, spans: I32, table: F64, first: int, last: int, height: int) -> None:
    """Blend rows ``first`` … ``last`` of the table (far to near) over the frame's first ``height`` rows.

    Plates are premultiplied RGBA in one uint32 (alpha 0 with colour is light that adds). Drawn from near to far with
    a transmittance for each pixel, so that what is hidden costs nothing.
    """
    width = pixels.shape[2]
    count = last - first
    row = np.empty(16384, u4)
    index = np.empty((count, width), u4)
    weight = np.empty((count, width), u4)
    reach = np.empty((count, 3), np.float64)
    seen = np.empty((4, width), f4)
    _columns(table, first, last, width, index, weight, reach)
    for y in range(height):
        used = False
        for n in range(count - 1, -1, -1):
            entry = table[first + n]
            plate_height = int(entry[2])
            v = (y + 0.5 - entry[6]) / entry[4] - 0.5
            if v < -1 or v >= plate_height or entry[10] <= 0:
                continue
            upper = int(math.floor(v))
            lower = min(plate_height - 1, upper + 1)
            take = u4(int((v - upper) * 256))
            upper = max(0, upper)
            span = int(entry[12])
            begin = min(spans[span + upper, 0], spans[span + lower, 0])
            end = max(spans[span + upper, 1], spans[span + lower, 1])
            left = int(reach[n, 1])
            right = int(reach[n, 2])
            if entry[11] <= 0:
                left = max(left, int((begin - 1 - reach[n, 0]) * entry[3]))
                right = min(right, int((end - reach[n, 0]) * entry[3]) + 2)
            if end <= begin or right <= left:
                continue
            if not used:
                used = True
                seen[0, :] = f4(1)
                seen[1:, :] = f4(0)
            cells = u4(spans[span + upper, 2]) | u4(spans[span + lower, 2])
            _blend_row(atlas, entry, upper, lower, take, cells, left, right, index[n], weight[n], row, seen)
        if used:
            _put_row(pixels, y, seen)


@kernel
def _put_row(pixels: F32, y: int, seen: F32) -> None:
    """Put what was blended (transmittance, red, green, blue) in front of the frame's row."""
    clear = seen[0]
    for c in range(3):
        out = pixels[c, y]
        light = seen[c + 1]
        for x in range(out.size):
            out[x] = out[x] * clear[x] + light[x]


@kernel
def _blend_row(
    atlas: U32,
    entry: F64,
    upper: int,
    lower: int,
    take: np.uint32,
    cells: np.uint32,
    left: int,
    right: int,
    index: U32,
    weight: U32,
    row: U32,
    seen: F32,
) -> None:
    """One row of one plate, in blocks, in front of nothing and behind what was blended before."""
    width = int(entry[1])
    offset = int(entry[0])
    keep = u4(256) - take
    cell = (width + 31) // 32
    wraps = entry[11] > 0
    above = atlas[offset + upper * width : offset + upper * width + width]
    below = atlas[offset + lower * width : offset + lower * width + width]
    if wraps:
        for i in range(width):
            row[i] = _lerp(above[i], below[i], keep, take)
        row[width] = row[0]
    for start in range(left, right, _BLOCK):
        stop = min(right, start + _BLOCK)
        begin = int(index[start])
        end = min(width, int(index[stop - 1]) + 2)
        if not wraps and _empty(cells, begin // cell, (end - 1) // cell):
            continue
        if _hidden(seen[0], start, stop):
            continue
        if not wraps:
            for i in range(begin, end):
                row[i] = _lerp(above[i], below[i], keep, take)
        _blend_block(entry, row, index, weight, start, stop, seen)


@kernel
def _blend_block(entry: F64, row: U32, index: U32, weight: U32, start: int, stop: int, seen: F32) -> None:
    """A block's pixels, from the plate's row that was mixed before."""
    opacity = f4(entry[10])
    gain_a = f4(1 / 255.0) * opacity
    gain_r = f4(entry[7]) * gain_a
    gain_g = f4(entry[8]) * gain_a
    gain_b = f4(entry[9]) * gain_a
    clear, red, green, blue = seen[0], seen[1], seen[2], seen[3]
    for x in range(start, stop):
        i0 = index[x]
        more = weight[x]
        less = u4(256) - more
        a = row[i0]
        b = row[i0 + u4(1)]
        low = ((a & _LANES) * less + (b & _LANES) * more) >> u4(8)
        high = ((a >> u4(8)) & _LANES) * less + ((b >> u4(8)) & _LANES) * more
        t = clear[x]
        red[x] += t * f4(i4(low & u4(255))) * gain_r
        green[x] += t * f4(i4((high >> u4(8)) & u4(255))) * gain_g
        blue[x] += t * f4(i4((low >> u4(16)) & u4(255))) * gain_b
        clear[x] = t * (f4(1) - f4(i4(high >> u4(24))) * gain_a)


@kernel
def extent(plate: F32, limit: float) -> tuple[int, int, int, int]:
    """The rectangle x0, y0, x1, y1 outside of which nothing in (h, w, 4) exceeds ``limit``."""
    height, width = plate.shape[:2]
    least = f4(limit)
    x0 = width
    x1 = 0
    y0 = height
    y1 = 0
    for y in range(height):
        for x in range(width):
            if max(plate[y, x, 0], plate[y, x, 1], plate[y, x, 2], plate[y, x, 3]) > least:
                x0 = min(x0, x)
                x1 = max(x1, x + 1)
                y0 = min(y0, y)
                y1 = y + 1
    return x0, y0, x1, y1


@kernel
def pack(plate: F32) -> U32:
    """Premultiplied float RGBA (h, w, 4) as one uint32 a pixel, dithered so that gradients don't band."""
    height, width = plate.shape[:2]
    out = np.empty((height, width), u4)
    for y in range(height):
        for x in range(width):
            h = u4(x) * u4(374761393) + u4(y) * u4(668265263)
            h = (h ^ (h >> u4(13))) * u4(1274126177)
            noise = f4(((h ^ (h >> u4(16))) >> u4(8)) & u4(0xFFFF)) * f4(1 / 65536.0)
            packed = u4(0)
            for c in range(4):
                value = plate[y, x, c] * f4(255)
                value += noise if f4(0.2) < value < f4(254.5) else f4(0)
                packed |= u4(i4(min(f4(255), max(f4(0), value)))) << u4(8 * c)
            out[y, x] = packed
    return out
