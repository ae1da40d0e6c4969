"""Runs a story: shots concurrently, each after the one it continues, then joined to one video."""

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
        process: one row to its result; an error stops the story: running shots finish, no new one starts.
        journal: the shots' states.
        concurrency: shots at once.
    """
    run = _StoryRun(shots, process, journal, concurrency)
    async with asyncio.TaskGroup() as group:
        for shot in shots:
            group.create_task(run.run_shot(shot))
    return BatchResult([run.results[shot.name].result() for shot in shots], run.stopped)


class _StoryRun:
    """The state of one story run."""

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
        """Run one shot, after the shot that it continues."""
        previous = await self.results[shot.continues_from] if shot.continues_from else None
        async with self._slots:
            self.results[shot.name].set_result(await self._run_after(shot, previous))

    async def _run_after(self, shot: StoryShot, previous: RowResult | None) -> RowResult:
        recorded = result_from_journal(shot.row, self._journal)
        if self.stopped is not None or (previous is not None and previous.outcome not in SAVED_OUTCOMES):
            return recorded
        try:
            return await self._process(await self._with_first_frame(shot.row, previous))
        except (FilmgateError, OSError) as error:
            self.stopped = error
            return result_from_journal(shot.row, self._journal)

    async def _with_first_frame(self, row: BatchRow, previous: RowResult | None) -> BatchRow:
        """Return the row with the previous shot's last frame as its reference image."""
        if previous is None or previous.path is None:
            return row
        image_path = self._journal.folder / "frames" / f"{previous.row.key}.{row.params.size or 'own'}.png"
        if not image_path.exists():
            await asyncio.to_thread(_write_last_frame, previous.path, image_path, row.params.size)
        return replace(row, params=replace(row.params, input_reference=str(image_path.absolute())))


def _write_last_frame(video_path: Path, image_path: Path, size: str | None) -> None:
    """Write a video's last frame in that size; crop its center if the video has another aspect ratio."""
    image_path.parent.mkdir(exist_ok=True)
    part = image_path.with_name(f".{image_path.name}.part")
    save_last_frame(video_path, part)
    target = Size.parse(size or "")
    with Image.open(part) as image:
        if target is not None and image.size != (target.width, target.height):
            ImageOps.fit(image, (target.width, target.height)).save(part, "PNG")
    part.replace(image_path)


def join_shots(results: Sequence[RowResult], out: Path, journal: Journal) -> bool:
    """Join the shots to one video; False if it exists already, made from the same shots.

    Raises:
        BadArtifact: a shot cannot be decoded.
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
