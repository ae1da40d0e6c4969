"""A sea of clouds seen from above: rows of cloud banks, their tops lit by the sun."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.canvas import Canvas
from filmgate_scene.kernels.noise import fbm
from filmgate_scene.palette import Colour, mix, scale
from filmgate_scene.stage import SceneStage

__all__ = ["bank", "cloud_sea"]


def cloud_sea(stage: SceneStage, *, banks: int = 5) -> None:
    """Add banks from the horizon to below the camera, drifting slowly, the nearest fastest."""
    for k in range(banks):
        near = k / max(1, banks - 1)
        base = stage.horizon + stage.height * (0.012 + 0.34 * near**1.6)
        canvas = Canvas(0, -0.1 * stage.height, stage.width, 1.2 * stage.height)
        bank(stage, canvas, base, stage.height * (0.035 + 0.15 * near), near)
        pace = stage.unit * (3.0 + 22.0 * near**1.5)
        stage.tile(canvas, 1500.0 * 0.28**k, sway=lambda t, pace=pace: (-pace * t, 0.0))  # type: ignore[misc]  # mypy can't infer a lambda's default


def bank(stage: SceneStage, canvas: Canvas, base: float, rise: float, near: float) -> None:
    """One bank of cumulus clouds over the whole width, closed below ``base``."""
    rng, light = np.random.default_rng(stage.seed + int(97 * near)), stage.light
    cells = 3 if canvas.width > stage.height else 2  # a whole number, so that the ends meet
    swell = fbm(canvas.width, 1, cells / canvas.width, 1.0, 0.0, 9.0 * near, 5, cells, stage.seed % 997)[0]
    lit, low = _tones(stage, near)
    tops = np.asarray(base - rise * (swell - 0.4) * 3.4, np.float32)
    canvas.fill(canvas.below(np.asarray(tops + 0.25 * rise, np.float32)), lit, to=low)
    count = int(3.2 * canvas.width / rise) * 6
    across, down = rng.random(count), rng.random(count) ** 0.8
    order = np.argsort(down)
    marks, tones = [], []
    lx, ly = light.toward()
    for q, d in zip(across[order], down[order], strict=True):
        column = int(q * (canvas.width - 1))
        x, r = canvas.x0 + column, rise * (0.16 + 0.34 * rng.random()) * (0.7 + 0.5 * d)
        y = float(tops[column]) + rise * (1.5 * d - 0.15) + 0.2 * r
        glow = 0.55 - 0.75 * d + 0.25 * rng.random()
        marks += [(x, y, r, 0.72 * r, 0.0, 0.42), (x + lx * 0.22 * r, y + ly * 0.26 * r, 0.72 * r, 0.48 * r, 0.0, 0.42)]
        tones += [mix(low, lit, max(0.0, glow)), mix(low, lit, min(1.2, max(0.15, glow + 0.5)))]
    _around(canvas, np.array(marks, np.float32), np.array(tones, np.float32), max(1.0, 0.08 * rise))


def _around(canvas: Canvas, marks: np.ndarray, tones: np.ndarray, softness: float) -> None:
    """Draw blobs on a canvas whose left and right ends meet: what extends beyond one end wraps to the other."""
    period = np.float32(canvas.width)
    over = 2 * marks[:, 2] + 4
    sides = [(0.0, np.ones(len(marks), bool)), (1.0, marks[:, 0] < over), (-1.0, marks[:, 0] > period - over)]
    places = np.concatenate([np.flatnonzero(selected) for _, selected in sides])
    shifts = np.concatenate([np.full(int(selected.sum()), side * period, np.float32) for side, selected in sides])
    order = np.argsort(places, kind="stable")
    moved = marks[places[order]].copy()
    moved[:, 0] += shifts[order]
    canvas.blobs(moved, tones[places[order]], softness)


def _tones(stage: SceneStage, near: float) -> tuple[Colour, Colour]:
    """The sunlit colour and the shaded colour; both fade into the haze with distance."""
    light = stage.light
    warm = 0.25 * min(1.0, light.glow_amount)
    lit = mix(mix(light.cloud_lit, (1.0, 1.0, 1.0), 0.25 if not light.moon else 0.0), light.glow, warm)
    low = mix(scale(light.cloud_shadow, 0.98), light.haze, 0.18)
    far = 0.75 * (1 - near) ** 1.3
    horizon = mix(light.haze, light.sky[-1][1], 0.5)
    return mix(lit, horizon, far), mix(low, horizon, math.sqrt(far))
