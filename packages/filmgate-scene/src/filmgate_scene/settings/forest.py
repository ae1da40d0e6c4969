"""A forest: trunks in rows that fade into green haze, ferns, shafts of light."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.canvas import Canvas, step
from filmgate_scene.kernels.noise import fbm, fbm_at
from filmgate_scene.layers.flat import Flat
from filmgate_scene.layers.foliage import LEAF, PINE, Ramp, boulder, clump, grass, ramp
from filmgate_scene.layers.ground import Ground, Soil
from filmgate_scene.layers.room import outside
from filmgate_scene.light import replace
from filmgate_scene.palette import mix, rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.stage import Plate, SceneStage, rocking

__all__ = ["shafts"]

_ROWS = (22.0, 14.0, 9.0, 6.2)  # metres to each row of trunks; the first two rows are painted on the wall of leaves


@setting(
    "forest",
    en=("forest", "woods", "woodland", "jungle", "rainforest", "trees", "grove", "ferns", "moss", "woodland path"),
    zh=("森林", "树林", "丛林", "雨林", "林间", "林中", "树木", "山林", "密林"),
    time="golden",
    camera=("dolly",),
)
def forest(stage: SceneStage) -> None:
    """A clearing among tall trees."""
    h, light = stage.height, stage.light
    green = mix(light.haze, stage.shade(rgb("#9db87a")), 0.45)
    stage.light = replace(light, haze=green, haze_depth=min(light.haze_depth, 26.0))
    stage.horizon, stage.eye, stage.camera_range = h * (0.60 if not stage.portrait else 0.64), 1.45, 1.1
    stage.focal = 0.95 * max(h * 0.8, min(stage.width, h))
    stage.subject_depth, stage.depth_range = 5.2, (3.2, 14.0)
    edge = stage.depth_of(0.72 * h)
    distant = Flat(stage, 1.5 * edge, bottom=0.95)
    _depths(stage, distant.canvas)
    for row in range(2):
        _trunks(stage, distant.canvas, row)
    distant.wall(outside(stage, lambda _: None))
    floor = Soil(dark=(0.20, 0.22, 0.12), light=(0.46, 0.47, 0.24), period=2.8)
    Ground(stage, floor, far=edge).put(stage)
    _edge(stage, edge)
    for row in range(2, len(_ROWS)):
        canvas = stage.canvas(top=-0.35, bottom=0.95, margin=0.35)
        _trunks(stage, canvas, row)
        stage.plate(canvas, _ROWS[row])
    _canopy(stage)
    _undergrowth(stage)
    shafts(stage)
    day = not light.moon
    stage.add_ambience(birds=0.8 if day else 0.0, crickets=0.0 if day else 0.8, wind=0.35)


def _depths(stage: SceneStage, canvas: Canvas) -> None:
    """The far wall of leaves, half in haze."""
    cells = 0.012 / stage.unit
    noise = fbm(canvas.width, canvas.height, cells, cells, 0.0, 0.0, 5, 0, stage.seed % 997)
    dark, bright = (np.asarray(stage.shade(rgb(c), 22), np.float32) for c in ("#2f4a27", "#9fb566"))
    rows = (canvas.rows()[:, None] - 0.0) / stage.height
    light = np.clip((noise - 0.3) * 1.7 + 0.25 * (0.6 - rows), 0, 1)[..., None]
    holes = step(0.60, 0.68, noise) * step(0.5, 0.1, rows)
    canvas.fill(
        canvas.full_mask(np.asarray(1 - 0.85 * holes, np.float32)),
        np.asarray(dark + (bright - dark) * light, np.float32),
    )


def _edge(stage: SceneStage, depth: float) -> None:
    """Ferns and brambles where the ground meets the wall of leaves."""
    rng, metre, foot = stage.rng, stage.focal / depth, stage.home_position(0, 0, depth)[1]
    canvas, paint = stage.canvas(top=0.35, bottom=0.95), ramp(stage, _FERN, depth)
    for k in range(34):
        x = stage.width * (-0.3 + 1.6 * (k + rng.random()) / 34)
        high = (0.28 + 0.35 * rng.random()) * metre
        clump(stage, canvas, (x, foot - 0.25 * high), (1.0 * metre, high), 0.10 * metre + stage.unit, paint, dense=0.8)
    grass(stage, canvas, canvas.x0, canvas.x0 + canvas.width, foot, 0.4 * metre, 160)
    stage.plate(canvas, depth * 0.985)


def _trunks(stage: SceneStage, canvas: Canvas, row: int) -> None:
    """One row of trunks, thicker when nearer; the path in the centre stays free."""
    rng, depth = stage.rng, _ROWS[row]
    metre = stage.focal / depth
    foot = stage.horizon + stage.eye * metre
    free = (0.0, 0.11, 0.22, 0.34)[row]
    gap = max(1.5 * metre, stage.width * 0.07)
    x = canvas.x0 - gap * rng.random()
    while x < canvas.x0 + canvas.width:
        if abs(x / stage.width - 0.5) > free:
            _trunk(stage, canvas, x, foot + 0.1 * metre * rng.normal(), metre * (0.22 + 0.16 * rng.random()), depth)
        x += gap * (0.6 + 0.9 * rng.random())


def _trunk(stage: SceneStage, canvas: Canvas, x: float, foot: float, width: float, depth: float) -> None:
    """Bark lit from one side, roots, a few leaves on low twigs."""
    rng = stage.rng
    bark, lit = stage.shade(rgb("#54402f"), depth, lit=0.25), stage.shade(rgb("#a58a66"), depth, lit=0.8)
    lean = 0.03 * rng.normal()
    top = canvas.y0
    points = [(x + lean * (foot - y) + 0.1 * width * math.sin(y * 0.02), y) for y in np.linspace(foot, top, 9)]
    canvas.line(
        [(x - width * 0.9, foot + width * 0.2), (x, foot - width * 1.2), (x + width * 0.9, foot + width * 0.2)],
        width * 0.5,
        bark,
        end=width * 0.3,
    )
    canvas.line(points, width, bark, end=width * 0.72)
    side = stage.light.toward()[0]
    canvas.line(
        [(px + side * width * 0.27, py) for px, py in points],
        width * 0.30,
        mix(bark, lit, 0.75),
        end=width * 0.2,
        alpha=0.8,
    )
    for k in range(5):
        off = (k / 4 - 0.5) * width * 0.8
        canvas.line([(px + off, py) for px, py in points], max(1.0, width * 0.035), scale(bark, 0.7), alpha=0.45)
    leaves = ramp(stage, LEAF, depth)
    for _ in range(2):
        y = foot - (0.22 + 0.5 * rng.random()) * (foot - top)
        end = x + width * rng.choice((-1, 1)) * (1.5 + rng.random())
        canvas.line([(x, y), (end, y - width * 0.5)], width * 0.14, bark, end=1.0)
        clump(
            stage, canvas, (end, y - width * 0.6), (width * 1.3, width * 0.7), max(2.0, width * 0.14), leaves, dense=0.8
        )


def _canopy(stage: SceneStage) -> None:
    """Leaves overhead, near the camera and moving."""
    w, h, u, rng = stage.width, stage.height, stage.unit, stage.rng
    for k, depth in enumerate((11.0, 5.6)):
        canvas = stage.canvas(top=-0.3, bottom=0.42)
        paint = ramp(stage, LEAF if k else PINE, depth)
        for _ in range(26):
            x = rng.random() * 1.5 - 0.25
            drop = (0.02 + 0.10 * rng.random() + 0.16 * abs(x - 0.5)) * (1.2 if k else 1.0)
            clump(
                stage, canvas, (w * x, h * (drop - 0.10)), (h * 0.16, h * 0.085), (6.5 + 3 * k) * u, paint, dense=0.75
            )
        stage.plate(canvas, depth, sway=rocking((1.5 + 2 * k) * u, (1 + k) * u, 0.9, k * 1.7))


def _undergrowth(stage: SceneStage) -> None:
    """Ferns, grass and mossy stones beside the path."""
    w, u, rng = stage.width, stage.unit, stage.rng
    for depth, count in ((8.0, 60), (4.2, 90)):
        metre = stage.focal / depth
        foot = stage.horizon + stage.eye * metre
        canvas = stage.canvas(top=0.4, bottom=1.25)
        for x0, x1 in ((-0.3, 0.30), (0.70, 1.3)):
            for _ in range(5):
                x = w * (x0 + (x1 - x0) * rng.random())
                clump(
                    stage,
                    canvas,
                    (x, foot - 0.1 * metre),
                    (0.55 * metre, 0.26 * metre),
                    0.05 * metre + 2 * u,
                    ramp(stage, _FERN, depth),
                )
            boulder(
                stage, canvas, (w * (x0 + (x1 - x0) * rng.random()), foot + 0.05 * metre), 0.25 * metre, depth=depth
            )
            grass(
                stage,
                canvas,
                w * x0,
                w * x1,
                foot + 0.12 * metre,
                0.26 * metre,
                count,
                flower=rgb("#f2e9ff") if depth < 5 else None,
            )
        stage.plate(canvas, depth * 0.98, sway=rocking(0.9 * u, 0.0))


_FERN: Ramp = (rgb("#1f3a1c"), rgb("#3d6628"), rgb("#76a03c"), rgb("#c9d877"))


def shafts(stage: SceneStage) -> None:
    """Shafts of light through the leaves."""
    light = stage.light
    power = 0.9 * light.glow_amount + 0.15
    width, height = stage.width // 2, stage.height // 2
    xs, ys = np.meshgrid(
        np.arange(-width * 0.3, width * 1.3, dtype=np.float32), np.arange(-height * 0.1, height * 1.1, dtype=np.float32)
    )
    x, y = width * light.sun[0], -0.25 * height
    angle = np.arctan2(ys - y, xs - x)
    rays = (
        np.clip(fbm_at((angle * 9).astype(np.float32), np.full_like(angle, 3.0), 3, stage.seed % 997, 0.0) - 0.47, 0, 1)
        * 2.2
    )
    fade = np.exp(-np.sqrt((xs - x) ** 2 + (ys - y) ** 2) / height * 0.9)
    canvas = Canvas(0, 0, xs.shape[1], xs.shape[0])
    canvas.pixels[..., :3] = (rays * fade * power)[..., None] * np.asarray(light.glow, np.float32)
    canvas.x0, canvas.y0 = int(-width * 0.3), int(-height * 0.1)
    sprite = stage.atlas.add(canvas.pixels, -canvas.x0, -canvas.y0)
    stage.add(Plate(sprite, 7.0, fine=0.5, opacity=lambda t: 0.8 + 0.2 * math.sin(t * 0.6)), 7.0)
