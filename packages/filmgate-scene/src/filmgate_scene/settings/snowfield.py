"""A snow field: white hills, snowy firs, a lit cabin with smoke."""

from __future__ import annotations

import math

from filmgate_scene.canvas import Canvas
from filmgate_scene.layers.flat import Flat
from filmgate_scene.layers.ground import Ground, Soil
from filmgate_scene.layers.ridge import Ridge, ridge
from filmgate_scene.layers.sky import sky
from filmgate_scene.palette import mix, rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage

_WHITE = (0.95, 0.97, 1.02)


@setting(
    "snowfield",
    en=(
        "snow field",
        "snowfield",
        "snowy field",
        "snowy landscape",
        "snowy plain",
        "tundra",
        "arctic",
        "antarctica",
        "winter",
        "ski slope",
        "glacier",
        "ice field",
        "winter wonderland",
        "frozen plain",
        "cabin",
        "log cabin",
        "iceland",
        "frozen lake",
    ),
    zh=(
        "雪地",
        "雪原",
        "雪野",
        "冰原",
        "冬天",
        "冬日",
        "冬季",
        "雪景",
        "北极",
        "南极",
        "滑雪场",
        "冰天雪地",
        "木屋",
        "冰湖",
    ),
    time="dawn",
    camera=("dolly",),
)
def snowfield(stage: SceneStage) -> None:
    """Mountains behind, the cabin on one side, a field without footprints."""
    h = stage.height
    stage.horizon, stage.eye, stage.camera_range = h * (0.50 if not stage.portrait else 0.54), 1.3, 0.7
    stage.focal = 0.95 * max(h * 0.8, min(stage.width, h))
    stage.subject_depth, stage.depth_range, stage.endless = 3.6, (2.2, 16.0), True
    sky(stage)
    peaks = Ridge(
        depth=190.0,
        base=stage.horizon + 0.02 * h,
        rise=0.24 * h,
        width=0.8,
        colour=(0.45, 0.52, 0.66),
        mist=0.5,
        sharp=True,
        snow=0.8,
        bottom=stage.horizon + 4,
    )
    ridge(stage, peaks)
    ridge(
        stage,
        Ridge(
            depth=110.0,
            base=stage.horizon + 0.01 * h,
            rise=0.07 * h,
            width=0.9,
            colour=(0.30, 0.40, 0.46),
            mist=0.45,
            trees=13,
            bottom=stage.horizon + 4,
        ),
    )
    Ground(stage, Soil(dark=(0.86, 0.92, 1.06), light=(1.14, 1.16, 1.22), period=3.4, haze=0.6)).put(stage)
    _cabin(stage)
    for depth, count in ((32.0, 9), (17.0, 6), (10.0, 4)):
        _firs(stage, depth, count)
    stage.add_ambience(wind=0.7, pad=0.3)


def _firs(stage: SceneStage, depth: float, count: int) -> None:
    """A loose row of firs; the centre stays free near the camera."""
    metre, rng = stage.focal / depth, stage.rng
    canvas = stage.canvas(top=-0.3, bottom=0.95)
    foot = stage.home_position(0, 0, depth)[1]
    for k in range(count):
        x = (k + 0.5 + 0.5 * (rng.random() - 0.5)) / count * 1.5 - 0.25
        if depth < 20 and 0.27 < x < 0.73:
            continue
        _fir(
            stage, canvas, stage.width * x, foot + 0.1 * metre * rng.normal(), metre * (3.0 + 1.6 * rng.random()), depth
        )
    stage.tile(canvas, depth)


def _fir(stage: SceneStage, canvas: Canvas, x: float, foot: float, tall: float, depth: float) -> None:
    """Tiers of dark branches, each under its load of snow."""
    green, white = stage.shade(rgb("#2c4a40"), depth * 0.7, lit=0.5), stage.shade(_WHITE, depth * 0.7, lit=0.85)
    shade = stage.shade((0.62, 0.70, 0.86), depth * 0.7, lit=0.2)
    canvas.line([(x, foot), (x, foot - 0.2 * tall)], 0.05 * tall, stage.shade(rgb("#4a352c"), depth * 0.7))
    for k in range(7):
        q = k / 6
        y, wide = foot - tall * (0.12 + 0.72 * q), tall * (0.26 - 0.21 * q)
        drop = 0.17 * tall * (1 - 0.4 * q)
        points = [(x, y - drop)]
        for j in range(9):
            u = 1 - 2 * j / 8
            points.append((x + u * wide, y + (0.035 if j % 2 else 0.0) * tall + 0.05 * tall * abs(u)))
        canvas.polygon(points, green, to=scale(green, 0.7))
        snow = [
            (x, y - drop * 1.06),
            (x + 0.86 * wide, y - 0.012 * tall + 0.035 * tall),
            (x + 0.4 * wide, y - 0.045 * tall),
            (x, y - 0.01 * tall),
            (x - 0.45 * wide, y - 0.05 * tall),
            (x - 0.86 * wide, y + 0.02 * tall),
        ]
        canvas.polygon(snow, white, to=shade)


def _cabin(stage: SceneStage) -> None:
    """Logs, a white roof, warm windows, smoke."""
    flat = Flat(stage, 13.0)
    x = 0.42 * min(flat.half, 6.5)
    logs, white = stage.shade(rgb("#7a4e2e"), 6, lit=0.6), stage.shade(_WHITE, 6, lit=0.9)
    warm = mix(stage.shade((0.9, 0.7, 0.4)), (1.0, 0.78, 0.40), 0.45 + 0.5 * stage.light.lamps)
    flat.panel(x - 1.5, 0, 3.0, 1.7, logs)
    for k in range(8):
        flat.box(x - 1.5, 0.21 * k + 0.18, 3.0, 0.03, scale(logs, 0.55))
    flat.shape([(x - 1.5, 1.7), (x + 1.5, 1.7), (x, 2.7)], scale(logs, 0.9))
    flat.shape(
        [(x - 2.0, 1.45), (x, 2.95), (x + 2.0, 1.45), (x + 1.9, 1.72), (x, 3.25), (x - 1.9, 1.72)],
        white,
        to=scale(white, 0.9),
    )
    flat.panel(x + 0.7, 2.3, 0.36, 1.1, stage.shade(rgb("#8a5f50"), 6))
    flat.box(x + 0.66, 3.38, 0.44, 0.10, white)
    for dx in (-1.05, 0.55):
        flat.box(x + dx - 0.05, 0.75, 0.60, 0.60, scale(logs, 0.5))
        flat.box(x + dx, 0.80, 0.50, 0.50, warm)
        flat.box(x + dx + 0.235, 0.80, 0.03, 0.50, scale(logs, 0.5))
        flat.box(x + dx, 1.03, 0.50, 0.03, scale(logs, 0.5))
        flat.glow(x + dx + 0.25, 1.05, 0.55, (1.0, 0.62, 0.28), 0.16 + 0.4 * stage.light.lamps)
    flat.panel(x - 0.28, 0.0, 0.52, 1.15, scale(logs, 0.6))
    flat.shape([(x - 2.2, -0.12), (x - 1.2, 0.16), (x, 0.05), (x + 1.2, 0.18), (x + 2.3, -0.12)], white)
    flat.put()
    _smoke(stage, x + 0.88)


def _smoke(stage: SceneStage, x: float) -> None:
    """From the chimney, wisp after wisp."""
    tone = stage.shade((0.85, 0.86, 0.90), 6, lit=0.6)
    for k in range(3):
        flat = Flat(stage, 12.9)
        for j in range(12):
            q = j / 11
            px, py = flat.at(x + 0.5 * q * q + 0.10 * math.sin(5 * q + 2 * k), 3.5 + 2.0 * q)
            flat.canvas.glow(px, py, (0.10 + 0.28 * q) * flat.metre, tone, 0.16 * math.sin(math.pi * (0.1 + 0.9 * q)))
        share, metre = k / 3, flat.metre

        def rise(t: float, share: float = share, metre: float = metre) -> tuple[float, float]:
            q = (0.16 * t + share) % 1
            return 0.35 * metre * (q - 0.5), -0.9 * metre * (q - 0.5)

        def strength(t: float, share: float = share) -> float:
            return math.sin(math.pi * ((0.16 * t + share) % 1))

        stage.plate(flat.canvas, 12.9, sway=rise, opacity=strength)
