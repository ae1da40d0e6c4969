"""The embedded renderer as an engine: a pool of worker processes renders jobs; the engine answers polls from memory."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import BinaryIO

import msgspec

from filmgate.domain import AssetKind, VideoError
from filmgate.engines.base import Artifact, Capabilities, Job, JobState, JobStatus
from filmgate.engines.options import EngineContext, integer
from filmgate.errors import EngineUnavailable, SettingsError
from filmgate_scene import protocol
from filmgate_scene.durations import RenderSpeed
from filmgate_scene.pool import CANCEL_GRACE_SECONDS, COMMAND, WorkerPool

__all__ = ["SceneEngine", "build"]

_WORKERS, _MAX_WORKERS = 2, 64
_MAX_RECORDS = 1000  # jobs; the oldest ended ones are removed first
_FETCHED_KEPT = 16  # videos kept after a fetch, in case the fetch is repeated
_MAX_WORKER_DEATHS = 2  # worker deaths on one video until it fails
_LOCK = ".lock"
_CRASHED = VideoError("render_failed", "The renderer crashed on this video more than once.")
_FAILED = VideoError("render_failed", "The renderer could not render this video.")


def build(context: EngineContext) -> SceneEngine:
    """Create the engine; its one option is ``workers``, the number of videos rendered at once, one process each.

    Raises:
        SettingsError: an option is unknown, or ``workers`` is not a whole number from 1 to 64.
    """
    for name in context.options.keys() - {"workers"}:
        raise SettingsError(f"Engine '{context.name}': there is no option '{name}'; known ones: workers.")
    workers = integer(context, "workers", _WORKERS)
    if workers > _MAX_WORKERS:
        raise SettingsError(f"Engine '{context.name}': 'workers' is at most {_MAX_WORKERS}, not {workers}.")
    return SceneEngine(name=context.name, workers=workers, scratch=context.scratch)


class _JobRecord(msgspec.Struct):
    """The state of one job."""

    job: Job
    folder: Path
    state: JobState = JobState.QUEUED
    progress: float = 0.0
    error: VideoError | None = None
    done: protocol.Done | None = None
    started_at: float | None = None

    @property
    def video_path(self) -> Path:
        """The path of the job's video file."""
        return self.folder / "film.mp4"

    @property
    def ended(self) -> bool:
        """Whether the job's state is final."""
        return self.state not in {JobState.QUEUED, JobState.WORKING}


class SceneEngine:
    """Draws procedural animatics on this machine's CPU.

    Args:
        name: engine name in models and rows.
        workers: number of videos rendered at once, one process each.
        scratch: a folder for rendered videos; folders of dead processes are removed from it.
        command: the command that starts a worker process.
        clock: a monotonic clock in seconds.
        cancel_grace: seconds until a worker that does not end a cancelled job is killed and replaced.
    """

    def __init__(
        self,
        *,
        name: str = "scene",
        workers: int = 2,
        scratch: Path,
        command: Sequence[str] = COMMAND,
        clock: Callable[[], float] = time.monotonic,
        cancel_grace: float = CANCEL_GRACE_SECONDS,
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
            concurrency=workers,
        )
        self._workers, self._scratch = workers, scratch
        self._clock = clock
        self._pool = WorkerPool(
            workers,
            on_answer=self._on_answer,
            on_worker_death=self._on_worker_death,
            command=command,
            cancel_grace=cancel_grace,
        )
        self._records: OrderedDict[str, _JobRecord] = OrderedDict()
        self._worker_deaths: OrderedDict[str, int] = OrderedDict()  # by video
        self._fetched: OrderedDict[str, None] = OrderedDict()
        self._speed = RenderSpeed()
        self._folder: tuple[Path, BinaryIO] | None = None

    async def start(self) -> None:
        """Claim a scratch folder and warm up a worker in the background."""
        await asyncio.to_thread(self._claim_folder)
        self._pool.warm()

    async def stop(self) -> None:
        """Kill the workers and remove their unfinished files."""
        await self._pool.close()
        self._records.clear()
        if self._folder is not None:
            await asyncio.to_thread(_release_folder, *self._folder)
            self._folder = None

    async def submit(self, job: Job) -> str:
        """Queue the job; its ticket is its token.

        Raises:
            EngineUnavailable: the engine is not running.
        """
        if self._folder is None or not self._pool.is_open:
            raise EngineUnavailable("The renderer is not running.")
        if job.token not in self._records:
            record = _JobRecord(job, self._folder[0] / job.token)
            self._records[job.token] = record
            self._pool.submit(protocol.Render(job, record.video_path))
            self._trim_records()
        return job.token

    async def poll(self, ticket: str) -> JobStatus:
        """The job's status, from memory."""
        record = self._records.get(ticket)
        if record is None:
            return JobStatus(state=JobState.LOST)
        return JobStatus(state=record.state, progress=record.progress, error=record.error)

    async def fetch(self, ticket: str, into: Path) -> Artifact:
        """Link or copy the video to ``into`` and its images beside it.

        Raises:
            EngineUnavailable: the video file does not exist or cannot be copied now.
        """
        record = self._records.get(ticket)
        if record is None or record.done is None:
            raise EngineUnavailable("The video file does not exist.")
        try:
            extras = await asyncio.to_thread(_deliver, record.video_path, record.done, into)
        except OSError as error:
            raise EngineUnavailable(f"The video file cannot be copied: {error.strerror}.") from error
        await self._trim_fetched(ticket)
        return Artifact(extras=extras, notes=record.done.notes)

    async def cancel(self, ticket: str) -> None:
        """Cancel the job; rendering ends within one frame."""
        record = self._records.get(ticket)
        if record is None or record.ended:
            return
        record.state = JobState.CANCELLED
        if self._pool.cancel(ticket):
            await asyncio.to_thread(shutil.rmtree, record.folder, ignore_errors=True)

    async def find(self, job: Job, since: float) -> Sequence[str]:
        """Find the job by its token, which is its ticket."""
        del since
        return [job.token] if job.token in self._records else []

    def expected_seconds(self, job: Job) -> float:
        """The job's own time, estimated from earlier videos, plus its share of the queue's."""
        duration = self._speed.expected_seconds(job)
        unfinished = [record for record in self._records.values() if not record.ended and record.job.token != job.token]
        left = sum(self._speed.expected_seconds(record.job) * (1 - record.progress / 100) for record in unfinished)
        return duration + max(0.0, left - (self._workers - 1) * duration) / self._workers

    def _on_answer(self, answer: protocol.WorkerMessage) -> None:
        """Apply a worker's message to its job."""
        if isinstance(answer, protocol.Ready) or (record := self._records.get(answer.token)) is None:
            return
        if record.ended:
            self._remove_files(record)
        elif isinstance(answer, protocol.Progress):
            record.started_at = record.started_at or self._clock()
            record.state, record.progress = JobState.WORKING, 100 * answer.done / answer.total
        elif isinstance(answer, protocol.Done):
            record.state, record.progress, record.done = JobState.DONE, 100.0, answer
            self._speed.learn(record.job, self._clock() - (record.started_at or self._clock()))
        else:
            record.state, record.error = JobState.FAILED, _FAILED

    def _on_worker_death(self, token: str) -> None:
        """Handle a worker's death: the job is lost (can be submitted again); at the video's second death it fails."""
        record = self._records.get(token)
        if record is None or record.ended:
            if record is not None:
                self._remove_files(record)
            return
        video = record.job.video_id
        self._worker_deaths[video] = self._worker_deaths.pop(video, 0) + 1
        failed = self._worker_deaths[video] >= _MAX_WORKER_DEATHS
        record.state, record.error = (JobState.FAILED, _CRASHED) if failed else (JobState.LOST, None)
        while len(self._worker_deaths) > _MAX_RECORDS:
            self._worker_deaths.popitem(last=False)

    def _remove_files(self, record: _JobRecord) -> None:
        """Remove the files of a cancelled job."""
        if record.state is JobState.CANCELLED:
            asyncio.get_running_loop().run_in_executor(None, lambda: shutil.rmtree(record.folder, ignore_errors=True))

    def _trim_records(self) -> None:
        """Limit the number of stored jobs."""
        ended = [token for token, record in self._records.items() if record.ended and record.state is not JobState.DONE]
        for token in ended[: max(0, len(self._records) - _MAX_RECORDS)]:
            del self._records[token]

    async def _trim_fetched(self, ticket: str) -> None:
        """Remove videos that were fetched long ago."""
        self._fetched[ticket] = None
        self._fetched.move_to_end(ticket)
        while len(self._fetched) > _FETCHED_KEPT:
            oldest, _ = self._fetched.popitem(last=False)
            record = self._records.pop(oldest, None)
            if record is not None:
                await asyncio.to_thread(shutil.rmtree, record.folder, ignore_errors=True)

    def _claim_folder(self) -> None:
        """Claim a scratch folder, and remove the folders of dead processes."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        for folder in self._scratch.iterdir():
            lock = _lock_folder(folder) if folder.is_dir() else None
            if lock is not None:
                _release_folder(folder, lock)
        folder = Path(mkdtemp(dir=self._scratch))
        lock = _lock_folder(folder)
        if lock is not None:
            self._folder = folder, lock


def _lock_folder(folder: Path) -> BinaryIO | None:
    """Lock a folder; None if another process holds the lock. The kernel releases it when the process ends."""
    with suppress(OSError):
        lock = (folder / _LOCK).open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
        else:
            return lock
    return None


def _release_folder(folder: Path, lock: BinaryIO) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    lock.close()


def _deliver(video: Path, done: protocol.Done, into: Path) -> dict[AssetKind, Path]:
    """Place the images, then the video: if the video exists at ``into``, all files do."""
    extras = {kind: into.with_name(f"{into.name}.{kind}{path.suffix}") for kind, path in done.extras.items()}
    for kind, path in done.extras.items():
        _link(path, extras[kind])
    _link(video, into)
    return extras


def _link(path: Path, into: Path) -> None:
    """Hard-link the file, or copy it if the target is on another file system."""
    into.unlink(missing_ok=True)
    try:
        os.link(path, into)
    except OSError:
        shutil.copyfile(path, into)
