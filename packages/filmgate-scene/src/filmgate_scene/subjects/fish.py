"""Fish: a shoal that swims through the frame (above water it swims through the air, as in dreams)."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.description import SubjectSpec
from filmgate_scene.layers.figures import Body, PaintedPose, Skin, paint
from filmgate_scene.palette import COLOURS, Colour, rgb, scale
from filmgate_scene.registry import Words, subject
from filmgate_scene.stage import AnimatedSprites, Quad, SceneStage, ShotFrame

_POSES = 12
_TAU = 2 * math.pi
_KINDS: tuple[tuple[Colour, Colour], ...] = (
    (rgb("#f58a2c"), rgb("#fff4e6")),
    (rgb("#3d7fe0"), rgb("#ffd84a")),
    (rgb("#f2d03c"), rgb("#2b2b33")),
)


@subject(
    "fish",
    en=("fish", "fishes", "clownfish", "tropical fish", "shark", "dolphin", "school of fish"),
    zh=("鱼", "鱼群", "小鱼", "热带鱼", "小丑鱼", "鲨鱼", "海豚"),
    actions=("swim",),
    element="air",
    attributes={"big": Words(en=("shark", "dolphin"), zh=("鲨鱼", "海豚"))},
)
def fish(stage: SceneStage, spec: SubjectSpec) -> None:
    """Nine fish in loose order, or a single large one."""
    big = "big" in spec.attributes
    count = min(20, spec.count if spec.count > 1 else (1 if big else 9))
    named = next((COLOURS[name] for name in spec.attributes if name in COLOURS), None)
    kinds = [(rgb("#50708f"), rgb("#c9d6df"))] if big else [(named, scale(named, 1.6))] if named else list(_KINDS)
    size = (0.34 if big else 0.125) * min(stage.width, stage.height)
    sprites = [[stage.atlas.add(p.pixels, p.x, p.y) for p in _poses(stage, kind, size, big=big)] for kind in kinds]
    random = np.random.default_rng(stage.seed + 81).random((count, 5))
    way = 1.6 * stage.width

    def quads(frame: ShotFrame) -> list[Quad]:
        out = []
        for k, r in enumerate(random):
            t = frame.t
            near = 1.0 if count == 1 else 0.5 + 0.5 * r[2]
            x = (
                stage.width * (0.55 + 0.62 * (r[0] - 0.4) * (count > 1)) + t * stage.width * 0.055 * near
            ) % way - 0.25 * stage.width
            y = stage.height * (0.46 + 0.42 * (r[1] - 0.5) * (count > 1) + 0.02 * math.sin(t * 0.8 + r[3] * 9))
            sx, sy = frame.screen(x, y)
            grow = near * frame.lens.zoom
            pose = int((t * (0.5 if big else 1.5 + r[4]) + r[3]) * _POSES) % _POSES
            out.append(Quad(sprites[k % len(sprites)][pose], sx, sy, grow, grow))
        return sorted(out, key=lambda quad: quad.scale_x)

    stage.add(AnimatedSprites(quads), 4.6)


def _poses(stage: SceneStage, kind: tuple[Colour, Colour], size: float, *, big: bool) -> list[PaintedPose]:
    """The poses of a tail beat."""
    main, band = kind
    skins = [
        Skin(lit=scale(main, 0.9), shaded=scale(main, 0.5), rim=0.3),
        Skin(lit=scale(main, 1.15), shaded=scale(main, 0.42), rim=0.7),
        Skin(lit=scale(band, 1.1), shaded=scale(band, 0.55), rim=0.4),
        Skin(lit=(0.05, 0.05, 0.06), shaded=(0.03, 0.03, 0.03), rim=0.0),
        Skin(lit=(1.1, 1.1, 1.1), shaded=(1.0, 1.0, 1.0), rim=0.0),
    ]
    return [paint(stage, _body(p / _POSES, big=big), skins, size, (-1.1, -0.7, 1.0, 0.7)) for p in range(_POSES)]


def _body(phase: float, *, big: bool) -> Body:
    """A fish from the side, facing right."""
    body = Body()
    tall = 0.66 if big else 1.0
    spine = [
        (0.62 - 0.2 * k, 0.05 * (k / 6) ** 1.5 * math.sin(_TAU * (phase - k * 0.09)) * (1.6 if big else 1.0))
        for k in range(7)
    ]
    body.add_chain(1, spine, [r * tall for r in (0.10, 0.20, 0.255, 0.25, 0.19, 0.11, 0.06)], 0.06)
    x, y = spine[-1]
    swing = 0.16 * math.sin(_TAU * (phase - 0.65))
    for side in (-1, 1):
        body.add_limb(0, (x, y), 0.055, (x - 0.30 + 0.5 * abs(swing), y + side * 0.25 + swing * 0.4), 0.045, 0.05)
    if big:
        body.add_chain(0, [(0.16, -0.14), (0.02, -0.30), (-0.10, -0.40)], [0.10, 0.06, 0.012], 0.05)
    else:
        body.add_limb(0, (0.14, -0.20 * tall), 0.06, (-0.16, -0.36 * tall), 0.03, 0.06)
    body.add_limb(0, (0.05, 0.20 * tall), 0.05, (-0.16, 0.33 * tall), 0.025, 0.06)
    if big:
        body.add_chain(2, [(0.52, 0.07), (0.2, 0.10), (-0.2, 0.07)], [0.05, 0.075, 0.03], 0.06)
    else:
        for k, wide in ((2, 0.225), (4, 0.16)):
            body.add_limb(
                2, (spine[k][0], spine[k][1] - wide), 0.03, (spine[k][0] - 0.02, spine[k][1] + wide), 0.03, 0.03
            )
    flap = 0.07 * math.sin(_TAU * phase)
    body.add_limb(2 if big else 0, (0.22, 0.08 * tall), 0.05, (0.02, 0.20 * tall + flap), 0.02, 0.04)
    body.add_ball(4, (0.50, -0.055 * tall), 0.040 if not big else 0.02, 0.02)
    body.add_ball(3, (0.508, -0.055 * tall), 0.024 if not big else 0.014, 0.02)
    return body
