"""A textured plane in perspective, wet or dry."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.kernels.declare import F32, F32x1, F32x3, Scalar, f4, i4, inline, kernel, part, u4

__all__ = ["ground"]


@part
def _texture_row(
    texture: F32, level: int, depth: float, u0: float, step: float, line: F32, out: F32, share: float
) -> None:
    """Add ``share`` of a tiling texture's mip ``level``, seen along one row, to ``out``.

    ``depth`` in periods down the texture; ``u0`` and ``step`` in periods along it, to the first pixel and between
    pixels. The texture's row is mixed once, into ``line``; positions are fractions of 2**32, which wrap by overflow.
    """
    size = texture.shape[1] >> level
    v = depth * size
    upper = int(math.floor(v))
    part = f4(v - upper)
    mask = size - 1
    above = texture[level, upper & mask]
    below = texture[level, (upper + 1) & mask]
    weight = f4(share)
    for i in range(size):
        line[i] = (above[i] + (below[i] - above[i]) * part) * weight
    line[size] = line[0]
    bits = u4(0)
    while (1 << bits) < size:
        bits += u4(1)
    shift = u4(32) - bits
    first = u4(np.int64((u0 - math.floor(u0)) * 4294967296.0))
    pace = u4(np.int64((step - math.floor(step)) * 4294967296.0))
    for x in range(out.size):
        at = u4(first + u4(x) * pace)
        i = at >> shift
        q = f4(i4((at >> (shift - u4(16))) & u4(0xFFFF))) * f4(1 / 65536.0)
        value = line[i]
        out[x] += value + (line[i + u4(1)] - value) * q


@inline
def _level(texture: F32, footprint: float) -> Scalar:
    """The mip level whose texels are about as large as a pixel's footprint, in periods."""
    texels = footprint * f4(texture.shape[1])
    return min(texture.shape[0] - 1, int(math.log2(max(f4(1), texels))))


@part
def _paint_row(out: F32, mirrored: F32, grain: F32, base: float, slope: float, shine: float, cover: float) -> None:
    """Paint one channel of a row: colour by the grain, reflection, blended over the background at its far edge."""
    low = f4(base)
    rise = f4(slope)
    seen = f4(shine)
    over = f4(cover)
    if over < f4(1):
        for x in range(out.size):
            out[x] += (low + rise * grain[x] + seen * mirrored[x] - out[x]) * over
    elif seen > f4(0.002):
        for x in range(out.size):
            out[x] = low + rise * grain[x] + seen * mirrored[x]
    else:
        # Nothing is painted behind it, so no digit of an earlier frame's pixels may remain.
        for x in range(out.size):
            out[x] = low + rise * grain[x]


@kernel
def ground(
    pixels: F32x3,
    texture: F32x3,
    dark: F32x1,
    light: F32x1,
    horizon: float,
    centre: float,
    edge: float,
    bottom: int,
    x0: float,
    z0: float,
    eye: float,
    focal: float,
    period: float,
    haze: F32x1,
    haze_depth: float,
    wet: F32x1,
    mirror_row: float,
) -> None:
    """Paint the ground from row ``edge`` to ``bottom``.

    ``texture`` (mips, n, n) goes from ``dark`` to ``light``, at two scales so that its repetition does not show;
    ``period`` metres a tile. ``wet``: the depth where it dries, over how many metres, and how much it reflects there
    of what stands above ``mirror_row``.
    """
    width = pixels.shape[2]
    fine = 1.0 / period
    broad = fine * 0.173
    grain = np.empty(width, f4)
    line = np.empty(texture.shape[1] + 1, f4)
    for y in range(int(math.floor(edge)), bottom):
        cover = min(f4(1), f4(y + 1 - edge))
        down = max(f4(0.3), f4(y + 0.6 - horizon))
        depth = f4(eye * focal) / down
        step = depth / f4(focal)
        foot = math.sqrt(step * max(step, depth / down))
        left = x0 - centre * step
        grain[:] = f4(0)
        for pace, share in ((fine, f4(0.6)), (broad, f4(0.4))):
            level = _level(texture, foot * f4(pace))
            _texture_row(texture, level, (depth + z0) * pace, left * pace, step * pace, line, grain, share)
        clear = math.exp(-depth / f4(haze_depth))
        damp = f4(1) / (f4(1) + math.exp(-(depth - wet[0]) / wet[1]))
        shine = wet[2] * damp
        row = max(0, int(mirror_row - (f4(y) - f4(mirror_row)) * f4(0.8)))
        own = (f4(1) - f4(0.35) * damp) * (f4(1) - shine) * clear
        for c in range(3):
            base = dark[c] * own + haze[c] * (f4(1) - clear)
            rise = (light[c] - dark[c]) * own
            _paint_row(pixels[c, y], pixels[c, row], grain, base, rise, shine * clear, cover)
