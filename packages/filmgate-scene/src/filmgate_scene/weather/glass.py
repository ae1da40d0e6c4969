"""The weather outside, seen through a room's windows."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from filmgate_scene.kernels.marks import sparks, splats
from filmgate_scene.stage import SceneStage, ShotFrame

__all__ = ["Glass", "behind_glass"]


class _Fall(Struct, frozen=True, kw_only=True):
    """Falling particles: number a square metre, metres a second, length in metres, thickness in pixels at 720p."""

    dense: float
    speed: float
    long: float = 0.0
    thick: float = 1.0
    drift: float = 0.0
    tone: tuple[float, float, float] = (1.0, 1.0, 1.0)
    light: bool = False  # added as light instead of covering the background


_FALLS = {
    "rain": _Fall(dense=40, speed=2.4, long=0.20, thick=0.55, tone=(0.27, 0.30, 0.34), light=True),
    "storm": _Fall(dense=56, speed=3.2, long=0.26, thick=0.6, drift=0.5, tone=(0.27, 0.30, 0.34), light=True),
    "snow": _Fall(dense=34, speed=0.38, thick=2.0, drift=0.10, tone=(0.93, 0.95, 1.0)),
    "petals": _Fall(dense=7, speed=0.30, thick=2.4, drift=0.22, tone=(1.0, 0.80, 0.87)),
    "leaves": _Fall(dense=6, speed=0.42, thick=3.0, drift=0.25, tone=(0.86, 0.45, 0.20)),
}


def behind_glass(stage: SceneStage, names: tuple[str, ...]) -> None:
    """Add falling particles behind every window of the stage."""
    for name in names:
        if name in _FALLS and stage.windows:
            stage.add(Glass(stage, _FALLS[name]), max(hole.z for hole in stage.windows) * 1.0005)
    if {"rain", "storm"} & set(names):
        stage.add_ambience(rain=0.35)


class Glass:
    """Particles clipped to the windows."""

    def __init__(self, stage: SceneStage, fall: _Fall) -> None:
        rng = np.random.default_rng(stage.seed + 41)
        counts = [max(3, round(fall.dense * hole.w * hole.h)) for hole in stage.windows]
        self.fall = fall
        self.holes = np.repeat(np.array([(h.x, h.y, h.w, h.h, h.z) for h in stage.windows], np.float32), counts, axis=0)
        self.random = rng.random((len(self.holes), 4)).astype(np.float32)
        bright = 0.35 + 0.65 * min(1.0, sum(stage.outdoors.shade((1.0, 1.0, 1.0))) / 3)
        tone = np.asarray(fall.tone, np.float32) * np.float32(bright)
        self.colours = np.ascontiguousarray(np.broadcast_to(tone, (len(self.holes), 3)))

    def draw(self, frame: ShotFrame) -> None:
        """Draw the particles; each restarts at the top of its window."""
        fall, r, stage = self.fall, self.random, frame.stage
        x, y, w, h, z = self.holes.T
        near = 0.55 + 0.45 * r[:, 2]
        down = (r[:, 1] + frame.t * fall.speed * near / h) % 1.0
        sway = (r[:, 0] + frame.t * fall.drift * near / w + 0.03 * np.sin(frame.t * 1.3 + 6 * r[:, 3])) % 1.0
        metre = stage.focal / np.maximum(0.05, z - frame.lens.z)
        px = stage.width / 2 + (x + sway * w - frame.lens.x) * metre
        py = stage.horizon + (frame.eye - (y + (h - fall.long) * (1 - down))) * metre
        zoom, middle = frame.lens.zoom, stage.width / 2
        marks = np.zeros((len(r), 6), np.float32)
        marks[:, 0] = middle + zoom * (px - middle) - frame.lens.pan * stage.width
        marks[:, 1] = stage.pivot + zoom * (py - stage.pivot) + frame.lens.tilt * stage.height
        marks[:, 3] = -fall.long * near * metre * zoom
        marks[:, 4] = fall.thick * near * stage.unit + 0.2
        marks[:, 5] = 0.75 * near
        (sparks if fall.light else splats)(frame.pixels, marks, self.colours)
