"""The stage: a place in metres, seen through a camera, as layers from far to near.

The camera stands at (0, eye, 0) and looks along z; x is to the right, y up. Everything is painted as the camera sees it
at the beginning ("home"), at a depth, and moves with the camera afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import numpy as np
from msgspec import Struct

from filmgate.domain import Size
from filmgate_scene.atlas import Atlas, Sprite
from filmgate_scene.canvas import Canvas
from filmgate_scene.cues import SoundEvent
from filmgate_scene.description import SceneShot
from filmgate_scene.kernels.declare import F32
from filmgate_scene.kernels.noise import fbm
from filmgate_scene.kernels.plates import COLUMNS, blend
from filmgate_scene.lens import Lens
from filmgate_scene.light import Light
from filmgate_scene.palette import Colour

__all__ = ["AnimatedSprites", "Layer", "Motion", "Plate", "Quad", "SceneStage", "ShotFrame", "WindowOpening", "rocking"]


class Quad(Struct, frozen=True):
    """A sprite on the screen: the position of its anchor in pixels, and how it is drawn."""

    sprite: Sprite
    x: float
    y: float
    scale_x: float
    scale_y: float
    gain: Colour = (1.0, 1.0, 1.0)
    opacity: float = 1.0
    wraps: bool = False


class Layer(Protocol):
    """Something that paints over the frame. A layer with a method ``covers`` hides everything below a row."""

    def draw(self, frame: ShotFrame) -> None:
        """Paint moment ``frame.t``: a pure function of it."""


class ShotFrame:
    """One moment of one shot, and the buffers of the drawing thread."""

    def __init__(self, stage: SceneStage) -> None:
        width, height = stage.width, stage.height
        self.stage = stage
        self.pixels: F32 = np.zeros((3, height, width), np.float32)
        self.glow: F32 = np.zeros((3, height // 4, width // 4), np.float32)
        self.work: F32 = np.zeros((3, height // 4, width // 4), np.float32)
        self.lens = Lens()
        self.t = 0.0  # seconds of scene time, which a tempo may slow down
        self.share = 0.0  # share of the shot, 0 … 1
        self.rows = height  # rows from the top that need painting: a later layer covers the rest

    @property
    def focal(self) -> float:
        """Focal length in pixels."""
        return self.stage.focal * self.lens.zoom

    @property
    def eye(self) -> float:
        """The camera's height in metres."""
        return self.stage.eye + self.lens.y

    @property
    def horizon(self) -> float:
        """The horizon's row."""
        return self.screen(0.0, self.stage.horizon)[1]

    @property
    def centre(self) -> float:
        """The column straight ahead of the camera."""
        return self.screen(self.stage.width / 2, 0.0)[0]

    def screen(self, x: float, y: float) -> tuple[float, float]:
        """The screen position of a pixel of the unzoomed, unturned view."""
        stage, lens = self.stage, self.lens
        middle = stage.width / 2
        return (
            middle + lens.zoom * (x - middle) - lens.pan * stage.width,
            stage.pivot + lens.zoom * (y - stage.pivot) + lens.tilt * stage.height,
        )

    def project(self, x: float, y: float, z: float) -> tuple[float, float, float]:
        """The screen position of the point (x, y, z) in metres, and the pixels a metre there."""
        stage, lens = self.stage, self.lens
        scale = stage.focal / max(0.05, z - lens.z)
        sx, sy = self.screen(stage.width / 2 + (x - lens.x) * scale, stage.horizon + (self.eye - y) * scale)
        return sx, sy, scale * lens.zoom

    def row(self, z: float) -> float:
        """The row of the ground ``z`` metres away."""
        return self.project(0.0, 0.0, z)[1]


Motion: TypeAlias = Callable[[float], tuple[float, float]]


def rocking(across: float, down: float, speed: float = 1.0, phase: float = 0.0) -> Motion:
    """An oscillation in pixels, for things in the wind or on water."""
    return lambda t: (across * math.sin(speed * t * 0.9 + phase), down * math.sin(speed * t * 1.2 + phase))


class Plate:
    """A painted canvas at a depth."""

    def __init__(
        self,
        sprite: Sprite,
        depth: float,
        *,
        fine: float = 1.0,
        wraps: bool = False,
        sway: Motion | None = None,
        gain: Callable[[float], float] | None = None,
        opacity: Callable[[float], float] | None = None,
    ) -> None:
        self.sprite, self.depth, self.fine, self.wraps = sprite, depth, fine, wraps
        self.sway, self.gain, self.opacity = sway, gain, opacity

    def quads(self, frame: ShotFrame) -> list[Quad]:
        """Its quad in this frame."""
        stage, lens, sprite = frame.stage, frame.lens, self.sprite
        near = 1.0 / max(0.05, self.depth - lens.z) if math.isfinite(self.depth) else 0.0
        grow = self.depth * near if near else 1.0
        dx, dy = self.sway(frame.t) if self.sway else (0.0, 0.0)
        middle = stage.width / 2
        x = middle + grow * (dx - sprite.anchor_x / self.fine - middle) - stage.focal * lens.x * near
        y = stage.horizon + grow * (dy - sprite.anchor_y / self.fine - stage.horizon) + stage.focal * lens.y * near
        x, y = frame.screen(x, y)
        scale = grow * lens.zoom / self.fine
        bright = self.gain(frame.t) if self.gain else 1.0
        opacity = self.opacity(frame.t) if self.opacity else 1.0
        # the anchor is already part of the position above: a plate's anchor is the frame's corner
        x += sprite.anchor_x * scale
        y += sprite.anchor_y * scale
        return [Quad(sprite, x, y, scale, scale, (bright, bright, bright), opacity, self.wraps)]


class AnimatedSprites:
    """Sprites that a function positions for every frame."""

    def __init__(self, quads: Callable[[ShotFrame], list[Quad]]) -> None:
        self.quads = quads


class _BlendedSprites:
    """Neighbouring plates and figures, blended in one call."""

    def __init__(self, parts: Sequence[Plate | AnimatedSprites]) -> None:
        self.parts = parts

    def draw(self, frame: ShotFrame) -> None:
        """Blend them, the nearest last."""
        quads = [quad for part in self.parts for quad in part.quads(frame)]
        if quads:
            table = np.array([_blend_row(quad) for quad in quads], np.float64).reshape(-1, COLUMNS)
            atlas = frame.stage.atlas
            blend(frame.pixels, atlas.pixels, atlas.spans, table, 0, len(quads), frame.rows)


def _blend_row(quad: Quad) -> tuple[float, ...]:
    """The kernel's row for a quad."""
    sprite = quad.sprite
    return (
        sprite.offset,
        sprite.width,
        sprite.height,
        quad.scale_x,
        quad.scale_y,
        quad.x - sprite.anchor_x * quad.scale_x,
        quad.y - sprite.anchor_y * quad.scale_y,
        *quad.gain,
        quad.opacity,
        1.0 if quad.wraps else 0.0,
        sprite.span,
    )


class WindowOpening(Struct, frozen=True):
    """A window of a room, in metres: its lower left corner, its size, its distance."""

    x: float
    y: float
    w: float
    h: float
    z: float


class SceneStage:
    """The stage on which a setting, its subjects and its weather are built."""

    def __init__(self, shot: SceneShot, light: Light, *, size: Size, seconds: float, seed: int) -> None:
        self.shot, self.light, self.seed = shot, light, seed
        self.outdoors = light  # the time of day's light, before the setting changes it
        self.seconds = seconds  # seconds of scene time: a tempo makes them longer or shorter than the video's
        self.width, self.height = size.width, size.height
        self.portrait = size.height > size.width
        self.unit = min(size.width, size.height) / 720  # pixels of a stroke whose width is 1 at 720p
        self.rng = np.random.default_rng(seed)
        self.atlas = Atlas()
        self.horizon = size.height * 0.5
        self.focal = 0.95 * max(size.height, size.width * 0.7)
        self.eye = 1.5
        self.camera_range = 1.0  # metres that the camera may move
        self.endless = False  # whether the camera may move sideways without end
        self.camera_speed = 0.0  # metres a second that the camera moves sideways
        self.subject_depth = 6.0  # distance of the subjects in metres
        self.depth_range = (2.0, 40.0)  # nearest and farthest distance of anything that stands
        self.swim_range = (3.6, 9.5)  # range of distances with water to swim in
        self.default_action = "walk"  # default action of people
        self.needs_ground = False  # whether standing subjects need ground
        self.dishes: int | None = None  # number of dishes on the table in front of the camera; None: there is no table
        self.snow_cover = 0.0  # amount of snow on ground and leaves
        self.wetness = 0.0  # how much the ground reflects subjects
        self.camera_drive: Callable[[float], Lens] | None = None  # the setting's camera path, in metres
        self.ambience: dict[str, float] = {}
        self.events: list[SoundEvent] = []
        self.windows: list[WindowOpening] = []  # windows that show the weather outside
        self.not_drawn: list[str] = []  # requested things that cannot be drawn
        self.slopes: F32 = _slopes(seed)
        self._layers: list[tuple[float, int, Layer | Plate | AnimatedSprites]] = []

    @property
    def pivot(self) -> float:
        """The row that is fixed when the lens zooms."""
        return 0.4 * self.horizon + 0.3 * self.height

    # -- measuring

    def home_position(self, x: float, y: float, z: float) -> tuple[float, float, float]:
        """The home position of a point in metres, and the pixels a metre there."""
        scale = self.focal / z
        return self.width / 2 + x * scale, self.horizon + (self.eye - y) * scale, scale

    def depth_of(self, row: float) -> float:
        """The distance of the ground in a row."""
        return self.eye * self.focal / max(1e-3, row - self.horizon)

    def across(self, share: float, z: float) -> float:
        """The x in metres that is ``share`` (0 … 1) across the frame at depth ``z``."""
        return (share - 0.5) * self.width * z / self.focal

    def canvas(self, top: float = -0.15, bottom: float = 1.15, margin: float = 0.3) -> Canvas:
        """A canvas over the frame and ``margin`` widths on both sides; rows in frame heights."""
        return Canvas(-margin * self.width, top * self.height, (1 + margin) * self.width, bottom * self.height)

    def shade(self, colour: Colour, depth: float = 0.0, lit: float = 0.6) -> Colour:
        """Shade a daylight colour by this stage's light."""
        return self.light.shade(colour, depth, lit)

    # -- building

    def add(self, layer: Layer | Plate | AnimatedSprites, depth: float) -> None:
        """Add a layer at a depth; nearer layers are painted later."""
        self._layers.append((depth, len(self._layers), layer))

    def plate(
        self,
        canvas: Canvas,
        depth: float,
        *,
        fine: float = 1.0,
        wraps: bool = False,
        sway: Motion | None = None,
        gain: Callable[[float], float] | None = None,
        opacity: Callable[[float], float] | None = None,
    ) -> None:
        """Add a painted canvas at a depth; it is painted ``fine`` times as large as it appears."""
        sprite = self.atlas.add(canvas.pixels, -canvas.x0, -canvas.y0, crop=not wraps)
        layer = Plate(sprite, depth, fine=fine, wraps=wraps, sway=sway, gain=gain, opacity=opacity)
        self.add(layer, depth)

    def tile(self, canvas: Canvas, depth: float, *, sway: Motion | None = None) -> None:
        """Add a canvas at a depth that repeats sideways; its margins are wrapped around."""
        margin = round(max(0.0, -canvas.x0))
        pixels = canvas.pixels
        period = pixels.shape[1] - 2 * margin
        middle = pixels[:, margin : margin + period].copy()
        if margin:
            left, right = pixels[:, :margin], pixels[:, -margin:]
            middle[:, -margin:] = left + middle[:, -margin:] * (1 - left[..., 3:])
            middle[:, :margin] = right + middle[:, :margin] * (1 - right[..., 3:])
        sprite = self.atlas.add(middle, 0.0, -canvas.y0, crop=False)
        self.add(Plate(sprite, depth, wraps=True, sway=sway), depth)

    def add_ambience(self, **loudness: float) -> None:
        """Add an ambience sound for the whole shot."""
        for kind, gain in loudness.items():
            self.ambience[kind] = max(self.ambience.get(kind, 0.0), gain)

    def layers(self) -> list[Layer]:
        """All layers from far to near, with neighbours that can be blended together merged."""
        self.atlas.freeze()
        out: list[Layer] = []
        joined: list[Plate | AnimatedSprites] = []
        for _, _, layer in sorted(self._layers, key=lambda entry: (-entry[0], entry[1])):
            if isinstance(layer, Plate | AnimatedSprites):
                joined.append(layer)
                continue
            if joined:
                out.append(_BlendedSprites(joined))
                joined = []
            out.append(layer)
        return [*out, _BlendedSprites(joined)] if joined else out


def _slopes(seed: int) -> F32:
    """The slope of a tiling water surface to the right and away from the camera."""
    size = 256
    surface = fbm(size, size, 16 / size, 16 / size, 0.0, 0.0, 4, 16, 1 + seed % 97)
    across = np.roll(surface, -1, 1) - np.roll(surface, 1, 1)
    away = np.roll(surface, -1, 0) - np.roll(surface, 1, 0)
    strength = 0.35 / max(float(across.std()), 1e-6)
    return np.ascontiguousarray(np.stack([across, away]) * strength, np.float32)
