"""The fallback for prompts without a known place: layered hills at the time of day, with the prompt as a title."""

from __future__ import annotations

import math
import re

import numpy as np

from filmgate_scene import fonts
from filmgate_scene.canvas import Canvas, blur
from filmgate_scene.kernels.declare import F32
from filmgate_scene.layers.cloudsea import cloud_sea
from filmgate_scene.layers.jetty import jetty
from filmgate_scene.layers.ridge import Ridge, ridge
from filmgate_scene.layers.sky import sky
from filmgate_scene.layers.water import Surface, Water
from filmgate_scene.palette import mix
from filmgate_scene.registry import setting
from filmgate_scene.stage import Plate, SceneStage

__all__ = ["layout"]

_PARTS = re.compile(r"[\u2e80-\u9fff\uf900-\uffef]\s*|[^\s\u2e80-\u9fff\uf900-\uffef]+\s*")  # kept on one line
_IN, _OUT = 0.5, 1.2  # seconds before the title and of its fades; it stays until three quarters of the shot


@setting(
    "abstract",
    en=("landscape", "abstract", "dreamscape"),
    zh=("风景", "抽象", "意境"),
    time="golden",
    camera=("dolly",),
)
def abstract(stage: SceneStage) -> None:
    """Hills behind hills, mist between them, still water in front."""
    stage.horizon = stage.height * (0.64 if not stage.portrait else 0.68)
    stage.eye, stage.camera_range, stage.subject_depth = 1.6, 2.2, 7.0
    stage.depth_range = (5.0, 8.0)
    sky(stage)
    misty = "fog" in stage.shot.weather
    (_lake if stage.needs_ground else _ranges if misty else _LANDS[stage.seed % len(_LANDS)])(stage)
    if stage.shot.text:
        title(stage, stage.shot.text)
    stage.add_ambience(pad=0.8, wind=0.3, water=0.2, birds=0.25 if stage.light.stars == 0 else 0.0)


def _lake(stage: SceneStage) -> None:
    """Wooded hills behind still water."""
    hues = ((0.45, 0.50, 0.66), (0.36, 0.46, 0.58), (0.26, 0.40, 0.44), (0.18, 0.32, 0.32), (0.10, 0.20, 0.20))
    for k, hue in enumerate(hues):
        depth = (420.0, 240.0, 130.0, 70.0, 40.0)[k]
        hills = Ridge(
            depth=depth,
            base=stage.horizon + stage.height * (0.008 + 0.006 * k),
            rise=stage.height * (0.20 - 0.026 * k),
            width=(0.9, 0.8, 0.7, 0.5, 0.4)[k],
            colour=hue,
            mist=0.8 - 0.1 * k,
            trees=(0, 0, 5, 8, 13)[k],
        )
        ridge(stage, hills)
    water = stage.shade((0.14, 0.24, 0.30), lit=0.2)
    Water(Surface(tint=water, swell=0.016, mirror=0.30, wave=0.6, speed=0.6, sparkle=0.6), far=34.0).put(stage)
    if stage.needs_ground:
        jetty(stage, stage.subject_depth)


def _ranges(stage: SceneStage) -> None:
    """Range behind range in the mist, down to the frame's edge."""
    for k in range(6):
        near = k / 5
        hills = Ridge(
            depth=900.0 * 0.5**k,
            base=stage.horizon + stage.height * (0.01 + 0.34 * near**1.2),
            rise=stage.height * (0.22 - 0.05 * near),
            width=1.0 - 0.35 * near,
            colour=mix((0.52, 0.54, 0.70), (0.08, 0.13, 0.17), near**0.8),
            mist=0.95 - 0.35 * near,
            trees=(0, 0, 0, 6, 11, 20)[k],
            bottom=1.15 * stage.height,
        )
        ridge(stage, hills)


_LANDS = (_lake, _ranges, cloud_sea)


def title(stage: SceneStage, text: str) -> None:
    """Add the title, large and quiet, over the sky."""
    lines, size = layout(stage, fonts.drawable(text))
    if not lines:
        return
    middle = stage.height * (0.30 if not stage.portrait else 0.26)
    half = (len(lines) * 1.35 + 0.8) * size / 2
    canvas = Canvas(0, middle - half - size, stage.width, middle + half + size)
    shadow = Canvas(canvas.x0, canvas.y0, canvas.x0 + canvas.width, canvas.y0 + canvas.height)
    for k, line in enumerate(lines):
        y = middle + (k - (len(lines) - 1) / 2) * 1.35 * size
        shadow.text(stage.width / 2, y, line, size, (1.0, 1.0, 1.0))
        canvas.text(stage.width / 2, y, line, size, (0.99, 0.97, 0.93))
    canvas.pixels = _over(canvas.pixels, blur(blur(shadow.pixels[..., 3], size * 0.34), size * 0.34))
    stage.add(_Title(stage, canvas), 0.5)


def _over(text: F32, shade: F32) -> F32:
    """Text over a soft shadow."""
    under = np.zeros_like(text)
    under[..., 3] = np.clip(shade * 1.25, 0, 0.72)
    return np.asarray(text + under * (1 - text[..., 3:]), np.float32)


class _Title(Plate):
    """A plate that is fixed to the frame, not to the world, and fades in and out."""

    def __init__(self, stage: SceneStage, canvas: Canvas) -> None:
        end = max(2.2, 0.78 * stage.seconds)
        super().__init__(
            stage.atlas.add(canvas.pixels, -canvas.x0, -canvas.y0),
            math.inf,
            opacity=lambda t: min(1.0, max(0.0, (t - _IN) / _OUT)) * min(1.0, max(0.0, (end + _OUT - t) / _OUT)),
        )


def layout(stage: SceneStage, text: str) -> tuple[list[str], float]:
    """Break the text into at most three lines and choose the letter size."""
    size = stage.height * (0.085 if not stage.portrait else 0.048)
    room = stage.width * 0.82
    while True:
        lines = _broken(text, size, room)
        if len(lines) <= 3 or size < stage.height * 0.035:
            break
        size *= 0.9
    if len(lines) > 3:
        return [*lines[:2], lines[2][:-1] + "…"], size
    for share in (0.9, 0.8, 0.7, 0.6):  # balance the lines
        narrower = _broken(text, size, room * share)
        if len(narrower) > len(lines):
            break
        lines = narrower
    return lines, size


def _broken(text: str, size: float, room: float) -> list[str]:
    """Break into lines no wider than ``room``: at spaces, between Chinese characters anywhere."""
    lines: list[str] = []
    for word in _PARTS.findall(text):
        longer = f"{lines[-1]}{word}" if lines else word
        if lines and fonts.width(longer.rstrip(), size) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return [line.strip() for line in lines if line.strip()]
