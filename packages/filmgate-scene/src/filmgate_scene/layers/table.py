"""A table in front of the camera for close views: food, cups, products."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from filmgate_scene.canvas import Canvas
from filmgate_scene.palette import Colour, scale
from filmgate_scene.stage import SceneStage

__all__ = ["TableSpot", "shadow", "table", "table_spot"]

_DEPTH = 1.8  # metres
_GRASS = frozenset(("meadow", "garden", "forest", "bamboo"))
_WOOD: Colour = (0.62, 0.42, 0.27)


class TableSpot(Struct, frozen=True):
    """A place on the table: its base in the frame, the maximum size, the depth."""

    x: float
    y: float
    size: float
    depth: float


def table(stage: SceneStage, wood: Colour = _WOOD) -> None:
    """Add a table, unless there is one."""
    if stage.dishes is not None:
        return
    stage.dishes = 0
    stage.camera_range = min(stage.camera_range, 0.40)
    if stage.shot.setting in _GRASS and not stage.needs_ground:
        _blanket(stage)
        return
    h, w = stage.height, stage.width
    canvas = stage.canvas(top=0.7, bottom=1.3)
    back, colour = _far_edge_row(stage), stage.shade(wood, lit=0.75)
    canvas.rectangle(
        canvas.x0,
        back,
        canvas.width,
        canvas.y0 + canvas.height - back,
        scale(colour, 0.85),
        to=scale(colour, 1.15),
        texture=0.10,
        grain=0.02 / stage.unit,
    )
    for k in range(-12, 13):
        far, near = w * (0.5 + 0.085 * k), w * (0.5 + 0.20 * k)
        canvas.line(
            [(far, back), (near, 1.3 * h)], 1.2 * stage.unit, scale(colour, 0.55), end=4 * stage.unit, alpha=0.6
        )
    canvas.rectangle(canvas.x0, back, canvas.width, 2.5 * stage.unit, scale(colour, 1.3))
    stage.plate(canvas, _DEPTH)


def _blanket(stage: SceneStage) -> None:
    """A chequered cloth spread on the grass."""
    h, w = stage.height, stage.width
    canvas, back = stage.canvas(top=0.6, bottom=1.3), _far_edge_row(stage)
    white, red = stage.shade((0.95, 0.93, 0.88), lit=0.75), stage.shade((0.80, 0.16, 0.16), lit=0.75)

    def at(u: float, v: float) -> tuple[float, float]:
        return w / 2 + w * u * (0.40 + 0.42 * v), back + (1.22 * h - back) * (0.25 * v + 0.75 * v * v)

    for grow, tone, alpha in ((1.03, (0.03, 0.05, 0.02), 0.35), (1.0, white, 1.0)):
        corners = [at(-grow, -0.02 * (grow > 1)), at(grow, -0.02 * (grow > 1)), at(grow, 1.0), at(-grow, 1.0)]
        canvas.polygon(corners, tone, alpha=alpha)
    for k in range(-7, 8, 2):
        u = k / 8
        canvas.polygon([at(u, 0.0), at(u + 0.125, 0.0), at(u + 0.125, 1.0), at(u, 1.0)], red, alpha=0.55)
    for k in range(8):
        v, thick = k / 8, 1 / 16
        canvas.polygon([at(-1, v), at(1, v), at(1, v + thick), at(-1, v + thick)], red, alpha=0.55)
    stage.plate(canvas, _DEPTH)


def _far_edge_row(stage: SceneStage) -> float:
    """The row of the table's far edge."""
    return stage.height * (0.78 if not stage.portrait else 0.76)


def table_spot(stage: SceneStage, count: int = 1) -> list[TableSpot]:
    """Reserve places on the table for ``count`` more things, side by side."""
    table(stage)
    taken = stage.dishes or 0
    stage.dishes = taken + 1
    middle = (
        (0.5, 0.24, 0.76, 0.38, 0.62)[taken % 5]
        if not _has_person_behind(stage)
        else (0.68, 0.36, 0.84, 0.2, 0.5)[taken % 5]
    )
    size = (
        ((0.30 if stage.portrait else 0.36) if _has_person_behind(stage) else 0.48)
        * min(stage.height, 1.15 * stage.width)
        * (1.0 if count == 1 else 0.72)
        * (0.8 if taken else 1.0)
    )
    y = _far_edge_row(stage) + 0.105 * stage.height
    gap = min(1.15 * size, 0.86 * stage.width / count)
    return [
        TableSpot(
            stage.width * middle + gap * (k - (count - 1) / 2),
            y + 0.02 * size * (k % 2),
            size,
            _DEPTH - 0.01 - 0.001 * k,
        )
        for k in range(count)
    ]


def _has_person_behind(stage: SceneStage) -> bool:
    """Whether a person stands behind the table."""
    return stage.needs_ground


def shadow(canvas: Canvas, x: float, y: float, rx: float, ry: float) -> None:
    """A soft shadow under something that stands at (x, y)."""
    canvas.blobs(
        np.array([[x, y, rx * q, ry * q, 0.0, 0.13] for q in (0.9, 1.05, 1.2, 1.4)], np.float32),
        np.full((4, 3), 0.05, np.float32),
        0.6 * ry,
    )
