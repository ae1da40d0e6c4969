"""Koi seen from above in a pond (without a pond they fly through the air like kites)."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.description import SubjectSpec
from filmgate_scene.layers.figures import Body, Skin, paint
from filmgate_scene.palette import COLOURS, Colour, rgb, scale
from filmgate_scene.registry import subject
from filmgate_scene.stage import AnimatedSprites, Quad, SceneStage, ShotFrame

_ANGLES, _POSES = 20, 5
_PATTERNS: tuple[tuple[Colour, Colour], ...] = (
    (rgb("#f6efe6"), rgb("#ee5522")),
    (rgb("#f98826"), rgb("#fdc45c")),
    (rgb("#f2ede2"), rgb("#26242a")),
    (rgb("#f0b93c"), rgb("#dd8222")),
)


@subject(
    "koi", en=("koi", "koi fish", "carp", "goldfish"), zh=("锦鲤", "鲤鱼", "金鱼"), actions=("swim",), element="water"
)
def koi(stage: SceneStage, spec: SubjectSpec) -> None:
    """A shoal of seven unless the prompt gives a number."""
    count = min(16, spec.count if spec.count > 1 else 7)
    named = next((COLOURS[name] for name in spec.attributes if name in COLOURS), None)
    patterns = [(scale(named, 1.25), scale(named, 0.8))] if named else list(_PATTERNS)
    unit = 0.165 * min(stage.width, stage.height)
    sprites = [_poses(stage, pattern, unit) for pattern in patterns]
    random = np.random.default_rng(stage.seed + 31).random((count, 6))

    def quads(frame: ShotFrame) -> list[Quad]:
        fish = [_place(frame, random[k], sprites[k % len(sprites)]) for k in range(count)]
        return sorted(fish, key=lambda quad: quad.y)

    stage.add(
        AnimatedSprites(quads), stage.subject_depth + 0.6 if stage.needs_ground else stage.swim_range[0] + 0.6
    )  # under a jetty


def _place(frame: ShotFrame, r: np.ndarray, sprites: list) -> Quad:  # type: ignore[type-arg]  # sprites by angle and pose
    """One fish on its course."""
    stage, t = frame.stage, frame.t
    pace = (0.30 + 0.22 * r[3]) * (1 if r[4] < 0.5 else -1)
    a = t * pace + r[5] * 2 * math.pi
    near, far = stage.swim_range
    top, low = stage.eye * stage.focal / far, stage.eye * stage.focal / near
    wide, deep = 0.10 + 0.12 * r[2], 0.05 + 0.05 * r[3]
    u = 0.14 + 0.72 * r[0] + math.cos(a) * wide + 0.01 * math.sin(a * 2.3)
    down = top + (low - top) * min(1.0, max(0.0, 0.18 + 0.66 * r[1] + math.sin(a) * deep))
    z = stage.eye * stage.focal / down
    x, y, metre = frame.project(stage.across(u, z), 0.0, z)
    heading = math.atan2(math.cos(a) * deep * pace * 1.6, -math.sin(a) * wide * pace * 2.0) % (2 * math.pi)
    turn = round(heading / (2 * math.pi) * _ANGLES) % _ANGLES
    pose = int((t * 1.5 + r[5]) * _POSES) % _POSES
    home = stage.focal / (0.5 * (near + far) * 0.8)
    size = (0.55 + 0.45 * metre / home) * frame.lens.zoom * 0.9
    return Quad(sprites[turn * _POSES + pose], x, y, size, size, (0.97, 0.98, 0.98), 0.93)


def _poses(stage: SceneStage, pattern: tuple[Colour, Colour], unit: float) -> list:  # type: ignore[type-arg]  # of sprites
    """Every heading in every phase of the tail beat, foreshortened."""
    out = []
    base, spot = pattern
    skins = [
        Skin(lit=scale(base, 1.1), shaded=scale(base, 0.55), rim=0.2),
        Skin(lit=scale(base, 1.2), shaded=scale(base, 0.45), rim=0.3),
        Skin(lit=scale(spot, 1.2), shaded=scale(spot, 0.5), fur=0.018, rim=0.2),
        Skin(lit=(0.06, 0.05, 0.05), shaded=(0.02, 0.02, 0.02), rim=0.0),
    ]
    for turn in range(_ANGLES):
        for pose in range(_POSES):
            body = _fish(pose / _POSES, turn / _ANGLES * 2 * math.pi)
            still = paint(stage, body, skins, unit, (-0.85, -0.85, 0.85, 0.85), hair=14, toward=(-0.5, -0.6))
            rows = still.pixels.shape[0] // 2
            flat = still.pixels[: rows * 2].reshape(rows, 2, still.pixels.shape[1], 4).mean(1)
            out.append(stage.atlas.add(flat, still.x, still.y / 2))
    return out


def _fish(phase: float, heading: float) -> Body:
    """A koi from above, bent by its stroke, rotated to its heading."""
    c, s = math.cos(heading), math.sin(heading)

    def at(x: float, y: float) -> tuple[float, float]:
        return x * c - y * s, x * s + y * c

    spine = []
    for k in range(7):
        u = k / 6
        spine.append((0.5 - u * 0.95, 0.12 * u**1.6 * math.sin(2 * math.pi * (phase - u * 0.75))))
    body = Body()
    radii = [0.080, 0.122, 0.128, 0.108, 0.080, 0.052, 0.03]
    body.add_chain(1, [at(*p) for p in spine], radii, 0.05)
    for side in (-1, 1):
        body.add_limb(0, at(0.22, side * 0.10), 0.035, at(0.04, side * 0.28), 0.055, 0.04)
        (x1, y1), (x0, y0) = spine[-1], spine[-2]
        dx, dy = x1 - x0, y1 - y0
        body.add_limb(
            0, at(x1, y1), 0.03, at(x1 + dx * 1.5 - dy * side * 0.5, y1 + dy * 1.5 + 0.09 * side), 0.032, 0.04
        )
        body.add_ball(3, at(0.47, 0.045 * side), 0.014, 0.01)
    for k, off, radius in ((1, 0.03, 0.07), (3, -0.02, 0.075), (4, 0.03, 0.05)):
        x, y = spine[k]
        body.add_limb(2, at(x, y + off), radius, at(x - 0.06, y + off * 0.5), radius * 0.8, 0.04)
    return body
