"""A sheet to paint on in metres: walls, furniture, whatever stands upright at one depth."""

from __future__ import annotations

from collections.abc import Sequence

from filmgate.engines.scene import fonts
from filmgate.engines.scene.canvas import Point
from filmgate.engines.scene.palette import Colour, scale
from filmgate.engines.scene.stage import Stage

__all__ = ["Flat"]


class Flat:
    """Upright, ``depth`` metres away; x in metres from the middle to the right, y from the ground up.

    Colours are taken as they are: shade them before.
    """

    def __init__(self, stage: Stage, depth: float, *, top: float = -0.3, bottom: float = 1.3) -> None:
        self.stage, self.depth = stage, depth
        self.metre = stage.focal / depth
        self.canvas = stage.canvas(top, bottom)

    @property
    def half(self) -> float:
        """Metres from the middle to the side of the frame."""
        return 0.5 * self.stage.width / self.metre

    @property
    def side(self) -> float:
        """Metres from the middle to the side of the canvas."""
        return 0.8 * self.stage.width / self.metre

    def at(self, x: float, y: float) -> Point:
        """Where a place is in the frame."""
        px, py, _ = self.stage.at(x, y, self.depth)
        return px, py

    def box(
        self, x: float, y: float, w: float, h: float, colour: Colour, *, radius: float = 0.0, **paint: object
    ) -> None:
        """A rectangle that stands at (x, y), its left lower corner."""
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
        """A line ``width`` metres wide, never thinner than a pixel."""
        self.canvas.line([self.at(x, y) for x, y in points], max(1.0, width * self.metre), colour, **paint)  # type: ignore[arg-type]  # the canvas's own keywords

    def glow(self, x: float, y: float, radius: float, colour: Colour, amount: float) -> None:
        """Light round a place."""
        self.canvas.glow(*self.at(x, y), radius * self.metre, colour, amount)

    def text(self, x: float, y: float, text: str, high: float, wide: float, colour: Colour) -> None:
        """Words centred on (x, y), as large as ``high`` and ``wide`` metres allow."""
        words = fonts.drawable(text)
        size = min(high, wide / max(0.5, fonts.width(words, 1000) / 1000)) * self.metre
        self.canvas.text(*self.at(x, y), words, size, colour)

    def put(self) -> None:
        """Put it on the stage."""
        self.stage.plate(self.canvas, self.depth)
