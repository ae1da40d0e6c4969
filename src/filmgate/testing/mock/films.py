"""The films that the mock delivers: true, tiny, of exactly the size and length asked for, and each job's its own."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from filmgate.engines.testcard import draw
from filmgate.media.encode import FilmWriter

if TYPE_CHECKING:
    from filmgate.domain import Size

__all__ = ["Film", "Films", "etag", "film_of", "signed"]

FPS = 2
"""Pictures a second where nobody says: enough for a player, and next to nothing to encode."""


class Film(Struct, frozen=True):
    """What to film: so many frames at so many a second."""

    size: Size
    frames: int
    fps: int = FPS

    @classmethod
    def lasting(cls, size: Size, seconds: int) -> Film:
        """A film of that many seconds."""
        return cls(size, seconds * FPS)

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.frames / self.fps


class Films:
    """Films by size and length, each encoded once."""

    def __init__(self) -> None:
        self._made: dict[Film, asyncio.Task[bytes]] = {}

    async def get(self, film: Film) -> bytes:
        """The film's bytes."""
        if film not in self._made:
            self._made[film] = asyncio.create_task(asyncio.to_thread(_encode, film))
        # Whoever hangs up does not take the film from those who still wait for it.
        return await asyncio.shield(self._made[film])

    async def close(self) -> None:
        """Wait for what is being encoded."""
        await asyncio.gather(*self._made.values(), return_exceptions=True)


def signed(film: bytes, job: str) -> bytes:
    """The film with the job's id in a box of its own at the end, so that mixed-up films are told apart."""
    return film + (8 + len(job)).to_bytes(4, "big") + b"free" + job.encode()


def film_of(content: bytes) -> str:
    """Whose film these bytes are: the id that :func:`signed` put there; empty if there is none."""
    _, _, job = content.rpartition(b"free")
    return (
        job.decode("ascii", "replace") if len(job) + 8 == int.from_bytes(content[-len(job) - 8 : -len(job) - 4]) else ""
    )


def etag(content: bytes) -> str:
    """A strong ETag."""
    return f'"{hashlib.sha256(content).hexdigest()}"'


def _encode(film: Film) -> bytes:
    with tempfile.TemporaryDirectory(prefix="filmgate-mock-") as folder:
        path = Path(folder) / "film.mp4"
        with FilmWriter(path, size=film.size, fps=film.fps, comment="mock", preset="ultrafast", threads=1) as writer:
            for number in range(film.frames):
                if number % film.fps == 0:
                    frame = writer.new_frame()
                    draw(frame, -(-(film.frames - number) // film.fps))
                writer.write(frame)
        return path.read_bytes()
