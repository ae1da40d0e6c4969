"""A canvas in the frame's pixel coordinates, and the shapes to paint on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from filmgate_scene import fonts
from filmgate_scene.kernels.declare import F32
from filmgate_scene.kernels.finish import box_blur, box_blur_pixels
from filmgate_scene.kernels.marks import blobs
from filmgate_scene.kernels.noise import fbm
from filmgate_scene.palette import Colour, mix

__all__ = ["Canvas", "Point", "blur", "smooth", "step"]

Point: TypeAlias = tuple[float, float]
_Box: TypeAlias = tuple[int, int, int, int]
_Mask: TypeAlias = tuple[_Box, F32]
_SUPERSAMPLING = 3  # factor by which shapes are supersampled before they are averaged down


def step(low: float, high: float, x: F32) -> F32:
    """A smooth step from 0 at ``low`` to 1 at ``high`` (``high`` may be below ``low``)."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def blur(values: F32, radius: float) -> F32:
    """A box blur of a (h, w) or (h, w, c) array, edges repeated."""
    r = int(radius)
    if r < 1:
        return values
    if values.ndim == 2:
        return box_blur(np.ascontiguousarray(values, np.float32), r)
    if values.shape[2] == 4:
        return box_blur_pixels(np.ascontiguousarray(values, np.float32), r)
    planes = [box_blur(np.ascontiguousarray(values[..., c], np.float32), r) for c in range(values.shape[2])]
    return np.stack(planes, axis=2)


def smooth(points: Sequence[Point], steps: int = 6, *, closed: bool = True) -> list[Point]:
    """A Catmull-Rom curve through the points."""
    p = np.asarray(points, np.float64)
    count = len(p)
    out: list[Point] = []
    for i in range(count if closed else count - 1):
        near = [i - 1, i, i + 1, i + 2]
        a, b, c, d = (p[k % count] if closed else p[min(max(k, 0), count - 1)] for k in near)
        for t in np.linspace(0, 1, steps, endpoint=False):
            q = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3)
            out.append((float(q[0]), float(q[1])))
    return out if closed else [*out, points[-1]]


class Canvas:
    """Premultiplied float RGBA over the rectangle (x0, y0) … (x1, y1), which may extend beyond the frame.

    Alpha 0 with colour is light that is added to the background.
    """

    def __init__(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.x0, self.y0 = math.floor(x0), math.floor(y0)
        self.width = max(2, math.ceil(x1) - self.x0)
        self.height = max(2, math.ceil(y1) - self.y0)
        self.pixels: F32 = np.zeros((self.height, self.width, 4), np.float32)

    # -- painting through masks

    def fill(
        self,
        mask: _Mask | None,
        colour: Colour | F32,
        *,
        to: Colour | None = None,
        alpha: float = 1.0,
        mode: str = "over",
        texture: float = 0.0,
        grain: float = 0.05,
        seed: int = 1,
    ) -> None:
        """Paint through a mask: ``colour``, blended into ``to`` towards the bottom, roughened by ``texture``.

        ``mode``: over, add (light), atop (only where there is paint), erase.
        """
        if mask is None:
            return
        (x0, y0, x1, y1), shape = mask
        view = self.pixels[y0:y1, x0:x1]
        cover = (shape * alpha)[..., None]
        paint: F32 = np.asarray(colour, np.float32)
        if to is not None:
            down = np.linspace(0, 1, y1 - y0, dtype=np.float32)[:, None, None]
            paint = np.asarray(paint * (1 - down) + np.asarray(to, np.float32) * down, np.float32)
        if texture:
            noise = fbm(x1 - x0, y1 - y0, grain, grain, x0 * grain, y0 * grain, 3, 0, seed) - 0.5
            paint = np.asarray(paint * (1 + texture * 2 * noise[..., None]), np.float32)
        self._merge(view, cover, paint, mode)

    @staticmethod
    def _merge(view: F32, mask: F32, paint: F32, mode: str) -> None:
        if mode == "atop":
            mask = mask * view[..., 3:]
            view[..., :3] += (paint - view[..., :3] / np.maximum(view[..., 3:], 1e-4)) * mask
        elif mode == "add":
            view[..., :3] += paint * mask
        elif mode == "erase":
            view *= 1 - mask
        else:
            view[..., :3] += (paint - view[..., :3]) * mask
            view[..., 3:] += (1 - view[..., 3:]) * mask

    def _clip(self, x0: float, y0: float, x1: float, y1: float) -> _Box:
        return (
            max(0, math.floor(x0 - self.x0)),
            max(0, math.floor(y0 - self.y0)),
            min(self.width, math.ceil(x1 - self.x0)),
            min(self.height, math.ceil(y1 - self.y0)),
        )

    def mask(
        self,
        box: tuple[float, float, float, float],
        draw: Callable[[ImageDraw.ImageDraw, Callable[[float, float], Point]], None],
    ) -> _Mask | None:
        """Rasterise what ``draw`` draws inside ``box``, antialiased; None if it lies outside."""
        x0, y0, x1, y1 = self._clip(box[0] - 2, box[1] - 2, box[2] + 2, box[3] + 2)
        if x1 <= x0 or y1 <= y0:
            return None
        image = Image.new("L", ((x1 - x0) * _SUPERSAMPLING, (y1 - y0) * _SUPERSAMPLING), 0)
        left, top = x0 + self.x0, y0 + self.y0
        draw(ImageDraw.Draw(image), lambda x, y: ((x - left) * _SUPERSAMPLING, (y - top) * _SUPERSAMPLING))
        return (x0, y0, x1, y1), np.asarray(image.reduce(_SUPERSAMPLING), np.float32) / 255

    def below(self, tops: F32, bottom: float | None = None) -> _Mask:
        """A mask of everything under a height given for each column of the canvas, in frame rows."""
        rows = np.arange(self.height, dtype=np.float32)[:, None] + self.y0
        shape = np.clip(rows - tops[None] + 0.5, 0, 1)
        if bottom is not None:
            shape = shape * np.clip(bottom - rows + 0.5, 0, 1)
        return (0, 0, self.width, self.height), np.asarray(shape, np.float32)

    def full_mask(self, shape: F32) -> _Mask:
        """Extend a mask to the canvas's size."""
        return (0, 0, self.width, self.height), np.asarray(shape, np.float32)

    def columns(self) -> F32:
        """The frame x of each column."""
        return np.arange(self.width, dtype=np.float32) + self.x0

    def rows(self) -> F32:
        """The frame y of each row."""
        return np.arange(self.height, dtype=np.float32) + self.y0

    # -- shapes

    def polygon(self, points: Sequence[Point], colour: Colour, **paint: object) -> None:
        """A filled polygon."""
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        box = min(xs), min(ys), max(xs), max(ys)
        self.fill(self.mask(box, lambda d, at: d.polygon([at(x, y) for x, y in points], fill=255)), colour, **paint)  # type: ignore[arg-type]  # fill's own keywords

    def rectangle(
        self, x: float, y: float, w: float, h: float, colour: Colour, *, radius: float = 0.0, **paint: object
    ) -> None:
        """A filled rectangle with rounded corners."""

        def draw(d: ImageDraw.ImageDraw, at: Callable[[float, float], Point]) -> None:
            (left, top), (right, bottom) = at(x, y), at(x + w, y + h)
            box = (left, top, max(left, right - 1), max(top, bottom - 1))
            d.rounded_rectangle(box, min(radius, w / 2, h / 2) * _SUPERSAMPLING, fill=255)

        if w > 0 and h > 0:
            self.fill(self.mask((x, y, x + w, y + h), draw), colour, **paint)  # type: ignore[arg-type]  # fill's own keywords

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour, **paint: object) -> None:
        """A filled ellipse round (x, y)."""
        box = x - rx, y - ry, x + rx, y + ry
        mask = self.mask(box, lambda d, at: d.ellipse([at(box[0], box[1]), at(box[2], box[3])], fill=255))
        self.fill(mask, colour, **paint)  # type: ignore[arg-type]  # fill's own keywords

    def line(
        self, points: Sequence[Point], width: float, colour: Colour, *, end: float | None = None, **paint: object
    ) -> None:
        """A line with round ends, tapering to the width ``end``."""
        last = max(1, len(points) - 1)
        widths = [width + ((width if end is None else end) - width) * i / last for i in range(len(points))]
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        reach = max(widths)
        box = min(xs) - reach, min(ys) - reach, max(xs) + reach, max(ys) + reach
        self.fill(self.mask(box, lambda d, at: _strokes(d, [at(x, y) for x, y in points], widths)), colour, **paint)  # type: ignore[arg-type]  # fill's own keywords

    def text(
        self, x: float, y: float, text: str, size: float, colour: Colour, *, vertical: bool = False, **paint: object
    ) -> None:
        """Text centred on (x, y), ``size`` pixels high; glyphs missing from the font are left out."""
        shape = fonts.render(text, size, vertical=vertical)
        height, width = shape.shape
        left, top = round(x - width / 2) - self.x0, round(y - height / 2) - self.y0
        x0, y0, x1, y1 = max(0, left), max(0, top), min(self.width, left + width), min(self.height, top + height)
        if x1 > x0 and y1 > y0:
            part = shape[y0 - top : y1 - top, x0 - left : x1 - left]
            self.fill(((x0, y0, x1, y1), part), colour, **paint)  # type: ignore[arg-type]  # fill's own keywords

    def glow(
        self, x: float, y: float, radius: float, colour: Colour, amount: float = 1.0, *, tall: float | None = None
    ) -> None:
        """Soft light around (x, y), added to everything behind it."""
        ry = radius if tall is None else tall
        x0, y0, x1, y1 = self._clip(x - 3 * radius, y - 3 * ry, x + 3 * radius, y + 3 * ry)
        if x1 > x0 and y1 > y0:
            across = ((np.arange(x0, x1) + self.x0 - x) / radius) ** 2
            down = ((np.arange(y0, y1) + self.y0 - y) / ry) ** 2
            light = np.exp(-(across[None] + down[:, None])).astype(np.float32)
            light = np.maximum(0, light - np.float32(math.exp(-8)))
            self.pixels[y0:y1, x0:x1, :3] += light[..., None] * np.asarray(colour, np.float32) * np.float32(amount)

    def blobs(self, marks: F32, colours: F32, softness: float = 1.2) -> None:
        """Many ellipses at once, each (x, y, rx, ry, angle, opacity)."""
        placed = np.array(marks, np.float32)
        placed[:, 0] -= self.x0
        placed[:, 1] -= self.y0
        blobs(self.pixels, placed, np.ascontiguousarray(colours, np.float32), softness)

    def neon(self, paint: Callable[[Canvas, Colour], None], colour: Colour, radius: float, amount: float = 1.2) -> None:
        """Render what ``paint`` draws as a neon tube: a pale core with a glow around it."""
        shape = Canvas(self.x0, self.y0, self.x0 + self.width, self.y0 + self.height)
        paint(shape, (1.0, 1.0, 1.0))
        core = shape.pixels[..., 3]
        near = blur(blur(core, radius), radius)
        far = blur(blur(core, radius * 4), radius * 4)
        light = (near * 0.8 + far * 1.1) * amount
        self.pixels[..., :3] += light[..., None] * np.asarray(colour, np.float32)
        paint(self, mix(colour, (1.0, 1.0, 1.0), 0.55))


def _strokes(draw: ImageDraw.ImageDraw, points: Iterable[Point], widths: Sequence[float]) -> None:
    """Segments as quadrilaterals with round joints."""
    at = list(points)
    for i in range(len(at) - 1):
        (ax, ay), (bx, by) = at[i], at[i + 1]
        ra, rb = widths[i] * _SUPERSAMPLING / 2, widths[i + 1] * _SUPERSAMPLING / 2
        length = math.hypot(bx - ax, by - ay) or 1.0
        nx, ny = -(by - ay) / length, (bx - ax) / length
        quad = [
            (ax + nx * ra, ay + ny * ra),
            (bx + nx * rb, by + ny * rb),
            (bx - nx * rb, by - ny * rb),
            (ax - nx * ra, ay - ny * ra),
        ]
        draw.polygon(quad, fill=255)
        draw.ellipse([ax - ra, ay - ra, ax + ra, ay + ra], fill=255)
        draw.ellipse([bx - rb, by - rb, bx + rb, by + rb], fill=255)
