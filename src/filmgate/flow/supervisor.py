"""The flow of all videos: what starts their drives, keeps them alive, and cleans up behind them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from filmgate.domain import Stage, Video
from filmgate.engines.base import Engine
from filmgate.errors import StorageFault
from filmgate.flow import failure_codes, retry
from filmgate.flow.batch_poller import Rounds
from filmgate.flow.circuit_breaker import Breaker
from filmgate.flow.cleanup import Sweeps
from filmgate.flow.context import Kit
from filmgate.flow.dispatcher import Dispatcher
from filmgate.flow.engine_registry import Roster
from filmgate.flow.executor import Drive
from filmgate.flow.ingest import Delivery
from filmgate.flow.reconciler import Reconciler, Start
from filmgate.flow.wakeups import Nudges
from filmgate.flow.webhook_sender import Deliveries
from filmgate.storage.base import Storage
from filmgate.store import Store

if TYPE_CHECKING:
    from filmgate.flow.dbos_backend import Durable

__all__ = ["Flow"]

BEAT_EVERY = 2.0
CANCELS_EVERY = 1.0
ROUNDS_EVERY = 1.0
RECONCILE_EVERY = 3.0
THOROUGH_EVERY = 60.0
SWEEP_EVERY = 300.0
WEBHOOKS_EVERY = 0.5

log = structlog.get_logger()


class Flow:
    """Makes accepted videos, beside whatever else the process does; one running instance a process.

    Args:
        store: the rows.
        storage: the files.
        engines: by name; started and stopped by the caller.
        data: folder for the durable engine's own file.
        executor_id: of this process: no two that live at once share it, and it outlives a restart.
        retention: seconds that finished films are kept; 0: for ever.
        clock: Unix time.
        checkpoint: called at each named step (``CHECKPOINTS``).
        worker: whether this process makes videos; false: it only starts them for others.
        on_demand: open the queues at the first :meth:`wake`, for a short-lived process that is no worker.
        dispatcher: chooses among the engines of a route; without it each video stays with its own.
        roster: knows the engines of before as well.
        webhooks: tells the outside of events, where this process is a worker.
        limit: seconds after its submission at which a video is given up, from the seconds expected.
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
        roster: Roster | None = None,
        webhooks: Deliveries | None = None,
        limit: Callable[[float], float] = retry.watch_limit,
    ) -> None:
        self._store = store
        self._path = data / "flow.sqlite"
        self._executor_id = executor_id
        self._clock = clock
        self._worker = worker
        self._on_demand = on_demand
        self._is_open = False
        self._stopping = False
        self._webhooks = webhooks
        self._nudges = Nudges()
        self._rounds = Rounds(self._nudges.nudge, clock)
        self._sweeps = Sweeps(store.videos, storage, clock)
        self._roster = roster or Roster(engines, store.identities)
        kit = Kit(
            videos=store.videos,
            clock=clock,
            pause=self._nudges.pause,
            checkpoint=checkpoint,
            dispatcher=dispatcher or Dispatcher({}, engines, Breaker(clock)),
            rounds=self._rounds,
            wake=self.wake,
        )
        self._drive = Drive(
            kit,
            storage=storage,
            roster=self._roster,
            delivery=Delivery(storage, store.videos, executor_id),
            retention=retention,
            limit=limit,
        )
        self._woken: dict[str, Video] = {}
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._exit = AsyncExitStack()
        self._ready = False

    @property
    def ready(self) -> bool:
        """Whether videos are being taken."""
        return self._ready

    @property
    def looks(self) -> Mapping[tuple[str, str], int]:
        """How often this process looked at engines, by engine and by what it saw."""
        return self._drive.looks

    def wake(self, video: Video) -> None:
        """Start the flow of a video just committed, or tell it of a cancel; returns at once.

        Nothing is lost with the process: the row stands, and the reconciler finds it.
        """
        self._woken[video.id] = video
        self._wake.set()

    async def start(self) -> None:
        """Open the queues, take up what was interrupted, and begin."""
        if self._on_demand:
            self._tasks = [asyncio.create_task(self._start_on_demand(), name="flow")]
        else:
            await self._open()
            self._tasks = [asyncio.create_task(loop, name="flow") for loop in self._loops()]
        self._ready = True

    async def stop(self) -> None:
        """Stop at once and in order: rows stay as they are, and the next start goes on from them."""
        self._ready = False
        self._stopping = True
        if self._on_demand:
            self._wake.set()  # what was woken is still started: the command ends right after it submitted
        else:
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self._exit.aclose()

    async def _open(self) -> None:
        if self._is_open:
            return
        # The durable engine takes a second to import, which no other command should pay.
        durable = await asyncio.to_thread(_import_durable)
        self._exit.push_async_callback(self._roster.stop)
        await self._roster.start(self._clock(), works=self._worker)
        queues = self._roster.concurrency
        self._durable: Durable = durable(
            self._path,
            executor_id=self._executor_id,
            queues=queues,
            run=self._run,
            listen=self._worker,
        )
        self._reconciler = Reconciler(
            videos=self._store.videos,
            workers=self._store.workers,
            starter=self._durable,
            engines=queues.keys(),
            move_on=self._drive.move_on,
            executor_id=self._executor_id,
            give_up=self._give_up,
            clock=self._clock,
        )
        if self._worker:
            await self._beat()
        self._exit.push_async_callback(self._durable.stop)
        if self._webhooks is not None:
            self._exit.push_async_callback(self._webhooks.stop)
        await self._durable.start()
        self._is_open = True

    def _loops(self) -> list[Coroutine[None, None, None]]:
        loops = [
            self._start_woken(),
            _every(RECONCILE_EVERY, self._reconciler.start_missing),
            _every(THOROUGH_EVERY, self._thoroughly),
        ]
        if self._worker:
            loops += [
                _every(BEAT_EVERY, self._beat),
                _every(CANCELS_EVERY, self._hear_cancels),
                _every(ROUNDS_EVERY, self._rounds.go),
                _every(RECONCILE_EVERY, self._reconciler.take_over),
                _every(SWEEP_EVERY, self._sweep),
            ]
        if self._worker and self._webhooks is not None:
            loops.append(_every(WEBHOOKS_EVERY, self._webhooks.sweep))
        return loops

    async def _run(self, video_id: str) -> None:
        """The outermost frame of a drive: whatever happens in it, the video stays in somebody's hands."""
        stumbles = 0
        while True:
            try:
                await self._drive(video_id)
            except Exception as error:
                stumbles += 1
                log.exception("flow.stumbled", video=video_id, times=stumbles)
                await self._after_a_stumble(video_id, stumbles, error)
            else:
                return
            finally:
                self._nudges.forget(video_id)

    async def _after_a_stumble(self, video_id: str, stumbles: int, error: Exception) -> None:
        # A store that can't write says so by a fault of the storage; that is no reason to give up any video.
        if stumbles >= retry.MAX_STUMBLES and not isinstance(error, StorageFault):
            await self._store.videos.fail(video_id, failure_codes.ENGINE_ERROR, self._clock())
        else:
            await self._nudges.pause(video_id, retry.delay(stumbles, 0.5))

    async def _start_woken(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._start_pending()

    async def _start_on_demand(self) -> None:
        while self._woken or not self._stopping:
            await self._wake.wait()
            self._wake.clear()
            if self._woken:
                await self._start_pending()

    async def _start_pending(self) -> None:
        woken, self._woken = self._woken, {}
        try:
            await self._open()
            await self._start_all(list(woken.values()))
        except Exception:
            # The reconciler will come across them.
            log.exception("flow.not_started", videos=len(woken))

    async def _start_all(self, videos: list[Video]) -> None:
        for video in videos:
            if video.cancel_requested:
                await self._cancel(video)
        known = self._roster.concurrency
        starts = [
            Start(video.id, video.engine, video.epoch)
            for video in videos
            if not video.cancel_requested and video.engine in known
        ]
        if starts:
            await self._durable.enqueue(starts)
            self._reconciler.started(starts)

    async def _cancel(self, video: Video) -> None:
        self._nudges.nudge(video.id)
        if video.stage is Stage.ACCEPTED:
            await self._drive.cancel_waiting(video)

    async def _hear_cancels(self) -> None:
        for video_id in await self._store.videos.cancels():
            if not self._nudges.nudge(video_id):
                video = await self._store.videos.get(video_id)
                if video is not None and not video.finished:
                    await self._cancel(video)

    async def _give_up(self, video_id: str) -> None:
        await self._store.videos.fail(video_id, failure_codes.ENGINE_REMOVED, self._clock())

    async def _beat(self) -> None:
        await self._store.workers.beat(self._executor_id, self._clock())

    async def _thoroughly(self) -> None:
        await self._reconciler.start_missing(thorough=True)
        await self._reconciler.prune()

    async def _sweep(self) -> None:
        await self._roster.sweep(self._clock())
        await self._store.videos.forget_submissions(self._clock())
        await self._sweeps.expire()
        await self._sweeps.stale()
        await self._sweeps.orphans()


async def _every(seconds: float, job: Callable[[], Awaitable[object]]) -> None:
    """The outermost frame of a background job: run it now and ever again, whatever becomes of one run."""
    while True:
        try:
            await job()
        except Exception:
            log.exception("flow.job_failed", job=getattr(job, "__name__", "job"))
        await asyncio.sleep(seconds)


def _import_durable() -> type[Durable]:
    from filmgate.flow.dbos_backend import Durable  # noqa: PLC0415 - imported when it is needed, see start()

    return Durable
