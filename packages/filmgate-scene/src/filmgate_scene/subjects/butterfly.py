"""Fluttering butterflies."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.canvas import Canvas, Point, smooth
from filmgate_scene.description import SubjectSpec
from filmgate_scene.palette import COLOURS, Colour, mix, rgb, scale
from filmgate_scene.registry import subject
from filmgate_scene.stage import AnimatedSprites, Quad, SceneStage, ShotFrame

_POSES = 12
_WINGS = (rgb("#f28a1f"), rgb("#3f8fe8"), rgb("#f4d23c"), rgb("#d855a0"), rgb("#f2efe6"))
_UPPER = ((0.02, -0.04), (0.20, -0.34), (0.52, -0.52), (0.70, -0.44), (0.62, -0.16), (0.34, 0.02), (0.03, 0.04))
_LOWER = ((0.03, 0.02), (0.32, 0.03), (0.50, 0.16), (0.46, 0.36), (0.30, 0.48), (0.12, 0.34), (0.02, 0.12))


@subject(
    "butterfly",
    en=("butterfly", "butterflies", "moth", "moths"),
    zh=("蝴蝶", "彩蝶", "蝶", "飞蛾"),
    actions=("fly", "float"),
    element="air",
)
def butterfly(stage: SceneStage, spec: SubjectSpec) -> None:
    """One large butterfly, or several of which the first is near."""
    count = max(1, min(12, spec.count))
    named = [COLOURS[name] for name in spec.attributes if name in COLOURS] or list(_WINGS[: 1 if count == 1 else 5])
    size = (0.34 if count == 1 else 0.22) * min(stage.width, stage.height)
    kinds = [[_paint_butterfly(stage, colour, size, p / _POSES) for p in range(_POSES)] for colour in named]
    sprites = [[stage.atlas.add(c.pixels, -c.x0, -c.y0) for c in kind] for kind in kinds]
    random = np.random.default_rng(stage.seed + 41).random((count, 4))

    def quads(frame: ShotFrame) -> list[Quad]:
        out = []
        for k, r in enumerate(random):
            t = frame.t + 20 * r[0] * (k > 0)
            near = 1.0 if k == 0 else 0.35 + 0.45 * r[1]
            wander = 0.12 if k == 0 else 0.34
            x = stage.width * (0.5 + wander * math.sin(0.55 * t + 0.3) + 0.04 * math.sin(1.7 * t))
            y = stage.height * (0.46 + 0.7 * wander * math.sin(0.8 * t + 1.1 + r[2]) + 0.025 * math.sin(5.2 * t))
            sx, sy = frame.screen(x, y)
            grow = near * frame.lens.zoom
            pose = int((t * (2.1 + r[3]) + r[2]) * _POSES) % _POSES
            out.append(Quad(sprites[k % len(sprites)][pose], sx, sy, grow, grow))
        return sorted(out, key=lambda quad: quad.scale_x)

    stage.add(AnimatedSprites(quads), min(2.2, stage.subject_depth * 0.8))
    stage.add_ambience(birds=0.3, wind=0.15)


def _paint_butterfly(stage: SceneStage, colour: Colour, size: float, phase: float) -> Canvas:
    """A butterfly seen from above at an angle; ``phase`` closes and opens the wings."""
    canvas = Canvas(-0.8 * size, -0.8 * size, 0.8 * size, 0.8 * size)
    fold = 0.28 + 0.72 * (0.5 + 0.5 * math.cos(math.tau * phase))
    for side in (-1, 1):
        open_ = fold * (0.80 if side < 0 else 1.0)
        lit = stage.shade(colour, lit=0.55 + 0.4 * (side * (stage.light.sun[0] - 0.5) > 0))
        for outline, share in ((_LOWER, 0.9), (_UPPER, 1.0)):
            _wing(stage, canvas, [_turn(x * side * open_, y) for x, y in outline], scale(lit, share), size)
        for x, y in ((0.58, -0.36), (0.50, -0.43), (0.37, 0.33), (0.29, 0.39)):
            px, py = _turn(x * side * open_, y)
            canvas.ellipse(
                px * size, py * size, 0.028 * size * max(0.4, open_), 0.028 * size, mix(lit, (1.0, 1.0, 1.0), 0.7)
            )
    dark = stage.shade((0.16, 0.12, 0.10), lit=0.7)
    body = [_turn(0.0, y) for y in (-0.20, 0.0, 0.30)]
    canvas.line([(x * size, y * size) for x, y in body], 0.065 * size, dark, end=0.02 * size)
    head = _turn(0.0, -0.24)
    canvas.ellipse(head[0] * size, head[1] * size, 0.045 * size, 0.045 * size, dark)
    for side in (-1, 1):
        feeler = [_turn(0.02 * side, -0.26), _turn(0.09 * side, -0.42), _turn(0.15 * side, -0.50)]
        canvas.line([(x * size, y * size) for x, y in feeler], max(1.0, 0.012 * size), dark)
    return canvas


def _wing(stage: SceneStage, canvas: Canvas, outline: list[Point], colour: Colour, size: float) -> None:
    """Dark border, coloured field, veins."""
    border = mix(stage.shade((0.10, 0.07, 0.07)), colour, 0.12)
    edge = smooth([(x * size, y * size) for x, y in outline], 5)
    cx, cy = outline[0]
    inner = [((cx + (x / size - cx) * 0.84) * size, (cy + (y / size - cy) * 0.84) * size) for x, y in edge]
    canvas.polygon(edge, border)
    canvas.polygon(inner, mix(colour, (1.0, 1.0, 1.0), 0.12), to=scale(colour, 0.78))
    for x, y in outline[2:6]:
        canvas.line(
            [(cx * size, cy * size), (x * size * 0.9, y * size * 0.9)], max(0.8, 0.010 * size), border, alpha=0.7
        )


def _turn(x: float, y: float) -> Point:
    """Rotate it for flight to the upper right."""
    return 0.94 * x - 0.34 * y, 0.34 * x + 0.94 * y
