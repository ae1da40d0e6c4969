"""Boats: under sail, with a wheelhouse, or folded from paper; rocking on the waves."""

from __future__ import annotations

import math
from collections.abc import Callable

from filmgate_scene.canvas import Canvas, Point, smooth
from filmgate_scene.description import SubjectSpec
from filmgate_scene.palette import COLOURS, Colour, mix, rgb, scale
from filmgate_scene.registry import Words, subject
from filmgate_scene.stage import AnimatedSprites, Quad, SceneStage, ShotFrame

_TILTS = 13  # number of canvases from leaning left to leaning right
_WATER = frozenset(("sea", "beach", "lake", "garden", "lighthouse", "abstract", "underwater"))  # where it floats

_At = Callable[[float, float], Point]


@subject(
    "boat",
    en=(
        "boat", "boats", "sailboat", "sailing boat", "ship", "ships", "yacht", "fishing boat", "fishing boats", "canoe",
        "sailing ship", "paper boat", "paper boats", "trawler", "ferry", "rowing boat", "vessel",
    ),
    zh=("帆船", "小船", "船只", "轮船", "渔船", "游艇", "船", "扁舟", "孤舟", "纸船", "货轮", "木船", "乌篷船"),
    actions=("float",),
    element="water",
    attributes={
        "paper": Words(en=("paper boat", "paper boats"), zh=("纸船",)),
        "fishing": Words(en=("fishing boat", "fishing boats", "trawler", "ferry"), zh=("渔船", "货轮", "轮船")),
        "rowing": Words(en=("canoe", "rowing boat"), zh=("扁舟", "孤舟", "木船", "乌篷船")),
    },
)  # fmt: skip
def boat(stage: SceneStage, spec: SubjectSpec) -> None:
    """The first boat near, the others towards the horizon."""
    named = next((COLOURS[name] for name in spec.attributes if name in COLOURS), None)
    kind = next((name for name in spec.attributes if name in _KINDS), "sail")
    near, far = stage.swim_range
    for k in range(max(1, min(5, spec.count))):
        z = min(far * 0.95, near + (far - near) * (0.24 + 0.22 * k))
        z = stage.subject_depth * (0.80 + 0.2 * k) if kind == "paper" and stage.shot.setting not in _WATER else z
        _put(stage, kind, named or _COLOURS[kind][k % len(_COLOURS[kind])], z, k)
    stage.add_ambience(water=0.4)


def _put(stage: SceneStage, kind: str, colour: Colour, z: float, k: int) -> None:
    """One boat on its course."""
    tall, share, paint = _KINDS[kind]
    true = stage.focal / z
    limit = min(share * stage.height, 1.1 * share * stage.width) / tall
    pixels = limit if kind == "paper" else min(true, limit)
    sprites = []
    for n in range(_TILTS):
        canvas = _canvas(stage, paint, colour, pixels, 0.07 * (2 * n / (_TILTS - 1) - 1), z)
        sprites.append(stage.atlas.add(canvas.pixels, -canvas.x0, -canvas.y0))
    width, rough = stage.width / true, 2.2 if "storm" in stage.shot.weather else 1.0

    def quads(frame: ShotFrame) -> list[Quad]:
        t = frame.t
        x = width * (0.06 - 0.30 * k + 0.012 * t) - 0.04 * width
        sx, sy, metre = frame.project(x, 0.05 * rough * math.sin(t * 1.1 * rough**0.5 + k * 2), z)
        lean = 0.5 + 0.5 * math.sin(t * 0.8 * rough**0.5 + k * 1.3) * min(1.0, 0.55 * rough)
        size = metre / true
        return [Quad(sprites[round(lean * (_TILTS - 1))], sx, sy, size, size)]

    stage.add(AnimatedSprites(quads), z)


def _canvas(
    stage: SceneStage,
    paint: Callable[[SceneStage, Canvas, _At, float, Colour, float], None],
    colour: Colour,
    metre: float,
    lean: float,
    depth: float,
) -> Canvas:
    """The boat leaning by ``lean``, and its broken reflection on the water."""
    canvas = Canvas(-3.6 * metre, -6.4 * metre, 3.6 * metre, 2.4 * metre)
    c, s = math.cos(lean), math.sin(lean)

    def at(x: float, y: float) -> Point:
        return (x * c - y * s) * metre, (x * s + y * c) * metre

    hull = stage.shade(colour, depth * 0.5, lit=0.5)
    pale = stage.shade((0.90, 0.88, 0.84), depth * 0.5, lit=0.6)
    for k in range(10):
        wide, y = 1.7 - 0.1 * k, 0.12 + 0.17 * k
        off = 0.22 * math.sin(k * 2.3 + lean * 40)
        line = [at(-wide + off, y), at(wide * 0.8 + off, y)]
        canvas.line(line, 0.07 * metre, mix(pale if k > 2 else hull, hull, 0.4), alpha=0.32 - 0.03 * k)
    paint(stage, canvas, at, metre, colour, depth)
    canvas.line([at(-2.0, 0.10), at(1.7, 0.10)], 0.05 * metre, mix(pale, (1.0, 1.0, 1.0), 0.5), alpha=0.45)
    return canvas


def _hull(stage: SceneStage, canvas: Canvas, at: _At, metre: float, colour: Colour, depth: float) -> None:
    """Planks, a light rail, a dark waterline."""
    hull = stage.shade(colour, depth * 0.5, lit=0.75)
    outline = [at(-2.05, -0.62), at(-1.78, 0.10), at(0.0, 0.2), at(1.6, 0.10), at(2.4, -0.86), at(0.2, -0.48)]
    canvas.polygon(smooth(outline, 6), hull, to=scale(hull, 0.42))
    for k in range(1, 4):
        y = -0.48 + 0.15 * k
        canvas.line(
            [at(-1.9, y - 0.05), at(0.1, y + 0.05), at(1.95, y - 0.1)], 0.014 * metre, scale(hull, 0.6), alpha=0.6
        )
    canvas.line([at(-2.0, -0.58), at(0.2, -0.46), at(2.36, -0.82)], 0.075 * metre, mix(hull, (1.0, 0.97, 0.9), 0.65))


def _sail(stage: SceneStage, canvas: Canvas, at: _At, metre: float, colour: Colour, depth: float) -> None:
    """Mast, boom, a mainsail with seams and a jib, both full of wind."""
    light, dark = (
        stage.shade((0.98, 0.96, 0.91), depth * 0.5, lit=0.95),
        stage.shade((0.66, 0.65, 0.70), depth * 0.5, lit=0.3),
    )
    wood = stage.shade(rgb("#6a4a30"), depth * 0.5, lit=0.7)
    canvas.line([at(0.05, -0.3), at(0.05, -5.6)], 0.08 * metre, wood, end=0.04 * metre)
    canvas.line([at(0.05, -0.85), at(-1.95, -0.95)], 0.06 * metre, wood)
    main = [at(-0.04, -0.95), at(0.0, -5.45), at(-0.55, -4.2), at(-1.25, -2.6), at(-1.95, -1.02), at(-1.0, -0.90)]
    canvas.polygon(smooth(main, 6), light, to=mix(light, dark, 0.45))
    for q in (0.25, 0.45, 0.65, 0.82):
        y = -0.95 - 4.4 * q
        canvas.line([at(-0.04, y), at(-0.95 * (1 - q) - 0.9 * (1 - q), y + 0.25)], 0.016 * metre, dark, alpha=0.6)
    jib = [at(0.16, -5.1), at(0.85, -3.0), at(2.2, -0.95), at(0.9, -1.12), at(0.25, -1.3), at(0.35, -3.2)]
    canvas.polygon(smooth(jib, 6), mix(light, dark, 0.12), to=mix(light, dark, 0.55))
    canvas.line([at(0.05, -5.55), at(2.36, -0.84)], 0.018 * metre, wood, alpha=0.8)
    canvas.line([at(0.05, -5.55), at(-2.0, -0.62)], 0.014 * metre, wood, alpha=0.6)
    flag = stage.shade(rgb("#d8392f"), depth * 0.5, lit=0.9)
    canvas.polygon([at(0.05, -5.6), at(0.55, -5.75), at(0.05, -5.9)], flag)
    _hull(stage, canvas, at, metre, colour, depth)


def _fishing(stage: SceneStage, canvas: Canvas, at: _At, metre: float, colour: Colour, depth: float) -> None:
    """A wheelhouse with windows, a mast with its boom, a lamp."""
    white, wood = (
        stage.shade((0.93, 0.92, 0.88), depth * 0.5, lit=0.8),
        stage.shade(rgb("#5b4636"), depth * 0.5, lit=0.6),
    )
    canvas.line([at(0.5, -0.5), at(0.5, -3.6)], 0.07 * metre, wood, end=0.04 * metre)
    canvas.line([at(0.5, -1.5), at(2.1, -2.7)], 0.05 * metre, wood)
    canvas.line([at(0.5, -3.5), at(2.1, -2.7)], 0.015 * metre, wood, alpha=0.8)
    canvas.line([at(0.5, -3.5), at(-1.9, -0.6)], 0.015 * metre, wood, alpha=0.8)
    wheelhouse = [at(-1.45, -0.4), at(-1.35, -2.05), at(-0.05, -2.05), at(0.1, -0.4)]
    canvas.polygon(wheelhouse, white, to=scale(white, 0.7))
    roof = stage.shade(colour, depth * 0.5, lit=0.7)
    canvas.polygon([at(-1.55, -2.0), at(-1.4, -2.25), at(0.05, -2.25), at(0.15, -2.0)], roof, to=scale(roof, 0.6))
    glass = mix(stage.shade((0.25, 0.36, 0.45), depth * 0.5), (1.0, 0.82, 0.5), 0.85 * stage.light.lamps)
    for x in (-1.2, -0.72, -0.26):
        canvas.polygon([at(x, -1.75), at(x + 0.34, -1.75), at(x + 0.34, -1.3), at(x, -1.3)], glass)
    canvas.glow(*at(0.5, -3.5), 0.16 * metre, (1.0, 0.8, 0.5), 1.2 * stage.light.lamps)
    canvas.glow(*at(0.5, -3.5), 0.8 * metre, (1.0, 0.7, 0.4), 0.3 * stage.light.lamps)
    _hull(stage, canvas, at, metre, colour, depth)


def _rowing(stage: SceneStage, canvas: Canvas, at: _At, metre: float, colour: Colour, depth: float) -> None:
    """A slender wooden boat with a rower in a straw hat."""
    wood, cloth = stage.shade(colour, depth * 0.5, lit=0.7), stage.shade(rgb("#394a5a"), depth * 0.5, lit=0.6)
    straw = stage.shade(rgb("#c9a765"), depth * 0.5, lit=0.8)
    canvas.line([at(0.35, -1.05), at(2.3, 0.35)], 0.05 * metre, stage.shade(rgb("#7a5a3a"), depth * 0.5))
    canvas.polygon(
        smooth([at(-0.35, -0.2), at(-0.25, -1.15), at(0.1, -1.35), at(0.42, -1.1), at(0.5, -0.2)], 6),
        cloth,
        to=scale(cloth, 0.6),
    )
    canvas.line([at(0.15, -1.1), at(0.75, -0.85)], 0.14 * metre, cloth, end=0.1 * metre)
    canvas.ellipse(*at(0.12, -1.5), 0.17 * metre, 0.19 * metre, stage.shade(rgb("#d9a67c"), depth * 0.5, lit=0.7))
    canvas.polygon([at(-0.4, -1.52), at(0.12, -1.95), at(0.66, -1.52), at(0.12, -1.45)], straw, to=scale(straw, 0.65))
    outline = [
        at(-2.7, -0.72),
        at(-1.7, 0.02),
        at(0.0, 0.12),
        at(1.7, 0.02),
        at(2.7, -0.72),
        at(1.5, -0.32),
        at(0.0, -0.22),
        at(-1.5, -0.32),
    ]
    canvas.polygon(smooth(outline, 6), wood, to=scale(wood, 0.4))
    canvas.line(
        [at(-2.6, -0.66), at(-1.5, -0.30), at(0.0, -0.20), at(1.5, -0.30), at(2.6, -0.66)],
        0.05 * metre,
        mix(wood, (1.0, 0.95, 0.85), 0.4),
    )


def _paper(stage: SceneStage, canvas: Canvas, at: _At, metre: float, colour: Colour, depth: float) -> None:
    """Folded from one sheet: two flaps with a peak in between, sharp creases."""
    del depth
    lit, mid, dark = (stage.shade(scale(colour, q), lit=0.85) for q in (1.0, 0.84, 0.66))
    canvas.polygon([at(-1.05, -0.55), at(0.0, -2.0), at(1.05, -0.55), at(0.0, -0.2)], mid, to=dark)
    canvas.polygon([at(-0.05, -0.5), at(0.0, -2.0), at(1.05, -0.55), at(0.2, -0.2)], lit, to=mid)
    canvas.polygon([at(-2.3, -1.05), at(0.0, -0.55), at(2.3, -1.05), at(1.45, 0.2), at(-1.45, 0.2)], lit, to=mid)
    canvas.polygon([at(-2.3, -1.05), at(-1.45, 0.2), at(-0.9, 0.2), at(-1.1, -0.8)], mid, to=dark)
    canvas.polygon([at(2.3, -1.05), at(1.45, 0.2), at(0.9, 0.2), at(1.1, -0.8)], scale(lit, 0.94), to=mid)
    for a, b in (
        ((0.0, -2.0), (0.0, -0.55)),
        ((-2.3, -1.05), (0.0, -0.55)),
        ((0.0, -0.55), (2.3, -1.05)),
        ((0.0, -0.55), (0.0, 0.2)),
    ):
        canvas.line([at(*a), at(*b)], 0.018 * metre, dark, alpha=0.8)


_KINDS: dict[str, tuple[float, float, Callable[[SceneStage, Canvas, _At, float, Colour, float], None]]] = {
    "sail": (5.9, 0.52, _sail),
    "fishing": (3.9, 0.42, _fishing),
    "rowing": (2.2, 0.22, _rowing),
    "paper": (2.3, 0.22, _paper),
}  # metres from the waterline to the top, maximum share of the frame, paint function
_COLOURS: dict[str, tuple[Colour, ...]] = {
    "sail": (rgb("#a8432f"), rgb("#2f5d7c"), rgb("#7c6a3b")),
    "fishing": (rgb("#2f6d8c"), rgb("#b0452f"), rgb("#3f7a5a")),
    "rowing": (rgb("#6a4a30"), rgb("#55402f")),
    "paper": (rgb("#f4f1ea"), rgb("#f2d9c9"), rgb("#d3e3f0")),
}
