"""Birds: a flock that crosses the sky, or one large bird."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.cues import SoundEvent
from filmgate_scene.description import SubjectSpec
from filmgate_scene.layers.figures import Body, PaintedPose, Skin, paint
from filmgate_scene.palette import COLOURS, Colour, rgb, scale
from filmgate_scene.registry import subject
from filmgate_scene.stage import AnimatedSprites, Quad, SceneStage, ShotFrame

_POSES = 16
_TAU = 2 * math.pi


@subject(
    "bird",
    en=(
        "bird",
        "birds",
        "seagull",
        "seagulls",
        "gull",
        "eagle",
        "crane",
        "cranes",
        "dove",
        "swallow",
        "crow",
        "flock",
        "goose",
        "geese",
        "hawk",
        "swan",
        "gulls",
        "crows",
    ),
    zh=(
        "鸟",
        "小鸟",
        "飞鸟",
        "鸟群",
        "海鸥",
        "老鹰",
        "鹰",
        "仙鹤",
        "白鹤",
        "鹤",
        "鸽子",
        "白鸽",
        "鸽群",
        "天鹅",
        "喜鹊",
        "麻雀",
        "飞鸽",
        "燕子",
        "大雁",
        "海鸥群",
    ),
    actions=("fly",),
    element="air",
)
def bird(stage: SceneStage, spec: SubjectSpec) -> None:
    """One large bird, or a loose flock of at least seven."""
    count = max(1, min(24, spec.count))
    named = next((COLOURS[name] for name in spec.attributes if name in COLOURS), rgb("#ece8e0"))
    size = (0.17 if count == 1 else 0.125) * min(stage.width, stage.height)
    sprites = [stage.atlas.add(still.pixels, still.x, still.y) for still in _poses(stage, named, size)]
    random = np.random.default_rng(stage.seed + 61).random((count, 5))
    top = stage.horizon / stage.height
    way, lead = 1.5 * stage.width, 0.34 + min(0.40, 0.09 * (count - 1))

    def quads(frame: ShotFrame) -> list[Quad]:
        t, out = frame.t, []
        for k, r in enumerate(random):
            far = 1.0 if count == 1 else 0.55 + 0.45 * r[2]
            column, row = (0.0, 0.0) if count == 1 else (-0.14 * k + 0.10 * r[0], 0.46 * (r[1] - 0.5))
            x = (lead * stage.width + stage.width * column + t * stage.width * 0.05 * far) % way - 0.2 * stage.width
            y = stage.height * (top * (0.46 + row) + 0.016 * math.sin(t * 0.9 + r[3] * 9))
            glide = 0.5 + 0.5 * math.sin(t * 0.5 + r[4] * 9)
            beat = t * (1.5 + 0.4 * r[3]) * (0.45 + 0.55 * glide) if count > 1 else t * 1.15
            sx, sy = frame.screen(x, y)
            scale_ = far * frame.lens.zoom
            out.append(Quad(sprites[int((beat + r[4]) * _POSES) % _POSES], sx, sy, scale_, scale_))
        return out

    stage.add(
        AnimatedSprites(quads), stage.subject_depth * 0.95 if count == 1 else min(200.0, 0.98 * stage.depth_range[1])
    )
    stage.events += [
        SoundEvent(0.7 + 1.9 * k, "chirp", math.sin(k * 2.0), 0.3) for k in range(int(stage.seconds / 1.9))
    ]


def _poses(stage: SceneStage, colour: Colour, size: float) -> list[PaintedPose]:
    """The poses of a wing beat, seen from the side and a little below."""
    skins = [
        Skin(lit=scale(colour, 0.75), shaded=scale(colour, 0.36), rim=0.3),
        Skin(lit=colour, shaded=scale(colour, 0.42), rim=0.7),
        Skin(lit=rgb("#e8a13c"), shaded=rgb("#9a5f1c"), rim=0.2),
        Skin(lit=scale(colour, 1.05), shaded=scale(colour, 0.5), rim=0.7),
        Skin(lit=(0.08, 0.07, 0.07), shaded=(0.04, 0.04, 0.04), rim=0.0),
    ]
    return [paint(stage, _wings(p / _POSES), skins, size, (-1.15, -1.05, 1.0, 0.9)) for p in range(_POSES)]


def _wings(phase: float) -> Body:
    """Body, tail, beak and both wings at a moment of the beat."""
    body = Body()
    beat = math.sin(_TAU * phase)
    fold = 0.5 + 0.5 * math.cos(_TAU * phase)
    bob = -0.05 * math.sin(_TAU * (phase - 0.25))
    for skin, reach, shift in ((0, 0.86, 0.10), (3, 1.0, -0.02)):
        elbow = (shift - 0.06, bob - 0.08 - 0.34 * beat * reach)
        hand = (shift - 0.20 - 0.10 * fold, bob - 0.10 - reach * (0.78 * beat - 0.10 * fold))
        body.add_chain(skin, [(shift + 0.04, bob - 0.04), elbow, hand], [0.105, 0.082, 0.020], 0.05)
        body.add_chain(
            skin,
            [(shift - 0.12, bob - 0.02), (elbow[0] - 0.15, elbow[1] + 0.03), (hand[0] - 0.07, hand[1] + 0.05)],
            [0.07, 0.062, 0.016],
            0.06,
        )
    body.add_chain(
        1, [(0.36, bob - 0.05), (0.10, bob), (-0.26, bob + 0.01), (-0.46, bob + 0.0)], [0.10, 0.125, 0.085, 0.05], 0.06
    )
    body.add_limb(1, (-0.42, bob), 0.05, (-0.72, bob - 0.01), 0.075, 0.05)
    body.add_ball(1, (0.47, bob - 0.085), 0.092, 0.06)
    body.add_limb(2, (0.56, bob - 0.08), 0.028, (0.66, bob - 0.065), 0.010, 0.02)
    body.add_ball(4, (0.505, bob - 0.105), 0.016, 0.01)
    return body
