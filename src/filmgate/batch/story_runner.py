"""A story's shots side by side, each as soon as the one that it goes on from is there; then one film of them all."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from msgspec.structs import replace
from PIL import Image, ImageOps

from filmgate.batch.journal import Fetching, Journal, saved
from filmgate.batch.results import DONE, Result, file_digest
from filmgate.batch.row_worker import result_of
from filmgate.batch.rows import Row
from filmgate.batch.runner import Ran
from filmgate.batch.story_script import Shot
from filmgate.domain import Size
from filmgate.errors import FilmgateError
from filmgate.media.frames import last_frame
from filmgate.media.stitch import join

__all__ = ["film_of", "run"]


async def run(
    shots: Sequence[Shot], make: Callable[[Row], Awaitable[Result]], journal: Journal, *, concurrency: int
) -> Ran:
    """Make all shots.

    Args:
        shots: in the story's order.
        make: one row to its result; what it raises stops the story: shots in the making are finished, none is begun.
        journal: how they stand.
        concurrency: shots at once.
    """
    telling = _Telling(shots, make, journal, concurrency)
    async with asyncio.TaskGroup() as group:
        for shot in shots:
            group.create_task(telling.tell(shot))
    return Ran([telling.ended[shot.name].result() for shot in shots], telling.stopped)


class _Telling:
    """The state of one run."""

    def __init__(
        self, shots: Sequence[Shot], make: Callable[[Row], Awaitable[Result]], journal: Journal, concurrency: int
    ) -> None:
        self._make = make
        self._journal = journal
        self._slots = asyncio.Semaphore(concurrency)
        loop = asyncio.get_running_loop()
        self.ended: dict[str, asyncio.Future[Result]] = {shot.name: loop.create_future() for shot in shots}
        self.stopped: FilmgateError | OSError | None = None

    async def tell(self, shot: Shot) -> None:
        """See to one shot once the one before it is there."""
        before = await self.ended[shot.after] if shot.after else None
        async with self._slots:
            self.ended[shot.name].set_result(await self._told(shot, before))

    async def _told(self, shot: Shot, before: Result | None) -> Result:
        left = result_of(shot.row, self._journal)
        if self.stopped is not None or (before is not None and before.outcome not in DONE):
            return left
        try:
            return await self._make(await self._begun(shot.row, before))
        except (FilmgateError, OSError) as error:
            self.stopped = error
            return result_of(shot.row, self._journal)

    async def _begun(self, row: Row, before: Result | None) -> Row:
        """The row with the picture that it begins with."""
        if before is None or before.path is None:
            return row
        picture = self._journal.folder / "frames" / f"{before.row.key}.{row.wanted.size or 'own'}.png"
        if not picture.exists():
            await asyncio.to_thread(_take, before.path, picture, row.wanted.size)
        return replace(row, wanted=replace(row.wanted, input_reference=str(picture.absolute())))


def _take(film: Path, picture: Path, size: str | None) -> None:
    """Write a film's last frame, of that size: its middle, where the film has another shape."""
    picture.parent.mkdir(exist_ok=True)
    draft = picture.with_name(f".{picture.name}.part")
    last_frame(film, draft)
    wanted = Size.parse(size or "")
    with Image.open(draft) as image:
        if wanted is not None and image.size != (wanted.width, wanted.height):
            ImageOps.fit(image, (wanted.width, wanted.height)).save(draft, "PNG")
    draft.replace(picture)


def film_of(results: Sequence[Result], out: Path, journal: Journal) -> bool:
    """Join the shots to one film; False where it is there already, of the same shots.

    Raises:
        BadArtifact: a shot can't be decoded.
    """
    shots = [result.path for result in results if result.path is not None]
    key = "film-" + hashlib.sha256("\n".join(map(file_digest, shots)).encode()).hexdigest()[:32]
    if journal.holds_film(key) and journal.film(key) == out:
        return False
    out.parent.mkdir(parents=True, exist_ok=True)
    journal.note(Fetching(key, journal.inward(out)))
    join(shots, out)
    journal.note(saved(key, out))
    return True
