"""Figures: painted poses of people and animals, their motion, shadows and reflections on wet ground."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from filmgate_scene.atlas import Sprite
from filmgate_scene.canvas import blur
from filmgate_scene.kernels.declare import F32
from filmgate_scene.kernels.puppet import puppet
from filmgate_scene.palette import Colour
from filmgate_scene.stage import Quad, SceneStage, ShotFrame

__all__ = ["Actor", "Body", "PaintedPose", "Skin", "bend", "paint"]

Joint = tuple[float, float]


class Skin(Struct, frozen=True, kw_only=True):
    """The surface of a body part."""

    lit: Colour
    shaded: Colour
    fur: float = 0.0  # length of the hair, in body units
    rim: float = 0.4  # brightness of the rim light
    sharp: float = 1.0


class Body:
    """Capsules by skin, far ones first; x to the right, y down, the ground at 0."""

    def __init__(self) -> None:
        self.limbs: list[tuple[int, float, float, float, float, float, float, float]] = []

    def add_limb(self, skin: int, a: Joint, ra: float, b: Joint, rb: float, join: float = 0.06) -> None:
        """Add a capsule from ``a`` to ``b`` that blends into other parts of its skin over ``join``."""
        self.limbs.append((skin, a[0], a[1], ra, b[0], b[1], rb, join))

    def add_ball(self, skin: int, at: Joint, radius: float, join: float = 0.03) -> None:
        """Add a ball."""
        self.add_limb(skin, at, radius, (at[0] + 0.001, at[1]), radius, join)

    def add_chain(self, skin: int, joints: Sequence[Joint], radii: Sequence[float], join: float = 0.06) -> None:
        """Add capsules through all the joints."""
        for i in range(len(joints) - 1):
            self.add_limb(skin, joints[i], radii[i], joints[i + 1], radii[i + 1], join)


class PaintedPose(Struct, frozen=True):
    """A painted pose: premultiplied pixels, and the position of the body's origin in them."""

    pixels: F32
    x: float
    y: float


def bend(a: Joint, b: Joint, upper: float, lower: float, side: float) -> tuple[Joint, Joint]:
    """Two-bone inverse kinematics: return the knee between ``a`` and ``b``, and the end point actually reached."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    reach = max(abs(upper - lower) + 1e-3, min(math.hypot(dx, dy), (upper + lower) * 0.999))
    angle = math.atan2(dy, dx)
    cosine = (upper * upper + reach * reach - lower * lower) / (2 * upper * reach)
    turn = math.acos(max(-1.0, min(1.0, cosine))) * side
    knee = a[0] + upper * math.cos(angle + turn), a[1] + upper * math.sin(angle + turn)
    return knee, (a[0] + reach * math.cos(angle), a[1] + reach * math.sin(angle))


def paint(
    stage: SceneStage,
    body: Body,
    skins: Sequence[Skin],
    scale: float,
    box: tuple[float, float, float, float],
    *,
    depth: float = 0.0,
    hair: float = 34.0,
    toward: tuple[float, float] | None = None,
) -> PaintedPose:
    """Paint a body at ``scale`` pixels a unit, in the stage's light; ``box`` is its bounds, in units."""
    x0, y0, x1, y1 = box
    pixels = np.zeros((math.ceil((y1 - y0) * scale) + 2, math.ceil((x1 - x0) * scale) + 2, 4), np.float32)
    lx, ly = toward or stage.light.toward()
    rim = tuple(min(1.6, c * 2.1) for c in stage.light.key)
    rows = [
        (
            *stage.shade(skin.lit, depth, lit=0.85),
            *stage.shade(skin.shaded, depth, lit=0.25),
            skin.sharp if skin.fur < 0.02 else 0.55,
            skin.fur,
            skin.rim,
            *rim,
        )
        for skin in skins
    ]
    limbs = sorted(body.limbs, key=lambda limb: limb[0])
    puppet(
        pixels,
        np.array(limbs, np.float32),
        np.array(rows, np.float32),
        -x0 * scale,
        -y0 * scale,
        scale,
        lx,
        ly,
        hair,
        3,
    )
    return PaintedPose(pixels, -x0 * scale, -y0 * scale)


class Actor:
    """A figure in a cycle of poses, with a shadow, and a reflection where the ground is wet."""

    def __init__(
        self, stage: SceneStage, poses: Sequence[PaintedPose], scale: float, *, shadow: bool = True, left: bool = False
    ) -> None:
        """``scale``: pixels of the poses a metre; ``left``: facing left."""
        self.scale = scale
        poses = [_turned(pose) for pose in poses] if left else poses
        self.sprites = [stage.atlas.add(pose.pixels, pose.x, pose.y) for pose in poses]
        self.shadows = [_shadow(stage, pose) for pose in poses] if shadow else []
        self.mirrored = [_mirrored(stage, pose) for pose in poses] if stage.wetness > 0 else []

    def quads(
        self, frame: ShotFrame, x: float, z: float, phase: float, *, lift: float = 0.0, gain: Colour = (1.0, 1.0, 1.0)
    ) -> list[Quad]:
        """The quads at (x, z) metres, ``lift`` metres above the ground, ``phase`` (in cycles) through the poses."""
        sx, sy, metre = frame.project(x, 0.0, z)
        k = metre / self.scale
        pose = int(phase * len(self.sprites)) % len(self.sprites)
        out: list[Quad] = []
        if self.shadows:
            out.append(Quad(self.shadows[pose], sx, sy, k, k))
        if self.mirrored:
            out.append(Quad(self.mirrored[pose], sx, sy + lift * metre, k, k, gain, frame.stage.wetness))
        return [*out, Quad(self.sprites[pose], sx, sy - lift * metre, k, k, gain)]


def _turned(pose: PaintedPose) -> PaintedPose:
    """The pose, flipped horizontally."""
    return PaintedPose(np.ascontiguousarray(pose.pixels[:, ::-1]), pose.pixels.shape[1] - pose.x, pose.y)


def _mirrored(stage: SceneStage, pose: PaintedPose) -> Sprite:
    """The reflection on wet ground, fading downwards."""
    pixels = blur(np.ascontiguousarray(pose.pixels[::-1]), 2 * stage.unit)
    fade = np.linspace(1, 0, pixels.shape[0], dtype=np.float32)[:, None, None]
    pixels = pixels * (0.1 + 0.6 * fade)
    return stage.atlas.add(pixels, pose.x, pixels.shape[0] - pose.y)


def _shadow(stage: SceneStage, pose: PaintedPose) -> Sprite:
    """The shadow on the ground: the flattened silhouette, pointing away from the light."""
    light = stage.light
    height = max(0.02, light.sun[1])
    long = min(0.40, 0.10 + 0.016 / height)
    lean = (0.5 - light.sun[0]) * 2 * min(1.3, 0.25 + 0.05 / height)
    dark = min(0.5, 0.16 + 0.35 * sum(light.key) / 1.4)
    shape = blur(np.ascontiguousarray(pose.pixels[::-1, :, 3]), 3 * stage.unit)
    rows, columns = max(2, int(shape.shape[0] * long)), shape.shape[1]
    spread = math.ceil(abs(lean) * shape.shape[0])
    out = np.zeros((rows, columns + spread, 4), np.float32)
    for y in range(rows):
        offset = int((lean if lean > 0 else lean + abs(lean)) * 0) + int(abs(lean) * shape.shape[0] * (y / rows))
        offset = offset if lean > 0 else spread - offset
        source = shape[min(shape.shape[0] - 1, int(y / long))]
        out[y, offset : offset + columns, 3] = source[: out.shape[1] - offset] * dark * (1 - 0.55 * y / rows)
    foot = (shape.shape[0] - pose.y) * long
    slide = abs(lean) * shape.shape[0] * foot / rows
    return stage.atlas.add(out, pose.x + (slide if lean > 0 else spread - slide), foot)
