"""Renders a job to a video file: understand, prepare, draw ahead of the encoder, mix the sound, save the images.

A small pool of threads draws frames a few ahead (the kernels release the GIL), and they are written in order. One more
thread prepares the next shot when half of the current one is drawn, mixes the sound and writes the images. So both
cores are busy, memory stays flat, and the bytes are the same for any number of threads.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from filmgate.domain import AssetKind, Operation
from filmgate.engines.base import Job
from filmgate.media.encode import VideoWriter, YuvFrame
from filmgate.media.frames import read_first_frame
from filmgate_scene import sound
from filmgate_scene.compose import ShotRenderer
from filmgate_scene.description import Description
from filmgate_scene.extension import ShotContinuation, StillFrame, find_continuation
from filmgate_scene.prompt.lexicon import lexicon
from filmgate_scene.revisions import character_notes, interpret
from filmgate_scene.shots import FPS, read_image, shot_renderer
from filmgate_scene.snapshots import Snapshots
from filmgate_scene.summary import KIND, describe

__all__ = ["FPS", "RenderCancelled", "RenderResult", "preload", "render"]

FADE_FRAMES = 12
"""Frames of a cross-fade."""

OPENING_FRAMES = 24
"""Frames of the cross-fade from the source's last frame into the new segment of an extension."""

_PREFETCH_FRAMES = 2  # frames drawn ahead, in addition to those being drawn


class RenderCancelled(Exception):
    """The job was cancelled."""


class RenderResult(Struct, frozen=True, kw_only=True):
    """The files and notes made beside the MP4."""

    extras: dict[AssetKind, Path]
    notes: dict[str, object]


def render(
    job: Job,
    out: Path,
    *,
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
    threads: int = 2,
    assign_places: Callable[[Description], Description] = lambda description: description,
) -> RenderResult:
    """Render the video, and its images beside ``out``.

    Args:
        job: what to render; the same job gives the same bytes, with the same library versions.
        out: path where the complete MP4 appears.
        progress: called with the frames done and the total, after each frame.
        cancelled: polled before each frame.
        threads: number of drawing threads.
        assign_places: finds places for shots whose words name none.

    Raises:
        RenderCancelled: ``cancelled`` returned true; no file remains.
    """
    description = interpret(job, job.seconds * FPS, assign_places)
    frames = job.seconds * FPS
    comment = f"{KIND}, drawn by Filmgate: {describe(description)}"
    with (
        Snapshots(out, frames) as snapshots,
        ThreadPoolExecutor(threads, "draw") as pool,
        ThreadPoolExecutor(1, "paint") as painter,
    ):
        sequence = _ShotSequence(description, job, painter, cancelled, assign_places)
        with (
            _cancel_pending_on_exit(pool, painter),
            VideoWriter(out, size=job.size, fps=FPS, title=job.prompt, comment=comment) as writer,
        ):
            for done, frame in enumerate(_frames(sequence, writer, pool, threads + _PREFETCH_FRAMES), 1):
                if snapshots.capture(done - 1, frame):
                    images = painter.submit(snapshots.save)
                writer.write(frame)
                progress(done, frames)
        return RenderResult(extras=images.result(), notes=sequence.notes)


def preload() -> None:
    """Import everything that can be drawn, and the words for it. Kernels are loaded when a video first needs them."""
    lexicon()


@contextmanager
def _cancel_pending_on_exit(*pools: ThreadPoolExecutor) -> Iterator[None]:
    """Cancel the pools' pending work if rendering ends early."""
    try:
        yield
    except BaseException:
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
        raise


_OPERATION_NOTES: dict[tuple[Operation, bool], str] = {
    (Operation.REMIX, True): "drawn again with the same seed; what the new prompt says replaces what was said before",
    (Operation.EDIT, True): "drawn again with the same seed; what the new prompt says replaces what was said before",
    (Operation.EXTEND, True): "drawn on from the last frame with the same seed; what is new dissolves in",
    (Operation.EDIT, False): "the uploaded video's first frame, moved and lit by the prompt; its motion is not kept",
    (Operation.EXTEND, False): "the uploaded video's last frame, moved and lit by the prompt",
}
"""What was done, by operation and by whether the source's prompt is known; part of the notes."""


def _reference_image(job: Job) -> NDArray[np.float32] | None:
    """The image that the first shot shows: the job's reference, or the first frame of an uploaded video."""
    if job.reference is not None:
        return read_image(job.reference)
    if job.operation is Operation.EDIT and not job.base_prompts and job.source is not None:
        return read_first_frame(job.source).astype(np.float32) / np.float32(255)
    return None


class _ShotSequence:
    """The video's shots as prepared renderers, and their sounds."""

    def __init__(
        self,
        description: Description,
        job: Job,
        painter: ThreadPoolExecutor,
        cancelled: Callable[[], bool],
        assign_places: Callable[[Description], Description],
    ) -> None:
        self.description, self.cancelled, self._assign_places = description, cancelled, assign_places
        self.notes: dict[str, object] = {}
        self._job, self._painter = job, painter
        self._cues: list[sound.ShotSound] = []
        self._starts = [0, *accumulate(shot.frames for shot in description.shots)]
        self._drawn_notes: list[dict[str, object]] = []
        self.opening: ShotContinuation | StillFrame | None = None
        self._next: Future[ShotRenderer | ShotContinuation] = painter.submit(self._prepare, 0)
        self._soundtrack: Future[NDArray[np.float32]] = Future()
        self._since = 0.0  # seconds of the source's sound that an extension continues

    def views(self) -> Iterator[ShotRenderer | ShotContinuation]:
        """Yield each prepared shot in turn. After the last one the sound is mixed in the background."""
        for number in range(len(self.description.shots)):
            view = self._next.result()
            self._drawn_notes.append(dict(view.notes))
            self._cues.append(
                sound.ShotSound(self._starts[number] / FPS, self._starts[number + 1] / FPS, view.sound_cues())
            )
            if number == len(self.description.shots) - 1:
                self._soundtrack = self._painter.submit(self._mix_sound)
            yield view

    def on_half_drawn(self, number: int) -> NDArray[np.float32] | None:
        """When half of a shot is drawn: start preparing the next one; after the last, return the soundtrack."""
        if number + 1 < len(self.description.shots):
            self._next = self._painter.submit(self._prepare, number + 1)
            return None
        return self._soundtrack.result()

    def _mix_sound(self) -> NDArray[np.float32]:
        return sound.mix(self._cues, seconds=self._job.seconds, seed=self._job.seed, since=self._since)

    def finalise_notes(self) -> None:
        """Record what was understood and drawn."""
        self.notes = {"kind": KIND, "understood": describe(self.description), "shots": self._drawn_notes}
        if self._job.operation is not Operation.CREATE:
            self.notes["operation"] = _OPERATION_NOTES[self._job.operation, bool(self._job.base_prompts)]
        if self._job.characters:
            self.notes["characters"] = character_notes(self._job)
        if self.description.unrecognised:
            self.notes["unrecognised"] = list(self.description.unrecognised)

    def _prepare(self, number: int) -> ShotRenderer | ShotContinuation:
        if self.cancelled():
            raise RenderCancelled
        if number > 1:
            gc.collect()  # free the earlier shots: a stage refers to itself
        if number == 0:
            self.opening = find_continuation(self._job, self._assign_places)
        if number == 0 and isinstance(self.opening, ShotContinuation):
            self._since = self.opening.first_frame / FPS
            if (view := self.opening.redirected(self.description)) is not None:
                self.opening = None if view is self.opening else self.opening
                view.prepare()
                return view
        image = _reference_image(self._job) if number == 0 and self.opening is None else None
        renderer = shot_renderer(self.description, number, size=self._job.size, image=image)
        renderer.prepare()
        return renderer


class _FrameSource(Protocol):
    """Anything that draws the frames of a shot."""

    def draw(self, n: int, y: NDArray[np.uint8], u: NDArray[np.uint8], v: NDArray[np.uint8], /) -> None:
        """Draw frame ``n`` into the planes."""


def _frames(
    sequence: _ShotSequence, writer: VideoWriter, pool: ThreadPoolExecutor, prefetch: int
) -> Iterator[YuvFrame]:
    """Yield every frame of the video in order; at most ``prefetch`` are drawn ahead."""
    waiting: deque[Future[YuvFrame]] = deque()
    shots = sequence.description.shots
    fades = FADE_FRAMES if sequence.description.transition == "fade" else 0
    before: _FrameSource | None = None
    for number, view in enumerate(sequence.views()):
        before = sequence.opening if number == 0 else before
        frames_before = 0 if number == 0 else shots[number - 1].frames
        fade = min(OPENING_FRAMES if number == 0 else fades, shots[number].frames) if before is not None else 0
        for n in range(shots[number].frames):
            if sequence.cancelled():
                raise RenderCancelled
            share = n / fade if number == 0 and fade else (n + 1) / (fade + 1)
            under = (before, frames_before + n, share) if before and n < fade else None
            waiting.append(pool.submit(_draw_frame, writer.new_frame(), view, n, under))
            before = before if n < fade else None
            if n == shots[number].frames // 2 and (soundtrack := sequence.on_half_drawn(number)) is not None:
                writer.add_sound(soundtrack)
            if len(waiting) >= prefetch:
                yield waiting.popleft().result()
        before = view
    sequence.finalise_notes()
    while waiting:
        yield waiting.popleft().result()


def _draw_frame(
    frame: YuvFrame, view: _FrameSource, n: int, fading_out: tuple[_FrameSource, int, float] | None
) -> YuvFrame:
    """Draw one frame, cross-faded with the end of the shot before where they overlap."""
    view.draw(n, frame.y, frame.u, frame.v)
    if fading_out is not None:
        before, at, share = fading_out
        planes = [np.empty(plane.shape, np.uint8) for plane in (frame.y, frame.u, frame.v)]
        before.draw(at, planes[0], planes[1], planes[2])
        for plane, old in zip((frame.y, frame.u, frame.v), planes, strict=True):
            plane[:] = _blend(old, plane, share)
    return frame


def _blend(old: NDArray[np.uint8], new: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    """Mix ``share`` of the new with the rest of the old, in 256 steps."""
    weight = round(256 * share)
    mixed: NDArray[np.uint16] = (
        old.astype(np.uint16) * np.uint16(256 - weight) + new * np.uint16(weight) + np.uint16(128)
    )
    return (mixed >> 8).astype(np.uint8)
