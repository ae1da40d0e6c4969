"""A meadow: rolling hills, knee-high grass, flowers."""

from __future__ import annotations

from filmgate_scene.layers.foliage import LEAF, broadleaf, clump, grass, ramp
from filmgate_scene.layers.ground import Ground, Soil
from filmgate_scene.layers.ridge import Ridge, ridge
from filmgate_scene.layers.sky import sky
from filmgate_scene.palette import Colour, mix, rgb
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage, rocking

_FROST: Colour = (0.92, 0.94, 1.0)
_FLOWERS = ("#e4483c", "#f2c53d", "#f4f0ff", "#8f6fe0", "#f08fb4")


@setting(
    "meadow",
    en=(
        "meadow",
        "field",
        "grassland",
        "grass",
        "prairie",
        "farm",
        "flower field",
        "hills",
        "park",
        "lawn",
        "savanna",
        "hill",
        "valley",
        "lavender",
        "lavender field",
        "wheat field",
        "steppe",
    ),
    zh=(
        "草地",
        "草原",
        "草坪",
        "田野",
        "原野",
        "花海",
        "花田",
        "农场",
        "山坡",
        "公园",
        "牧场",
        "院子",
        "山谷",
        "薰衣草",
        "麦田",
        "草丛",
        "山丘",
    ),
    time="day",
    camera=("dolly",),
)
def meadow(stage: SceneStage) -> None:
    """Hills behind, flowers in front."""
    h = stage.height
    stage.horizon, stage.eye, stage.camera_range = h * (0.50 if not stage.portrait else 0.54), 1.1, 0.7
    stage.focal = 0.95 * max(h * 0.8, min(stage.width, h))
    stage.subject_depth, stage.depth_range, stage.endless = 3.2, (2.2, 16.0), True
    sky(stage)
    for k in range(3):
        hills = Ridge(
            depth=(320.0, 150.0, 60.0)[k],
            base=stage.horizon + h * 0.012,
            rise=h * (0.15, 0.10, 0.055)[k],
            width=(0.9, 0.8, 0.9)[k],
            colour=((0.42, 0.52, 0.62), (0.36, 0.52, 0.36), (0.42, 0.58, 0.28))[k],
            mist=0.55 - 0.2 * k,
            trees=(0, 6, 0)[k],
            bottom=stage.horizon + 2,
        )
        ridge(stage, hills)
    Ground(stage, Soil(dark=(0.27, 0.43, 0.15), light=(0.64, 0.76, 0.33), period=1.7)).put(stage)
    _oaks(stage)
    if not stage.snow_cover:
        _drifts(stage)
    _near_grass(stage)
    stage.add_ambience(
        birds=0.6 if not stage.light.moon else 0.0, crickets=0.7 if stage.light.moon else 0.25, wind=0.35
    )


def _oaks(stage: SceneStage) -> None:
    """A few trees in the middle distance."""
    w, h, rng = stage.width, stage.height, stage.rng
    canvas = stage.canvas(top=-0.1, bottom=0.75)
    depth = 30.0
    foot = stage.home_position(0, 0, depth)[1]
    for x in (0.10, 0.22, 0.88) if stage.portrait else (-0.18, 0.12, 0.20, 0.86, 1.15):  # completely inside the tile
        broadleaf(
            stage,
            canvas,
            (w * (x + 0.02 * rng.normal()), foot),
            h * (0.16 + 0.06 * rng.random()),
            LEAF,
            depth=depth * 0.5,
            leaf=3.6,
        )
    stage.tile(canvas, depth)


def _drifts(stage: SceneStage) -> None:
    """Flowers scattered over the grass, smaller and denser with distance."""
    rng = stage.rng
    for depth in (15.0, 10.0, 6.8, 4.6):
        metre = stage.focal / depth
        foot, next_foot = stage.home_position(0, 0, depth)[1], stage.home_position(0, 0, depth * 0.72)[1]
        canvas = stage.canvas(top=0.35, bottom=1.1)
        for _ in range(15):
            x, y = stage.width * (rng.random() * 1.3 - 0.15), foot + (next_foot - foot) * rng.random()
            wide = (0.25 + 0.5 * rng.random()) * metre
            leaves = ramp(stage, _GREEN, depth)
            clump(stage, canvas, (x, y), (1.2 * wide, 0.10 * metre), 0.05 * metre, leaves, dense=0.35)
            tones = ramp(stage, _petals(rgb(_FLOWERS[int(rng.integers(len(_FLOWERS)))])), depth)
            clump(stage, canvas, (x, y - 0.05 * metre), (wide, 0.11 * metre), 0.028 * metre + 0.5, tones, dense=0.10)
        stage.tile(canvas, depth, sway=rocking(0.006 * metre, 0.0, 1.1, depth))


def _petals(colour: Colour) -> tuple[Colour, ...]:
    return mix(colour, (0, 0, 0), 0.35), colour, mix(colour, (1, 1, 1), 0.45)


_GREEN = (rgb("#2d4a1c"), rgb("#527a2a"), rgb("#86a63f"), rgb("#cbd778"))


def _near_grass(stage: SceneStage) -> None:
    """Grass blades and blossoms in front of the camera."""
    w, h, u = stage.width, stage.height, stage.unit
    for k, (depth, top) in enumerate(((2.6, 0.97), (1.9, 1.03))):
        canvas = stage.canvas(top=0.6, bottom=1.25)
        for i, code in enumerate(_FLOWERS[:3]):
            grass(
                stage,
                canvas,
                -0.3 * w,
                1.3 * w,
                h * (top + 0.01 * i),
                h * (0.075 + 0.03 * k),
                120,
                flower=None if stage.snow_cover else rgb(code),
                colours=(
                    mix(rgb("#34561f"), _FROST, 0.5 * stage.snow_cover),
                    mix(rgb("#a9c052"), _FROST, stage.snow_cover),
                ),
            )
        stage.tile(canvas, depth, sway=rocking((2 + 1.5 * k) * u, 0.0, 1.2, k * 1.3))
