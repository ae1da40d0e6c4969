"""Extends a video from its last frame.

A video that this renderer made can be drawn again, and so beyond its end: the same place, subjects and weather, from
the next frame on. This is verified, not assumed: the expected last frame is drawn and compared with the stored one.
Where they differ (another version drew it, or it was cut from several), the last frame is held and dissolves.
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
    5.0  # maximum mean difference, in brightness levels, between a drawn frame and the same frame in the encoded video
)
_SMALL = Size(160, 90)  # size of a stage that is built only for its sounds


class StillFrame:
    """A constant image as a frame source."""

    def __init__(self, pixels: Path, size: Size) -> None:
        frame = YuvFrame(size)
        with Image.open(pixels) as image:
            rgb_to_planes(np.asarray(image.convert("RGB"), np.uint8), frame)
        self.planes = frame.y, frame.u, frame.v

    def draw(self, _n: int, y: NDArray[np.uint8], u: NDArray[np.uint8], v: NDArray[np.uint8]) -> None:
        """Draw the same image for any ``n``."""
        for into, plane in zip((y, u, v), self.planes, strict=True):
            into[:] = plane


class ShotContinuation:
    """The last shot of a video, continued after its end; frame 0 is the one after the video's last frame.

    Args:
        description: the video's description, whose last shot is continued.
        size: frame size.
        frames: length of the continuation.
    """

    def __init__(self, description: Description, size: Size, frames: int) -> None:
        self.shot = description.shots[-1]
        self.first_frame = self.shot.frames
        self._description, self._size, self._frames = description, size, frames
        self._view = shot_renderer(description, len(description.shots) - 1, size=size)

    def prepare(self) -> None:
        """Paint everything that does not change."""
        self._view.prepare()

    def draw(self, n: int, y: NDArray[np.uint8], u: NDArray[np.uint8], v: NDArray[np.uint8]) -> None:
        """Draw frame ``n``; -1 is the source video's last frame."""
        self._view.draw(self.first_frame + n, y, u, v)

    def sound_cues(self) -> SoundCues:
        """The sounds, with times counted from the source video's end."""
        longer = replace(self.shot, frames=self.first_frame + self._frames)
        shots = (*self._description.shots[:-1], longer)
        view = shot_renderer(replace(self._description, shots=shots), len(shots) - 1, size=_SMALL)
        cues, before = view.sound_cues(), self.first_frame / FPS
        events = tuple(replace(event, time=event.time - before) for event in cues.events if event.time >= before)
        return replace(cues, events=events)

    @property
    def notes(self) -> dict[str, object]:
        """What was drawn."""
        return self._view.notes

    def redirected(self, description: Description) -> ShotContinuation | None:
        """Continue with a new description's light, weather or cast in the same place, seen by the same camera.

        Return itself if nothing is new; None if place, camera or the number of shots differ, which needs a new start.
        """
        shot, *more = description.shots
        if more or (shot.setting, shot.camera, shot.tempo) != (
            self.shot.setting,
            self.shot.camera,
            self.shot.tempo,
        ):
            return None
        shot = replace(shot, frames=self.first_frame, text=shot.text or self.shot.text)
        if shot == self.shot:
            return self
        changed = replace(self._description, shots=(*self._description.shots[:-1], shot))
        return ShotContinuation(changed, self._size, self._frames)


def find_continuation(
    job: Job, assign_places: Callable[[Description], Description]
) -> ShotContinuation | StillFrame | None:
    """What an extension continues: the source's last shot if we rendered it, else its last frame; else None."""
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
    """The number of frames of a video whose frame rate is this renderer's; else 0."""
    if source is None:
        return 0
    try:
        info = probe(source)
    except BadArtifact:
        return 0
    return info.frames if round(info.fps) == FPS else 0


def _source_description(job: Job, frames: int, assign_places: Callable[[Description], Description]) -> Description:
    """The description of the source video."""
    *before, prompt = job.base_prompts
    operation = Operation.EXTEND if before else Operation.CREATE
    source = replace(job, prompt=prompt, base_prompts=tuple(before), operation=operation)
    return interpret(source, frames, assign_places)


def _shows_last_frame(continuation: ShotContinuation, still: StillFrame, size: Size) -> bool:
    """Whether the stored last frame equals the one that would be drawn."""
    frame = YuvFrame(size)
    continuation.draw(-1, frame.y, frame.u, frame.v)
    away = np.abs(frame.y.astype(np.int16) - still.planes[0])
    return float(away.mean()) <= _MAX_DIFFERENCE
