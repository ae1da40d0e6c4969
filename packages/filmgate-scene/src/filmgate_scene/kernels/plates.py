"""Images on planes: the opaque backdrop, and packed plates and sprites blended over it."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.kernels.declare import (
    F32,
    F64,
    I32,
    U8,
    U32,
    F32x3,
    F64x2,
    I32x2,
    Scalar,
    U32x1,
    U32x2,
    f4,
    i4,
    inline,
    kernel,
    part,
    u4,
    u8,
)

__all__ = ["COLUMNS", "backdrop", "blend", "extent", "pack", "row_spans"]

COLUMNS = 13
"""A row of ``blend``'s table: atlas offset, width, height, scale x, scale y, left, top, gain r, g, b, opacity,
wraps, first span."""

_LANES = u4(0xFF00FF)
_HIGH = u4(0xFF00FF00)
_BLOCK = 64
_WIDE = u8(_BLOCK)


@kernel
def row_spans(plate: U32x2) -> I32x2:
    """For each row: the first and one past the last non-empty pixel, and which of 32 cells contain any."""
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
    """Whether none of the cells ``first`` … ``last`` contains a pixel."""
    upto = (u4(2) << u4(last)) - u4(1)
    return (cells & upto & ~((u4(1) << u4(first)) - u4(1))) == u4(0)


@kernel
def backdrop(pixels: F32x3, source: F32x3, left: float, top: float, scale: float, height: int) -> None:
    """Fill the frame's first ``height`` rows from a planar float image, bilinear, clamped at its borders."""
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
    """Mix two packed pixels, two channels at a time; ``keep`` + ``take`` = 256.

    Each step is cast to 32 bits: Numba would widen it to 64.
    """
    low = u4(u4((a & _LANES) * keep) + u4((b & _LANES) * take)) >> u4(8)
    high = u4(u4(((a >> u4(8)) & _LANES) * keep) + u4(((b >> u4(8)) & _LANES) * take))
    return u4((low & _LANES) | (high & _HIGH))


@part
def _hidden(seen: F32, base: int) -> Scalar:
    """Whether the block at ``base`` hides everything behind it."""
    most = f4(0)
    first = u8(base)
    for x in range(_WIDE):
        most = max(most, seen[first + x])
    return most < f4(0.004)


@kernel
def blend(pixels: F32x3, atlas: U32x1, spans: I32x2, table: F64x2, first: int, last: int, height: int) -> None:
    """Blend rows ``first`` … ``last`` of the table (far to near) over the frame's first ``height`` rows.

    Plates are premultiplied RGBA in one uint32 (alpha 0 with colour is light that adds). Drawn from near to far with
    a transmittance for each pixel, so that hidden pixels cost nothing; in blocks of pixels, so that empty ones cost
    nothing either. ``seen`` holds for each block its transmittance, red, green and blue.
    """
    width = pixels.shape[2]
    blocks = (width + _BLOCK - 1) // _BLOCK
    seen = np.empty(blocks * 4 * _BLOCK, f4)
    touched = np.empty(blocks, np.bool_)
    mixed = np.empty(16384, u4)
    taps = np.empty(2 * _BLOCK, u4)
    for y in range(height):
        touched[:] = False
        for n in range(last - 1, first - 1, -1):
            entry = table[n]
            plate_height = int(entry[2])
            v = (y + 0.5 - entry[6]) / entry[4] - 0.5
            if v < -1 or v >= plate_height or entry[10] <= 0:
                continue
            upper = int(math.floor(v))
            take = int((v - upper) * 256)
            lower = min(plate_height - 1, upper + 1)
            _blend_row(atlas, spans, entry, max(0, upper), lower, take, width, mixed, taps, seen, touched)
        for block in range(blocks):
            if touched[block]:
                _put_block(pixels, y, block * _BLOCK, min(width, (block + 1) * _BLOCK), seen, block * 4 * _BLOCK)


@part
def _put_block(pixels: F32, y: int, start: int, stop: int, seen: F32, base: int) -> None:
    """Write the blended pixels (transmittance, red, green, blue) over the frame."""
    clear = u8(base)
    left = u8(start)
    for c in range(3):
        out = pixels[c, y]
        light = clear + u8(c + 1) * _WIDE
        for x in range(u8(stop - start)):
            out[left + x] = out[left + x] * seen[clear + x] + seen[light + x]


@part
def _blend_row(
    atlas: U32,
    spans: I32,
    entry: F64,
    upper: int,
    lower: int,
    take: int,
    frame_width: int,
    mixed: U32,
    taps: U32,
    seen: F32,
    touched: U8,
) -> None:
    """Blend one row of one plate, in blocks, behind what is already blended."""
    width = int(entry[1])
    span = int(entry[12])
    wraps = entry[11] > 0
    inverse = 1.0 / entry[3]
    origin = (0.5 - entry[5]) * inverse - 0.5
    cells = u4(spans[span + upper, 2]) | u4(spans[span + lower, 2])
    left = 0
    right = frame_width
    if cells == 0:
        return
    if not wraps:
        begin = min(spans[span + upper, 0], spans[span + lower, 0])
        end = max(spans[span + upper, 1], spans[span + lower, 1])
        left = max(0, int(math.ceil(max(-origin, begin - 1 - origin) / inverse)))
        right = min(frame_width, int(math.floor(min(width - 1.001 - origin, end - origin) / inverse)) + 1)
    offset = int(entry[0])
    above = atlas[offset + upper * width : offset + upper * width + width]
    below = atlas[offset + lower * width : offset + lower * width + width]
    cell = (width + 31) // 32
    for block in range(left // _BLOCK, (right + _BLOCK - 1) // _BLOCK):
        start = max(left, block * _BLOCK)
        stop = min(right, (block + 1) * _BLOCK)
        place = origin + start * inverse
        if wraps:
            place -= math.floor(place / width) * width
        begin = int(place)
        end = int(place + (stop - 1 - start) * inverse) + 2
        if _blank(cells, cell, width, begin, end):
            continue
        base = block * 4 * _BLOCK
        if not touched[block]:
            touched[block] = True
            seen[base : base + _BLOCK] = f4(1)
            seen[base + _BLOCK : base + 4 * _BLOCK] = f4(0)
        elif _hidden(seen, base):
            continue
        _mix(above, below, width, begin, end, take, mixed)
        at = int((place - begin) * 65536)
        pace = int(round(inverse * 65536))
        _tap(mixed, at, pace, stop - start, taps)
        _blend_block(entry, taps, at, pace, stop - start, seen, base + start - block * _BLOCK)


@inline
def _blank(cells: np.uint32, cell: int, width: int, begin: int, end: int) -> Scalar:
    """Whether none of a row's pixels ``begin`` … ``end``, which may wrap around, is set."""
    if end <= width:
        return _empty(cells, begin // cell, (end - 1) // cell)
    return _empty(cells, begin // cell, (width - 1) // cell) and _empty(cells, 0, min(width, end - width) // cell)


@part
def _mix(above: U32, below: U32, width: int, begin: int, end: int, take: int, mixed: U32) -> None:
    """Interpolate between two rows of a plate, from ``begin`` to ``end``, wrapping around at its end."""
    more = u4(take)
    less = u4(256) - more
    filled = 0
    while filled < end - begin:
        source = (begin + filled) % width
        count = min(end - begin - filled, width - source)
        _mix_part(above, below, u8(source), u8(count), less, more, mixed, u8(filled))
        filled += count


@part
def _mix_part(
    above: U32,
    below: U32,
    source: np.uint64,
    count: np.uint64,
    less: np.uint32,
    more: np.uint32,
    mixed: U32,
    into: np.uint64,
) -> None:
    """Interpolate a part of the row between two rows."""
    for i in range(count):
        mixed[into + i] = _lerp(above[source + i], below[source + i], less, more)


@part
def _tap(mixed: U32, at: int, pace: int, count: int, taps: U32) -> None:
    """The two pixels between which each of a block's pixels lies, ``pace`` / 65536 apart.

    At about its own size a plate's pixels are consecutive, so that runs of them are copied at once.
    """
    if abs(pace - 65536) > 8192:
        for x in range(u8(count)):
            i = (u8(at) + x * u8(pace)) >> u8(16)
            taps[x] = mixed[i]
            taps[_WIDE + x] = mixed[i + u8(1)]
        return
    x = 0
    while x < count:
        i = (at + x * pace) >> 16
        part = (at + x * pace) & 65535
        run = count - x
        if pace > 65536:
            run = min(run, (65535 - part) // (pace - 65536) + 1)
        elif pace < 65536:
            run = min(run, part // (65536 - pace) + 1)
        into = u8(x)
        source = u8(i)
        for k in range(u8(run)):
            taps[into + k] = mixed[source + k]
            taps[into + _WIDE + k] = mixed[source + k + u8(1)]
        x += run


@part
def _blend_block(entry: F64, taps: U32, at: int, pace: int, count: int, seen: F32, base: int) -> None:
    """Blend a block's pixels, interpolated between the taps, behind what is already blended."""
    opacity = f4(entry[10])
    gain_a = f4(1 / 255.0) * opacity
    gain_r = f4(entry[7]) * gain_a
    gain_g = f4(entry[8]) * gain_a
    gain_b = f4(entry[9]) * gain_a
    first = u4(at)
    step = u4(pace)
    clear = u8(base)
    red = clear + _WIDE
    green = red + _WIDE
    blue = green + _WIDE
    for x in range(u8(count)):
        more = u4(u4(first + u4(u4(x) * step)) >> u4(8)) & u4(255)
        less = u4(u4(256) - more)
        a = taps[x]
        b = taps[_WIDE + x]
        low = u4(u4((a & _LANES) * less) + u4((b & _LANES) * more))
        high = u4(u4(((a >> u4(8)) & _LANES) * less) + u4(((b >> u4(8)) & _LANES) * more))
        t = seen[clear + x]
        seen[red + x] += t * f4(i4((low >> u4(8)) & u4(255))) * gain_r
        seen[green + x] += t * f4(i4((high >> u4(8)) & u4(255))) * gain_g
        seen[blue + x] += t * f4(i4(low >> u4(24))) * gain_b
        seen[clear + x] = t * (f4(1) - f4(i4(high >> u4(24))) * gain_a)


@kernel
def extent(plate: F32x3, limit: float) -> tuple[int, int, int, int]:
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
def pack(plate: F32x3) -> U32x2:
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
