"""Thousands of small soft marks: drops, flakes, petals, sparks on a frame; leaves and stones on a canvas."""

from __future__ import annotations

import math

from filmgate_scene.kernels.declare import F32, F32x2, F32x3, f4, kernel, part

__all__ = ["blobs", "sparks", "splats"]


@kernel
def splats(pixels: F32x3, marks: F32x2, colours: F32x2) -> None:
    """Draw soft capsules (x, y, dx, dy, radius, opacity) over the frame."""
    for n in range(marks.shape[0]):
        if marks[n, 4] > 0 and marks[n, 5] > 0:
            _mark(pixels, marks[n], colours[n], f4(1))


@kernel
def sparks(pixels: F32x3, marks: F32x2, colours: F32x2) -> None:
    """Draw the same capsules, added as light."""
    for n in range(marks.shape[0]):
        if marks[n, 4] > 0 and marks[n, 5] > 0:
            _mark(pixels, marks[n], colours[n], f4(0))


@part
def _mark(pixels: F32, mark: F32, colour: F32, hides: float) -> None:
    """Draw one capsule; with ``hides`` 1 it covers the background, with 0 it only adds."""
    height, width = pixels.shape[1:]
    x0, y0, dx, dy, radius, opacity = mark[0], mark[1], mark[2], mark[3], mark[4], mark[5]
    length = dx * dx + dy * dy + f4(1e-6)
    for y in range(max(0, int(min(y0, y0 + dy) - radius - 1)), min(height, int(max(y0, y0 + dy) + radius + 2))):
        for x in range(max(0, int(min(x0, x0 + dx) - radius - 1)), min(width, int(max(x0, x0 + dx) + radius + 2))):
            u = f4(x) - x0
            v = f4(y) - y0
            along = min(f4(1), max(f4(0), (u * dx + v * dy) / length))
            u -= along * dx
            v -= along * dy
            far = (u * u + v * v) / (radius * radius)
            if far < f4(1):
                k = (f4(1) - far) * (f4(1) - far) * opacity
                for c in range(3):
                    pixels[c, y, x] += (colour[c] - hides * pixels[c, y, x]) * k


@kernel
def blobs(canvas: F32x3, marks: F32x2, colours: F32x2, softness: float) -> None:
    """Draw rotated ellipses (x, y, rx, ry, angle, opacity) on a premultiplied (h, w, 4) canvas, lit from above."""
    height, width = canvas.shape[:2]
    for n in range(marks.shape[0]):
        cx, cy, rx, ry, angle, opacity = marks[n, 0], marks[n, 1], marks[n, 2], marks[n, 3], marks[n, 4], marks[n, 5]
        cosine = math.cos(angle)
        sine = math.sin(angle)
        reach = max(rx, ry) + f4(1.5)
        thin = min(rx, ry)
        for y in range(max(0, int(cy - reach)), min(height, int(cy + reach) + 1)):
            for x in range(max(0, int(cx - reach)), min(width, int(cx + reach) + 1)):
                dx = f4(x) - cx
                dy = f4(y) - cy
                u = (dx * cosine + dy * sine) / rx
                v = (dy * cosine - dx * sine) / ry
                away = (math.sqrt(u * u + v * v) - f4(1)) * thin
                k = min(f4(1), max(f4(0), f4(0.5) - away / f4(softness))) * opacity
                if k > 0:
                    shade = f4(1) - f4(0.13) * min(f4(1), max(f4(-1), dy / ry))
                    for c in range(3):
                        canvas[y, x, c] += (colours[n, c] * shade - canvas[y, x, c]) * k
                    canvas[y, x, 3] += (f4(1) - canvas[y, x, 3]) * k
