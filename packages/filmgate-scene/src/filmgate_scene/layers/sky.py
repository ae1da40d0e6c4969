"""The sky: a gradient, the sun or the moon, stars, and drifting clouds."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.canvas import step
from filmgate_scene.kernels.declare import F32
from filmgate_scene.kernels.noise import fbm_at
from filmgate_scene.kernels.plates import backdrop
from filmgate_scene.light import Light
from filmgate_scene.stage import Plate, SceneStage, ShotFrame

__all__ = ["Backdrop", "clouds", "sky"]

_MARGIN = 0.18  # margin in frame widths on either side
_OVER = 0.16  # margin in frame heights above


class Backdrop:
    """An opaque background image, planar (3, h, w), whose corner is (x0, y0) of the frame."""

    def __init__(self, image: F32, x0: float, y0: float, fine: float = 1.0) -> None:
        self.image = np.ascontiguousarray(image, np.float32)
        self.x0, self.y0, self.fine = x0, y0, fine

    def draw(self, frame: ShotFrame) -> None:
        """Fill the frame."""
        left, top = frame.screen(self.x0, self.y0)
        backdrop(frame.pixels, self.image, left, top, frame.lens.zoom / self.fine, frame.rows)


def sky(stage: SceneStage, *, sheets: int = 2) -> None:
    """Add everything behind the horizon, lit by the stage's light."""
    light = stage.light
    x0, y0 = -_MARGIN * stage.width, -_OVER * stage.height
    width = round(stage.width * (1 + 2 * _MARGIN))
    height = max(8, round(stage.horizon + 0.12 * stage.height - y0))
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32) + x0, np.arange(height, dtype=np.float32) + y0)
    image = _gradient(light, ys / max(1.0, stage.horizon))
    if light.stars:
        _stars(stage, image, y0)
    _sun(stage, light, image, xs, ys)
    stage.add(Backdrop(image, x0, y0), math.inf)
    if light.clouds > 0:
        clouds(stage, light, sheets=sheets)


def sun_place(stage: SceneStage) -> tuple[float, float]:
    """The sun's position in the home view, in pixels."""
    return stage.width * stage.light.sun[0], stage.horizon - stage.height * stage.light.sun[1]


def _gradient(light: Light, down: F32) -> F32:
    """The sky's colours from the zenith (0) to the horizon (1), planar."""
    stops = [at for at, _ in light.sky]
    line = np.clip(down[:, 0], 0, 1)
    rows = np.stack([np.interp(line, stops, [colour[c] for _, colour in light.sky]) for c in range(3)])
    return np.repeat(rows[:, :, None], down.shape[1], axis=2).astype(np.float32)


def _stars(stage: SceneStage, image: F32, y0: float) -> None:
    """Many faint stars and few bright ones, fading towards the horizon."""
    rng = np.random.default_rng(stage.seed + 11)
    _, height, width = image.shape
    count = round(stage.light.stars * width * height / (1280 * 500) / stage.unit)
    x = rng.integers(2, width - 2, count)
    y = (2 + rng.random(count) ** 1.2 * (stage.horizon * 0.93 - y0 - 4)).astype(int).clip(1, height - 2)
    shine = (0.06 + 0.9 * rng.random(count) ** 5).astype(np.float32)
    warm = np.stack([0.85 + 0.2 * rng.random(count), np.full(count, 0.92), 1.05 - 0.2 * rng.random(count)])
    for dx, dy, share in ((0, 0, 1.0), (1, 0, 0.3), (-1, 0, 0.3), (0, 1, 0.3), (0, -1, 0.3)):
        for c in range(3):
            np.add.at(image[c], (y + dy, x + dx), shine * np.float32(share) * warm[c].astype(np.float32))


def _sun(stage: SceneStage, light: Light, image: F32, xs: F32, ys: F32) -> None:
    """The disc and the glow around it."""
    h = np.float32(stage.height)
    x, y = sun_place(stage)
    away = np.sqrt((xs - x) ** 2 + (ys - y) ** 2)
    glow = 0.40 * np.exp(-away / (h * 0.55))
    glow += 0.55 * np.exp(-np.sqrt(((xs - x) / 2.6) ** 2 + (ys - y) ** 2) / (h * 0.16))
    radius = max(light.sun_size, 0.02) * stage.height
    core = 0.8 * np.exp(-away / (radius * (1.2 if light.moon else 2.2)))
    disc = step(radius * 1.06, radius * 0.96, away) * (1.6 if light.sun_size else 0.0)
    if light.moon:
        disc *= 0.62 + 0.2 * step(0.35, 0.65, fbm_at((xs - x) / radius, (ys - y) / radius, 3, stage.seed + 5, 0.0))
        core = core * 0.35
    for c in range(3):
        image[c] += (
            glow * light.glow[c] + core * light.sun_colour[c] * (1.0 if light.sun_size else 0.3)
        ) * light.glow_amount
        image[c] += disc * light.sun_colour[c]


def clouds(stage: SceneStage, light: Light, *, speed: float = 9.0, sheets: int = 2) -> None:
    """Add sheets of clouds in perspective, lit from the sun's side, drifting."""
    for sheet in range(sheets):
        pixels, x0, y0 = _sheet(stage, light, sheet)
        sprite = stage.atlas.add(pixels, -x0 * 0.5, -y0 * 0.5, crop=False)
        drift = -speed * stage.unit * (1.0 - 0.45 * sheet)
        stage.add(
            Plate(sprite, math.inf, fine=0.5, sway=lambda t, drift=drift: (drift * t, 0.0)),  # type: ignore[misc]  # mypy can't infer a lambda's default
            9e8 - sheet,
        )


def _sheet(stage: SceneStage, light: Light, sheet: int) -> tuple[F32, float, float]:
    """One sheet at half the size: its pixels and its corner in the frame."""
    margin, top = 0.22 * stage.width, -_OVER * stage.height
    h = float(stage.height)
    xs, ys = np.meshgrid(
        np.arange(-margin, stage.width + margin * 1.6, 2, dtype=np.float32),
        np.arange(top, stage.horizon + 2, 2, dtype=np.float32),
    )
    seed = stage.seed % 1000 + 31 * sheet
    far = (0.34, 0.27)[sheet] / np.maximum((stage.horizon * 1.02 - ys) / h, 0.012)
    u = (xs - stage.width / 2) / h * far * (0.85, 0.5)[sheet]
    v = far * (1.7, 3.6)[sheet]
    dense = fbm_at(u.astype(np.float32), v.astype(np.float32), 6, seed, 1.5)
    dense = dense - 0.05 * np.clip((far - 4) / 6, 0, 1)
    edge = (0.86 - 0.78 * light.clouds) + 0.03 * sheet
    cover = step(edge, edge + (0.24, 0.34)[sheet], dense) * (0.94, 0.55)[sheet]
    cover *= step(0.0, 0.09, (stage.horizon - ys) / h) * 0.92 + 0.08
    x, y = sun_place(stage)
    side = np.clip((xs - x) / (0.25 * h), -1, 1) * 0.07
    other = fbm_at((u - side).astype(np.float32), (v + 0.10).astype(np.float32), 5, seed, 1.5)
    near = np.exp(-np.sqrt(((xs - x) / 1.6) ** 2 + (ys - y) ** 2) / (h * 0.45)) * min(1.0, light.glow_amount)
    lit = np.clip(0.5 + (dense - other) * 3.6, 0, 1) * (1 - 0.45 * step(edge, edge + 0.5, dense)) + near * 0.5
    shade, bright = np.asarray(light.cloud_shadow, np.float32), np.asarray(light.cloud_lit, np.float32)
    colour = shade + (bright - shade) * np.clip(lit, 0, 1.2)[..., None] + bright * (near * 0.3)[..., None]
    pixels = np.concatenate([np.minimum(colour, 1.0) * cover[..., None], cover[..., None]], axis=2)
    return pixels.astype(np.float32), -margin, top
