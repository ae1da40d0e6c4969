"""A storm: slanting heavy rain, a dark sky, lightning and thunder."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.cues import SoundEvent
from filmgate_scene.kernels.marks import sparks
from filmgate_scene.light import Light, overcast, replace
from filmgate_scene.palette import scale
from filmgate_scene.registry import weather
from filmgate_scene.stage import SceneStage, ShotFrame
from filmgate_scene.weather.rain import Rain

_DELAY = 0.9  # seconds from the flash to its thunder


def _light(light: Light) -> Light:
    dark = overcast(light, 0.95)
    return replace(
        dark,
        sky=tuple((at, scale(colour, 0.5)) for at, colour in dark.sky),
        ambient=scale(dark.ambient, 0.72),
        cloud_lit=scale(dark.cloud_lit, 0.62),
        cloud_shadow=scale(dark.cloud_shadow, 0.45),
        haze=scale(dark.haze, 0.6),
        lamps=max(0.6, light.lamps),
    )


@weather(
    "storm",
    en=("storm", "stormy", "thunderstorm", "lightning", "thunder", "tempest", "typhoon", "hurricane"),
    zh=("暴风雨", "雷雨", "雷电", "闪电", "打雷", "风暴", "台风"),
    light=_light,
    time="day",
)
def storm(stage: SceneStage) -> None:
    """A flash every few seconds."""
    rng = np.random.default_rng(stage.seed + 27)
    flashes = np.cumsum(1.4 + 2.8 * rng.random(math.ceil(stage.seconds / 1.4) + 2)) - 0.8
    stage.add(_Lightning(stage, flashes, rng), 2000.0)
    stage.add(Rain(stage, 900, slant=0.28), 0.3)
    stage.add_ambience(rain=1.0, wind=0.9)
    for k, at in enumerate(flashes):
        stage.events.append(SoundEvent(float(at) + _DELAY, "thunder", 0.5 * math.sin(k * 2.0), 0.9))


class _Lightning:
    """Bolts in front of the sky, and their light on everything behind them."""

    def __init__(self, stage: SceneStage, flashes: np.ndarray, rng: np.random.Generator) -> None:
        self.flashes = flashes
        self.bolts = [_bolt(stage, rng) for _ in flashes]

    def draw(self, frame: ShotFrame) -> None:
        """Draw a bright strike, a second one, then the fading glow."""
        for at, bolt in zip(self.flashes, self.bolts, strict=True):
            age = frame.t - float(at)
            if not 0 <= age < 0.5:
                continue
            power = math.exp(-age * 9) + 0.7 * math.exp(-(((age - 0.16) / 0.035) ** 2))
            frame.pixels += np.float32(0.16 * power)
            marks = bolt.copy()
            marks[:, 0] -= frame.lens.pan * frame.stage.width
            marks[:, 5] *= min(1.0, power)
            colours = np.tile(np.asarray((1.3, 1.35, 1.6), np.float32), (len(marks), 1))
            sparks(frame.pixels, marks, colours)


def _bolt(stage: SceneStage, rng: np.random.Generator) -> np.ndarray:
    """A jagged line from the clouds to the horizon, with side branches."""
    marks: list[tuple[float, ...]] = []
    x, y = stage.width * (0.12 + 0.76 * rng.random()), 0.0
    steps = 22
    for k in range(steps):
        dx, dy = stage.height * 0.028 * rng.normal(), stage.horizon / steps
        marks.append((x, y, dx, dy, (2.6 - 1.2 * k / steps) * stage.unit, 1.0))
        if rng.random() < 0.2:
            marks.append((x, y, 3 * dx, 1.6 * dy, 1.0 * stage.unit, 0.6))
        x, y = x + dx, y + dy
    return np.array(marks, np.float32)
