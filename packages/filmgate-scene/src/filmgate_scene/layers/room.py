"""Rooms: floor, far wall, ceiling, lamps, and windows that show the time of day outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from filmgate.domain import Size
from filmgate_scene.kernels.declare import F32
from filmgate_scene.kernels.noise import fbm
from filmgate_scene.layers.flat import Flat
from filmgate_scene.layers.ground import Ground, Soil
from filmgate_scene.layers.ridge import Ridge, ridge
from filmgate_scene.layers.sky import sky
from filmgate_scene.light import replace
from filmgate_scene.palette import Colour, mix, scale
from filmgate_scene.stage import SceneStage, ShotFrame, WindowOpening

__all__ = ["HEIGHT", "WARM", "goods", "lamps", "outside", "planks", "plant", "room", "tiles", "window"]

HEIGHT = 3.1  # metres to the ceiling
WARM: Colour = (1.0, 0.74, 0.42)
_GOODS: tuple[Colour, ...] = (
    (0.85, 0.31, 0.25),
    (0.91, 0.71, 0.30),
    (0.37, 0.62, 0.43),
    (0.36, 0.52, 0.69),
    (0.94, 0.89, 0.81),
    (0.55, 0.36, 0.60),
)


def planks(seed: int) -> F32:
    """Floor boards, some darker, that run into the depth."""
    size, count = 512, 8
    rng = np.random.default_rng(seed)
    board = np.repeat(rng.random(count).astype(np.float32), size // count)[None]
    grain = fbm(size, size, 0.25, 6 / size, 0.0, 0.0, 4, size // 4, seed)
    out = np.broadcast_to(0.45 + 0.28 * board, (size, size)) + 0.5 * (grain - 0.5)
    out[:, :: size // count] = out[:, 1 :: size // count] = 0.1
    return np.asarray(np.clip(out, 0, 1), np.float32)


def tiles(seed: int) -> F32:
    """A chequered floor."""
    size, count = 512, 8
    ys, xs = np.mgrid[0:size, 0:size] // (size // count)
    grit = fbm(size, size, 0.125, 0.125, 0.0, 0.0, 3, size // 8, seed)
    out = 0.25 + 0.55 * ((xs + ys) % 2) + 0.14 * (grit - 0.5)
    out[:: size // count] = out[:, :: size // count] = 0.4
    return np.asarray(np.clip(out, 0, 1), np.float32)


def room(stage: SceneStage, wall: Colour, floor: Soil, *, depth: float = 5.6, boards: bool = True) -> Flat:
    """Set light, camera and floor, and return an empty wall: paint on it, then add it with ``wall(outside(stage))``."""
    h = stage.height
    stage.horizon, stage.eye, stage.camera_range = h * (0.48 if not stage.portrait else 0.50), 1.35, 0.55
    stage.focal = 0.95 * max(h * 0.8, min(stage.width, h))
    stage.subject_depth, stage.depth_range = 3.1, (2.0, depth * 0.9)
    _indoors(stage)
    Ground(stage, floor, far=depth, texture=planks if boards else tiles, mirror_at=depth).put(stage)
    flat = Flat(stage, depth, top=-0.2, bottom=0.85)  # the floor hides the rest
    paint = stage.shade(wall, lit=0.6)
    flat.box(-flat.side, 0, 2 * flat.side, HEIGHT, paint, to=scale(paint, 0.84), texture=0.04, grain=0.02 / stage.unit)
    _ceiling(flat, mix(paint, (1.0, 1.0, 1.0), 0.25))
    skirting = scale(paint, 0.6)
    flat.panel(-flat.side, 0, 2 * flat.side, 0.14, skirting)
    return flat


def outside(stage: SceneStage, land: Callable[[SceneStage], None] | None = None) -> F32:
    """The view through the windows, (3, height, width): the sky over hills, or over ``land``."""
    shot, size = stage.shot, Size(stage.width, stage.height)
    there = SceneStage(shot, stage.outdoors, size=size, seconds=stage.seconds, seed=stage.seed)
    there.horizon, there.eye, there.focal = stage.horizon, stage.eye, stage.focal
    sky(there)
    (land or _hills)(there)
    frame = ShotFrame(there)
    for layer in there.layers():
        layer.draw(frame)
    return frame.pixels


def _hills(stage: SceneStage) -> None:
    """Two chains of hills, the nearer wooded."""
    for depth, rise, colour in ((900.0, 0.16, (0.42, 0.52, 0.62)), (300.0, 0.10, (0.36, 0.50, 0.34))):
        hills = Ridge(
            depth=depth,
            base=stage.horizon + 0.03 * stage.height,
            rise=rise * stage.height,
            colour=colour,
            trees=0 if depth > 500 else 9,
            bottom=0.8 * stage.height,
        )
        ridge(stage, hills)


def _indoors(stage: SceneStage) -> None:
    """The time of day's light, softened, plus the lamps at night."""
    light = stage.outdoors
    dim = min(1.0, light.lamps * 0.9)
    stage.light = replace(
        light,
        ambient=mix(mix(light.ambient, (0.66, 0.65, 0.65), 0.7), (0.60, 0.47, 0.36), dim),
        key=mix(scale(light.key, 0.75), (0.34, 0.26, 0.16), dim),
        haze_depth=900.0,
        sun=(light.sun[0], max(0.25, light.sun[1])),
    )


def _ceiling(flat: Flat, colour: Colour) -> None:
    """The ceiling above the wall, its boards running towards the camera."""
    canvas, stage = flat.canvas, flat.stage
    edge = flat.at(0, HEIGHT)[1]
    canvas.rectangle(canvas.x0, canvas.y0, canvas.width, edge - canvas.y0, scale(colour, 0.62), to=colour)
    for k in range(-14, 15):
        x = flat.at(0.8 * k, HEIGHT)[0]
        far = stage.width / 2 + (x - stage.width / 2) * 2.6
        up = stage.horizon + (edge - stage.horizon) * 2.6
        canvas.line([(x, edge), (far, up)], 1.2 * stage.unit, scale(colour, 0.62), end=4 * stage.unit, alpha=0.6)
    canvas.rectangle(canvas.x0, edge - 3 * stage.unit, canvas.width, 6 * stage.unit, scale(colour, 0.55))


def window(flat: Flat, x: float, y: float, w: float, h: float, *, panes: int = 2) -> None:
    """A hole in the wall, with a frame."""
    stage = flat.stage
    stage.windows.append(WindowOpening(x, y, w, h, flat.depth))
    wood = stage.shade((0.93, 0.91, 0.87), lit=0.6)
    flat.box(x - 0.09, y - 0.09, w + 0.18, h + 0.18, wood, to=scale(wood, 0.8))
    flat.box(x, y, w, h, wood, mode="erase")
    glass = stage.light.sky[1][1]
    flat.shape(
        [(x + 0.1 * w, y + h), (x + 0.35 * w, y + h), (x + 0.1 * w, y + 0.3 * h), (x, y + 0.35 * h), (x, y + 0.7 * h)],
        mix(glass, (1.0, 1.0, 1.0), 0.5),
        alpha=0.10,
    )
    for k in range(1, panes):
        flat.box(x + w * k / panes - 0.025, y, 0.05, h, wood)
    flat.box(x, y + 0.62 * h, w, 0.045, wood)
    flat.box(x - 0.14, y - 0.14, w + 0.28, 0.07, wood, to=scale(wood, 0.7))
    flat.glow(x + w / 2, y + h / 2, 0.8 * w, stage.light.glow, 0.10 * stage.light.glow_amount)


def lamps(stage: SceneStage, xs: Sequence[float], z: float, low: float, shade: Colour) -> None:
    """Lamps hanging from the ceiling, ``low`` metres above the floor."""
    flat = Flat(stage, z, top=-0.3, bottom=0.8)
    metal, power = stage.shade(shade, lit=0.6), 0.35 + 0.65 * stage.light.lamps
    for x in xs:
        flat.line([(x, low + 0.2), (x, low + 4)], 0.014, stage.shade((0.12, 0.12, 0.12)))
        cone = [(x - 0.06, low + 0.22), (x + 0.06, low + 0.22), (x + 0.24, low), (x - 0.24, low)]
        flat.shape(cone, metal, to=scale(metal, 0.6))
        flat.disc(x, low, 0.24, 0.035, mix(WARM, (1.0, 1.0, 1.0), 0.45))
        flat.glow(x, low - 0.02, 0.20, WARM, 0.8 * power)
        flat.glow(x, low - 0.2, 0.5, WARM, 0.2 * power)
    flat.put()


def plant(flat: Flat, x: float, y: float, size: float) -> None:
    """A potted plant at (x, y)."""
    stage, rng = flat.stage, flat.stage.rng
    pot = stage.shade((0.72, 0.40, 0.27), lit=0.7)
    for k in range(15):
        lean, high = (k - 7) / 7 * (0.8 + 0.2 * rng.random()), 1.0 - 0.45 * abs(k - 7) / 7
        green = stage.shade(mix((0.16, 0.36, 0.17), (0.45, 0.66, 0.30), float(rng.random())), lit=0.7)
        tip = (x + 0.42 * size * lean, y + size * (0.3 + 0.7 * high - 0.15 * lean * lean))
        flat.line(
            [(x, y + 0.28 * size), (x + 0.16 * size * lean, y + size * (0.3 + 0.42 * high)), tip],
            0.09 * size,
            green,
            end=1.0,
        )
    flat.shape(
        [
            (x - 0.17 * size, y + 0.32 * size),
            (x + 0.17 * size, y + 0.32 * size),
            (x + 0.12 * size, y),
            (x - 0.12 * size, y),
        ],
        pot,
        to=scale(pot, 0.55),
    )


def goods(flat: Flat, x: float, y: float, w: float, tall: float, colours: tuple[Colour, ...] = _GOODS) -> None:
    """A shelf board of ``w`` metres with objects on it, none higher than ``tall``."""
    stage, rng = flat.stage, flat.stage.rng
    wood = stage.shade((0.42, 0.29, 0.19), lit=0.6)
    flat.box(x, y - 0.04, w, 0.04, wood, to=scale(wood, 0.6))
    at = x + 0.03
    while at < x + w - 0.16:
        wide, high = 0.09 + 0.10 * rng.random(), tall * (0.5 + 0.5 * rng.random())
        colour = stage.shade(colours[int(rng.integers(len(colours)))], lit=0.7)
        flat.box(at, y, wide, high, colour, to=scale(colour, 0.6), radius=0.02)
        if rng.random() < 0.6:
            flat.box(
                at + 0.015, y + 0.3 * high, wide - 0.03, 0.22 * high, mix(colour, (1.0, 1.0, 1.0), 0.65), alpha=0.85
            )
        at += wide + 0.015
