"""A whale: it leaps out of the sea, or swims under water."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.cues import SoundEvent
from filmgate_scene.description import SubjectSpec
from filmgate_scene.kernels.marks import splats
from filmgate_scene.layers.figures import Body, PaintedPose, Skin, paint
from filmgate_scene.palette import COLOURS, Colour, rgb, scale
from filmgate_scene.registry import subject
from filmgate_scene.stage import AnimatedSprites, Quad, SceneStage, ShotFrame

_POSES = 48
_LEAP = 5.0  # seconds between leaps
_AIR = 3.0  # of these, seconds above the water


@subject(
    "whale",
    en=("whale", "whales", "humpback", "humpback whale", "blue whale", "orca"),
    zh=("鲸鱼", "鲸", "座头鲸", "蓝鲸", "虎鲸"),
    actions=("jump", "swim", "float"),
    element="water",
)
def whale(stage: SceneStage, spec: SubjectSpec) -> None:
    """It leaps above the water, or swims under water."""
    colour = next((COLOURS[name] for name in spec.attributes if name in COLOURS), rgb("#4d6a86"))
    below = stage.shot.setting in {"underwater", "space"}
    for k in range(max(1, min(3, spec.count))):
        (_swimming if below else _leaping)(stage, colour, k)


def _skins(colour: Colour) -> list[Skin]:
    pale = rgb("#d5dbe0")
    return [
        Skin(lit=scale(colour, 0.8), shaded=scale(colour, 0.35), rim=0.3),
        Skin(lit=colour, shaded=scale(colour, 0.42), rim=0.9),
        Skin(lit=pale, shaded=scale(pale, 0.5), rim=0.3),
        Skin(lit=scale(colour, 1.1), shaded=scale(colour, 0.5), rim=0.6),
        Skin(lit=(0.05, 0.05, 0.06), shaded=(0.04, 0.04, 0.05), rim=0.0),
    ]


def _body(turn: float, beat: float) -> Body:
    """Two units long, facing right, rotated by ``turn`` (upwards is negative)."""
    body, c, s = Body(), math.cos(turn), math.sin(turn)

    def at(x: float, y: float) -> tuple[float, float]:
        y += -0.10 * beat * min(0.0, x + 0.1) ** 2 * 2.0
        return x * c - y * s, x * s + y * c

    body.add_limb(0, at(0.30, 0.16), 0.07, at(0.02, 0.50 + 0.08 * beat), 0.03, 0.05)
    body.add_chain(
        1,
        [at(0.80, 0.02), at(0.42, 0.0), at(0.0, 0.0), at(-0.45, -0.01), at(-0.85, -0.03)],
        [0.17, 0.27, 0.26, 0.15, 0.055],
        0.12,
    )
    body.add_limb(1, at(-0.25, -0.20), 0.05, at(-0.40, -0.28), 0.015, 0.06)
    for side in (-1, 1):
        body.add_chain(
            1,
            [at(-0.86, -0.03), at(-1.02, -0.03 + 0.11 * side), at(-1.16, -0.02 + 0.24 * side)],
            [0.055, 0.055, 0.012],
            0.05,
        )
    body.add_chain(
        2, [at(0.86, 0.10), at(0.50, 0.185), at(0.10, 0.165), at(-0.20, 0.11)], [0.06, 0.085, 0.075, 0.03], 0.05
    )
    body.add_chain(3, [at(0.36, 0.12), at(0.22, 0.36), at(0.02, 0.52 - 0.10 * beat)], [0.075, 0.065, 0.02], 0.05)
    body.add_ball(4, at(0.62, 0.035), 0.022, 0.01)
    return body


def _leaping(stage: SceneStage, colour: Colour, k: int) -> None:
    """It rises nose first, hangs, and falls back on its side in spray."""
    near, far = stage.swim_range
    z = min(far, max(near, stage.subject_depth * 1.1)) * (1 + 0.5 * k)
    true = stage.focal / z
    size = min(0.30 * stage.width, 0.36 * stage.height) / (1 + 0.5 * k)
    poses = [_above(_pose(stage, colour, p / (_POSES - 1), size)) for p in range(_POSES)]
    sprites = [stage.atlas.add(pose.pixels, pose.x, pose.y) for pose in poses]
    x = stage.across((0.46, 0.78, 0.2)[k % 3], z)
    lag = 1.7 * k - 0.4

    def quads(frame: ShotFrame) -> list[Quad]:
        t = (frame.t - lag) % _LEAP
        if t > _AIR:
            return []
        sx, sy, metre = frame.project(x, 0.0, z)
        grow = metre / true
        return [
            Quad(
                sprites[min(_POSES - 1, int(t / _AIR * _POSES))],
                sx + (t / _AIR - 0.5) * 0.5 * size * grow,
                sy,
                grow,
                grow,
            )
        ]

    stage.add(AnimatedSprites(quads), z)
    stage.add(_Spray(stage, x, z, size / true, lag), z - 0.01)
    leaps = range(-1, int(stage.seconds / _LEAP) + 1)
    stage.events += [
        SoundEvent(max(0.0, n * _LEAP + lag + at), "splash", 0.0, 0.8)
        for n in leaps
        for at in (0.1, 2.6)
        if n * _LEAP + lag + at > 0
    ]
    stage.add_ambience(waves=0.5)


def _pose(stage: SceneStage, colour: Colour, share: float, size: float) -> PaintedPose:
    """A moment of the leap, with the water's surface at 0."""
    turn = -1.25 + 1.75 * share
    lift = 1.15 * math.sin(math.pi * (0.04 + 0.92 * share)) - 0.35
    body = _body(turn, math.sin(5 * share))
    moved = Body()
    moved.limbs = [(s, ax, ay - lift, ra, bx, by - lift, rb, j) for s, ax, ay, ra, bx, by, rb, j in body.limbs]
    return paint(stage, moved, _skins(colour), size, (-1.4, -2.2, 1.4, 0.02))


def _above(pose: PaintedPose) -> PaintedPose:
    """Only the part above the water."""
    row = int(pose.y)
    pose.pixels[row:] = 0
    return pose


def _swimming(stage: SceneStage, colour: Colour, k: int) -> None:
    """It swims slowly through the frame with a beating fluke."""
    size = 0.30 * min(stage.width, 1.2 * stage.height) / (1 + 0.6 * k)
    poses = [
        paint(stage, _body(-0.08, math.sin(math.tau * p / 24)), _skins(colour), size, (-1.4, -0.7, 1.2, 0.8))
        for p in range(24)
    ]
    sprites = [stage.atlas.add(pose.pixels, pose.x, pose.y) for pose in poses]

    def quads(frame: ShotFrame) -> list[Quad]:
        t = frame.t
        x = stage.width * (0.40 - 0.25 * k + 0.030 * t)
        y = stage.height * (0.42 + 0.14 * k - 0.004 * t + 0.012 * math.sin(0.9 * t + k))
        sx, sy = frame.screen((x + 0.4 * stage.width) % (1.8 * stage.width) - 0.4 * stage.width, y)
        return [Quad(sprites[int((0.30 * t + 0.2 * k) * 24) % 24], sx, sy, frame.lens.zoom, frame.lens.zoom)]

    stage.add(AnimatedSprites(quads), 5.5 + k)


class _Spray:
    """White water at the points where it leaves and re-enters the water."""

    def __init__(self, stage: SceneStage, x: float, z: float, long: float, lag: float) -> None:
        self.x, self.z, self.long, self.lag = x, z, long, lag
        self.random = np.random.default_rng(stage.seed + 13).random((260, 4)).astype(np.float32)
        self.colour = np.tile(np.asarray(stage.shade((1.0, 1.0, 1.0), lit=0.9), np.float32), (260, 1))

    def draw(self, frame: ShotFrame) -> None:
        """Two fans of drops a leap."""
        t = (frame.t - self.lag) % _LEAP
        sx, sy, metre = frame.project(self.x, 0.0, self.z)
        for begin, where, power in ((0.0, -0.25, 0.8), (2.45, 0.35, 1.25)):
            age = (t - begin) / 1.5
            if 0 < age < 1:
                self._fan(frame, sx + where * self.long * metre, sy, metre * self.long * power, age)

    def _fan(self, frame: ShotFrame, x: float, y: float, size: float, age: float) -> None:
        r = self.random
        side, rise = (2 * r[:, 0] - 1) * (0.3 + 0.7 * r[:, 1]), 0.4 + 1.1 * r[:, 2] ** 2
        marks = np.zeros((len(r), 6), np.float32)
        marks[:, 0] = x + size * side * (0.35 + 0.8 * age)
        marks[:, 1] = np.minimum(y + 2, y - size * rise * (2.6 * age - 3.0 * age * age))
        marks[:, 4] = (1.5 + 4.5 * r[:, 3]) * frame.stage.unit * (1 + age)
        marks[:, 5] = 0.75 * (1 - age)
        splats(frame.pixels, marks, self.colour)
