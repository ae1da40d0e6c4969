"""A railway viaduct over a green valley: tall stone arches, hills, mist."""

from __future__ import annotations

import numpy as np

from filmgate_scene.canvas import Canvas
from filmgate_scene.layers.flat import Flat
from filmgate_scene.layers.foliage import LEAF, broadleaf
from filmgate_scene.layers.ridge import Ridge, ridge
from filmgate_scene.layers.sky import sky
from filmgate_scene.palette import mix, rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage

_DEPTH = 42.0
_SPAN = 11.0  # metres from pier to pier


@setting(
    "viaduct",
    en=("viaduct", "railway bridge", "rail bridge", "aqueduct", "stone bridge", "arch bridge"),
    zh=("高架桥", "铁路桥", "拱桥", "大桥", "石桥", "跨谷大桥"),
    time="golden",
    camera=("pan",),
    inhabitants=("train",),
)
def viaduct(stage: SceneStage) -> None:
    """From the slope opposite, a little below the rails."""
    h = stage.height
    stage.horizon, stage.eye = h * 0.66, -7.0
    stage.focal = 0.95 * max(h * 0.8, min(stage.width, h)) * (1.0 if not stage.portrait else 0.8)
    stage.subject_depth, stage.depth_range, stage.camera_range = _DEPTH / 2.6, (6.0, _DEPTH * 1.03), 1.2
    sky(stage)
    tones = ((0.46, 0.52, 0.64), (0.40, 0.52, 0.44), (0.36, 0.50, 0.30))
    for k, tone in enumerate(tones):
        hills = Ridge(
            depth=(900.0, 420.0, 150.0)[k],
            base=stage.horizon + (0.02 + 0.05 * k) * h,
            rise=(0.20, 0.16, 0.11)[k] * h,
            width=0.9,
            colour=tone,
            mist=0.75 - 0.2 * k,
            trees=(0, 5, 9)[k],
            bottom=1.1 * h,
        )
        ridge(stage, hills)
    _arches(stage)
    _slope(stage)
    stage.add_ambience(birds=0.5 if not stage.light.moon else 0.0, wind=0.4)


def _arches(stage: SceneStage) -> None:
    """Masonry with round openings, lit from one side; the rails are at height 0."""
    flat = Flat(stage, _DEPTH * 1.02, top=0.0, bottom=1.1)
    stone = stage.shade(rgb("#b39a7c"), _DEPTH * 0.5, lit=0.75)
    low = (stage.horizon - 1.05 * stage.height) / flat.metre + stage.eye
    side, m = flat.side, flat.metre
    flat.box(-side, low, 2 * side, -low - 0.2, stone, to=scale(stone, 0.62), texture=0.22, grain=0.09 / stage.unit)
    courses = Canvas(
        flat.canvas.x0, flat.canvas.y0, flat.canvas.x0 + flat.canvas.width, flat.canvas.y0 + flat.canvas.height
    )
    first = -int(side / _SPAN) - 1
    shift = 1.4 if stage.light.sun[0] < 0.5 else -1.4
    dark = scale(stone, 0.42)
    for inside in (True, False):
        for k in range(first, -first + 1):
            x, wide, spring = (k + 0.5) * _SPAN, _SPAN - 3.0, -7.2
            left, colour, mode = x - wide / 2 + (0.0 if inside else shift * 0.5), dark, "over" if inside else "erase"
            flat.box(left, low - 1, wide - (0.0 if inside else abs(shift) * 0.2), spring - low + 1, colour, mode=mode)
            flat.disc(left + wide / 2, spring, wide / 2, wide / 2 * 0.98, colour, mode=mode)
    for y in np.arange(-1.2, low, -1.1):
        px, py = flat.at(-side, float(y))
        courses.rectangle(px, py, 2 * side * m, max(1.0, 0.07 * m), scale(stone, 0.6), alpha=0.35)
    flat.canvas.fill(flat.canvas.full_mask(courses.pixels[..., 3]), scale(stone, 0.6), mode="atop", alpha=0.8)
    edge = mix(stone, (1.0, 0.97, 0.9), 0.25)
    flat.box(-side, -1.0, 2 * side, 0.9, edge, to=scale(edge, 0.75))
    flat.box(-side, -1.25, 2 * side, 0.28, scale(stone, 0.55))
    flat.put()


def _slope(stage: SceneStage) -> None:
    """Tree tops and bushes below the camera."""
    h, w, rng = stage.height, stage.width, stage.rng
    canvas = stage.canvas(top=0.4, bottom=1.2)
    for k in range(13):
        x = w * (-0.25 + 0.125 * k + 0.03 * rng.normal())
        tall = h * (0.20 + 0.08 * rng.random() + 0.10 * abs(x / w - 0.5))
        broadleaf(stage, canvas, (x, 1.16 * h), tall, LEAF, depth=12.0, leaf=4.2)
    stage.plate(canvas, 16.0)
