"""Value noise and its sums, equal on every machine: integer hashes on a lattice."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.kernels.declare import F32x2, Scalar, f4, inline, kernel, part, u4

__all__ = ["fbm", "fbm_at", "fractal", "ridges"]


@inline
def _hash(ix: int, iy: int, seed: int) -> Scalar:
    """A hash of a lattice point in 0 … 1."""
    h = u4(ix) * u4(374761393) + u4(iy) * u4(668265263) + u4(seed) * u4(2246822519)
    h = (h ^ (h >> u4(13))) * u4(1274126177)
    h = h ^ (h >> u4(16))
    return f4(h & u4(0xFFFFFF)) * f4(1 / 16777216.0)


@inline
def _value(x: float, y: float, period: int, seed: int) -> Scalar:
    """Smoothly interpolated lattice noise; ``period`` 0 never repeats."""
    fx = math.floor(x)
    fy = math.floor(y)
    x0 = int(fx)
    y0 = int(fy)
    u = f4(x - fx)
    v = f4(y - fy)
    u = u * u * u * (u * (u * f4(6) - f4(15)) + f4(10))
    v = v * v * v * (v * (v * f4(6) - f4(15)) + f4(10))
    x1 = x0 + 1
    y1 = y0 + 1
    if period > 0:
        x0 %= period
        y0 %= period
        x1 %= period
        y1 %= period
    a = _hash(x0, y0, seed)
    b = _hash(x1, y0, seed)
    c = _hash(x0, y1, seed)
    d = _hash(x1, y1, seed)
    top = a + (b - a) * u
    return top + (c + (d - c) * u - top) * v


@part
def fractal(x: float, y: float, octaves: int, period: int, seed: int, ridged: bool) -> Scalar:
    """A sum of octaves in 0 … 1; ``ridged`` folds each into crests."""
    amplitude = f4(0.5)
    total = f4(0)
    weight = f4(1)
    norm = f4(0)
    for octave in range(octaves):
        v = _value(x, y, period, seed + octave * 17)
        if ridged:
            v = f4(1) - abs(v * f4(2) - f4(1))
            v = v * v
            total += amplitude * v * weight
            weight = min(f4(1), max(f4(0), v * f4(1.6)))
        else:
            total += amplitude * v
        norm += amplitude
        amplitude *= f4(0.5)
        x = x * 2
        y = y * 2
        if period > 0:
            period *= 2
        else:
            x += 13.7
            y += 5.3
    return total / norm


@kernel
def fbm(
    width: int,
    height: int,
    step_x: float,
    step_y: float,
    x0: float,
    y0: float,
    octaves: int,
    period: int,
    seed: int,
) -> F32x2:
    """Noise on a grid, ``step`` lattice cells a pixel; ``period`` > 0 makes it tile."""
    out = np.empty((height, width), f4)
    for y in range(height):
        for x in range(width):
            out[y, x] = fractal(x0 + x * step_x, y0 + y * step_y, octaves, period, seed, False)
    return out


@kernel
def ridges(
    width: int,
    height: int,
    step_x: float,
    step_y: float,
    x0: float,
    y0: float,
    octaves: int,
    period: int,
    seed: int,
) -> F32x2:
    """The same noise, folded into crests."""
    out = np.empty((height, width), f4)
    for y in range(height):
        for x in range(width):
            out[y, x] = fractal(x0 + x * step_x, y0 + y * step_y, octaves, period, seed, True)
    return out


@kernel
def fbm_at(xs: F32x2, ys: F32x2, octaves: int, seed: int, warp: float) -> F32x2:
    """Noise at given points, displaced by ``warp`` lattice cells."""
    height, width = xs.shape
    out = np.empty((height, width), f4)
    for y in range(height):
        for x in range(width):
            u = float(xs[y, x])
            v = float(ys[y, x])
            if warp > 0:
                du = _value(u * 0.7, v * 0.7, 0, seed + 901) - f4(0.5)
                dv = _value(u * 0.7 + 31, v * 0.7 + 7, 0, seed + 907) - f4(0.5)
                u += warp * du
                v += warp * dv
            out[y, x] = fractal(u, v, octaves, 0, seed, False)
    return out
