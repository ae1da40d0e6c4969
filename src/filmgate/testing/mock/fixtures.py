"""The films that the mock delivers: true, tiny, of exactly the size and length asked for, and each job's its own."""

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
"""Pictures a second where nobody says: enough for a player, and next to nothing to encode."""


class ClipSpec(Struct, frozen=True):
    """What to film: so many frames at so many a second."""

    size: Size
    frames: int
    fps: int = DEFAULT_FPS

    @classmethod
    def of_seconds(cls, size: Size, seconds: int) -> ClipSpec:
        """A film of that many seconds."""
        return cls(size, seconds * DEFAULT_FPS)

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.frames / self.fps


class ClipCache:
    """Films by size and length, each encoded once."""

    def __init__(self) -> None:
        self._tasks: dict[ClipSpec, asyncio.Task[bytes]] = {}

    async def get(self, spec: ClipSpec) -> bytes:
        """The film's bytes."""
        if spec not in self._tasks:
            self._tasks[spec] = asyncio.create_task(asyncio.to_thread(_encode, spec))
        # Whoever hangs up does not take the film from those who still wait for it.
        return await asyncio.shield(self._tasks[spec])

    async def close(self) -> None:
        """Wait for what is being encoded."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


def tag_with_job_id(content: bytes, job_id: str) -> bytes:
    """The film with the job's id in a box of its own at the end, so that mixed-up films are told apart."""
    return content + (8 + len(job_id)).to_bytes(4, "big") + b"free" + job_id.encode()


def read_job_id(content: bytes) -> str:
    """Whose film these bytes are: the id that :func:`signed` put there; empty if there is none."""
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
