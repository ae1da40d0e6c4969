"""An image with depth, seen by a slightly moving camera."""

from __future__ import annotations

from filmgate_scene.kernels.declare import F32x2, F32x3, Scalar, f4, i4, inline, kernel, u4

__all__ = ["warp"]


@inline
def _clamp(value: float, top: float) -> Scalar:
    return min(top, max(f4(0), value))


@kernel
def warp(
    pixels: F32x3,
    source: F32x3,
    near: F32x2,
    zoom: float,
    shift_x: float,
    shift_y: float,
    slide_x: float,
    slide_y: float,
    push: float,
) -> None:
    """Fill the frame from ``source`` (3, h, w) with nearness ``near`` (h, w) in 0 … 1.

    ``shift`` moves the whole image, in pixels; ``slide`` moves near parts against far ones; ``push`` enlarges near
    parts. With zoom 1 and the rest 0 the frame equals the source, bit for bit.
    """
    height, width = source.shape[1:]
    middle_x = f4(width) * f4(0.5)
    middle_y = f4(height) * f4(0.52)
    inverse = f4(1.0 / zoom)
    right = f4(width) - f4(1.001)
    low = f4(height) - f4(1.001)
    for y in range(height):
        base_y = (f4(y) - middle_y) * inverse + middle_y + f4(shift_y)
        for x in range(width):
            base_x = (f4(x) - middle_x) * inverse + middle_x + f4(shift_x)
            u = base_x
            v = base_y
            for _ in range(2):
                depth = near[u4(i4(_clamp(v, low))), u4(i4(_clamp(u, right)))]
                grow = f4(1) / (f4(1) + f4(push) * depth)
                u = (base_x - middle_x) * grow + middle_x - f4(slide_x) * (depth - f4(0.4))
                v = (base_y - middle_y) * grow + middle_y - f4(slide_y) * (depth - f4(0.4))
            if u > right or v > low:
                u = min(u, f4(width - 1))
                v = min(v, f4(height - 1))
            u = max(f4(0), u)
            v = max(f4(0), v)
            i = u4(i4(u))
            j = u4(i4(v))
            p = u - f4(i4(u))
            q = v - f4(i4(v))
            i1 = min(u4(width - 1), i + u4(1))
            j1 = min(u4(height - 1), j + u4(1))
            for c in range(3):
                above = source[c, j, i] + (source[c, j, i1] - source[c, j, i]) * p
                below = source[c, j1, i] + (source[c, j1, i1] - source[c, j1, i]) * p
                pixels[c, y, x] = above + (below - above) * q
