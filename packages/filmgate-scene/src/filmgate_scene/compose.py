"""Turns a described shot into frames."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping

import numpy as np

from filmgate.domain import Size
from filmgate_scene import registry
from filmgate_scene.cues import SoundCues, SoundEvent
from filmgate_scene.description import SceneShot, SubjectSpec
from filmgate_scene.kernels.declare import F32, U8
from filmgate_scene.kernels.finish import bloom, box_blur, finish
from filmgate_scene.kernels.noise import fbm
from filmgate_scene.kernels.paint import cut, paint
from filmgate_scene.lens import Lens, Path, combine
from filmgate_scene.light import Light
from filmgate_scene.look import Look, replace
from filmgate_scene.reference import ReferenceLayer, RevealedLayers, reveal, tint
from filmgate_scene.stage import Layer, SceneStage, ShotFrame
from filmgate_scene.weather.glass import behind_glass

__all__ = ["ShotRenderer", "compose"]

_FALLBACK = "abstract"
_GRAIN = 64  # pixels by which the grain texture is larger than the frame

_HIGHLIGHT_KNEE = 0.75  # brightness above which highlights are rolled off
_NO_KNEE = 0.999
_IDENTITY_MATRIX = np.eye(3, 4, dtype=np.float32)


class ShotRenderer:
    """Draws one shot: prepare it once, then draw any frame in any order from any thread."""

    def __init__(
        self,
        stage: SceneStage,
        setting: registry.Setting,
        *,
        fps: int,
        lens: Path,
        look: Look,
        reference: F32 | None = None,
    ) -> None:
        self.stage, self.fps, self.look = stage, fps, look
        self._setting, self._lens, self._reference = setting, lens, reference
        self._layers: list[Layer] = []
        self._local = threading.local()
        self._tempo = _tempo(stage.shot)
        self._ready = False

    def prepare(self) -> None:
        """Paint everything that does not change: once, seeded; takes a second or two."""
        if self._ready:
            return
        if self._reference is None:
            _populate(self.stage, self._setting)
            self._layers = self.stage.layers()
        else:
            _add_weathers(self.stage, self.stage.shot.weather)
            still = "static" in self.stage.shot.camera
            image = ReferenceLayer(self.stage, self._reference, self._lens, still)
            self._layers = [image, RevealedLayers(self.stage.layers())]
        self._edges = _vignette(self.stage.width, self.look.vignette), _vignette(self.stage.height, self.look.vignette)
        self._grain = _grain_texture(self.stage)
        self._paper = _paper_texture(self.stage) if self.look.paper or self.look.ink else self._grain
        self._ready = True

    def draw(self, n: int, y: U8, u: U8, v: U8) -> None:
        """Draw frame ``n`` into BT.709 limited-range 4:2:0 planes (h, w), (h/2, w/2) with any line stride."""
        frame = self._frame_at(n)
        for layer, rows in zip(self._layers, self._visible(frame), strict=True):
            frame.rows = rows
            layer.draw(frame)
        if self.look.paper or self.look.ink:
            self._repaint(frame)
        self._finish(frame, n, y, u, v)

    def sound_cues(self) -> SoundCues:
        """The shot's sounds; available once the shot is prepared."""
        self.prepare()
        in_time = (event for event in self.stage.events if event.time < self.stage.seconds)
        events = tuple(sorted(SoundEvent(e.time / self._tempo, e.kind, e.pan, e.gain) for e in in_time))
        return SoundCues(ambience=dict(self.stage.ambience), events=events)

    @property
    def notes(self) -> dict[str, object]:
        """What was drawn, and what was requested but cannot be drawn."""
        notes: dict[str, object] = {"setting": self._setting.name if self._reference is None else "reference"}
        return notes | ({"not_drawn": list(self.stage.not_drawn)} if self.stage.not_drawn else {})

    def _visible(self, frame: ShotFrame) -> list[int]:
        """For each layer: how many rows from the top no later layer covers."""
        rows, out = self.stage.height, []
        for layer in reversed(self._layers):
            out.append(rows)
            covers = getattr(layer, "covers", None)
            rows = min(rows, covers(frame)) if covers else rows
        return out[::-1]

    def _frame_at(self, n: int) -> ShotFrame:
        """This thread's frame, set to frame number ``n``."""
        frame: ShotFrame | None = getattr(self._local, "frame", None)
        if frame is None:
            frame = self._local.frame = ShotFrame(self.stage)
        seconds = n / self.fps
        frame.t = seconds * self._tempo
        frame.share = min(1.0, frame.t / max(1e-6, self.stage.seconds))
        frame.lens = self._camera_lens(frame.share, seconds, frame.t)
        return frame

    def _camera_lens(self, share: float, seconds: float, t: float) -> Lens:
        """The camera's position: its moves, scaled to the stage, and its run beside the subject."""
        stage, lens = self.stage, self._lens(share, seconds)
        drive = stage.camera_drive(t) if stage.camera_drive else Lens()
        return Lens(
            x=lens.x * stage.camera_range + drive.x + stage.camera_speed * t,
            y=lens.y * stage.camera_range + drive.y,
            z=lens.z * stage.camera_range + drive.z,
            zoom=lens.zoom * drive.zoom,
            pan=lens.pan + drive.pan,
            tilt=lens.tilt + drive.tilt,
        )

    def _repaint(self, frame: ShotFrame) -> None:
        """Apply the painting look; over a reference image it fades in."""
        share = 1.0 if self._reference is None else reveal(frame.t)
        if share > 0 and self.look.sheets:
            self._cut_paper(frame, share)
        elif share > 0:
            reach = max(1.0, self.look.softness * min(self.stage.width, self.stage.height))
            paint(
                frame.pixels,
                frame.pixels.copy(),
                self._paper,
                reach * share,
                self.look.ink * share,
                self.look.paper * share,
            )

    def _cut_paper(self, frame: ShotFrame, share: float) -> None:
        """Apply the paper-cut look; small things keep only their shape."""
        small = min(self.stage.width, self.stage.height)
        light = self.stage.light
        gain = np.float32(min(2.4, max(1.0, 2.6 / (sum(light.ambient) + 0.6 * sum(light.key)))))  # daylight
        soft = np.stack([box_blur(plane * gain, max(1, small // 240)) for plane in frame.pixels])
        flat = np.empty_like(soft)
        cut(flat, soft, self._paper, self.look.sheets, max(4, small // 70), self.look.paper)
        frame.pixels += (flat * gain**-0.45 - frame.pixels) * np.float32(share)

    def _finish(self, frame: ShotFrame, n: int, y: U8, u: U8, v: U8) -> None:
        """Apply bloom, grade and grain and write the planes; over a reference image they fade in."""
        threshold, amount = self.stage.light.bloom
        share = 1.0 if self._reference is None else reveal(frame.t)
        radius = max(2, min(self.stage.width, self.stage.height) // 80)
        bloom(frame.pixels, threshold, frame.glow, frame.work, radius)
        jump = (n * 2654435761) & 0xFFFFFFFF
        place = ((jump >> 3) % _GRAIN, (jump >> 11) % _GRAIN)
        matrix = _IDENTITY_MATRIX + (np.asarray(self.look.matrix, np.float32) - _IDENTITY_MATRIX) * np.float32(share)
        edge_x, edge_y = (edge * np.float32(share) for edge in self._edges)
        flat_y, flat_u, flat_v = _flat_view(y), _flat_view(u), _flat_view(v)
        finish(frame.pixels, frame.glow, amount * self.look.bloom * share, edge_x, edge_y, matrix, self._grain, *place,
               self.look.grain * share, _HIGHLIGHT_KNEE if self._reference is None else _NO_KNEE,
               flat_y, flat_u, flat_v, (y.strides[0], u.strides[0]))  # fmt: skip


def compose(shot: SceneShot, *, size: Size, fps: int, seed: int, reference: F32 | None = None) -> ShotRenderer:
    """Resolve the shot's setting, light, camera and style, and make a renderer from them.

    ``reference``: an image (height, width, 3) in 0 … 1, or 0 … 255 as uint8, that becomes the first frame. Words
    that are not registered fall back to the abstract landscape or are left out and noted.
    """
    setting = registry.settings().get(shot.setting) or registry.settings()[_FALLBACK]
    light = registry.times()[_time_of_day(shot, setting)].light()
    for name in _weather(shot, setting):
        weather = registry.weathers().get(name)
        light = weather.light(light) if weather else light
    look = _look(shot)
    light = replace(light, glitter=0.0) if look.ink else light  # brush styles do not paint the sun's reflection
    stage = SceneStage(shot, light, size=size, seconds=shot.frames / fps * _tempo(shot), seed=seed)
    lens = _camera_path(shot, setting if reference is None else None)
    if reference is None:
        return ShotRenderer(stage, setting, fps=fps, lens=lens, look=look)
    if shot.time:
        look = _tinted(look, light)
    pixels = np.asarray(reference, np.float32) / (255.0 if reference.dtype == np.uint8 else 1.0)
    return ShotRenderer(stage, setting, fps=fps, lens=lens, look=look, reference=pixels)


def _time_of_day(shot: SceneShot, setting: registry.Setting) -> str:
    """The shot's time of day, or the default of its style, its weather or its setting."""
    if shot.time in registry.times():
        return shot.time
    styles, weathers = registry.styles(), registry.weathers()
    styled = [styles[name].time for name in shot.style if name in styles]
    aired = [weathers[name].time for name in shot.weather if name in weathers and setting.time != "night"]
    return next((time for time in (*styled, *aired) if time), setting.time)


def _weather(shot: SceneShot, setting: registry.Setting) -> tuple[str, ...]:
    """The shot's weather, or the setting's default."""
    return shot.weather or tuple(name for name in setting.weather if name not in shot.absent)


def _tempo(shot: SceneShot) -> float:
    """Seconds of scene time for one second of video."""
    return registry.TEMPOS[shot.tempo].factor if shot.tempo in registry.TEMPOS else 1.0


def _look(shot: SceneShot) -> Look:
    """The combined looks of all styles, applied in the order of their table."""
    look = Look()
    for name, style in registry.styles().items():
        look = style.look(look) if name in shot.style else look
    return look


def _tinted(look: Look, light: Light) -> Look:
    """A look, tinted by the light of another time of day."""
    gains = tint(light, registry.times()["day"].light())
    rows = [(row[0] * gains[0], row[1] * gains[1], row[2] * gains[2], row[3]) for row in look.matrix]
    return replace(look, matrix=(rows[0], rows[1], rows[2]))


def _camera_path(shot: SceneShot, setting: registry.Setting | None) -> Path:
    """All camera moves combined."""
    known: Mapping[str, registry.Camera] = registry.cameras()
    names = shot.camera or (setting.camera if setting else ())
    moves = [known[name].path for name in names if name in known]
    return lambda share, seconds: combine([move(share, seconds) for move in moves])


def _populate(stage: SceneStage, setting: registry.Setting) -> None:
    """Build the setting, then its subjects, then the weather."""
    shot, known = stage.shot, registry.subjects()
    at_home = (kind for kind in setting.inhabitants if kind not in shot.absent)
    specs = shot.subjects or tuple(SubjectSpec(kind=kind) for kind in at_home)
    stage.needs_ground = any(known[spec.kind].element == "ground" for spec in specs if spec.kind in known)
    stage.snow_cover = 0.85 if "snow" in shot.weather and not setting.indoor else 0.0
    setting.build(stage)
    for spec in specs:
        if spec.kind in known:
            known[spec.kind].build(stage, spec)
        else:
            stage.not_drawn.append(spec.kind)
    if setting.indoor:
        behind_glass(stage, _weather(shot, setting))
    else:
        _add_weathers(stage, _weather(shot, setting))


def _add_weathers(stage: SceneStage, names: tuple[str, ...]) -> None:
    """Add the weather layers in front of everything."""
    for name in names:
        weather = registry.weathers().get(name)
        if weather:
            weather.build(stage)
        else:
            stage.not_drawn.append(name)


def _vignette(size: int, amount: float) -> F32:
    """The darkening along one axis."""
    return np.asarray((np.arange(size) / size - 0.5) ** 2 * amount, np.float32)


def _grain_texture(stage: SceneStage) -> F32:
    """Film grain of standard deviation one, a little larger than a pixel."""
    noise = (
        np.random.default_rng(stage.seed + 5)
        .normal(0, 1, (stage.height + _GRAIN, stage.width + _GRAIN))
        .astype(np.float32)
    )
    return np.ascontiguousarray((noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1)) / math.sqrt(3), np.float32)


def _flat_view(plane: U8) -> U8:
    """A plane's memory from its first pixel to its last as one line."""
    length = (plane.shape[0] - 1) * plane.strides[0] + plane.shape[1]
    return np.lib.stride_tricks.as_strided(plane, shape=(length,), strides=(1,))


def _paper_texture(stage: SceneStage) -> F32:
    """The tooth of watercolour paper, in -1 … 1."""
    cells = 0.22 / stage.unit
    fine = fbm(stage.width, stage.height, cells, cells, 0.0, 0.0, 3, 0, stage.seed % 997)
    broad = fbm(stage.width, stage.height, cells / 9, cells / 9, 5.0, 0.0, 3, 0, stage.seed % 991)
    return np.ascontiguousarray(np.clip((fine - 0.5) * 0.9 + (broad - 0.5) * 3.2, -1, 1), np.float32)
