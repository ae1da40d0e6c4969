"""A test card in milliseconds: colour bars, a countdown and a beep, in a valid video of exactly the requested size.

A remix has its bars mirrored, an edit keeps its source's frames under the countdown, an extension starts with its
source's last frame, and characters appear in the lower corners.

For tests of Filmgate itself and for trying out a client: ``engine = "testcard"`` in ``models.toml``. With the option
``delay`` a video takes that many seconds, its progress spread over them. The video is encoded only when it is fetched,
so this engine keeps no files and loses all jobs when its process ends, like any local engine.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PIL import Image

from filmgate.domain import Operation, Size
from filmgate.engines.base import Artifact, Capabilities, Job, JobState, JobStatus
from filmgate.engines.options import EngineContext, integer, number
from filmgate.errors import EngineUnavailable
from filmgate.media import derive
from filmgate.media.encode import SAMPLE_RATE, VideoWriter, YuvFrame, rgb_to_planes

__all__ = ["TestcardEngine", "build", "draw", "encode"]

FPS = 12
MAX_JOBS = 1000
"""Maximum number of jobs kept; older ones are lost, as after a restart."""

# Y, Cb, Cr of the 75 % bars (white, yellow, cyan, green, magenta, red, blue) in BT.709, limited range.
_BARS = ((180, 128, 128), (168, 44, 136), (145, 147, 44), (133, 63, 52), (63, 193, 204), (51, 109, 212), (28, 212, 120))
_FOREGROUND, _BACKGROUND = (235, 128, 128), (16, 128, 128)

# Segments that are lit, by digit: top, upper left, upper right, middle, lower left, lower right, bottom.
_DIGIT_SEGMENTS = (
    "1110111",
    "0010010",
    "1011101",
    "1011011",
    "0111010",
    "1101011",
    "1101111",
    "1010010",
    "1111111",
    "1111011",
)
# Each segment's rectangle in a digit of 5 by 9 units: x, y, width, height.
_SEGMENT_BOXES = ((0, 0, 5, 1), (0, 0, 1, 5), (4, 0, 1, 5), (0, 4, 5, 1), (0, 4, 1, 5), (4, 4, 1, 5), (0, 8, 5, 1))


def build(context: EngineContext) -> TestcardEngine:
    """Create the engine (its factory): options ``delay`` (seconds a video) and ``concurrency`` (videos at once).

    Raises:
        SettingsError: an option can't be used; the text names it.
    """
    delay, concurrency = number(context, "delay", 0.0), integer(context, "concurrency", 4)
    return TestcardEngine(name=context.name, delay=delay, concurrency=concurrency)


class _AcceptedJob(Struct, frozen=True):
    job: Job
    accepted_at: float


class TestcardEngine:
    """Generates test cards.

    Args:
        name: its name in rows.
        delay: seconds from submission until a card is done.
        concurrency: cards at once.
        clock: monotonic seconds.
    """

    __test__ = False  # pytest must not collect it by its name

    def __init__(
        self,
        *,
        name: str = "testcard",
        delay: float = 0.0,
        concurrency: int = 4,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.identity = ""
        self.capabilities = Capabilities(
            paid=False,
            findable=True,
            remix=True,
            edits=True,
            extends=True,
            characters=True,
            concurrency=concurrency,
        )
        self._delay = delay
        self._clock = clock
        self._jobs: OrderedDict[str, _AcceptedJob] = OrderedDict()
        self._threads = ThreadPoolExecutor(concurrency, "testcard")

    async def start(self) -> None:
        """Do nothing: there is nothing to warm up."""

    async def stop(self) -> None:
        """Drop every job; a card that is being encoded is finished first."""
        self._jobs.clear()
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    async def submit(self, job: Job) -> str:
        """Store the job; the ticket is its token."""
        self._jobs[job.token] = _AcceptedJob(job, self._clock())
        while len(self._jobs) > MAX_JOBS:
            self._jobs.popitem(last=False)
        return job.token

    async def poll(self, ticket: str) -> JobStatus:
        """Return DONE once the delay is over."""
        accepted = self._jobs.get(ticket)
        if accepted is None:
            return JobStatus(state=JobState.LOST)
        remaining = accepted.accepted_at + self._delay - self._clock()
        if remaining <= 0:
            return JobStatus(state=JobState.DONE, progress=100.0)
        return JobStatus(
            state=JobState.WORKING, progress=100 * (1 - remaining / self._delay), poll_after=min(0.2, remaining)
        )

    async def fetch(self, ticket: str, into: Path) -> Artifact:
        """Encode the card.

        Raises:
            EngineUnavailable: the job is not known (any more).
        """
        accepted = self._jobs.get(ticket)
        if accepted is None:
            raise EngineUnavailable("The test card is not known.")
        await asyncio.get_running_loop().run_in_executor(self._threads, encode, accepted.job, into)
        return Artifact(notes={"made_by": "testcard", "operation": str(accepted.job.operation)})

    async def cancel(self, ticket: str) -> None:
        """Drop the job."""
        self._jobs.pop(ticket, None)

    async def find(self, job: Job, since: float) -> Sequence[str]:
        """Return the job's token, which is its ticket."""
        del since
        return [job.token] if job.token in self._jobs else []

    def expected_seconds(self, job: Job) -> float:
        """Return the delay plus the encoding time, which is proportional to the pixels."""
        pixels = job.size.width * job.size.height * job.seconds
        return self._delay + 0.1 + pixels / 50e6


def encode(job: Job, into: Path) -> None:
    """Write the job's card: one image a second; the first is the reference image if there is one."""
    with VideoWriter(
        into, size=job.size, fps=FPS, title=job.prompt, comment="test card", preset="ultrafast", threads=1
    ) as writer:
        writer.add_sound(_beeps(job.seconds))
        scenes = _source_frames(job)
        for second in range(job.seconds):
            frame = writer.new_frame()
            if second == 0 and job.reference is not None:
                _draw_image(frame, job.reference)
            elif second < len(scenes):
                _paste(frame, scenes[second], (0, 0))
                _draw_number(frame, job.seconds - second)
            else:
                draw(frame, job.seconds - second, mirrored=job.operation is Operation.REMIX)
                _draw_characters(frame, job)
            for _ in range(FPS):
                writer.write(frame)


def draw(frame: YuvFrame, number: int, *, mirrored: bool = False) -> None:
    """Draw colour bars with a number in the middle."""
    height, width = frame.u.shape
    for bar, colour in enumerate(reversed(_BARS) if mirrored else _BARS):
        left, right = width * bar // len(_BARS), width * (bar + 1) // len(_BARS)
        _fill(frame, (left, 0, right - left, height), colour)
    _draw_number(frame, number)


def _draw_number(frame: YuvFrame, number: int) -> None:
    height, width = frame.u.shape
    unit, digits = min(width, height) // 40, str(number)
    wide, high = (7 * len(digits) + 2) * unit, 13 * unit
    left, top = (width - wide) // 2, (height - high) // 2
    _fill(frame, (left, top, wide, high), _BACKGROUND)
    for place, digit in enumerate(digits):
        _draw_digit(frame, int(digit), left + (7 * place + 2) * unit, top + 2 * unit, unit)


def _fill(frame: YuvFrame, box: tuple[int, int, int, int], colour: tuple[int, int, int]) -> None:
    """Fill a box, given as x, y, width and height in chroma samples, which are two pixels wide and high."""
    x, y, width, height = box
    frame.y[2 * y : 2 * (y + height), 2 * x : 2 * (x + width)] = colour[0]
    frame.u[y : y + height, x : x + width] = colour[1]
    frame.v[y : y + height, x : x + width] = colour[2]


def _draw_digit(frame: YuvFrame, digit: int, left: int, top: int, unit: int) -> None:
    for lit, (x, y, width, height) in zip(_DIGIT_SEGMENTS[digit], _SEGMENT_BOXES, strict=True):
        if lit == "1":
            _fill(frame, (left + x * unit, top + y * unit, width * unit, height * unit), _FOREGROUND)


def _source_frames(job: Job) -> list[NDArray[np.uint8]]:
    """Return what an edit keeps of its source: a frame a second."""
    if job.operation is not Operation.EDIT or job.source is None:
        return []
    return derive.sample_frames(job.source, job.seconds, max(job.size.width, job.size.height))


def _draw_characters(frame: YuvFrame, job: Job) -> None:
    """Draw the characters' images, the first in the lower left corner, the second in the lower right one."""
    side = min(job.size.width, job.size.height) // 8 * 2
    for index, character in enumerate(job.characters[:2]):
        with Image.open(character.image) as image:
            pixels = np.asarray(image.convert("RGB").resize((side, side)))
        _paste(frame, pixels, ((job.size.width - side) * index // 2 * 2, (job.size.height - side) // 2 * 2))


def _paste(frame: YuvFrame, rgb: NDArray[np.uint8], at: tuple[int, int]) -> None:
    """Paste RGB of even sides into the frame, its upper left corner at an even x and y."""
    (height, width), (x, y) = rgb.shape[:2], at
    small = YuvFrame(Size(width, height))
    rgb_to_planes(rgb, small)
    frame.y[y : y + height, x : x + width] = small.y
    for into, plane in ((frame.u, small.u), (frame.v, small.v)):
        into[y // 2 : (y + height) // 2, x // 2 : (x + width) // 2] = plane


def _draw_image(frame: YuvFrame, path: Path) -> None:
    with Image.open(path) as image:
        rgb_to_planes(np.asarray(image.convert("RGB")), frame)


def _beeps(seconds: int) -> NDArray[np.float32]:
    """Return a tenth of a second of 1 kHz at the start of each second; float32 of shape (samples, 2)."""
    second = np.zeros((SAMPLE_RATE, 2), np.float32)
    times = np.arange(SAMPLE_RATE // 10, dtype=np.float32) / SAMPLE_RATE
    second[: len(times)] = 0.25 * np.sin(2 * np.pi * 1000 * times)[:, None]
    return np.tile(second, (seconds, 1))
