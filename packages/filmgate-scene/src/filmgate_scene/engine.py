"""The embedded renderer as an engine: jobs in a pool of worker processes, answers from memory."""

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
from filmgate_scene.pool import COMMAND, WorkerPool

__all__ = ["SceneEngine", "build"]

_WORKERS, _MAX_WORKERS = 2, 64
_MAX_RECORDS = 1000  # jobs; the oldest that are over are forgotten first
_FETCHED_KEPT = 16  # films kept after they were fetched, should a fetch be repeated
_MAX_WORKER_DEATHS = 2  # of workers under one video, until it is said to have failed
_LOCK = ".lock"
_CRASHED = VideoError("render_failed", "The renderer crashed on this video more than once.")
_FAILED = VideoError("render_failed", "The renderer could not make this video.")


def build(context: EngineContext) -> SceneEngine:
    """The engine's factory: its one option is ``workers``, the videos it makes at once, each in a process.

    Raises:
        SettingsError: an option is unknown, or ``workers`` is not a whole number from 1 to 64.
    """
    for name in context.options.keys() - {"workers"}:
        raise SettingsError(f"Engine '{context.name}': there is no option '{name}'; known ones: workers.")
    workers = integer(context, "workers", _WORKERS)
    if workers > _MAX_WORKERS:
        raise SettingsError(f"Engine '{context.name}': 'workers' is at most {_MAX_WORKERS}, not {workers}.")
    return SceneEngine(name=context.name, workers=workers, cache=context.cache, scratch=context.scratch)


class _JobRecord(msgspec.Struct):
    """One job as it stands."""

    job: Job
    folder: Path
    state: JobState = JobState.QUEUED
    progress: float = 0.0
    error: VideoError | None = None
    done: protocol.Done | None = None
    started_at: float | None = None

    @property
    def video_path(self) -> Path:
        """Where its film is written."""
        return self.folder / "film.mp4"

    @property
    def ended(self) -> bool:
        """Whether nothing about it will change any more."""
        return self.state not in {JobState.QUEUED, JobState.WORKING}


class SceneEngine:
    """Draws procedural animatics on this machine's processor.

    Args:
        name: under which models and rows know it.
        workers: films at once, each in a process of its own.
        cache: a folder that survives restarts, for compiled kernels.
        scratch: a folder for films at hand; those of processes that died are removed from it.
        command: what a worker process is started with.
        clock: seconds, from anywhere, never backwards.
    """

    def __init__(
        self,
        *,
        name: str = "scene",
        workers: int = 2,
        cache: Path,
        scratch: Path | None = None,
        command: Sequence[str] = COMMAND,
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
            concurrency=workers,
        )
        self._workers, self._cache, self._scratch = workers, cache, scratch or cache / "scratch"
        self._clock = clock
        self._pool = WorkerPool(
            workers, cache, on_answer=self._on_answer, on_worker_death=self._on_worker_death, command=command
        )
        self._records: OrderedDict[str, _JobRecord] = OrderedDict()
        self._worker_deaths: OrderedDict[str, int] = OrderedDict()  # by video
        self._fetched: OrderedDict[str, None] = OrderedDict()
        self._speed = RenderSpeed()
        self._folder: tuple[Path, BinaryIO] | None = None

    async def start(self) -> None:
        """Take a folder and warm up a worker in the background."""
        await asyncio.to_thread(self._claim_folder)
        self._pool.warm()

    async def stop(self) -> None:
        """Kill the workers and remove what they were making."""
        await self._pool.close()
        self._records.clear()
        if self._folder is not None:
            await asyncio.to_thread(_release_folder, *self._folder)
            self._folder = None

    async def submit(self, job: Job) -> str:
        """Queue the job; its ticket is its token.

        Raises:
            EngineUnavailable: the engine does not run.
        """
        if self._folder is None or not self._pool.is_open:
            raise EngineUnavailable("The renderer is not running.")
        if job.token not in self._records:
            work = _JobRecord(job, self._folder[0] / job.token)
            self._records[job.token] = work
            self._pool.submit(protocol.Render(job, work.video_path))
            self._trim_records()
        return job.token

    async def poll(self, ticket: str) -> JobStatus:
        """How the job stands, from memory."""
        work = self._records.get(ticket)
        if work is None:
            return JobStatus(state=JobState.LOST)
        return JobStatus(state=work.state, progress=work.progress, error=work.error)

    async def fetch(self, ticket: str, into: Path) -> Artifact:
        """Link or copy the film to ``into`` and its pictures beside it.

        Raises:
            EngineUnavailable: it is not there, or can't be copied just now.
        """
        work = self._records.get(ticket)
        if work is None or work.done is None:
            raise EngineUnavailable("The film is not there.")
        try:
            extras = await asyncio.to_thread(_deliver, work.video_path, work.done, into)
        except OSError as error:
            raise EngineUnavailable(f"The film can't be handed over: {error.strerror}.") from error
        await self._trim_fetched(ticket)
        return Artifact(extras=extras, notes=work.done.notes)

    async def cancel(self, ticket: str) -> None:
        """Give the job up within a frame."""
        work = self._records.get(ticket)
        if work is None or work.ended:
            return
        work.state = JobState.CANCELLED
        if self._pool.cancel(ticket):
            await asyncio.to_thread(shutil.rmtree, work.folder, ignore_errors=True)

    async def find(self, job: Job, since: float) -> Sequence[str]:
        """The job's token is its ticket."""
        del since
        return [job.token] if job.token in self._records else []

    def expected_seconds(self, job: Job) -> float:
        """Its own time, by what films took here so far, and that of those before it."""
        own = self._speed.expected_seconds(job)
        others = [work for work in self._records.values() if not work.ended and work.job.token != job.token]
        left = sum(self._speed.expected_seconds(work.job) * (1 - work.progress / 100) for work in others)
        return own + max(0.0, left - (self._workers - 1) * own) / self._workers

    def _on_answer(self, answer: protocol.WorkerMessage) -> None:
        """Write down what a worker said."""
        if isinstance(answer, protocol.Ready) or (work := self._records.get(answer.token)) is None:
            return
        if work.ended:
            self._remove_files(work)
        elif isinstance(answer, protocol.Progress):
            work.started_at = work.started_at or self._clock()
            work.state, work.progress = JobState.WORKING, 100 * answer.done / answer.total
        elif isinstance(answer, protocol.Done):
            work.state, work.progress, work.done = JobState.DONE, 100.0, answer
            self._speed.learn(work.job, self._clock() - (work.started_at or self._clock()))
        else:
            work.state, work.error = JobState.FAILED, _FAILED

    def _on_worker_death(self, token: str) -> None:
        """A worker died under a job. Once may be the machine's doing: lost, to be made again. Twice is the job's."""
        work = self._records.get(token)
        if work is None or work.ended:
            return
        video = work.job.video_id
        self._worker_deaths[video] = self._worker_deaths.pop(video, 0) + 1
        failed = self._worker_deaths[video] >= _MAX_WORKER_DEATHS
        work.state, work.error = (JobState.FAILED, _CRASHED) if failed else (JobState.LOST, None)
        while len(self._worker_deaths) > _MAX_RECORDS:
            self._worker_deaths.popitem(last=False)

    def _remove_files(self, record: _JobRecord) -> None:
        """Remove what a worker left of a job that is over."""
        if record.state is JobState.CANCELLED:
            asyncio.get_running_loop().run_in_executor(None, lambda: shutil.rmtree(record.folder, ignore_errors=True))

    def _trim_records(self) -> None:
        """Keep the number of jobs remembered within bounds."""
        over = [token for token, work in self._records.items() if work.ended and work.state is not JobState.DONE]
        for token in over[: max(0, len(self._records) - _MAX_RECORDS)]:
            del self._records[token]

    async def _trim_fetched(self, ticket: str) -> None:
        """Let go of films that were fetched a while ago."""
        self._fetched[ticket] = None
        self._fetched.move_to_end(ticket)
        while len(self._fetched) > _FETCHED_KEPT:
            oldest, _ = self._fetched.popitem(last=False)
            work = self._records.pop(oldest, None)
            if work is not None:
                await asyncio.to_thread(shutil.rmtree, work.folder, ignore_errors=True)

    def _claim_folder(self) -> None:
        """Take a folder of our own among the scratch, and remove those whose process is gone."""
        (self._cache / "kernels").mkdir(parents=True, exist_ok=True)
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
    """The folder's lock, held; None where another process holds it. The kernel lets go of it with its process."""
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
    """Film and pictures at and beside ``into``; the film last, so that it is there only when all is."""
    extras = {kind: into.with_name(f"{into.name}.{kind}{path.suffix}") for kind, path in done.extras.items()}
    for kind, path in done.extras.items():
        _link(path, extras[kind])
    _link(video, into)
    return extras


def _link(path: Path, into: Path) -> None:
    """The same file under another name, or a copy where that is another file system."""
    into.unlink(missing_ok=True)
    try:
        os.link(path, into)
    except OSError:
        shutil.copyfile(path, into)
