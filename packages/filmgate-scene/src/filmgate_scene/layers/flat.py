"""A canvas in metres for upright things at one depth: walls, furniture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from filmgate_scene import fonts
from filmgate_scene.canvas import Point
from filmgate_scene.kernels.declare import F32
from filmgate_scene.kernels.plates import backdrop
from filmgate_scene.palette import Colour, scale
from filmgate_scene.stage import SceneStage, ShotFrame

__all__ = ["Flat", "Wall"]


class Flat:
    """An upright canvas ``depth`` metres away; x in metres from the centre to the right, y from the ground up.

    Colours are used unchanged: shade them first.
    """

    def __init__(self, stage: SceneStage, depth: float, *, top: float = -0.3, bottom: float = 1.3) -> None:
        self.stage, self.depth = stage, depth
        self.metre = stage.focal / depth
        self.canvas = stage.canvas(top, bottom)

    @property
    def half(self) -> float:
        """Half the frame's width in metres."""
        return 0.5 * self.stage.width / self.metre

    @property
    def side(self) -> float:
        """Half the canvas's width in metres."""
        return 0.8 * self.stage.width / self.metre

    def at(self, x: float, y: float) -> Point:
        """The position in the frame of a point in metres."""
        px, py, _ = self.stage.home_position(x, y, self.depth)
        return px, py

    def box(
        self, x: float, y: float, w: float, h: float, colour: Colour, *, radius: float = 0.0, **paint: object
    ) -> None:
        """A rectangle whose lower left corner is (x, y)."""
        left, low = self.at(x, y)
        m = self.metre
        self.canvas.rectangle(left, low - h * m, w * m, h * m, colour, radius=radius * m, **paint)

    def panel(self, x: float, y: float, w: float, h: float, colour: Colour, *, radius: float = 0.0) -> None:
        """A rectangle that darkens downwards, as solid things do."""
        self.box(x, y, w, h, colour, radius=radius, to=scale(colour, 0.72))

    def shape(self, points: Sequence[Point], colour: Colour, **paint: object) -> None:
        """A polygon."""
        self.canvas.polygon([self.at(x, y) for x, y in points], colour, **paint)

    def disc(self, x: float, y: float, rx: float, ry: float, colour: Colour, **paint: object) -> None:
        """An ellipse."""
        px, py = self.at(x, y)
        self.canvas.ellipse(px, py, rx * self.metre, ry * self.metre, colour, **paint)

    def line(self, points: Sequence[Point], width: float, colour: Colour, **paint: object) -> None:
        """A line ``width`` metres wide, at least one pixel."""
        self.canvas.line([self.at(x, y) for x, y in points], max(1.0, width * self.metre), colour, **paint)  # type: ignore[arg-type]  # the canvas's own keywords

    def glow(self, x: float, y: float, radius: float, colour: Colour, amount: float) -> None:
        """Light around a point."""
        self.canvas.glow(*self.at(x, y), radius * self.metre, colour, amount)

    def text(self, x: float, y: float, text: str, high: float, wide: float, colour: Colour) -> None:
        """Text centred on (x, y), as large as ``high`` and ``wide`` metres allow."""
        words = fonts.drawable(text)
        size = min(high, wide / max(0.5, fonts.width(words, 1000) / 1000)) * self.metre
        self.canvas.text(*self.at(x, y), words, size, colour)

    def put(self) -> None:
        """Add it to the stage."""
        self.stage.plate(self.canvas, self.depth)

    def wall(self, view: F32) -> None:
        """Add it to the stage as a wall that hides everything farther away; cheaper to draw than a plate before a sky.

        Its holes show ``view`` (3, height, width), which stays still behind it and is mirrored beyond its sides.
        """
        canvas, stage = self.canvas, self.stage
        above, left = -canvas.y0, -canvas.x0
        below, right = max(0, canvas.height - above - stage.height), max(0, canvas.width - left - stage.width)
        behind = np.pad(view, ((0, 0), (above, below), (left, right)), mode="symmetric")
        painted = canvas.pixels.transpose(2, 0, 1)
        image = painted[:3] + behind[:, : canvas.height, : canvas.width] * (1 - painted[3])
        stage.add(Wall(image, canvas.x0, canvas.y0, self.depth), self.depth * 1.001)  # what is as far is drawn in front


class Wall:
    """An opaque image at a depth, larger than the frame."""

    def __init__(self, image: F32, x0: float, y0: float, depth: float) -> None:
        self.image = np.ascontiguousarray(image, np.float32)
        self.x0, self.y0, self.depth = x0, y0, depth

    def draw(self, frame: ShotFrame) -> None:
        """Fill the frame."""
        stage, lens = frame.stage, frame.lens
        near = 1.0 / max(0.05, self.depth - lens.z)
        grow, middle = self.depth * near, stage.width / 2
        x = middle + grow * (self.x0 - middle) - stage.focal * lens.x * near
        y = stage.horizon + grow * (self.y0 - stage.horizon) + stage.focal * lens.y * near
        left, top = frame.screen(x, y)
        backdrop(frame.pixels, self.image, left, top, grow * lens.zoom, frame.rows)
