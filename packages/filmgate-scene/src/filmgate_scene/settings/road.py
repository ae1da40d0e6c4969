"""A country road: driven along if the prompt names no subject, else seen from the side."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.canvas import Canvas
from filmgate_scene.kernels.road import road as tarmac
from filmgate_scene.layers.foliage import LEAF, broadleaf, grass
from filmgate_scene.layers.ground import Ground, Soil
from filmgate_scene.layers.ridge import Ridge, ridge
from filmgate_scene.layers.sky import sky
from filmgate_scene.lens import Lens
from filmgate_scene.palette import rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.stage import AnimatedSprites, Quad, SceneStage, ShotFrame

_GRASS = Soil(dark=(0.26, 0.38, 0.14), light=(0.60, 0.66, 0.30), period=1.9)
_TAR = Soil(dark=(0.25, 0.25, 0.27), light=(0.42, 0.42, 0.44), period=1.1)
_PACE = 7.0  # metres a second
_PERIOD = 96.0  # metres after which the roadside repeats


@setting(
    "road",
    en=(
        "road",
        "country road",
        "countryside road",
        "countryside",
        "highway",
        "freeway",
        "rural road",
        "dirt road",
        "roadside",
        "route 66",
        "road trip",
        "country lane",
        "path",
    ),
    zh=(
        "公路",
        "乡间小路",
        "乡村公路",
        "乡间公路",
        "马路",
        "马路上",
        "道路",
        "高速公路",
        "小路",
        "乡村",
        "乡下",
        "路上",
        "路边",
    ),
    time="golden",
    camera=("dolly",),
)
def road(stage: SceneStage) -> None:
    """Fields, far hills, trees and poles beside the road."""
    h = stage.height
    stage.horizon, stage.eye, stage.camera_range = h * (0.50 if not stage.portrait else 0.54), 1.5, 0.6
    stage.focal = 0.95 * max(h * 0.8, min(stage.width, h))
    sky(stage)
    for k in range(2):
        hills = Ridge(
            depth=(260.0, 110.0)[k],
            base=stage.horizon + 0.012 * h,
            rise=h * (0.16, 0.08)[k],
            width=0.9,
            colour=((0.42, 0.50, 0.62), (0.38, 0.52, 0.30))[k],
            mist=0.5 - 0.2 * k,
            trees=(0, 7)[k],
            bottom=stage.horizon + 3,
        )
        ridge(stage, hills)
    Ground(stage, _GRASS).put(stage)
    (_beside if stage.shot.subjects else _along)(stage)
    stage.add_ambience(wind=0.5, birds=0.35 if not stage.light.moon else 0.0, crickets=0.3)


def _along(stage: SceneStage) -> None:
    """Forward, the roadside passing on both sides."""
    stage.subject_depth, stage.depth_range = 7.0, (4.0, 30.0)
    stage.camera_drive = lambda t: Lens(z=_PACE * t, x=0.25 * math.sin(0.5 * t), y=0.012 * math.sin(5.0 * t))
    stage.add(_Tar(stage), 2900.0)
    near = stage.focal / 5.0
    kinds = [_tree(stage, near, 1.0), _tree(stage, near, 0.7), _pole(stage, near)]
    sprites = [stage.atlas.add(c.pixels, -c.x0, -c.y0) for c in kinds]
    rng = np.random.default_rng(stage.seed + 9)
    places = [
        (float(side * (5.6 + 5 * rng.random())), 6.0 * k + 2 * float(rng.random()), k % 2)
        for k in range(16)
        for side in (-1, 1)
    ]
    places += [(4.4, 24.0 * k, 2) for k in range(4)]

    def quads(frame: ShotFrame) -> list[Quad]:
        out = []
        for x, z, kind in places:
            ahead = (z - frame.lens.z) % _PERIOD + 1.6
            sx, sy, metre = frame.project(x, 0.0, ahead + frame.lens.z)
            fog = math.exp(-ahead / 60.0)
            rise = min(1.0, (_PERIOD - ahead) / 12.0) * min(1.0, (ahead - 1.6) / 1.2)
            out.append(
                (ahead, Quad(sprites[kind], sx, sy, metre / near, metre / near, opacity=rise * (0.35 + 0.65 * fog)))
            )
        return [quad for _, quad in sorted(out, key=lambda entry: -entry[0])]

    stage.add(AnimatedSprites(quads), 40.0)
    stage.add_ambience(traffic=0.4)


def _tree(stage: SceneStage, metre: float, size: float) -> Canvas:
    """A roadside tree, its foot at (0, 0)."""
    tall = 5.2 * size * metre
    canvas = Canvas(-0.8 * tall, -1.2 * tall, 0.8 * tall, 0.08 * tall)
    canvas.ellipse(0, 0, 0.40 * tall, 0.035 * tall, (0.04, 0.06, 0.02), alpha=0.35)
    broadleaf(stage, canvas, (0.0, 0.0), tall, LEAF, depth=6.0, leaf=0.012 * tall / stage.unit, spread=0.45)
    return canvas


def _pole(stage: SceneStage, metre: float) -> Canvas:
    """A telegraph pole."""
    canvas, wood = Canvas(-1.2 * metre, -6.6 * metre, 1.2 * metre, 0.1 * metre), stage.shade(rgb("#6b4d36"), lit=0.6)
    canvas.line([(0, 0), (0, -6.4 * metre)], 0.20 * metre, wood, end=0.14 * metre)
    for y in (-6.0, -5.4):
        canvas.line([(-0.9 * metre, y * metre), (0.9 * metre, y * metre)], 0.12 * metre, scale(wood, 0.8))
        for x in (-0.75, -0.35, 0.35, 0.75):
            canvas.rectangle(
                (x - 0.05) * metre, (y - 0.2) * metre, 0.1 * metre, 0.16 * metre, stage.shade((0.85, 0.88, 0.86))
            )
    return canvas


def _beside(stage: SceneStage) -> None:
    """Across the frame: the tar, its lines, a fence behind, grass in front."""
    stage.subject_depth, stage.depth_range, stage.endless = 4.6, (3.6, 16.0), True
    for soil, far in ((_TAR, 8.2), (_GRASS, 3.6)):
        Ground(stage, soil, far=far).put(stage)
    paint = stage.shade((0.92, 0.91, 0.86), lit=0.7)
    for z, dashed in ((7.9, False), (5.5, True), (3.75, False)):
        _line(stage, z, paint, dashed=dashed)
    _fence(stage)
    canvas = stage.canvas(top=-0.2, bottom=0.85)
    foot = stage.home_position(0, 0, 17.0)[1]
    for x in (-0.15, 0.22, 0.78, 1.12):
        broadleaf(stage, canvas, (stage.width * x, foot), 0.26 * stage.height, LEAF, depth=8.0, leaf=4.0)
    stage.tile(canvas, 17.0)
    near = stage.canvas(top=0.6, bottom=1.25)
    grass(
        stage,
        near,
        -0.3 * stage.width,
        1.3 * stage.width,
        1.0 * stage.height,
        0.08 * stage.height,
        320,
        flower=rgb("#f2c53d"),
    )
    stage.tile(near, 2.2)


def _line(stage: SceneStage, z: float, paint: tuple[float, float, float], *, dashed: bool) -> None:
    """White paint along the road."""
    metre, y = stage.focal / z, stage.home_position(0, 0, z)[1]
    thick = max(1.2, 0.14 * stage.eye * stage.focal / (z * z))
    canvas = Canvas(0, y - thick, 1.5 * stage.width, y + thick)
    count = max(2, round(canvas.width / (4.0 * metre)))
    for k in range(count):
        wide = canvas.width / count
        canvas.rectangle(k * wide, y - thick / 2, wide * (0.5 if dashed else 1.01), thick, paint, alpha=0.85)
    stage.plate(canvas, z, wraps=True)


def _fence(stage: SceneStage) -> None:
    """Posts and two rails on the far side."""
    z = 9.2
    metre, y = stage.focal / z, stage.home_position(0, 0, z)[1]
    canvas, wood = (
        Canvas(0, y - 1.4 * metre, 1.5 * stage.width, y + 0.1 * metre),
        stage.shade(rgb("#a98a68"), 5, lit=0.6),
    )
    count = max(2, round(canvas.width / (1.7 * metre)))
    for high in (0.5, 0.9):
        canvas.rectangle(0, y - high * metre, canvas.width, 0.09 * metre, wood, to=scale(wood, 0.7))
    for k in range(count):
        canvas.rectangle(
            (k + 0.5) * canvas.width / count, y - 1.1 * metre, 0.13 * metre, 1.1 * metre, wood, to=scale(wood, 0.6)
        )
    stage.plate(canvas, z, wraps=True)


class _Tar:
    """The road that runs away from the camera."""

    def __init__(self, stage: SceneStage) -> None:
        self.tar = np.asarray(stage.shade((0.36, 0.36, 0.39)), np.float32)
        self.paint = np.asarray(stage.shade((0.96, 0.94, 0.88), lit=0.8), np.float32)
        self.haze = np.asarray(stage.light.haze, np.float32)

    def draw(self, frame: ShotFrame) -> None:
        """Tar and lines."""
        lens = frame.lens
        tarmac(
            frame.pixels,
            frame.horizon,
            frame.centre,
            frame.eye,
            frame.focal,
            lens.x,
            lens.z,
            3.4,
            self.tar,
            self.paint,
            self.haze,
            frame.stage.light.haze_depth,
        )
