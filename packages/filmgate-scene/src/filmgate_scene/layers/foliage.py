"""Trees, bushes, blossoms, grass and stones, painted stroke by stroke: dark at the back, bright towards the light."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from filmgate_scene.canvas import Canvas, Point
from filmgate_scene.palette import Colour, mix, rgb
from filmgate_scene.stage import SceneStage

__all__ = [
    "BLOSSOM",
    "GOLD",
    "LEAF",
    "MAPLE",
    "PINE",
    "boulder",
    "broadleaf",
    "clump",
    "grass",
    "limbs",
    "pine",
    "ramp",
]

Ramp = tuple[Colour, ...]

PINE: Ramp = (rgb("#16291a"), rgb("#284a29"), rgb("#4b7036"), rgb("#8fa556"))
LEAF: Ramp = (rgb("#24401f"), rgb("#45692c"), rgb("#7c9a3f"), rgb("#c6cf72"))
GOLD: Ramp = (rgb("#6e4a12"), rgb("#b07a1c"), rgb("#e0ab32"), rgb("#f8dc74"))
MAPLE: Ramp = (rgb("#5e1616"), rgb("#a32d1f"), rgb("#dc5a2b"), rgb("#f8a24c"))
BLOSSOM: Ramp = (rgb("#a85f80"), rgb("#d98bab"), rgb("#f2b4ca"), rgb("#ffdce6"), rgb("#fff6f8"))


def ramp(stage: SceneStage, colours: Ramp, depth: float = 0.0) -> np.ndarray:
    """Dark to bright colours in the stage's light."""
    last = len(colours) - 1
    snowed = [mix(c, (0.94, 0.96, 1.0), stage.snow_cover * k / last) for k, c in enumerate(colours)]
    return np.array([stage.shade(c, depth, lit=0.15 + 0.85 * k / last) for k, c in enumerate(snowed)], np.float32)


def _pick(colours: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Colours along a ramp."""
    at = np.clip(share, 0, 0.999) * (len(colours) - 1)
    low = at.astype(int)
    return np.asarray(colours[low] + (colours[low + 1] - colours[low]) * (at - low)[:, None], np.float32)


def clump(
    stage: SceneStage,
    canvas: Canvas,
    centre: Point,
    radii: Point,
    leaf: float,
    colours: np.ndarray,
    *,
    dense: float = 1.0,
    flat: float = 0.8,
) -> None:
    """A mass of leaves ``leaf`` pixels long in an ellipse, lit from the sun's side."""
    rng = stage.rng
    count = max(12, int(dense * 1.9 * radii[0] * radii[1] / leaf**2))
    angle, far = rng.random(count) * 2 * math.pi, np.sqrt(rng.random(count))
    x, y = np.cos(angle) * far, np.sin(angle) * far
    lx, ly = stage.light.toward()
    light = np.clip(0.48 + 0.42 * (x * lx + y * ly) + (rng.random(count) - 0.5) * 0.5, 0, 1)
    order = np.argsort(light + rng.random(count) * 0.35)
    x, y, light = x[order], y[order], light[order]
    size = leaf * (0.55 + 0.8 * rng.random(count))
    marks = np.stack(
        [
            centre[0] + x * radii[0],
            centre[1] + y * radii[1],
            size,
            size * flat,
            rng.random(count) * math.pi,
            np.full(count, 0.92),
        ],
        1,
    )
    paint = _pick(colours, light) * (1 + 0.14 * (rng.random((count, 1)) - 0.5))
    canvas.blobs(marks.astype(np.float32), paint.astype(np.float32))


def limbs(
    stage: SceneStage,
    canvas: Canvas,
    at: Point,
    angle: float,
    length: float,
    width: float,
    colour: Colour,
    *,
    depth: int = 0,
    droop: float = 0.0,
) -> list[Point]:
    """Paint a branch with its side branches; return where leaves may grow."""
    rng = stage.rng
    x, y = at
    points, tips = [at], []
    for _ in range(5):
        angle += (rng.random() - 0.5) * 0.28 + droop * math.cos(angle) * 0.12
        x, y = x + math.cos(angle) * length / 5, y + math.sin(angle) * length / 5
        points.append((x, y))
        if depth:
            tips.append((x, y))
    canvas.line(points, width, colour, end=width * 0.62)
    if depth < 3 and width > 1.0:
        for k in range(2 if depth > 1 else 3):
            start = points[-1] if k < 1 else points[int(rng.integers(2, 5))]
            turn = angle + (rng.random() - 0.5) * 1.5
            tips += limbs(
                stage,
                canvas,
                start,
                turn,
                length * (0.55 + 0.25 * rng.random()),
                width * 0.58,
                colour,
                depth=depth + 1,
                droop=droop,
            )
    return tips


def broadleaf(
    stage: SceneStage,
    canvas: Canvas,
    foot: Point,
    height: float,
    colours: Ramp,
    *,
    depth: float = 0.0,
    leaf: float = 5.0,
    lean: float = 0.0,
    spread: float = 0.55,
) -> None:
    """A tree with a round crown."""
    rng, paint = stage.rng, ramp(stage, _season(stage, colours), depth)
    bark = stage.shade(rgb("#4a352c"), depth, lit=0.4)
    tips = limbs(stage, canvas, foot, -math.pi / 2 + lean, height * 0.5, height * 0.055, bark)
    leaf *= stage.unit
    for _ in range(9):
        x = foot[0] + height * (0.45 * lean + spread * 0.55 * max(-1.2, min(1.2, rng.normal())))
        y = foot[1] - height * (0.62 + 0.26 * rng.random())
        clump(stage, canvas, (x, y), (height * 0.24, height * 0.15), leaf, paint)
    for tip in tips[::3]:
        clump(stage, canvas, tip, (leaf * 4, leaf * 3), leaf * 0.9, paint, dense=0.6)


def _season(stage: SceneStage, colours: Ramp) -> Ramp:
    """Autumn colours where leaves fall, blossom where petals fall, else green."""
    seasons = {"leaves": (MAPLE, GOLD), "petals": (BLOSSOM, BLOSSOM)}
    ramps = next((seasons[name] for name in stage.shot.weather if name in seasons), None)
    return ramps[int(stage.rng.integers(2))] if ramps and colours is LEAF else colours


def pine(
    stage: SceneStage,
    canvas: Canvas,
    foot: Point,
    height: float,
    *,
    depth: float = 0.0,
    lean: float = 0.0,
    colours: Ramp = PINE,
) -> None:
    """A garden pine: a bent trunk and cloud-shaped pads of needles."""
    rng, paint = stage.rng, ramp(stage, colours, depth)
    bark = stage.shade(rgb("#4d3527"), depth, lit=0.4)
    trunk = [
        (foot[0] + height * (lean * q + 0.06 * math.sin(q * 7 + lean * 9)), foot[1] - height * 0.92 * q)
        for q in np.linspace(0, 1, 12)
    ]
    canvas.line(trunk, height * 0.06, bark, end=height * 0.02)
    for k, q in enumerate((4, 5, 7, 8, 9, 10, 11)):
        side = (-1) ** k * (0.34 - 0.22 * q / 11)
        x, y = trunk[q][0] + height * side, trunk[q][1] - height * 0.02
        canvas.line([trunk[q], (x, y)], height * 0.022, bark, end=height * 0.01)
        wide = height * (0.24 - 0.10 * q / 11) * (0.85 + 0.3 * rng.random())
        clump(stage, canvas, (x, y - wide * 0.1), (wide, wide * 0.32), 3.4 * stage.unit, paint, flat=0.5, dense=1.4)


def boulder(stage: SceneStage, canvas: Canvas, at: Point, size: float, *, depth: float = 0.0) -> None:
    """A round stone, lit from above."""
    lx, ly = stage.light.toward()
    dark, bright = stage.shade(rgb("#45423f"), depth, lit=0.2), stage.shade(rgb("#c9bfac"), depth, lit=0.9)
    steps = 22
    marks, colours = np.zeros((steps, 6), np.float32), np.zeros((steps, 3), np.float32)
    for k in range(steps):
        q = k / steps
        marks[k] = (
            at[0] + lx * size * 0.32 * q,
            at[1] + ly * size * 0.30 * q,
            size * (1 - 0.75 * q) * 1.25,
            size * (0.72 - 0.55 * q),
            0,
            1 if k == 0 else 0.17,
        )
        colours[k] = mix(dark, bright, q**1.3)
    canvas.blobs(marks, colours, 2.0)


def grass(
    stage: SceneStage,
    canvas: Canvas,
    x0: float,
    x1: float,
    base: float,
    height: float,
    count: int,
    *,
    flower: Colour | None = None,
    colours: Sequence[Colour] = (rgb("#2d421f"), rgb("#a9b85a")),
) -> None:
    """Blades that bend, some with a flower on top."""
    rng = stage.rng
    for _ in range(count):
        x, y = x0 + (x1 - x0) * rng.random(), base + height * 0.5 * rng.random()
        long, angle = height * (0.45 + rng.random()), -math.pi / 2 + (rng.random() - 0.5) * 0.9
        shade = stage.shade(mix(colours[0], colours[1], rng.random() ** 1.5), lit=0.7)
        middle = (x + math.cos(angle) * long * 0.5, y + math.sin(angle) * long * 0.55)
        tip = (x + math.cos(angle) * long * 1.1 + long * 0.12, y + math.sin(angle) * long * 0.95)
        canvas.line([(x, y), middle, tip], 3.2 * stage.unit, shade, end=0.7)
        if flower and rng.random() < 0.12:
            petals = np.array(
                [
                    stage.shade(mix(flower, (0, 0, 0), 0.45)),
                    stage.shade(flower),
                    stage.shade(mix(flower, (1, 1, 1), 0.5)),
                ],
                np.float32,
            )
            clump(stage, canvas, tip, (5.5 * stage.unit, 6 * stage.unit), 3.2 * stage.unit, petals)
