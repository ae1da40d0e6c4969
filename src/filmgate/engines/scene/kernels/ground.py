"""A textured plane in perspective, wet or dry."""

from __future__ import annotations

import math

from filmgate.engines.scene.kernels.jit import F32, Scalar, f4, i4, inline, kernel, u4

__all__ = ["ground"]


@inline
def _sample(texture: F32, level: int, x: float, z: float) -> Scalar:
    """A tiling texture's mip ``level``, bilinear; (x, z) in periods."""
    size = texture.shape[1] >> level
    mask = i4(size - 1)
    u = x * f4(size)
    v = z * f4(size)
    fu = math.floor(u)
    fv = math.floor(v)
    a = i4(fu) & mask
    i = i4(fv) & mask
    b = (a + i4(1)) & mask
    j = (i + i4(1)) & mask
    p = u - fu
    q = v - fv
    above = texture[level, i, a] + (texture[level, i, b] - texture[level, i, a]) * p
    below = texture[level, j, a] + (texture[level, j, b] - texture[level, j, a]) * p
    return above + (below - above) * q


@inline
def _level(texture: F32, footprint: float) -> Scalar:
    """The mip whose texels are about as large as a pixel's footprint, in periods."""
    texels = footprint * f4(texture.shape[1])
    return min(texture.shape[0] - 1, int(math.log2(max(f4(1), texels))))


@inline
def _seen(
    own: float, dry: float, mirrored: float, shine: float, haze: float, fog: float, behind: float, cover: float
) -> float:
    """One channel: damp ground, what it mirrors, the haze before it, over what is behind its far edge."""
    value = own * dry
    value += (mirrored - value) * shine
    value += (haze - value) * fog
    return behind + (value - behind) * cover


@kernel
def ground(
    pixels: F32,
    texture: F32,
    dark: F32,
    light: F32,
    horizon: float,
    centre: float,
    edge: float,
    bottom: int,
    x0: float,
    z0: float,
    eye: float,
    focal: float,
    period: float,
    haze: F32,
    haze_depth: float,
    wet: F32,
    mirror_row: float,
) -> None:
    """Ground from row ``edge`` to ``bottom``.

    ``texture`` (mips, n, n) goes from ``dark`` to ``light``, at two scales so that its repetition doesn't show;
    ``period`` metres a tile. ``wet``: the depth where it dries, over how many metres, and how much it mirrors there
    what stands above ``mirror_row``.
    """
    width = pixels.shape[2]
    fine = f4(1.0 / period)
    dr, dg, db = dark[0], dark[1], dark[2]
    er, eg, eb = light[0] - dr, light[1] - dg, light[2] - db
    hr, hg, hb = haze[0], haze[1], haze[2]
    broad = fine * f4(0.173)
    for y in range(int(math.floor(edge)), bottom):
        cover = min(f4(1), f4(y + 1 - edge))
        down = max(f4(0.3), f4(y + 0.6 - horizon))
        depth = f4(eye * focal) / down
        step = depth / f4(focal)
        foot = math.sqrt(step * max(step, depth / down))
        level = _level(texture, foot * fine)
        level2 = _level(texture, foot * broad)
        fog = f4(1) - math.exp(-depth / f4(haze_depth))
        damp = f4(1) / (f4(1) + math.exp(-(depth - wet[0]) / wet[1]))
        shine = wet[2] * damp
        row = u4(max(0, int(mirror_row - (f4(y) - f4(mirror_row)) * f4(0.8))))
        z = depth + f4(z0)
        dry = f4(1) - f4(0.35) * damp
        r0, g0, b0 = pixels[0, y], pixels[1, y], pixels[2, y]
        r1, g1, b1 = pixels[0, row], pixels[1, row], pixels[2, row]
        for x in range(width):
            across = (f4(x) - f4(centre)) * step + f4(x0)
            t = _sample(texture, level, across * fine, z * fine) * f4(0.6)
            t += _sample(texture, level2, across * broad, z * broad) * f4(0.4)
            r0[x] = _seen(dr + er * t, dry, r1[x], shine, hr, fog, r0[x], cover)
            g0[x] = _seen(dg + eg * t, dry, g1[x], shine, hg, fog, g0[x], cover)
            b0[x] = _seen(db + eb * t, dry, b1[x], shine, hb, fog, b0[x], cover)
