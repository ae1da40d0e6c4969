"""Converts the float frame to the encoder's planes: bloom, vignette, grade, shoulder, grain, BT.709."""

from __future__ import annotations

import numpy as np

from filmgate_scene.kernels.declare import F32, U8, F32x1, F32x2, F32x3, Scalar, U8x1, f4, i4, inline, kernel, part

__all__ = ["bloom", "box_blur", "box_blur_pixels", "finish"]


@kernel
def bloom(pixels: F32x3, threshold: float, glow: F32x3, work: F32x3, radius: int) -> None:
    """What is brighter than ``threshold``, at a quarter of the size, blurred by two box passes, into ``glow``."""
    limit = f4(threshold)
    height, width = glow.shape[1:]
    for c in range(3):
        for y in range(height):
            for x in range(width):
                total = f4(0)
                for j in range(4):
                    for i in range(4):
                        total += max(f4(0), pixels[c, 4 * y + j, 4 * x + i] - limit)
                glow[c, y, x] = min(f4(3), total * f4(1 / 16.0))
        for _ in range(2):
            _blur_rows(glow[c], work[c], radius)
            _blur_columns(work[c], glow[c], radius)


@kernel
def box_blur(values: F32x2, radius: int) -> F32x2:
    """A box blur of (h, w), edges repeated."""
    work = np.empty_like(values)
    out = np.empty_like(values)
    _blur_rows(values, work, radius)
    _blur_columns(work, out, radius)
    return out


@kernel
def box_blur_pixels(pixels: F32x3, radius: int) -> F32x3:
    """A box blur of (h, w, 4), edges repeated: columns in a running sum, then rows."""
    height, width, depth = pixels.shape
    out = np.empty_like(pixels)
    share = f4(1.0 / (2 * radius + 1))
    total = np.zeros((width, depth), f4)
    for y in range(-radius, radius + 1):
        total += pixels[min(height - 1, max(0, y))]
    for y in range(height):
        if y > 0:
            total += pixels[min(height - 1, y + radius)] - pixels[max(0, y - radius - 1)]
        _blur_pixels(total, radius, share * share, out[y])
    return out


@part
def _blur_pixels(row: F32, radius: int, share: float, out: F32) -> None:
    """A box blur of (w, 4) along its row; ``share`` is the weight of each pixel."""
    width = row.shape[0]
    r, g, b, a = f4(0), f4(0), f4(0), f4(0)
    for x in range(-radius, radius + 1):
        i = min(width - 1, max(0, x))
        r += row[i, 0]
        g += row[i, 1]
        b += row[i, 2]
        a += row[i, 3]
    for x in range(width):
        out[x, 0], out[x, 1], out[x, 2], out[x, 3] = r * share, g * share, b * share, a * share
        i = min(width - 1, x + radius + 1)
        k = max(0, x - radius)
        r += row[i, 0] - row[k, 0]
        g += row[i, 1] - row[k, 1]
        b += row[i, 2] - row[k, 2]
        a += row[i, 3] - row[k, 3]


@part
def _blur_rows(source: F32, out: F32, radius: int) -> None:
    height, width = source.shape
    share = f4(1.0 / (2 * radius + 1))
    for y in range(height):
        row = source[y]
        total = row[0] * f4(radius + 1)
        for x in range(radius):
            total += row[min(width - 1, x)]
        for x in range(width):
            total += (
                row[min(width - 1, x + radius)] - row[max(0, x - radius - 1)] if x > 0 else row[min(width - 1, radius)]
            )
            out[y, x] = total * share


@part
def _blur_columns(source: F32, out: F32, radius: int) -> None:
    height, width = source.shape
    share = f4(1.0 / (2 * radius + 1))
    total = np.empty(width, f4)
    for x in range(width):
        total[x] = source[0, x] * f4(radius)
    for y in range(radius + 1):
        for x in range(width):
            total[x] += source[min(height - 1, y), x]
    for y in range(height):
        for x in range(width):
            if y > 0:
                total[x] += source[min(height - 1, y + radius), x] - source[max(0, y - radius - 1), x]
            out[y, x] = total[x] * share


@inline
def _shoulder(value: float, knee: float, bend: float) -> Scalar:
    """Roll highlights above the knee off smoothly towards one; ``bend`` is 1 / (1 - knee)."""
    value = max(f4(0), value)
    over = max(f4(0), value - knee)
    return min(value, knee) + over / (f4(1) + over * bend)


@part
def _glow_row(glow: F32, y: int, amount: float, out: F32) -> None:
    """One full-size row of the quarter-size glow, interpolated bilinearly."""
    rows, columns = glow.shape[1:]
    v = min(f4(rows - 1.001), max(f4(0), (f4(y) - f4(1.5)) * f4(0.25)))
    upper = int(v)
    part = v - f4(upper)
    scale = f4(amount)
    for c in range(3):
        a = glow[c, upper]
        b = glow[c, upper + 1]
        before = (a[0] + (b[0] - a[0]) * part) * scale
        here = before
        for x in range(columns):
            i = min(columns - 1, x + 1)
            after = (a[i] + (b[i] - a[i]) * part) * scale
            out[c, 4 * x] = before * f4(0.375) + here * f4(0.625)
            out[c, 4 * x + 1] = before * f4(0.125) + here * f4(0.875)
            out[c, 4 * x + 2] = here * f4(0.875) + after * f4(0.125)
            out[c, 4 * x + 3] = here * f4(0.625) + after * f4(0.375)
            before = here
            here = after


@kernel
def finish(
    pixels: F32x3,
    glow: F32x3,
    amount: float,
    edge_x: F32x1,
    edge_y: F32x1,
    matrix: F32x2,
    grain: F32x2,
    grain_x: int,
    grain_y: int,
    grain_gain: float,
    shoulder: float,
    y_plane: U8x1,
    u_plane: U8x1,
    v_plane: U8x1,
    strides: tuple[int, int],
) -> None:
    """Grade the frame into 8-bit limited-range BT.709 4:2:0 planes, given flat with their line strides.

    ``matrix`` (3, 4) is the colour matrix and its offset; ``edge`` the darkening towards the borders,
    ``shoulder`` the brightness from which highlights are rolled off.
    """
    height, width = pixels.shape[1:]
    knee = f4(shoulder)
    bend = f4(1.0 / (1.0 - shoulder))
    halo = np.zeros((3, width + 8), f4)
    blues = np.zeros(width, f4)
    reds = np.zeros(width, f4)
    m00, m01, m02, m03 = matrix[0, 0], matrix[0, 1], matrix[0, 2], matrix[0, 3]
    m10, m11, m12, m13 = matrix[1, 0], matrix[1, 1], matrix[1, 2], matrix[1, 3]
    m20, m21, m22, m23 = matrix[2, 0], matrix[2, 1], matrix[2, 2], matrix[2, 3]
    gain = f4(grain_gain)
    for y in range(height):
        _glow_row(glow, y, amount, halo)
        r0, g0, b0 = pixels[0, y], pixels[1, y], pixels[2, y]
        noise = grain[grain_y + y, grain_x : grain_x + width]
        luma = y_plane[y * strides[0] : y * strides[0] + width]
        odd = f4(y & 1)
        across = f4(1) - edge_y[y]
        for x in range(width):
            shade = across - edge_x[x]
            r = (r0[x] + halo[0, x]) * shade
            g = (g0[x] + halo[1, x]) * shade
            b = (b0[x] + halo[2, x]) * shade
            red = _shoulder(m00 * r + m01 * g + m02 * b + m03, knee, bend)
            green = _shoulder(m10 * r + m11 * g + m12 * b + m13, knee, bend)
            blue = _shoulder(m20 * r + m21 * g + m22 * b + m23, knee, bend)
            light = f4(0.2126) * red + f4(0.7152) * green + f4(0.0722) * blue
            value = f4(16.5) + f4(219) * light + noise[x] * gain
            luma[x] = np.uint8(i4(min(f4(235), max(f4(16), value))))
            cb = (blue - light) * f4(224 / 1.8556)
            cr = (red - light) * f4(224 / 1.5748)
            blues[x] = cb + blues[x] * odd
            reds[x] = cr + reds[x] * odd
        if odd > 0:
            start = (y >> 1) * strides[1]
            _chroma_row(blues, u_plane[start : start + width // 2])
            _chroma_row(reds, v_plane[start : start + width // 2])


@part
def _chroma_row(total: F32, out: U8) -> None:
    """The mean of two columns of two summed rows, for chroma subsampling."""
    for i in range(out.size):
        value = f4(128.5) + f4(0.25) * (total[2 * i] + total[2 * i + 1])
        out[i] = np.uint8(i4(min(f4(240), max(f4(16), value))))
