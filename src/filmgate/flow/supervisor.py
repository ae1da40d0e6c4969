"""Flow supervisor: starts the workflows of all videos, keeps them alive, and cleans up after them."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from filmgate.domain import Stage, VideoRecord
from filmgate.engines.base import Engine
from filmgate.errors import StorageFault
from filmgate.flow import failure_codes, retry
from filmgate.flow.batch_poller import BatchPoller
from filmgate.flow.circuit_breaker import CircuitBreaker
from filmgate.flow.cleanup import StorageCleaner
from filmgate.flow.context import FlowContext
from filmgate.flow.dispatcher import Dispatcher
from filmgate.flow.engine_registry import EngineRegistry
from filmgate.flow.executor import VideoExecutor
from filmgate.flow.ingest import ArtifactIngest
from filmgate.flow.reconciler import Reconciler, WorkflowRef
from filmgate.flow.wakeups import Wakeups
from filmgate.flow.webhook_sender import WebhookSender
from filmgate.storage.base import Storage
from filmgate.store import Store

if TYPE_CHECKING:
    from filmgate.flow.dbos_backend import DbosBackend

__all__ = ["FlowSupervisor"]

HEARTBEAT_INTERVAL = 2.0
CANCEL_INTERVAL = 1.0
BATCH_POLL_INTERVAL = 1.0
RECONCILE_INTERVAL = 3.0
FULL_RECONCILE_INTERVAL = 60.0
CLEANUP_INTERVAL = 300.0

EXPIRY_DELAY = 300.0
"""Seconds after the start until expired files are removed: a machine's clock may be wrong until it has heard a time
server, and with a date in the future every video has expired.
"""

WEBHOOK_INTERVAL = 0.5

log = structlog.get_logger()


class FlowSupervisor:
    """Runs the workflows of accepted videos and the background loops; one running instance per process.

    Args:
        store: the store.
        storage: the storage.
        engines: by name; started and stopped by the caller.
        data: folder for the workflow backend's own file.
        executor_id: id of this process: unique among live processes, and the same after a restart.
        retention: seconds that finished videos are kept; 0: forever.
        clock: Unix time.
        checkpoint: called at each named step (``CHECKPOINTS``).
        worker: whether this process runs workflows; false: it only starts them for others.
        on_demand: open the queues at the first :meth:`wake`, for a short-lived process that is no worker.
        dispatcher: chooses among the engines of a route; without it each video stays with its own.
        registry: finds configured and retired engines.
        webhook_sender: delivers events, if this process is a worker.
        time_limit: seconds after submission at which a video is given up, from the expected seconds.
        expiry_delay: seconds after the start until expired files are removed for the first time.
    """

    def __init__(
        self,
        store: Store,
        storage: Storage,
        engines: Mapping[str, Engine],
        *,
        data: Path,
        executor_id: str,
        retention: float,
        clock: Callable[[], float],
        checkpoint: Callable[[str], None] = lambda _name: None,
        worker: bool = True,
        on_demand: bool = False,
        dispatcher: Dispatcher | None = None,
        registry: EngineRegistry | None = None,
        webhook_sender: WebhookSender | None = None,
        time_limit: Callable[[float], float] = retry.poll_time_limit,
        expiry_delay: float = EXPIRY_DELAY,
    ) -> None:
        self._expiry_delay = expiry_delay
        self._store = store
        self._path = data / "flow.sqlite"
        self._executor_id = executor_id
        self._clock = clock
        self._worker = worker
        self._on_demand = on_demand
        self._is_open = False
        self._stopping = False
        self._webhook_sender = webhook_sender
        self._wakeups = Wakeups()
        self._batch_poller = BatchPoller(self._wakeups.wake, clock)
        self._cleaner = StorageCleaner(store.videos, store.files, storage, clock)
        self._registry = registry or EngineRegistry(engines, store.engine_identities)
        context = FlowContext(
            videos=store.videos,
            clock=clock,
            sleep=self._wakeups.sleep,
            checkpoint=checkpoint,
            dispatcher=dispatcher or Dispatcher({}, engines, CircuitBreaker(clock)),
            batch_poller=self._batch_poller,
            wake=self.wake,
        )
        self._executor = VideoExecutor(
            context,
            storage=storage,
            registry=self._registry,
            ingest=ArtifactIngest(storage, store.videos, executor_id),
            retention=retention,
            time_limit=time_limit,
        )
        self._pending_wakes: dict[str, VideoRecord] = {}
        self._wake_event = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._exit = AsyncExitStack()
        self._ready = False

    @property
    def ready(self) -> bool:
        """Whether videos are accepted."""
        return self._ready

    @property
    def poll_counts(self) -> Mapping[tuple[str, str], int]:
        """Number of polls by this process, by engine and by what they returned."""
        return self._executor.poll_counts

    def wake(self, video: VideoRecord) -> None:
        """Start the workflow of a video just committed, or notify it of a cancellation; returns at once.

        Nothing is lost if the process dies: the row is committed, and the reconciler finds it.
        """
        self._pending_wakes[video.id] = video
        self._wake_event.set()

    async def start(self) -> None:
        """Open the queues, resume interrupted workflows, and start the loops."""
        if self._on_demand:
            self._tasks = [asyncio.create_task(self._start_on_demand(), name="flow")]
        else:
            await self._open()
            self._tasks = [asyncio.create_task(loop, name="flow") for loop in self._loops()]
        self._ready = True

    async def stop(self) -> None:
        """Stop at once and in order: rows stay as they are, and the next start resumes from them."""
        self._ready = False
        self._stopping = True
        if self._on_demand:
            self._wake_event.set()  # pending wakes are still started: the command ends right after it submitted
        else:
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self._exit.aclose()

    async def _open(self) -> None:
        if self._is_open:
            return
        # The workflow backend takes a second to import, which no other command should pay.
        backend_class = await asyncio.to_thread(_import_backend)
        self._exit.push_async_callback(self._registry.stop)
        await self._registry.start(self._clock(), is_worker=self._worker)
        queues = self._registry.concurrency
        self._backend: DbosBackend = backend_class(
            self._path,
            executor_id=self._executor_id,
            queues=queues,
            run=self._run_video,
            listen=self._worker,
        )
        self._reconciler = Reconciler(
            videos=self._store.videos,
            workers=self._store.workers,
            backend=self._backend,
            engines=queues.keys(),
            reassign=self._executor.reassign_unsubmitted,
            executor_id=self._executor_id,
            fail_removed=self._fail_removed,
            clock=self._clock,
        )
        if self._worker:
            await self._heartbeat()
        self._exit.push_async_callback(self._backend.stop)
        if self._webhook_sender is not None:
            self._exit.push_async_callback(self._webhook_sender.stop)
        await self._backend.start()
        self._is_open = True

    def _loops(self) -> list[Coroutine[None, None, None]]:
        loops = [
            self._process_wakes(),
            _repeat(RECONCILE_INTERVAL, self._reconciler.start_missing),
            _repeat(FULL_RECONCILE_INTERVAL, self._reconcile_fully),
        ]
        if self._worker:
            loops += [
                _repeat(HEARTBEAT_INTERVAL, self._heartbeat),
                _repeat(CANCEL_INTERVAL, self._deliver_cancels),
                _repeat(BATCH_POLL_INTERVAL, self._batch_poller.run_due),
                _repeat(RECONCILE_INTERVAL, self._reconciler.adopt_orphans),
                _repeat(CLEANUP_INTERVAL, self._clean_up),
                _repeat(CLEANUP_INTERVAL, self._cleaner.remove_expired, first_after=self._expiry_delay),
            ]
        if self._worker and self._webhook_sender is not None:
            loops.append(_repeat(WEBHOOK_INTERVAL, self._webhook_sender.send_due))
        return loops

    async def _run_video(self, video_id: str) -> None:
        """Run a video's executor until it returns; a crash is logged and retried."""
        crashes = 0
        while True:
            try:
                await self._executor(video_id)
            except Exception as error:
                crashes += 1
                log.exception("flow.crashed", video=video_id, attempts=crashes)
                await self._after_crash(video_id, crashes, error)
            else:
                return
            finally:
                self._wakeups.discard(video_id)

    async def _after_crash(self, video_id: str, crashes: int, error: Exception) -> None:
        if crashes >= retry.MAX_CRASHES and not _is_machines_fault(error):
            await self._store.videos.fail(video_id, failure_codes.ENGINE_ERROR, self._clock())
        else:
            await self._wakeups.sleep(video_id, retry.delay(crashes, 0.5))

    async def _process_wakes(self) -> None:
        while True:
            await self._wake_event.wait()
            self._wake_event.clear()
            await self._start_pending()

    async def _start_on_demand(self) -> None:
        while self._pending_wakes or not self._stopping:
            await self._wake_event.wait()
            self._wake_event.clear()
            if self._pending_wakes:
                await self._start_pending()

    async def _start_pending(self) -> None:
        videos, self._pending_wakes = self._pending_wakes, {}
        try:
            await self._open()
            await self._start_or_cancel(list(videos.values()))
        except Exception:
            # The reconciler will find them.
            log.exception("flow.start_failed", videos=len(videos))

    async def _start_or_cancel(self, videos: list[VideoRecord]) -> None:
        for video in videos:
            if video.cancel_requested:
                await self._cancel(video)
        queues = self._registry.concurrency
        started = [video for video in videos if not video.cancel_requested and video.engine in queues]
        if started:
            starts = [WorkflowRef(video.id, video.engine, video.epoch) for video in started]
            turns = {video.id: self._store.videos.turn(video.account_id, video.seq) for video in started}
            await self._backend.enqueue(starts, turns)
            self._reconciler.mark_started(starts)

    async def _cancel(self, video: VideoRecord) -> None:
        self._wakeups.wake(video.id)
        if video.stage is Stage.ACCEPTED:
            await self._executor.cancel_unsubmitted(video)

    async def _deliver_cancels(self) -> None:
        for video_id in await self._store.videos.list_cancel_requests():
            if not self._wakeups.wake(video_id):
                video = await self._store.videos.get(video_id)
                if video is not None and not video.finished:
                    await self._cancel(video)

    async def _fail_removed(self, video_id: str) -> None:
        await self._store.videos.fail(video_id, failure_codes.ENGINE_REMOVED, self._clock())

    async def _heartbeat(self) -> None:
        await self._store.workers.record_heartbeat(self._executor_id, self._clock())

    async def _reconcile_fully(self) -> None:
        await self._reconciler.start_missing(check_all=True)
        await self._reconciler.prune()

    async def _clean_up(self) -> None:
        await self._registry.retire_unneeded(self._clock())
        await self._store.videos.delete_old_submissions(self._clock())
        await self._cleaner.remove_stale_staging()
        await self._cleaner.remove_orphans()


def _is_machines_fault(error: Exception) -> bool:
    """Whether the store can't write, or the process has no descriptors left: no reason to fail the video."""
    no_descriptors = isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}
    return isinstance(error, StorageFault) or no_descriptors


async def _repeat(seconds: float, job: Callable[[], Awaitable[object]], *, first_after: float = 0.0) -> None:
    """Run a background job forever, every ``seconds``; a failed run is logged."""
    await asyncio.sleep(first_after)
    while True:
        try:
            await job()
        except Exception:
            log.exception("flow.job_failed", job=getattr(job, "__name__", "job"))
        await asyncio.sleep(seconds)


def _import_backend() -> type[DbosBackend]:
    from filmgate.flow.dbos_backend import DbosBackend  # noqa: PLC0415 - imported when it is needed, see start()

    return DbosBackend
