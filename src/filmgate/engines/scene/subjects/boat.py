"""A sailing boat, or a few of them, rocking on the waves."""

from __future__ import annotations

import math

from filmgate.engines.scene.canvas import Canvas, smooth
from filmgate.engines.scene.description import SubjectSpec
from filmgate.engines.scene.palette import COLOURS, Colour, mix, rgb, scale
from filmgate.engines.scene.registry import subject
from filmgate.engines.scene.stage import Figures, Frame, Quad, Stage

_TALL = 5.2  # metres from keel to masthead
_TILTS = 9  # drawings from leaning left to leaning right


@subject(
    "boat",
    en=("boat", "boats", "sailboat", "sailing boat", "ship", "ships", "yacht", "fishing boat", "canoe", "sailing ship"),
    zh=("帆船", "小船", "船只", "轮船", "渔船", "游艇", "船", "扁舟", "孤舟"),
    actions=("float",),
    element="water",
)
def boat(stage: Stage, spec: SubjectSpec) -> None:
    """The first one near, the others towards the horizon."""
    named = next((COLOURS[name] for name in spec.attributes if name in COLOURS), None)
    near, far = stage.pool
    for k in range(max(1, min(5, spec.count))):
        z = min(far * 0.95, near + (far - near) * (0.24 + 0.22 * k))
        _put(stage, named or rgb(("#a8432f", "#2f5d7c", "#7c6a3b")[k % 3]), z, k)
    stage.hear(water=0.4)


def _put(stage: Stage, colour: Colour, z: float, k: int) -> None:
    """One boat on its course."""
    true = stage.focal / z
    pixels = min(true, 0.5 * stage.height / _TALL)
    sprites = []
    for n in range(_TILTS):
        canvas = _picture(stage, colour, pixels, 0.07 * (2 * n / (_TILTS - 1) - 1), z)
        sprites.append(stage.atlas.add(canvas.pixels, -canvas.x0, -canvas.y0))
    width = stage.width / true

    def quads(frame: Frame) -> list[Quad]:
        t = frame.t
        x = width * (0.10 - 0.30 * k + 0.012 * t) - 0.04 * width
        sx, sy, metre = frame.project(x, 0.05 * math.sin(t * 1.1 + k * 2), z)
        lean = 0.5 + 0.5 * math.sin(t * 0.8 + k * 1.3)
        size = metre / true
        return [Quad(sprites[round(lean * (_TILTS - 1))], sx, sy, size, size)]

    stage.add(Figures(quads), z)


def _picture(stage: Stage, colour: Colour, metre: float, lean: float, depth: float) -> Canvas:
    """Hull, mast, mainsail and jib, leaning, and the broken image on the water below."""
    canvas = Canvas(-3.4 * metre, -5.8 * metre, 3.4 * metre, 2.2 * metre)
    c, s = math.cos(lean), math.sin(lean)

    def at(x: float, y: float) -> tuple[float, float]:
        return (x * c - y * s) * metre, (x * s + y * c) * metre

    hull, sail = stage.shade(colour, depth * 0.5, lit=0.7), stage.shade((0.97, 0.95, 0.90), depth * 0.5, lit=0.9)
    shade = stage.shade((0.70, 0.68, 0.70), depth * 0.5, lit=0.3)
    wood = stage.shade(rgb("#6a4a30"), depth * 0.5)
    for k in range(10):
        wide, y = 1.7 - 0.1 * k, 0.12 + 0.17 * k
        off = 0.22 * math.sin(k * 2.3 + lean * 40)
        canvas.line(
            [at(-wide + off, y), at(wide * 0.8 + off, y)],
            0.07 * metre,
            mix(sail if k > 2 else hull, shade, 0.4),
            alpha=0.34 - 0.03 * k,
        )
    canvas.line([at(0.05, 0.0), at(0.05, -5.1)], 0.07 * metre, wood)
    canvas.polygon(smooth([at(-0.08, -0.75), at(-0.05, -4.9), at(-1.1, -2.4), at(-1.85, -0.8)], 6), sail, to=shade)
    canvas.polygon(
        smooth([at(0.18, -0.7), at(0.16, -4.5), at(1.0, -2.0), at(1.75, -0.62)], 6), scale(sail, 0.94), to=shade
    )
    canvas.polygon(
        smooth([at(-2.0, -0.55), at(-1.75, 0.08), at(0.0, 0.2), at(1.55, 0.08), at(2.25, -0.62), at(0.1, -0.42)], 6),
        hull,
        to=scale(hull, 0.5),
    )
    canvas.line([at(-1.95, -0.52), at(0.1, -0.40), at(2.2, -0.59)], 0.06 * metre, mix(hull, (1.0, 1.0, 1.0), 0.5))
    return canvas
