"""From a described shot to its frames."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping

import numpy as np

from filmgate.engines.scene import registry
from filmgate.engines.scene.camera import Lens, Path, combine
from filmgate.engines.scene.cues import SoundCues
from filmgate.engines.scene.description import Shot
from filmgate.engines.scene.kernels.finish import bloom, finish
from filmgate.engines.scene.kernels.jit import F32, U8
from filmgate.engines.scene.stage import Frame, Layer, Stage
from filmgate.engines.scene.styles import Look
from filmgate.video import Size

__all__ = ["View", "compose"]

_FALLBACK = "abstract"
_GRAIN = 64  # pixels by which the grain's picture is larger than the frame


class View:
    """One shot, ready to be drawn: prepare it once, then draw any frame in any order from any thread."""

    def __init__(self, stage: Stage, build: registry.Setting, *, fps: int, lens: Path, look: Look) -> None:
        self.stage, self.fps, self.look = stage, fps, look
        self._setting, self._lens = build, lens
        self._layers: list[Layer] = []
        self._local = threading.local()
        self._tempo = registry.TEMPOS[stage.shot.tempo].factor if stage.shot.tempo in registry.TEMPOS else 1.0
        self._ready = False

    def prepare(self) -> None:
        """Paint everything that does not change: once, seeded, a second or two."""
        if self._ready:
            return
        _populate(self.stage, self._setting)
        self._layers = self.stage.layers()
        self._edges = _vignette(self.stage.width, self.look.vignette), _vignette(self.stage.height, self.look.vignette)
        self._grain = _grain(self.stage)
        self._matrix = np.asarray(self.look.matrix, np.float32)
        self._ready = True

    def draw(self, n: int, y: U8, u: U8, v: U8) -> None:
        """Draw frame ``n`` into BT.709 limited-range 4:2:0 planes (h, w), (h/2, w/2), whatever their line stride."""
        frame = self._moment(n)
        for layer in self._layers:
            layer.draw(frame)
        self._finish(frame, n, y, u, v)

    def sounds(self) -> SoundCues:
        """What is to be heard; known once the view is prepared."""
        self.prepare()
        events = tuple(sorted(event for event in self.stage.events if event.time < self.stage.seconds))
        return SoundCues(ambience=dict(self.stage.ambience), events=events)

    @property
    def notes(self) -> dict[str, object]:
        """What was drawn, and what was asked for but can't be."""
        notes: dict[str, object] = {"setting": self._setting.name}
        return notes | ({"not_drawn": list(self.stage.unseen)} if self.stage.unseen else {})

    def _moment(self, n: int) -> Frame:
        """This thread's frame, set to moment ``n``."""
        frame: Frame | None = getattr(self._local, "frame", None)
        if frame is None:
            frame = self._local.frame = Frame(self.stage)
        seconds = n / self.fps
        frame.t = seconds * self._tempo
        frame.share = min(1.0, seconds / max(1e-6, self.stage.seconds))
        frame.lens = self._aim(frame.share, seconds, frame.t)
        return frame

    def _aim(self, share: float, seconds: float, t: float) -> Lens:
        """Where the camera is: its moves, in the stage's own measure, and its run beside the subject."""
        stage, lens = self.stage, self._lens(share, seconds)
        own = stage.drive(t) if stage.drive else Lens()
        return Lens(
            x=lens.x * stage.reach + own.x + stage.speed * t,
            y=lens.y * stage.reach + own.y,
            z=lens.z * stage.reach + own.z,
            zoom=lens.zoom * own.zoom,
            pan=lens.pan + own.pan,
            tilt=lens.tilt + own.tilt,
        )

    def _finish(self, frame: Frame, n: int, y: U8, u: U8, v: U8) -> None:
        """Bloom, grade and grain into the planes."""
        threshold, amount = self.stage.light.bloom
        radius = max(2, min(self.stage.width, self.stage.height) // 80)
        bloom(frame.pixels, threshold, frame.glow, frame.work, radius)
        jump = (n * 2654435761) & 0xFFFFFFFF
        place = ((jump >> 3) % _GRAIN, (jump >> 11) % _GRAIN)
        flat_y, flat_u, flat_v = _flat(y), _flat(u), _flat(v)
        finish(frame.pixels, frame.glow, amount * self.look.bloom, *self._edges, self._matrix, self._grain, *place,
               self.look.grain, flat_y, flat_u, flat_v, (y.strides[0], u.strides[0]))  # fmt: skip


def compose(shot: Shot, *, size: Size, fps: int, seed: int, reference: F32 | None = None) -> View:
    """Find the shot's setting, light, camera and style, and make a view of them.

    Words that nothing is registered for fall back to the abstract landscape or are left out and noted.
    """
    del reference
    setting = registry.settings().get(shot.setting) or registry.settings()[_FALLBACK]
    light = registry.times()[shot.time or setting.time].light()
    for name in shot.weather or setting.weather:
        weather = registry.weathers().get(name)
        light = weather.light(light) if weather and not setting.indoor else light
    stage = Stage(shot, light, size=size, seconds=shot.frames / fps, seed=seed)
    return View(stage, setting, fps=fps, lens=_path(shot, setting), look=_look(shot))


def _look(shot: Shot) -> Look:
    """All the styles' looks, one upon the other."""
    look = Look()
    for name in shot.style:
        style = registry.styles().get(name)
        look = style.look(look) if style else look
    return look


def _path(shot: Shot, setting: registry.Setting) -> Path:
    """All the camera's moves at once."""
    known: Mapping[str, registry.Camera] = registry.cameras()
    moves = [known[name].path for name in shot.camera or setting.camera if name in known]
    return lambda share, seconds: combine([move(share, seconds) for move in moves])


def _populate(stage: Stage, setting: registry.Setting) -> None:
    """Build the setting, then who is in it, then the weather."""
    shot = stage.shot
    setting.build(stage)
    for spec in shot.subjects:
        subject = registry.subjects().get(spec.kind)
        if subject:
            subject.build(stage, spec)
        else:
            stage.unseen.append(spec.kind)
    for name in shot.weather or setting.weather:
        weather = registry.weathers().get(name)
        if weather and not setting.indoor:
            weather.build(stage)
        elif not weather:
            stage.unseen.append(name)


def _vignette(size: int, amount: float) -> F32:
    """The darkening along one axis."""
    return np.asarray((np.arange(size) / size - 0.5) ** 2 * amount, np.float32)


def _grain(stage: Stage) -> F32:
    """Film grain of standard deviation one, a little larger than a pixel."""
    noise = np.random.default_rng(stage.seed + 5).normal(0, 1, (stage.height + _GRAIN, stage.width + _GRAIN)).astype(np.float32)
    return np.ascontiguousarray((noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1)) / math.sqrt(3), np.float32)


def _flat(plane: U8) -> U8:
    """A plane's memory from its first pixel to its last as one line."""
    length = (plane.shape[0] - 1) * plane.strides[0] + plane.shape[1]
    return np.lib.stride_tricks.as_strided(plane, shape=(length,), strides=(1,))


