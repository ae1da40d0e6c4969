"""Deep space: a rotating spiral galaxy, and a ringed planet."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.canvas import Canvas, step
from filmgate_scene.kernels.declare import F32
from filmgate_scene.kernels.noise import fbm_at
from filmgate_scene.layers.sky import Backdrop
from filmgate_scene.palette import mix, rgb
from filmgate_scene.registry import setting
from filmgate_scene.settings.space import deep
from filmgate_scene.stage import SceneStage, rocking

_SQUASH = 0.46  # height to width of the inclined disc
_MARGIN = 0.2


@setting(
    "galaxy",
    en=("galaxy", "galaxies", "milky way", "nebula", "spiral galaxy", "star cluster", "supernova", "black hole"),
    zh=("银河", "银河系", "星系", "星云", "星河", "黑洞", "浩瀚星空"),
    time="night",
    camera=("zoom",),
    indoor=True,
)
def galaxy(stage: SceneStage) -> None:
    """Spiral arms around a golden core."""
    _begin(stage)
    w, h = stage.width, stage.height
    x0, y0 = -_MARGIN * w, -_MARGIN * h
    across = np.arange(x0, w * (1 + _MARGIN), dtype=np.float32)
    xs, ys = np.meshgrid(across, np.arange(y0, h * (1 + _MARGIN), dtype=np.float32))
    size = 0.62 * min(w, 1.1 * h) if not stage.portrait else 0.60 * w
    image = deep(stage, 0.30) + _spiral(stage, xs, ys, size)
    stage.add(Backdrop(image, x0, y0), math.inf)
    _stars(stage)
    stage.add_ambience(pad=1.0, hum=0.2)


def _begin(stage: SceneStage) -> None:
    stage.horizon, stage.eye, stage.camera_range, stage.subject_depth = stage.height * 0.5, 1.2, 1.0, 6.0


def _spiral(stage: SceneStage, xs: F32, ys: F32, size: float) -> F32:
    """Two arms of blue stars with pink clouds and dust, (3, h, w)."""
    tilt = -0.45
    dx, dy = (xs - 0.5 * stage.width) / size, (ys - 0.47 * stage.height) / size
    u = (dx * math.cos(tilt) - dy * math.sin(tilt)).astype(np.float32)
    v = ((dx * math.sin(tilt) + dy * math.cos(tilt)) / _SQUASH).astype(np.float32)
    r = np.sqrt(u * u + v * v) + 1e-3
    turn = np.arctan2(v, u) - 2.6 * np.log(r + 0.12)
    grit = fbm_at(u * 7, v * 7, 6, stage.seed % 997, 1.2)
    wound = 0.5 + 0.5 * np.cos(2 * turn + 2.2 * (grit - 0.5))
    fade = np.exp(-2.2 * r) * step(1.35, 0.7, r)
    arms = wound**2.2 * fade * (0.5 + 1.4 * grit)
    dust = (0.5 + 0.5 * np.cos(2 * turn + 1.3)) ** 6 * fade * step(0.4, 0.6, grit)
    knots = step(0.63, 0.78, fbm_at(u * 16, v * 16, 4, stage.seed % 991, 1.0)) * wound**3 * fade
    heart = np.exp(-9.0 * r) + 0.45 * np.exp(-3.4 * r)
    tones = ((arms * 1.5, "#7fa4ff"), (knots * 2.2, "#ff7fb0"), (heart * 1.15, "#ffdca0"))
    light = sum(layer[None] * np.asarray(rgb(tone), np.float32)[:, None, None] for layer, tone in tones)
    return np.asarray(light * (1 - 0.75 * np.clip(dust * 2.2, 0, 1))[None], np.float32)


def _stars(stage: SceneStage) -> None:
    """A few near stars that drift past one another."""
    for k in range(3):
        rng = np.random.default_rng(stage.seed + 31 + k)
        canvas = stage.canvas(top=-0.2, bottom=1.2)
        for _ in range(16):
            x, y = canvas.x0 + canvas.width * rng.random(), canvas.y0 + canvas.height * rng.random()
            tone = mix((0.75, 0.85, 1.0), (1.0, 0.85, 0.7), float(rng.random()))
            canvas.glow(x, y, (1.0 + 1.3 * rng.random()) * stage.unit, tone, 0.9)
        stage.plate(canvas, 9.0 * 0.6**k, sway=rocking(5 * (k + 1) * stage.unit, 2 * stage.unit, 0.25, k))


@setting(
    "ringed",
    en=("saturn", "ringed planet", "gas giant", "planetary rings", "rings of saturn", "alien planet", "jupiter"),
    zh=("土星", "带环的行星", "行星环", "巨行星", "木星", "外星球"),
    time="night",
    camera=("orbit",),
    indoor=True,
)
def ringed(stage: SceneStage) -> None:
    """A banded gas giant, its rings before and behind it."""
    _begin(stage)
    w, h = stage.width, stage.height
    stage.add(Backdrop(deep(stage, 0.55), -_MARGIN * w, -_MARGIN * h), math.inf)
    _giant(stage, 0.60 * w, 0.50 * h, 0.26 * min(h, w) * (1.15 if not stage.portrait else 1.0))
    _stars(stage)
    stage.add_ambience(pad=1.0, hum=0.3)


def _giant(stage: SceneStage, x: float, y: float, radius: float) -> None:
    """Bands of storm, a night side, rings with gaps."""
    canvas = Canvas(x - 2.6 * radius, y - 1.6 * radius, x + 2.6 * radius, y + 1.6 * radius)
    tilt = -0.24
    px, py = np.meshgrid((canvas.columns() - x) / radius, (canvas.rows() - y) / radius)
    u, v = px * math.cos(tilt) - py * math.sin(tilt), px * math.sin(tilt) + py * math.cos(tilt)
    far = np.sqrt(u * u + v * v)
    z = np.sqrt(np.clip(1 - far**2, 0, 1))
    swirl = fbm_at((u * 2.0).astype(np.float32), (v * 5).astype(np.float32), 5, stage.seed % 997, 1.0)
    bands = fbm_at(np.full_like(u, 0.5), (v * 5.5 + 0.5 * (swirl - 0.5)).astype(np.float32), 4, stage.seed % 991, 0.0)
    pale, deep_tone = (np.asarray(rgb(c), np.float32) for c in ("#f3dcb0", "#a8703f"))
    colour = deep_tone + (pale - deep_tone) * np.clip(0.5 + 2.6 * (bands - 0.5), 0, 1)[..., None]
    day = np.clip(-0.62 * px - 0.42 * py + 0.66 * z, 0, 1)[..., None]
    ring = np.sqrt(u * u + (v / 0.26) ** 2)
    lines = 0.55 + 0.9 * (fbm_at((ring * 16).astype(np.float32), np.full_like(ring, 2.0), 4, 5, 0.0) - 0.5)
    gap = 1 - 0.9 * step(0.03, 0.012, np.abs(ring - 1.86))
    veil = step(1.22, 1.30, ring) * step(2.3, 2.22, ring) * gap * np.clip(lines, 0, 1) * 0.9
    ice = np.asarray(rgb("#e8d9bd"), np.float32)
    shadow = 1 - 0.85 * ((far < 1.02) | ((px * 0.62 + py * 0.42 > 0.1) & (np.abs(-0.42 * px + 0.62 * py) < 0.72)))
    back = veil * (v < 0)
    canvas.fill(canvas.full_mask(back.astype(np.float32)), np.asarray(ice * shadow[..., None], np.float32))
    body = step(1.0, 1.0 - 2.0 / radius, far.astype(np.float32))
    canvas.fill(canvas.full_mask(body), np.asarray(colour * (0.015 + 1.1 * day), np.float32))
    front = veil * (v >= 0)
    canvas.fill(
        canvas.full_mask(front.astype(np.float32)),
        np.asarray(ice * np.where(far[..., None] < 1, 1.0, 0.95), np.float32),
    )
    stage.plate(canvas, 30.0)
