"""A story's shots side by side, each as soon as the one that it goes on from is there; then one film of them all."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from msgspec.structs import replace
from PIL import Image, ImageOps

from filmgate.batch.journal import DownloadStarted, Journal, saved_entry
from filmgate.batch.results import SAVED_OUTCOMES, RowResult, file_digest
from filmgate.batch.row_worker import result_from_journal
from filmgate.batch.rows import BatchRow
from filmgate.batch.runner import BatchResult
from filmgate.batch.story_script import StoryShot
from filmgate.domain import Size
from filmgate.errors import FilmgateError
from filmgate.media.frames import save_last_frame
from filmgate.media.stitch import join_videos

__all__ = ["join_shots", "run_story"]


async def run_story(
    shots: Sequence[StoryShot],
    process: Callable[[BatchRow], Awaitable[RowResult]],
    journal: Journal,
    *,
    concurrency: int,
) -> BatchResult:
    """Make all shots.

    Args:
        shots: in the story's order.
        process: one row to its result; what it raises stops the story: shots in the making are finished, none is begun.
        journal: how they stand.
        concurrency: shots at once.
    """
    telling = _StoryRun(shots, process, journal, concurrency)
    async with asyncio.TaskGroup() as group:
        for shot in shots:
            group.create_task(telling.run_shot(shot))
    return BatchResult([telling.results[shot.name].result() for shot in shots], telling.stopped)


class _StoryRun:
    """The state of one run."""

    def __init__(
        self,
        shots: Sequence[StoryShot],
        process: Callable[[BatchRow], Awaitable[RowResult]],
        journal: Journal,
        concurrency: int,
    ) -> None:
        self._process = process
        self._journal = journal
        self._slots = asyncio.Semaphore(concurrency)
        loop = asyncio.get_running_loop()
        self.results: dict[str, asyncio.Future[RowResult]] = {shot.name: loop.create_future() for shot in shots}
        self.stopped: FilmgateError | OSError | None = None

    async def run_shot(self, shot: StoryShot) -> None:
        """See to one shot once the one before it is there."""
        before = await self.results[shot.continues_from] if shot.continues_from else None
        async with self._slots:
            self.results[shot.name].set_result(await self._run_after(shot, before))

    async def _run_after(self, shot: StoryShot, previous: RowResult | None) -> RowResult:
        left = result_from_journal(shot.row, self._journal)
        if self.stopped is not None or (previous is not None and previous.outcome not in SAVED_OUTCOMES):
            return left
        try:
            return await self._process(await self._with_first_frame(shot.row, previous))
        except (FilmgateError, OSError) as error:
            self.stopped = error
            return result_from_journal(shot.row, self._journal)

    async def _with_first_frame(self, row: BatchRow, previous: RowResult | None) -> BatchRow:
        """The row with the picture that it begins with."""
        if previous is None or previous.path is None:
            return row
        picture = self._journal.folder / "frames" / f"{previous.row.key}.{row.params.size or 'own'}.png"
        if not picture.exists():
            await asyncio.to_thread(_write_last_frame, previous.path, picture, row.params.size)
        return replace(row, params=replace(row.params, input_reference=str(picture.absolute())))


def _write_last_frame(video_path: Path, image_path: Path, size: str | None) -> None:
    """Write a film's last frame, of that size: its middle, where the film has another shape."""
    image_path.parent.mkdir(exist_ok=True)
    draft = image_path.with_name(f".{image_path.name}.part")
    save_last_frame(video_path, draft)
    wanted = Size.parse(size or "")
    with Image.open(draft) as image:
        if wanted is not None and image.size != (wanted.width, wanted.height):
            ImageOps.fit(image, (wanted.width, wanted.height)).save(draft, "PNG")
    draft.replace(image_path)


def join_shots(results: Sequence[RowResult], out: Path, journal: Journal) -> bool:
    """Join the shots to one film; False where it is there already, of the same shots.

    Raises:
        BadArtifact: a shot can't be decoded.
    """
    shots = [result.path for result in results if result.path is not None]
    key = "film-" + hashlib.sha256("\n".join(map(file_digest, shots)).encode()).hexdigest()[:32]
    if journal.is_saved_intact(key) and journal.output_path(key) == out:
        return False
    out.parent.mkdir(parents=True, exist_ok=True)
    journal.append(DownloadStarted(key, journal.relative_path(out)))
    join_videos(shots, out)
    journal.append(saved_entry(key, out))
    return True
