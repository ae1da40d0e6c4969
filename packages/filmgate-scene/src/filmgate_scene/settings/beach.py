"""A beach: sea to the horizon, breakers, wet sand."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.canvas import Canvas, step
from filmgate_scene.cues import SoundEvent
from filmgate_scene.kernels.noise import fbm, ridges
from filmgate_scene.layers.ground import Ground, Soil
from filmgate_scene.layers.sky import sky
from filmgate_scene.layers.water import Surface, Water
from filmgate_scene.palette import mix
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage

_TILE = 1024  # pixels after which the foam repeats
_SWASH = 6.5  # seconds between waves on the sand


@setting(
    "beach",
    en=("beach", "seaside", "shore", "seashore", "coast", "sandy", "tropical beach", "island", "palm beach"),
    zh=("海滩", "沙滩", "海边", "海岸", "海滨", "海边小镇", "海岛", "热带海滩"),
    time="golden",
    camera=("dolly",),
)
def beach(stage: SceneStage) -> None:
    """The shoreline is at a third of the frame's height."""
    stage.horizon = stage.height * (0.43 if not stage.portrait else 0.46)
    stage.eye, stage.focal = 0.78, 0.95 * max(stage.height * 0.8, min(stage.width, stage.height))
    stage.endless, stage.camera_range = True, 0.5
    shore = stage.depth_of(stage.horizon + 0.17 * stage.height)
    stage.subject_depth, stage.depth_range = stage.depth_of(stage.horizon + 0.40 * stage.height), (1.0, shore * 0.95)
    stage.wetness = 0.38
    sky(stage)
    _headland(stage)
    tint = stage.light.shade((0.16, 0.30, 0.42), lit=0.3)
    sea = Surface(tint=tint, swell=0.075, mirror=0.18, wave=0.55, speed=1.3, wind=0.15, foam=0.5 * _brightness(stage))
    Water(sea, near=shore * 0.93).put(stage)
    _breakers(stage, shore)
    sand = Soil(dark=(0.58, 0.45, 0.33), light=(0.98, 0.84, 0.66), wet=(shore * 0.86, shore * 0.14, 0.62), period=2.4)
    Ground(stage, sand, far=shore).put(stage)
    _swash(stage, shore)
    stage.add_ambience(waves=1.0, wind=0.25, gulls=0.25 if stage.light.stars == 0 else 0.0)


def _brightness(stage: SceneStage) -> float:
    """Brightness of white things in this light."""
    return sum(stage.light.shade((1.0, 1.0, 1.0))) / 3


def _headland(stage: SceneStage) -> None:
    """Low hills on one side of the horizon."""
    canvas = stage.canvas(top=0.1, bottom=0.7)
    x = canvas.columns() / stage.width
    rough = fbm(canvas.width, 1, 0.006 / stage.unit, 1.0, 3.0, 1.0, 5, 0, stage.seed % 97)[0]
    rise = np.clip((0.36 - x) * 2.6, 0, 1) ** 0.7 * stage.height * 0.10 * (rough * 1.2 + 0.25)
    tops = np.where(rise > 0.5, stage.horizon - rise, 9e9).astype(np.float32)
    green = (0.34, 0.40, 0.34)
    canvas.fill(canvas.below(tops, stage.horizon + 1), stage.shade(green, 45), to=stage.shade(green, 130))
    stage.plate(canvas, 4000.0)


def _breakers(stage: SceneStage, shore: float) -> None:
    """Three lines of foam that run in, grow and fade."""
    white = mix(stage.shade((1.0, 1.0, 1.0), lit=0.9), (1.0, 1.0, 1.0), 0.15)
    height = stage.height
    row = stage.horizon + stage.eye * stage.focal / shore
    for k in range(3):
        canvas = Canvas(0, row, _TILE, row + height * 0.05)
        noise = fbm(_TILE, canvas.height, 32 / _TILE, 0.16 / stage.unit, 0.0, 0.0, 5, 32, 40 + k)
        edge = fbm(_TILE, 1, 16 / _TILE, 1.0, 0.0, 0.0, 3, 16, 50 + k)[0]
        down = np.linspace(0, 1, canvas.height, dtype=np.float32)[:, None]
        crest = 0.25 + 0.35 * (edge - 0.5)
        shape = step(0.0, 0.1, down - crest) * step(0.95, 0.35, down) * step(0.3, 0.62, noise + 0.35 * (1 - down))
        canvas.fill(canvas.full_mask(shape * 0.9), white, to=mix(white, stage.shade((0.5, 0.6, 0.7)), 0.4))

        def ride(t: float, k: int = k) -> tuple[float, float]:
            phase = (t / _SWASH + k / 3) % 1
            return -30 * stage.unit * t, height * (-0.055 + phase * 0.068)

        def strength(t: float, k: int = k) -> float:
            return 0.85 * math.pow(math.sin(math.pi * ((t / _SWASH + k / 3) % 1)), 0.8)

        stage.plate(canvas, shore * 1.05, wraps=True, sway=ride, opacity=strength)
    for n in range(math.ceil(3 * stage.seconds / _SWASH) + 1):
        stage.events.append(
            SoundEvent((n + 0.75) * _SWASH / 3, "wave", 0.5 * math.sin(n * 2.4), 0.6 + 0.3 * math.sin(n * 1.7))
        )


def _swash(stage: SceneStage, shore: float) -> None:
    """The thin lace of foam that slides up and down the wet sand."""
    row = stage.horizon + stage.eye * stage.focal / shore
    canvas = Canvas(0, row, _TILE, row + stage.height * 0.12)
    noise = ridges(_TILE, canvas.height, 24 / _TILE, 0.09 / stage.unit, 0.0, 0.0, 5, 24, 70)
    line = fbm(_TILE, 1, 8 / _TILE, 1.0, 0.0, 0.0, 4, 8, 71)[0]
    down = (np.arange(canvas.height, dtype=np.float32) / canvas.height)[:, None]
    edge = 0.62 + 0.55 * (line - 0.5)
    lace = step(0.0, 0.02, edge - down) * (
        step(0.22, 0.0, edge - down) * 0.8 + 0.2 * step(0.35, 0.7, noise) * step(0.0, 0.3, down)
    )
    lace = lace * step(-0.02, 0.22, down) + 0.6 * step(0.03, 0.0, np.abs(edge - down - 0.01))
    canvas.fill(
        canvas.full_mask(np.clip(lace, 0, 1) * 0.9), mix(stage.shade((1.0, 1.0, 1.0), lit=0.9), (1.0, 1.0, 1.0), 0.15)
    )

    def slide(t: float) -> tuple[float, float]:
        return 0.0, stage.height * (-0.028 + 0.02 * math.sin(t * 2 * math.pi / _SWASH))

    def strength(t: float) -> float:
        return 0.75 + 0.2 * math.sin(t * 2 * math.pi / _SWASH)

    stage.plate(canvas, shore * 0.98, wraps=True, sway=slide, opacity=strength)
