"""A landscape seen from above in flight: a height field with light, snow and mist."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from filmgate_scene.canvas import blur, step
from filmgate_scene.kernels.declare import F32
from filmgate_scene.kernels.noise import fbm, ridges
from filmgate_scene.kernels.terrain import shadows, terrain
from filmgate_scene.palette import Colour
from filmgate_scene.stage import SceneStage, ShotFrame

__all__ = ["Relief", "Terrain", "alps"]

_SIZE = 1024
_CELL = 0.022  # kilometres, like all lengths in this module


class Relief(Struct, frozen=True, kw_only=True):
    """The shape of the land; heights in kilometres."""

    heights: F32
    rock: Colour = (0.30, 0.27, 0.27)
    low: Colour = (0.12, 0.17, 0.13)  # colour of what grows in the valleys
    snow: float = 1.0  # share of the possible snow
    mist: float = 0.15  # height up to which mist fills the valleys


def alps(seed: int) -> F32:
    """Branching ridges, peaks above wide valleys."""
    n = _SIZE
    crests = ridges(n, n, 6 / n, 6 / n, 0.0, 0.0, 8, 6, seed)
    massifs = fbm(n, n, 3 / n, 3 / n, 0.0, 0.0, 4, 3, seed + 5)
    crags = ridges(n, n, 20 / n, 20 / n, 0.0, 0.0, 6, 20, seed + 8)
    high = crests**1.15 * 1.6 * (0.30 + 1.1 * step(0.30, 0.62, massifs)) + crags * 0.11 * (0.3 + crests)
    return np.ascontiguousarray(high * 0.66, np.float32)


class Terrain:
    """The land and the flight path over it."""

    def __init__(
        self, stage: SceneStage, relief: Relief, *, speed: float, bob: float = 0.01, over: float = 1.15
    ) -> None:
        """``over``: kilometres above the tops; ``speed``: kilometres a second."""
        self.relief, self.bob = relief, bob
        self.heights = relief.heights
        self.colours = _colours(stage, relief)
        detail = ridges(512, 512, 12 / 512, 12 / 512, 0.0, 0.0, 7, 12, stage.seed % 1000 + 21)
        spread = (detail - detail.mean()) / (4 * float(detail.std())) + 0.5
        self.detail = np.asarray(np.clip(spread, 0, 1), np.float32)
        self.way = _Way(self.heights, stage, speed, over)

    def put(self, stage: SceneStage) -> None:
        """Add it in front of the sky."""
        stage.add(self, 1e6)

    def draw(self, frame: ShotFrame) -> None:
        """March the columns of the height field."""
        stage, lens, light = frame.stage, frame.lens, frame.stage.light
        x, z, altitude, yaw = self.way.at(frame.t)
        eye = (x + lens.x * 0.02, z + lens.z * 0.02, altitude + lens.y * 0.02, yaw)
        sun = frame.screen(stage.width * light.sun[0], 0)[0]
        haze = np.asarray(light.haze, np.float32)
        glow = haze + (np.asarray(light.glow, np.float32) * 1.05 - haze) * min(0.85, 0.75 * light.glow_amount)
        thick = 2.6 / max(20.0, light.haze_depth)
        sway = self.bob * stage.height * math.sin(frame.t * 0.7)
        view = (
            frame.horizon + sway,
            frame.centre,
            frame.focal,
            0.35,
            45.0,
            _CELL,
            self.relief.mist,
            sun,
            thick,
            1.0092,
        )
        terrain(frame.pixels, self.heights, self.colours, self.detail, np.asarray(eye, np.float32), haze,
                np.asarray(glow, np.float32), np.asarray(view, np.float32))  # fmt: skip


class _Way:
    """A gently turning course that stays above the peaks."""

    def __init__(self, heights: F32, stage: SceneStage, speed: float, over: float) -> None:
        self.speed, self.seconds = speed, max(1.0, stage.seconds * 2.3)
        self.x0, self.z0 = self._start(heights, np.random.default_rng(stage.seed + 51))
        self.times = np.linspace(0, self.seconds, 128)
        tops = np.array([self._highest(heights, t) for t in self.times])
        window = np.hanning(47) / np.hanning(47).sum()
        self.altitudes = np.convolve(np.pad(tops, 23, mode="edge"), window, "valid") + over

    def _start(self, heights: F32, rng: np.random.Generator) -> tuple[float, float]:
        """Of many start points, the one with the best view: low at the start, high ahead."""
        ahead, aside = np.meshgrid(np.linspace(0.3, 8.0, 40), np.linspace(-0.6, 0.6, 13))
        best, place = -math.inf, (0.0, 0.0)
        for x, z in rng.random((48, 2)) * _SIZE * _CELL:
            columns = ((x + (0.18 + aside) * ahead) / _CELL).astype(int) % _SIZE
            rows = ((z + ahead) / _CELL).astype(int) % _SIZE
            view = heights[rows, columns]
            score = float(view[:, 8:].mean() + 0.8 * view[:, 10:26].std() - 0.9 * view[:, :7].max())
            if score > best:
                best, place = score, (float(x), float(z))
        return place

    def _yaw(self, t: float) -> float:
        return 0.18 + 0.10 * math.sin(t * 0.22)

    def _place(self, t: float) -> tuple[float, float]:
        yaw = self._yaw(t)
        return self.x0 + math.sin(yaw) * self.speed * t, self.z0 + math.cos(yaw) * self.speed * t

    def _highest(self, heights: F32, t: float) -> float:
        """The highest ground just ahead."""
        (x, z), yaw = self._place(t), self._yaw(t)
        ahead, aside = np.meshgrid(np.linspace(0, 1.4, 14), (-0.3, 0.0, 0.3))
        columns = ((x + math.sin(yaw) * ahead + math.cos(yaw) * aside) / _CELL).astype(int) % _SIZE
        rows = ((z + math.cos(yaw) * ahead - math.sin(yaw) * aside) / _CELL).astype(int) % _SIZE
        return float(heights[rows, columns].max())

    def at(self, t: float) -> tuple[float, float, float, float]:
        """The position after ``t`` seconds: x, z, altitude, yaw."""
        x, z = self._place(t)
        return x, z, float(np.interp(t, self.times, self.altitudes)), self._yaw(t)


def _normals(heights: F32) -> F32:
    """The surface normals, (n, n, 3)."""
    across = (np.roll(heights, -1, 1) - np.roll(heights, 1, 1)) / (2 * _CELL)
    away = (np.roll(heights, -1, 0) - np.roll(heights, 1, 0)) / (2 * _CELL)
    normal = np.stack([-across, np.full_like(across, 0.9), -away], -1)
    return np.asarray(normal / np.linalg.norm(normal, axis=-1, keepdims=True), np.float32)


def _colours(stage: SceneStage, relief: Relief) -> F32:
    """Rock, snow and woods with light and shadow baked in, planar (3, n, n)."""
    light, heights, n = stage.light, relief.heights, _SIZE
    side = -1.0 if light.sun[0] < 0.5 else 1.0
    sun = np.array([0.80 * side, max(0.34, 0.30 + light.sun[1]), -0.30])
    sun /= np.linalg.norm(sun)
    flat = math.hypot(sun[0], sun[2])
    shade = shadows(heights, sun[0] / flat, sun[2] / flat, _CELL * sun[1] / flat, 42)
    normal = _normals(heights)
    lit = np.clip(normal @ sun.astype(np.float32), 0, 1) * (1 - 0.88 * step(0.0, 0.10, shade))
    padded = np.pad(heights, 16, mode="wrap")
    hollow = np.clip(0.62 + (heights - blur(padded, 14)[16:-16, 16:-16]) * 1.2, 0.34, 1.15)
    grit = ridges(n, n, 96 / n, 96 / n, 0.0, 0.0, 4, 96, stage.seed % 1000 + 3)
    slope = normal[..., 1]
    white = step(0.44, 0.58, slope + 0.34 * (grit - 0.45) + 0.30 * (heights - 0.35)) * relief.snow
    woods = step(0.24, 0.12, heights + 0.14 * (grit - 0.5)) * step(0.5, 0.7, slope) * 0.85
    albedo = _single(relief.rock) * (np.float32(0.7) + np.float32(0.7) * grit[..., None])
    albedo += (_single((0.95, 0.96, 0.99)) - albedo) * white[..., None]
    albedo += (_single(relief.low) * (np.float32(0.6) + np.float32(0.9) * grit[..., None]) - albedo) * woods[..., None]
    sky = _single(light.ambient) * _single((1.0, 1.08, 1.22)) * (hollow * (0.55 + 0.45 * slope))[..., None]
    albedo *= sky * np.float32(0.92) + _single(light.key) * np.float32(1.75) * lit[..., None]
    return np.ascontiguousarray(albedo.transpose(2, 0, 1), np.float32)


def _single(values: Sequence[float]) -> F32:
    return np.asarray(values, np.float32)
