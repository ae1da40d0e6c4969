"""Hills and mountains as silhouettes, with haze that thickens towards their base."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from filmgate_scene.canvas import Canvas, step
from filmgate_scene.kernels.declare import F32
from filmgate_scene.kernels.noise import fbm, ridges
from filmgate_scene.palette import Colour, mix
from filmgate_scene.stage import SceneStage

__all__ = ["Ridge", "ridge", "ridge_line", "spruces"]


class Ridge(Struct, frozen=True, kw_only=True):
    """One chain of hills."""

    depth: float  # metres
    base: float  # row of its base
    rise: float  # pixels from its base to its highest tops
    width: float = 0.6  # width of a typical hill, in frame heights
    colour: Colour = (0.30, 0.40, 0.36)  # colour in daylight
    mist: float = 0.6  # how much haze lies at its base
    trees: float = 0.0  # height of the trees on it, in pixels at 720p
    sharp: bool = False  # alpine shape
    snow: float = 0.0  # share of its height that is snow
    bottom: float = 0.0  # row where it ends; 0: well below its base


def ridge_line(stage: SceneStage, canvas: Canvas, spec: Ridge) -> F32:
    """The skyline's row for each column."""
    seed = stage.seed % 997 + int(spec.depth)
    cells = 1.0 / (spec.width * stage.height)
    make = ridges if spec.sharp else fbm
    noise = make(canvas.width, 1, cells, 1.0, seed * 3.7, seed * 7.31, 7, 0, seed)[0]
    return np.asarray(spec.base - spec.rise * (noise - 0.25) * 1.3, np.float32)


def spruces(stage: SceneStage, canvas: Canvas, tops: F32, size: float, seed: int) -> F32:
    """A skyline with conifers ``size`` pixels high along it."""
    rng = np.random.default_rng(seed)
    rise = np.zeros(canvas.width, np.float32)
    xs = np.arange(canvas.width)
    for _ in range(int(canvas.width / size * 2.4)):
        x, high = rng.random() * canvas.width, size * (0.7 + 1.3 * rng.random())
        half = high * (0.17 + 0.07 * rng.random())
        a, b = max(0, int(x - half)), min(canvas.width, int(x + half) + 2)
        rise[a:b] = np.maximum(rise[a:b], np.clip(1 - np.abs(xs[a:b] - x) / half, 0, 1) ** 1.2 * high)
    rough = fbm(canvas.width, 1, 0.35 / stage.unit, 1.0, 0.0, 1.0, 2, 0, seed + 3)[0]
    return np.asarray(tops - rise - rough * size * 0.3, np.float32)


def ridge(stage: SceneStage, spec: Ridge) -> None:
    """Paint one and put it on the stage."""
    canvas = stage.canvas(top=-0.1, bottom=min(1.15, (spec.bottom or spec.base + 0.3 * stage.height) / stage.height))
    tops = ridge_line(stage, canvas, spec)
    crest = tops
    if spec.trees:
        tops = spruces(stage, canvas, tops, spec.trees * stage.unit, stage.seed % 997 + int(spec.depth))
    below = np.maximum(0, canvas.rows()[:, None] - crest[None])
    ground = mix(spec.colour, (0.86, 0.89, 0.95), 0.6 * stage.snow_cover)
    colour = np.asarray(stage.shade(ground, spec.depth * 0.35, lit=0.5), np.float32)
    haze = np.asarray(mix(stage.light.haze, stage.shade(spec.colour, spec.depth * 0.35), 0.25), np.float32)
    foot = step(0.0, 0.22 * stage.height, below)[..., None] * spec.mist
    texture = _relief(stage, canvas, spec)[..., None]
    paint = np.asarray(colour * texture, np.float32)
    if spec.snow:
        paint = _snowed(stage, paint, texture, below, spec)
    paint = np.asarray(paint * (1 - foot) + haze * foot, np.float32)
    rim = np.exp(-below / (0.006 * stage.height))[..., None] * np.asarray(stage.light.glow, np.float32)
    paint = paint + rim * np.float32(0.16 * stage.light.glow_amount)
    canvas.fill(canvas.below(tops), np.asarray(paint, np.float32))
    stage.plate(canvas, spec.depth)


def _relief(stage: SceneStage, canvas: Canvas, spec: Ridge) -> F32:
    """Brightness of the light and dark sides, around one."""
    cells = 6.0 / (spec.width * stage.height)
    make = ridges if spec.sharp else fbm
    noise = make(canvas.width, canvas.height, cells, cells * 1.4, 0.0, spec.depth, 4, 0, stage.seed % 997 + 9)
    return np.asarray(1 + (0.5 if spec.sharp else 0.34) * (noise - 0.5) * 2, np.float32)


def _snowed(stage: SceneStage, paint: F32, texture: F32, below: F32, spec: Ridge) -> F32:
    """White above a ragged snow line, blue in the shade."""
    cells = 14.0 / (spec.width * stage.height)
    ragged = fbm(below.shape[1], below.shape[0], cells, cells, 3.0, 5.0, 4, 0, stage.seed % 997 + 19)
    line = spec.rise * spec.snow * (0.4 + 1.2 * ragged)
    white = step(1.0, 0.75, below / np.maximum(line, 1.0))[..., None]
    snow = np.asarray(stage.shade((0.93, 0.95, 1.0), spec.depth * 0.2, lit=0.8), np.float32) * (0.55 + 0.5 * texture)
    return np.asarray(paint * (1 - white) + snow * white, np.float32)
