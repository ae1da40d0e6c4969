"""Space: a planet's limb, a nebula, stars."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.canvas import Canvas, step
from filmgate_scene.kernels.declare import F32
from filmgate_scene.kernels.noise import fbm_at
from filmgate_scene.layers.sky import Backdrop
from filmgate_scene.light import replace
from filmgate_scene.palette import mix, rgb
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage

__all__ = ["deep"]

_MARGIN = 0.2


@setting(
    "space",
    en=(
        "space",
        "outer space",
        "universe",
        "cosmos",
        "planet",
        "planets",
        "orbiting earth",
        "stars",
        "orbit of the earth",
    ),
    zh=("太空", "宇宙", "星球", "行星", "外太空", "轨道"),
    time="night",
    camera=("orbit",),
    indoor=True,
)
def space(stage: SceneStage) -> None:
    """A slow flight past a blue planet."""
    stage.light = replace(
        stage.light,
        sun=(0.2, 0.3),
        ambient=(0.16, 0.18, 0.26),
        key=(1.0, 0.95, 0.86),
        bloom=(0.6, 0.7),
        glitter=0.0,
        haze_depth=1e6,
    )
    stage.horizon, stage.eye, stage.camera_range, stage.subject_depth = stage.height * 0.5, 1.2, 1.0, 6.0
    stage.add(Backdrop(deep(stage, 0.62), -_MARGIN * stage.width, -_MARGIN * stage.height), math.inf)
    _planet(stage)
    _moon(stage)
    stage.add_ambience(pad=1.0, hum=0.3)


def deep(stage: SceneStage, cloudy: float) -> F32:
    """Stars and a two-coloured nebula, ``cloudy`` times as bright; (3, h, w) with a margin of a fifth around."""
    w, h = stage.width, stage.height
    x0, y0 = -_MARGIN * w, -_MARGIN * h
    xs, ys = np.meshgrid(
        np.arange(x0, w * (1 + _MARGIN), dtype=np.float32), np.arange(y0, h * (1 + _MARGIN), dtype=np.float32)
    )
    u, v = xs / h * 1.7, ys / h * 1.7 + xs / h * 0.5
    cloud = step(0.42, 0.66, fbm_at(u, v, 6, stage.seed % 997, 1.6)) * step(
        0.25, 0.6, fbm_at(u * 0.5, v * 0.5, 3, stage.seed % 991, 0.5)
    )
    tone = fbm_at(u * 0.8 + 9, v * 0.8, 4, stage.seed % 983, 1.0)[None]
    pink, blue = (np.asarray(rgb(c), np.float32)[:, None, None] for c in ("#c2487f", "#3a6fd0"))
    dark = np.asarray((0.004, 0.006, 0.016), np.float32)[:, None, None]
    image = np.asarray(dark + cloud[None] * (pink * tone + blue * (1 - tone)) * cloudy, np.float32)
    rng = np.random.default_rng(stage.seed + 3)
    count = round(900 * w * h / (1280 * 720) / stage.unit)
    x, y = rng.integers(2, xs.shape[1] - 2, count), rng.integers(2, xs.shape[0] - 2, count)
    shine = (0.06 + 1.2 * rng.random(count) ** 6).astype(np.float32)
    for dx, dy, share in ((0, 0, 1.0), (1, 0, 0.3), (-1, 0, 0.3), (0, 1, 0.3), (0, -1, 0.3)):
        for c in range(3):
            np.add.at(image[c], (y + dy, x + dx), shine * np.float32(share))
    return image


def _planet(stage: SceneStage) -> None:
    """A blue planet with clouds, a dark night side and a glowing atmosphere."""
    w, h = stage.width, stage.height
    radius = 0.82 * max(h, 0.8 * w) if not stage.portrait else 0.9 * w
    cx, cy = w * 0.68, h * 0.62 + radius * 0.72
    canvas = Canvas(cx - radius * 1.15, cy - radius * 1.15, cx + radius * 1.15, min(cy + radius * 1.15, h * 1.3))
    xs, ys = np.meshgrid((canvas.columns() - cx) / radius, (canvas.rows() - cy) / radius)
    far = np.sqrt(xs**2 + ys**2)
    z = np.sqrt(np.clip(1 - far**2, 0, 1))
    lon, lat = np.arctan2(xs, z + 1e-3), np.arcsin(np.clip(ys, -1, 1))
    land = step(
        0.52, 0.58, fbm_at((lon * 2.2).astype(np.float32), (lat * 2.2).astype(np.float32), 6, stage.seed % 997 + 1, 0.8)
    )
    air = step(
        0.48,
        0.72,
        fbm_at((lon * 3.4 + 5).astype(np.float32), (lat * 5.0).astype(np.float32), 6, stage.seed % 997 + 2, 1.8),
    )
    sea, earth, white = (np.asarray(c, np.float32) for c in ((0.04, 0.16, 0.42), (0.26, 0.30, 0.16), (0.95, 0.97, 1.0)))
    colour = sea + (earth - sea) * land[..., None]
    colour = colour + (white - colour) * (air * 0.9)[..., None]
    day = np.clip(xs * -0.62 + ys * -0.55 + z * 0.56, 0, 1)[..., None]
    rim = (1 - z)[..., None] ** 3
    glow = np.asarray((0.30, 0.58, 1.0), np.float32)
    paint = colour * (0.012 + 1.15 * day) + glow * rim * (0.05 + 1.1 * day)
    canvas.fill(canvas.full_mask(step(1.0, 1.0 - 2.0 / radius, far)), np.asarray(paint, np.float32))
    side = np.clip(xs * -0.62 + ys * -0.55 + 0.15, 0, 1)
    halo = np.exp(-np.maximum(far - 1, 0) * 26) * step(0.99, 1.0, far) * side
    canvas.pixels[..., :3] += halo[..., None] * glow * 0.9
    stage.plate(canvas, 40.0)


def _moon(stage: SceneStage) -> None:
    """A small grey moon, far away."""
    radius = 0.05 * min(stage.width, stage.height)
    x, y = stage.width * 0.24, stage.height * 0.26
    canvas = Canvas(x - radius * 1.3, y - radius * 1.3, x + radius * 1.3, y + radius * 1.3)
    xs, ys = np.meshgrid((canvas.columns() - x) / radius, (canvas.rows() - y) / radius)
    far = np.sqrt(xs**2 + ys**2)
    z = np.sqrt(np.clip(1 - far**2, 0, 1))
    rough = fbm_at((xs * 2).astype(np.float32), (ys * 2).astype(np.float32), 5, 77, 0.6)
    day = np.clip(xs * -0.62 + ys * -0.55 + z * 0.56, 0, 1)
    grey = np.asarray(mix((0.62, 0.60, 0.57), (1.0, 1.0, 1.0), 0.1), np.float32)
    paint = grey * ((0.02 + 1.1 * day) * (0.6 + 0.8 * rough))[..., None]
    canvas.fill(canvas.full_mask(step(1.0, 1.0 - 2.0 / radius, far)), np.asarray(paint, np.float32))
    stage.plate(canvas, 60.0)
