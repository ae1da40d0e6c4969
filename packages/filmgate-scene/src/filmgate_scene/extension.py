"""How a film goes on where another one ended: its extension.

A film of ours can be drawn again, and so beyond its end: the same place, subjects and weather, from the next frame on.
Whether that is so is seen, not believed: what would be its last frame is drawn and held against the last frame that it
has. Where they differ (another version drew it, or it was cut from several), the last frame stands still and dissolves.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from PIL import Image

from filmgate.domain import Operation, Size
from filmgate.engines.base import Job
from filmgate.errors import BadArtifact
from filmgate.media.encode import YuvFrame, rgb_to_planes
from filmgate.media.probe import probe
from filmgate_scene.cues import SoundCues
from filmgate_scene.description import Description
from filmgate_scene.revisions import interpret
from filmgate_scene.shots import FPS, shot_renderer

__all__ = ["ShotContinuation", "StillFrame", "find_continuation"]

_MAX_DIFFERENCE = (
    5.0  # levels of brightness that a frame and what became of it in the film differ by on average, at most
)
_SMALL = Size(160, 90)  # of a stage that is built for what is heard on it


class StillFrame:
    """A picture that stands."""

    def __init__(self, pixels: Path, size: Size) -> None:
        frame = YuvFrame(size)
        with Image.open(pixels) as image:
            rgb_to_planes(np.asarray(image.convert("RGB"), np.uint8), frame)
        self.planes = frame.y, frame.u, frame.v

    def draw(self, _n: int, y: NDArray[np.uint8], u: NDArray[np.uint8], v: NDArray[np.uint8]) -> None:
        """The same picture at any time."""
        for into, plane in zip((y, u, v), self.planes, strict=True):
            into[:] = plane


class ShotContinuation:
    """A film's last shot after its end; frame 0 is the one after its last.

    Args:
        description: the film's, whose last shot it is.
        size: of its frames.
        frames: that it goes on for.
    """

    def __init__(self, description: Description, size: Size, frames: int) -> None:
        self.shot = description.shots[-1]
        self.first_frame = self.shot.frames
        self._description, self._size, self._frames = description, size, frames
        self._view = shot_renderer(description, len(description.shots) - 1, size=size)

    def prepare(self) -> None:
        """Paint what does not change."""
        self._view.prepare()

    def draw(self, n: int, y: NDArray[np.uint8], u: NDArray[np.uint8], v: NDArray[np.uint8]) -> None:
        """Draw frame ``n``; -1 is the film's last."""
        self._view.draw(self.first_frame + n, y, u, v)

    def sound_cues(self) -> SoundCues:
        """What is to be heard, its times from the film's end on."""
        longer = replace(self.shot, frames=self.first_frame + self._frames)
        shots = (*self._description.shots[:-1], longer)
        view = shot_renderer(replace(self._description, shots=shots), len(shots) - 1, size=_SMALL)
        cues, before = view.sound_cues(), self.first_frame / FPS
        events = tuple(replace(event, time=event.time - before) for event in cues.events if event.time >= before)
        return replace(cues, events=events)

    @property
    def notes(self) -> dict[str, object]:
        """What is drawn."""
        return self._view.notes

    def redirected(self, description: Description) -> ShotContinuation | None:
        """What goes on with another film's light, weather or cast in the same place, seen by the same camera.

        Itself where nothing is new; None where place, camera or the number of shots are: those begin anew.
        """
        shot, *others = description.shots
        if others or (shot.setting, shot.camera, shot.tempo) != (self.shot.setting, self.shot.camera, self.shot.tempo):
            return None
        shot = replace(shot, frames=self.first_frame, text=shot.text or self.shot.text)
        if shot == self.shot:
            return self
        changed = replace(self._description, shots=(*self._description.shots[:-1], shot))
        return ShotContinuation(changed, self._size, self._frames)


def find_continuation(
    job: Job, assign_places: Callable[[Description], Description]
) -> ShotContinuation | StillFrame | None:
    """What an extension goes on from: the source's own last shot, or its last frame; None where that is not ours."""
    if job.operation is not Operation.EXTEND or not job.base_prompts or job.reference is None:
        return None
    still = StillFrame(job.reference, job.size)
    frames = _frame_count(job.source)
    if frames:
        onward = ShotContinuation(_source_description(job, frames, assign_places), job.size, job.seconds * FPS)
        onward.prepare()
        if _shows_last_frame(onward, still, job.size):
            return onward
    return still


def _frame_count(source: Path | None) -> int:
    """A film's frames, if it has as many a second as ours; else 0."""
    if source is None:
        return 0
    try:
        found = probe(source)
    except BadArtifact:
        return 0
    return found.frames if round(found.fps) == FPS else 0


def _source_description(job: Job, frames: int, assign_places: Callable[[Description], Description]) -> Description:
    """The film that is extended, as it was understood."""
    *before, prompt = job.base_prompts
    operation = Operation.EXTEND if before else Operation.CREATE
    source = replace(job, prompt=prompt, base_prompts=tuple(before), operation=operation)
    return interpret(source, frames, assign_places)


def _shows_last_frame(continuation: ShotContinuation, still: StillFrame, size: Size) -> bool:
    """Whether the last frame is the one that would have been drawn."""
    frame = YuvFrame(size)
    continuation.draw(-1, frame.y, frame.u, frame.v)
    away = np.abs(frame.y.astype(np.int16) - still.planes[0])
    return float(away.mean()) <= _MAX_DIFFERENCE
