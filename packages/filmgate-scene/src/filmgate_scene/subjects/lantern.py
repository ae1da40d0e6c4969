"""Sky lanterns rising at night."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.canvas import Canvas
from filmgate_scene.description import SubjectSpec
from filmgate_scene.palette import COLOURS, Colour, mix, rgb, scale
from filmgate_scene.registry import subject
from filmgate_scene.stage import AnimatedSprites, Quad, SceneStage, ShotFrame

_ALONE = 14  # number of lanterns unless the prompt gives one


@subject(
    "lantern",
    en=(
        "lantern",
        "lanterns",
        "sky lantern",
        "sky lanterns",
        "paper lantern",
        "paper lanterns",
        "floating lanterns",
        "fire balloon",
    ),
    zh=("孔明灯", "天灯", "灯笼", "纸灯笼", "许愿灯"),
    actions=("float", "fly"),
    element="air",
)
def lantern(stage: SceneStage, spec: SubjectSpec) -> None:
    """One near lantern and a swarm behind it, all rising."""
    count = spec.count if spec.count > 1 else _ALONE
    colour = next((COLOURS[name] for name in spec.attributes if name in COLOURS), rgb("#f08a2c"))
    size = 0.20 * min(stage.width, stage.height)
    canvas = _paint_lantern(colour, size)
    sprite = stage.atlas.add(canvas.pixels, -canvas.x0, -canvas.y0)
    random = np.random.default_rng(stage.seed + 23).random((count, 4))
    way = 1.4 * stage.height

    def quads(frame: ShotFrame) -> list[Quad]:
        out = []
        for k, r in enumerate(random):
            near = 1.0 if k == 0 else 0.16 + 0.5 * r[2] ** 2
            x = stage.width * ((0.40 if k == 0 else r[0]) + 0.012 * math.sin(0.6 * frame.t + 9 * r[3]))
            start = 0.60 if k == 0 else r[1] * 1.1
            y = (start * stage.height - 0.035 * stage.height * near * frame.t + 0.2 * stage.height) % way
            sx, sy = frame.screen(x, y - 0.2 * stage.height)
            flicker = 1.0 + 0.05 * math.sin(7 * frame.t + 9 * r[3])
            grow = near * frame.lens.zoom
            out.append(Quad(sprite, sx, sy, grow, grow, (flicker, flicker, flicker)))
        return sorted(out, key=lambda quad: quad.scale_x)

    stage.add(AnimatedSprites(quads), min(60.0, 0.98 * stage.depth_range[1]))
    stage.add_ambience(wind=0.2, pad=0.5)


def _paint_lantern(colour: Colour, size: float) -> Canvas:
    """A paper bag with a flame in it; it emits light, so the time of day does not shade it."""
    canvas = Canvas(-1.6 * size, -1.7 * size, 1.6 * size, 1.5 * size)
    canvas.glow(0, 0, 0.75 * size, colour, 0.30)
    bag = [
        (-0.30, 0.50),
        (-0.42, -0.05),
        (-0.38, -0.42),
        (-0.20, -0.60),
        (0.20, -0.60),
        (0.38, -0.42),
        (0.42, -0.05),
        (0.30, 0.50),
    ]
    canvas.polygon([(x * size, y * size) for x, y in bag], scale(colour, 0.80), to=mix(colour, (1.0, 0.92, 0.6), 0.75))
    for x in (-0.16, 0.16):
        canvas.line(
            [(x * 0.9 * size, -0.58 * size), (x * size, 0.5 * size)], 0.012 * size, scale(colour, 0.55), alpha=0.6
        )
    canvas.ellipse(0, 0.50 * size, 0.30 * size, 0.055 * size, scale(colour, 0.45))
    canvas.glow(0, 0.42 * size, 0.14 * size, (1.0, 0.85, 0.5), 0.9)
    return canvas
