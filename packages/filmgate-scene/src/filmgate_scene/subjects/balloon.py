"""Hot-air balloons that drift over the land."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.canvas import Canvas
from filmgate_scene.description import SubjectSpec
from filmgate_scene.palette import COLOURS, Colour, mix, rgb, scale
from filmgate_scene.registry import subject
from filmgate_scene.stage import AnimatedSprites, Quad, SceneStage, ShotFrame

_STRIPES: tuple[tuple[Colour, Colour], ...] = (
    (rgb("#d8402f"), rgb("#f6d365")),
    (rgb("#2f6fb0"), rgb("#f4efe2")),
    (rgb("#7a4bb0"), rgb("#f5a94a")),
    (rgb("#2f8f6a"), rgb("#f1e04f")),
)


@subject(
    "balloon",
    en=("balloon", "balloons", "hot air balloon", "hot-air balloon", "hot air balloons"),
    zh=("热气球", "气球"),
    actions=("float",),
    element="air",
)
def balloon(stage: SceneStage, spec: SubjectSpec) -> None:
    """Three balloons, one of them near, unless the prompt gives a number."""
    count = max(1, min(12, spec.count if spec.count > 1 else 3))
    named = [(COLOURS[name], (0.96, 0.94, 0.88)) for name in spec.attributes if name in COLOURS]
    size = 0.30 * min(stage.width, stage.height)
    sprites = []
    for pair in named or _STRIPES:
        canvas = _paint_balloon(stage, pair, size)
        sprites.append(stage.atlas.add(canvas.pixels, -canvas.x0, -canvas.y0))
    random = np.random.default_rng(stage.seed + 91).random((count, 3))

    def quads(frame: ShotFrame) -> list[Quad]:
        out = []
        for k in range(count):
            near = 1.0 / (1 + 0.75 * k)
            u = (0.64, 0.25, 0.44, 0.84, 0.10)[k % 5] + 0.05 * (random[k, 0] - 0.5)
            x = stage.width * (u + 0.008 * near * frame.t) - 60 * near * frame.lens.x * stage.unit
            y = stage.horizon * (0.40 + 0.26 * (1 - near) + 0.10 * random[k, 1]) - stage.height * 0.006 * frame.t * near
            y = max(y, 0.62 * size * near)
            y += 0.006 * stage.height * math.sin(frame.t * 0.7 + k * 2)
            sx, sy = frame.screen(x, y)
            out.append(Quad(sprites[k % len(sprites)], sx, sy, near * frame.lens.zoom, near * frame.lens.zoom))
        return out[::-1]

    stage.add(AnimatedSprites(quads), 150.0)
    stage.add_ambience(wind=0.3)


def _paint_balloon(stage: SceneStage, colours: tuple[Colour, Colour], size: float) -> Canvas:
    """Envelope in gores, ropes and basket; lit from the sun's side, glowing from within at dusk."""
    canvas = Canvas(-size * 0.65, -size * 0.62, size * 0.65, size * 0.80)
    lx = stage.light.toward()[0]
    angles = np.linspace(-math.pi / 2, math.pi / 2, 11)
    for k in range(10):
        left, right = math.sin(angles[k]), math.sin(angles[k + 1])
        middle = (left + right) / 2
        cloth = colours[k % 2]
        lit = max(0.05, min(1.0, 0.5 + 0.5 * (middle * lx * 1.3 + 0.15)))
        colour = stage.shade(cloth, 12, lit=lit)
        gore = [*_edge(left, size), *_edge(right, size)[::-1]]
        canvas.polygon(gore, mix(colour, (1.0, 1.0, 1.0), 0.12), to=scale(colour, 0.62))
    basket, rope = stage.shade(rgb("#8a5f36"), 8), stage.shade(rgb("#3a2f28"), 8)
    for x in (-0.075, -0.03, 0.03, 0.075):
        canvas.line([(x * size * 1.25, 0.47 * size), (x * size * 0.8, 0.62 * size)], max(1.0, 0.006 * size), rope)
    canvas.rectangle(
        -0.065 * size, 0.61 * size, 0.13 * size, 0.09 * size, basket, to=scale(basket, 0.55), radius=0.012 * size
    )
    canvas.glow(0, 0.44 * size, 0.05 * size, (1.0, 0.62, 0.25), 0.5 * stage.light.lamps + 0.05)
    canvas.glow(0, 0.15 * size, 0.20 * size, (1.0, 0.55, 0.22), 0.55 * stage.light.lamps)
    return canvas


def _edge(side: float, size: float) -> list[tuple[float, float]]:
    """A seam from the crown to the mouth."""
    out = []
    for q in np.linspace(0, 1, 22):
        wide = math.sin(math.pi * min(1.0, q * 1.02) ** 0.80) ** 0.72 if q < 0.98 else 0.0
        wide = max(wide, 0.16 * q if q > 0.6 else 0.0)
        out.append((side * wide * 0.47 * size, (-0.56 + 1.05 * q) * size))
    return out
