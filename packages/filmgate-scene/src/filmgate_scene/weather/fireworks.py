"""Fireworks: shells that climb, burst into a ball of sparks, droop and fade."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.cues import SoundEvent
from filmgate_scene.kernels.marks import sparks
from filmgate_scene.palette import Colour, mix, rgb
from filmgate_scene.registry import weather
from filmgate_scene.stage import SceneStage, ShotFrame

_EVERY = 0.42  # seconds between shells
_LIFE = 2.0  # duration of a burst in seconds
_CLIMB = 0.9  # duration of the climb in seconds
_SPARKS = 120
_TONES: tuple[Colour, ...] = tuple(rgb(c) for c in ("#ff5d4a", "#ffd35c", "#6fd4ff", "#ff7fd0", "#8dff9e", "#ffffff"))


@weather(
    "fireworks",
    en=("fireworks", "firework", "firework display", "new year's eve"),
    zh=("烟花", "焰火", "烟火", "礼花", "放烟花", "除夕", "除夕夜", "跨年夜"),
    time="night",
)
def fireworks(stage: SceneStage) -> None:
    """One shell after the other over the horizon, in many colours."""
    show = _Show(stage)
    stage.add(show, 2500.0)
    for shell in show.shells:
        stage.events.append(SoundEvent(float(shell.start) + _CLIMB + 0.3, "thunder", 0.6 * (shell.x - 0.5), 0.3))


class _Shell:
    """The position and time of a burst, and the directions of its sparks."""

    def __init__(self, rng: np.random.Generator, number: int, high: float) -> None:
        self.start = _EVERY * (number - 5) + 0.2 * rng.random()
        self.x, self.y = 0.12 + 0.76 * ((0.382 * number + 0.1 * rng.random()) % 1.0), high * (0.16 + 0.5 * rng.random())
        self.size = 0.13 + 0.10 * rng.random()
        self.tone, self.heart = (_TONES[int(k)] for k in rng.integers(0, len(_TONES), 2))
        angle, up = math.tau * rng.random(_SPARKS), 2 * rng.random(_SPARKS) - 1
        ring = np.sqrt(1 - up * up) * (0.75 + 0.25 * rng.random(_SPARKS))
        self.ways = np.stack([ring * np.cos(angle), up], 1).astype(np.float32)


class _Show:
    """All shells of the shot, drawn as streaks of light in front of the sky."""

    def __init__(self, stage: SceneStage) -> None:
        rng = np.random.default_rng(stage.seed + 37)
        high = stage.horizon / stage.height
        self.shells = [_Shell(rng, k, high) for k in range(math.ceil(stage.seconds / _EVERY) + 6)]

    def draw(self, frame: ShotFrame) -> None:
        """The climbing trail, then the burst."""
        for shell in self.shells:
            age = frame.t - shell.start
            if 0 <= age < _CLIMB:
                self._trail(frame, shell, age / _CLIMB)
            elif _CLIMB <= age < _CLIMB + _LIFE:
                self._burst(frame, shell, (age - _CLIMB) / _LIFE)

    @staticmethod
    def _trail(frame: ShotFrame, shell: _Shell, q: float) -> None:
        stage = frame.stage
        foot = stage.horizon
        y = foot + (shell.y * stage.height - foot) * (1 - (1 - q) ** 1.6)
        sx, sy = frame.screen(shell.x * stage.width, y)
        marks = np.array([(sx, sy, 0.0, 0.03 * stage.height * (1 - q), 1.2 * stage.unit, 0.8)], np.float32)
        sparks(frame.pixels, marks, np.array([(1.0, 0.8, 0.5)], np.float32))

    @staticmethod
    def _burst(frame: ShotFrame, shell: _Shell, q: float) -> None:
        stage = frame.stage
        size = shell.size * min(stage.height, 1.3 * stage.width)
        far = size * (1 - math.exp(-4.2 * q)) / (1 - math.exp(-4.2))
        fall = 0.42 * size * q * q
        fade = min(1.0, 16 * q) * (1 - q) ** 1.3
        marks = np.zeros((_SPARKS + 1, 6), np.float32)
        cx, cy = frame.screen(shell.x * stage.width, shell.y * stage.height)
        marks[:_SPARKS, 0] = cx + shell.ways[:, 0] * far
        marks[:_SPARKS, 1] = cy + shell.ways[:, 1] * far + fall
        tail = size * 0.20 * (1 - q) ** 2 + 2.0 * stage.unit
        marks[:_SPARKS, 2:4] = -shell.ways * tail
        marks[:_SPARKS, 3] -= fall * 0.12
        marks[:_SPARKS, 4] = 1.7 * stage.unit + 0.3
        marks[:_SPARKS, 5] = fade * (0.75 + 0.25 * np.sin(40 * q + 7 * np.arange(_SPARKS)))
        marks[_SPARKS] = (cx, cy, 0.0, 0.0, 1.5 * size * (0.4 + 0.6 * q), 0.16 * fade)
        tone = mix(shell.heart, shell.tone, min(1.0, 2.2 * q))
        pale = mix(tone, (1.0, 1.0, 1.0), 0.25 * (1 - q) ** 2)
        colours = np.tile(np.asarray(pale, np.float32) * np.float32(1.15), (_SPARKS + 1, 1))
        sparks(frame.pixels, marks, colours)


@weather(
    "fireflies",
    en=("fireflies", "firefly", "glowworms", "lightning bugs"),
    zh=("萤火虫", "流萤"),
    time="night",
)
def fireflies(stage: SceneStage) -> None:
    """Small greenish lights that move about and pulse."""
    stage.add(_Fireflies(stage), 0.35)
    stage.add_ambience(crickets=0.8)


class _Fireflies:
    """Each firefly follows its own slow loop."""

    def __init__(self, stage: SceneStage) -> None:
        self.random = np.random.default_rng(stage.seed + 38).random((46, 6)).astype(np.float32)

    def draw(self, frame: ShotFrame) -> None:
        """Draw a bright point in a soft halo."""
        stage, r, t = frame.stage, self.random, frame.t
        near = 0.35 + 0.65 * r[:, 2] ** 2
        x = r[:, 0] * 1.2 - 0.1 + 0.035 * np.sin(0.7 * t * (0.5 + r[:, 3]) + 6.3 * r[:, 4]) - frame.lens.pan * near
        y = 0.42 + 0.56 * r[:, 1] + 0.03 * np.sin(0.9 * t * (0.5 + r[:, 5]) + 6.3 * r[:, 3])
        pulse = np.clip(0.5 + 0.8 * np.sin(2.1 * t * (0.6 + 0.6 * r[:, 4]) + 6.3 * r[:, 5]), 0.05, 1.0)
        marks = np.zeros((2 * len(r), 6), np.float32)
        for part, (size, power) in enumerate(((11.0, 0.34), (2.3, 1.6))):
            rows = slice(part * len(r), (part + 1) * len(r))
            marks[rows, 0], marks[rows, 1] = x * stage.width, y * stage.height
            marks[rows, 4], marks[rows, 5] = (size * near + 0.4) * stage.unit, power * pulse
        sparks(frame.pixels, marks, np.tile(np.asarray((0.95, 1.15, 0.42), np.float32), (len(marks), 1)))
