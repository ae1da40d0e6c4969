"""A concert stage: beams of light, a screen, loudspeakers, drums, the crowd's raised hands."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene import fonts
from filmgate_scene.canvas import Canvas
from filmgate_scene.cues import SoundEvent
from filmgate_scene.layers.flat import Flat
from filmgate_scene.layers.ground import Ground, Soil
from filmgate_scene.layers.sky import Backdrop
from filmgate_scene.light import replace
from filmgate_scene.palette import Colour, mix, rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.stage import Motion, SceneStage

_BEAMS: tuple[Colour, ...] = (rgb("#ff3d9a"), rgb("#3d8bff"), rgb("#b45cff"), rgb("#28e0d0"), rgb("#ffb13d"))
_BEAT = 0.5  # seconds


@setting(
    "stage",
    en=(
        "stage",
        "concert",
        "concert stage",
        "concert hall",
        "theatre",
        "theater",
        "nightclub",
        "rock concert",
        "music festival",
        "performance",
        "spotlight",
        "dance floor",
    ),
    zh=("舞台", "演唱会", "音乐会", "音乐节", "剧院", "剧场", "夜店", "表演", "聚光灯", "演出"),
    time="night",
    camera=("dolly",),
    inhabitants=("person",),
    indoor=True,
)
def concert(stage: SceneStage) -> None:
    """Seen from the crowd; subjects stand in the light."""
    w, h = stage.width, stage.height
    stage.light = replace(
        stage.light,
        ambient=(0.38, 0.33, 0.48),
        key=(0.75, 0.66, 0.70),
        glow=(0.8, 0.5, 1.0),
        haze=(0.12, 0.06, 0.20),
        haze_depth=60.0,
        bloom=(0.5, 0.85),
        stars=0,
        lamps=1.0,
        sun=(0.5, 0.6),
        glitter=0.0,
    )
    stage.horizon, stage.eye, stage.camera_range = 0.66 * h, 1.0, 0.8
    stage.focal = 1.0 * max(h * 0.8, min(w, h))
    stage.subject_depth, stage.depth_range, stage.wetness = 5.0, (4.4, 7.5), 0.30
    rows = np.linspace(0, 1, round(1.3 * h), dtype=np.float32)[:, None]
    dark = np.stack([np.repeat(c * (0.25 + rows**2), round(1.4 * w), 1) for c in (0.10, 0.04, 0.17)])
    stage.add(Backdrop(dark, -0.2 * w, -0.15 * h), math.inf)
    _screen(stage)
    Ground(
        stage,
        Soil(dark=(0.10, 0.09, 0.12), light=(0.22, 0.20, 0.26), period=2.0, wet=(0.0, 1.0, 0.40)),
        far=9.0,
        mirror_at=9.0,
    ).put(stage)
    _gear(stage)
    for k, colour in enumerate(_BEAMS):
        _beams(stage, colour, k)
    _crowd(stage)
    stage.default_action = "dance"
    stage.add_ambience(chatter=0.55, pad=1.0, hum=0.1)
    stage.events += [SoundEvent(_BEAT * n, "step", 0.0, 0.35) for n in range(int(stage.seconds / _BEAT))]


def _screen(stage: SceneStage) -> None:
    """The large screen with the show's name, and the truss above."""
    flat = Flat(stage, 9.0)
    wide = min(8.0, 1.5 * flat.half)
    flat.box(-wide / 2 - 0.12, 0.9, wide + 0.24, 3.9, (0.03, 0.03, 0.05))
    flat.box(-wide / 2, 1.0, wide, 3.7, (0.20, 0.06, 0.42), to=(0.75, 0.16, 0.46))
    rng = stage.rng
    for _ in range(60):
        x, y = (rng.random() - 0.5) * wide * 0.96, 1.1 + 3.5 * rng.random()
        flat.glow(x, y, 0.05 + 0.18 * rng.random() ** 3, (1.0, 0.7, 0.95), 0.35)
    text = fonts.drawable(stage.shot.text)[:14] or "LIVE 现场"
    flat.text(0, 3.4, text, 1.25, wide * 0.85, (1.0, 0.95, 1.0))
    flat.glow(0, 3.3, wide * 0.3, (0.9, 0.4, 0.9), 0.25)
    steel = (0.16, 0.15, 0.20)
    for y in (5.15, 5.55):
        flat.box(-flat.side, y, 2 * flat.side, 0.09, steel)
    for k in range(int(flat.side / 0.4)):
        for side in (-1, 1):
            flat.line(
                [(side * 0.8 * k, 5.2), (side * (0.8 * k + 0.4), 5.6), (side * (0.8 * k + 0.8), 5.2)], 0.05, steel
            )
    flat.put()


def _gear(stage: SceneStage) -> None:
    """Loudspeakers at the sides, drums and amplifiers at the back."""
    flat = Flat(stage, 7.6)
    edge = min(4.6, 0.92 * flat.half)
    black = (0.07, 0.065, 0.085)
    for side in (-1, 1):
        for k in range(4):
            x, y = side * edge - 0.5, 0.05 + 0.86 * k
            flat.panel(x, y, 1.0, 0.82, black, radius=0.04)
            flat.disc(x + 0.5, y + 0.36, 0.28, 0.28, scale(black, 2.2))
            flat.disc(x + 0.5, y + 0.36, 0.20, 0.20, scale(black, 0.9))
            flat.disc(x + 0.5, y + 0.70, 0.08, 0.06, scale(black, 2.0))
    x = -0.36 * edge
    red, pale, brass = (0.62, 0.12, 0.16), (0.85, 0.83, 0.86), (0.90, 0.70, 0.30)
    flat.disc(x, 0.45, 0.46, 0.45, red)
    flat.disc(x, 0.45, 0.38, 0.37, pale)
    for dx, y, r in ((-0.62, 0.62, 0.25), (0.64, 0.60, 0.27), (-0.26, 1.0, 0.20), (0.24, 1.0, 0.20)):
        flat.panel(x + dx - r, y - 0.18, 2 * r, 0.30, red, radius=0.05)
        flat.disc(x + dx, y + 0.12, r, 0.06, pale)
    for dx, y in ((-0.95, 1.35), (0.95, 1.40)):
        flat.line([(x + dx, 0.0), (x + dx, y)], 0.02, (0.5, 0.5, 0.55))
        flat.shape([(x + dx - 0.34, y - 0.03), (x + dx + 0.34, y + 0.05), (x + dx, y + 0.08)], brass)
    flat.line([(0.5, 0.0), (0.5, 1.42), (0.42, 1.5)], 0.03, (0.35, 0.35, 0.40))
    flat.disc(0.40, 1.52, 0.055, 0.07, (0.25, 0.25, 0.30))
    for k in range(5):
        flat.glow((k - 2) * 0.45 * edge, 0.05, 0.5, _BEAMS[k], 0.22)
    flat.put()


def _beams(stage: SceneStage, colour: Colour, k: int) -> None:
    """Two light beams from the truss that alternate."""
    w, h = stage.width, stage.height
    canvas = Canvas(-0.2 * w, -0.2 * h, 1.2 * w, 0.95 * h)
    for side in (-1, 1):
        top = w * (0.5 + side * (0.09 + 0.095 * k))
        foot = w * (0.5 + side * (0.42 - 0.17 * k))
        for j in range(7):
            wide = (0.006 + 0.010 * j) * w
            mask = [
                (top - 0.004 * w, -0.12 * h),
                (top + 0.004 * w, -0.12 * h),
                (foot + wide, 0.86 * h),
                (foot - wide, 0.86 * h),
            ]
            canvas.polygon(mask, scale(colour, 0.16), to=scale(colour, 0.03), mode="add")
        canvas.glow(top, -0.01 * h, 0.035 * h, mix(colour, (1.0, 1.0, 1.0), 0.5), 1.0)

    def pulse(t: float) -> float:
        return 0.25 + 0.75 * math.pow(max(0.0, math.sin(math.pi * t / (2 * _BEAT) + 1.26 * k)), 1.5)

    stage.plate(canvas, 6.8, opacity=pulse, sway=lambda t: (0.03 * w * math.sin(0.7 * t + k), 0.0))


def _crowd(stage: SceneStage) -> None:
    """Heads and hands, dark against the light, that move to the beat."""
    h, rng = stage.height, stage.rng
    for row, (depth, top) in enumerate(((3.2, 0.86), (2.5, 0.92))):
        canvas = stage.canvas(top=0.45, bottom=1.3)
        ink, size = scale((0.05, 0.03, 0.08), 1.0 - 0.4 * row), (0.046 + 0.016 * row) * h
        x = canvas.x0 + size
        while x < canvas.x0 + canvas.width:
            y = top * h + 0.02 * h * rng.normal()
            canvas.ellipse(x, y, size * 0.62, size * 0.78, ink)
            canvas.ellipse(x, y + 2.1 * size, size * 1.35, size * 1.5, ink)
            canvas.rectangle(x - 1.3 * size, y + 2.0 * size, 2.6 * size, h, ink)
            if rng.random() < 0.45:
                lean = (rng.random() - 0.5) * size
                side = 1 if rng.random() < 0.5 else -1
                hand = (x + side * 1.0 * size + lean, y - 2.0 * size)
                canvas.line(
                    [
                        (x + side * 1.1 * size, y + 1.4 * size),
                        (x + side * 1.4 * size + lean * 0.4, y - 0.3 * size),
                        hand,
                    ],
                    0.5 * size,
                    ink,
                    end=0.34 * size,
                )
                canvas.ellipse(*hand, 0.26 * size, 0.32 * size, ink)
                if rng.random() < 0.3:
                    canvas.rectangle(
                        hand[0] - 0.2 * size,
                        hand[1] - 0.75 * size,
                        0.4 * size,
                        0.7 * size,
                        (0.75, 0.85, 1.0),
                        radius=0.06 * size,
                    )
            x += size * (1.7 + 0.9 * rng.random())
        stage.plate(canvas, depth, sway=_nodding(0.011 * h, 0.8 * row))


def _nodding(high: float, phase: float) -> Motion:
    """Up and down with the beat."""
    return lambda t: (0.0, high * abs(math.sin(math.pi * t / (2 * _BEAT) + phase)))
