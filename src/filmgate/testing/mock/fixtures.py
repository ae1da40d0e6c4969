"""The videos that the mock delivers: real, tiny, of exactly the requested size and length, and distinct per job."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from filmgate.engines.testcard import draw
from filmgate.media.encode import VideoWriter

if TYPE_CHECKING:
    from filmgate.domain import Size

__all__ = ["ClipCache", "ClipSpec", "etag", "read_job_id", "tag_with_job_id"]

DEFAULT_FPS = 2
"""Default frames per second: enough for a player, and cheap to encode."""


class ClipSpec(Struct, frozen=True):
    """What to encode: the number of frames and the frame rate."""

    size: Size
    frames: int
    fps: int = DEFAULT_FPS

    @classmethod
    def of_seconds(cls, size: Size, seconds: int) -> ClipSpec:
        """A clip of that many seconds."""
        return cls(size, seconds * DEFAULT_FPS)

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.frames / self.fps


class ClipCache:
    """Clips by size and length, each encoded once."""

    def __init__(self) -> None:
        self._tasks: dict[ClipSpec, asyncio.Task[bytes]] = {}

    async def get(self, spec: ClipSpec) -> bytes:
        """The clip's bytes."""
        if spec not in self._tasks:
            self._tasks[spec] = asyncio.create_task(asyncio.to_thread(_encode, spec))
        # A cancelled request does not cancel the encoding for the others that wait for it.
        return await asyncio.shield(self._tasks[spec])

    async def close(self) -> None:
        """Wait for running encodings."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


def tag_with_job_id(content: bytes, job_id: str) -> bytes:
    """Append the job's id in a box of its own at the end, so that mixed-up videos are recognised."""
    return content + (8 + len(job_id)).to_bytes(4, "big") + b"free" + job_id.encode()


def read_job_id(content: bytes) -> str:
    """The job id that :func:`tag_with_job_id` appended; empty if there is none."""
    _, _, job = content.rpartition(b"free")
    return (
        job.decode("ascii", "replace") if len(job) + 8 == int.from_bytes(content[-len(job) - 8 : -len(job) - 4]) else ""
    )


def etag(content: bytes) -> str:
    """A strong ETag."""
    return f'"{hashlib.sha256(content).hexdigest()}"'


def _encode(spec: ClipSpec) -> bytes:
    with tempfile.TemporaryDirectory(prefix="filmgate-mock-") as folder:
        path = Path(folder) / "film.mp4"
        with VideoWriter(path, size=spec.size, fps=spec.fps, comment="mock", preset="ultrafast", threads=1) as writer:
            for number in range(spec.frames):
                if number % spec.fps == 0:
                    frame = writer.new_frame()
                    draw(frame, -(-(spec.frames - number) // spec.fps))
                writer.write(frame)
        return path.read_bytes()
