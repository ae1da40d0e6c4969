"""The durable engine behind the flow: DBOS, in the one file that imports it.

It gives queues that survive, a limit of running flows an engine, recovery after a restart and dispatch to other
processes. It keeps only a video's id and whether its flow ran; everything that matters stands in our own rows.
DBOS runs on threads and a loop of its own; the drives run on the loop that called :meth:`Durable.start`.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import sqlalchemy as sa
import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions, WorkflowSerializationFormat

from filmgate.flow.reconciler import Fate, Start

__all__ = ["FLOW_VERSION", "Durable", "poll_interval", "sqlite_engine"]

FLOW_VERSION = "film-1"
"""Pinned, for DBOS would derive it from the source and strand every running video at an upgrade. Raise it only when
the flow's own argument or name changes."""

NAME = "filmgate"
FLOW_NAME = "film"
POLL_INTERVAL = 0.2
"""Seconds between two looks into a queue: what a video waits on average is half of it."""

FLOWS_A_LOOK = 20_000
"""Running flows for each second between two looks: DBOS counts them all at each."""

THREADS = 16
ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
PAGE = 500

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger()


class Durable:
    """Queues of flows, one queue an engine, in ``path``; one instance a process.

    Args:
        path: the SQLite file.
        executor_id: of this process; no two that live at once may share it, and it outlives a restart.
        queues: engine names, and how many of its flows this process runs at once (None: all).
        run: drives a video to its end; called on the loop that started us.
        listen: whether this process runs flows, or only starts them for others.
    """

    def __init__(
        self,
        path: Path,
        *,
        executor_id: str,
        queues: Mapping[str, int | None],
        run: Callable[[str], Awaitable[None]],
        listen: bool,
    ) -> None:
        self._path = path
        self._url = f"sqlite:///{path}"
        self._executor_id = executor_id
        self._queues = queues
        self._run = run
        self._listen = listen
        self._running: dict[str, asyncio.Task[None]] = {}
        self._stopping = False
        self._interval = POLL_INTERVAL
        self._calls = ThreadPoolExecutor(1, "flow-calls")
        self._log = _Forward()

    async def start(self) -> None:
        """Open the file, recover what this executor had running, listen."""
        self._loop = asyncio.get_running_loop()
        self._log.attach()
        await self._call(self._open)

    async def stop(self) -> None:
        """Abandon the running flows, which go on at the next start, and close the file."""
        self._stopping = True
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._call(self._destroy)
        self._calls.shutdown()

    async def enqueue(self, starts: Collection[Start]) -> None:
        """Start each flow; one that was started before stays as it is."""
        await self._call(self._enqueue, starts)

    async def fates(self, starts: Collection[Start]) -> Mapping[Start, Fate]:
        """What became of each flow; one that was never started is missing."""
        by_id = {_flow_id(start): start for start in starts}
        return {by_id[flow]: fate for flow, fate in (await self._call(self._fates, list(by_id))).items()}

    async def adopt(self, executor_id: str) -> int:
        """Put the running flows of a dead process back into their queues; returns how many."""
        return await self._call(self._adopt, executor_id)

    async def prune(self, ended_before: float) -> int:
        """Forget flows that ended before that Unix time, for they make all else slower; returns how many."""
        return await self._call(self._prune, ended_before)

    async def _call(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        # Calls run one after the other on a thread without a loop: DBOS would otherwise make its own thread pool
        # the default of ours, and take it away when it stops.
        return await self._loop.run_in_executor(self._calls, partial(call, *args, **kwargs))

    def _open(self) -> None:
        try:
            self._launch()
        except sa.exc.DatabaseError as error:
            if type(error.orig) is not sqlite3.DatabaseError:
                raise
            # Damaged. It holds nothing that the rows don't: without it, every unfinished video is started anew.
            log.warning("flow.damaged", file=self._path.name)
            DBOS.destroy(destroy_registry=True)
            self._engine.dispose()
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            self._launch()

    def _launch(self) -> None:
        self._engine = sqlite_engine(self._path)
        self._register_queues()
        DBOS(
            config=DBOSConfig(
                name=NAME,
                system_database_url=self._url,
                system_database_engine=self._engine,
                executor_id=self._executor_id,
                application_version=FLOW_VERSION,
                max_executor_threads=THREADS,
                log_level="ERROR",
                enable_otlp=False,
                scheduler_polling_interval_sec=3600.0,
                notification_listener_polling_interval_sec=0.25,
            )
        )

        # No step within: the drive is re-entrant, so there is nothing whose result would have to be replayed.
        async def film(video_id: str) -> None:
            await self._film(video_id)

        DBOS.workflow(
            name=FLOW_NAME, max_recovery_attempts=1_000_000, serialization_type=WorkflowSerializationFormat.PORTABLE
        )(film)
        DBOS.listen_queues(list(self._queues) if self._listen else [])
        DBOS.launch()

    def _register_queues(self) -> None:
        # Before the launch, whose threads would otherwise notice a new queue only a second later.
        DBOS.migrate(self._url)
        self._client = DBOSClient(system_database_engine=self._engine, application_name=NAME)
        self._describe_queues()

    def _describe_queues(self) -> None:
        for name, at_once in self._queues.items():
            self._client.register_queue(
                name, worker_concurrency=at_once, polling_interval_sec=self._interval, on_conflict="always_update"
            )

    def _slow_down(self) -> None:
        interval = poll_interval(len(self._running))
        if not 0.5 < interval / self._interval < 2:  # noqa: PLR2004 - a change that is worth a write
            self._interval = interval
            self._describe_queues()

    def _destroy(self) -> None:
        self._client.destroy()
        DBOS.destroy(destroy_registry=True)
        self._engine.dispose()
        self._log.detach()

    async def _film(self, video_id: str) -> None:
        # On DBOS's loop; the work itself happens on ours, where the store, the engines and their clients live.
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._once(video_id), self._loop))

    async def _once(self, video_id: str) -> None:
        """Run the video's drive, or wait for the one that runs here already."""
        if self._stopping:
            raise asyncio.CancelledError
        task = self._running.get(video_id)
        if task is None:
            task = self._running[video_id] = asyncio.create_task(self._drive(video_id), name=f"flow {video_id}")
        await asyncio.shield(task)

    async def _drive(self, video_id: str) -> None:
        try:
            await self._run(video_id)
        finally:
            del self._running[video_id]

    def _enqueue(self, starts: Collection[Start]) -> None:
        # One transaction for all of them: one by one, each would pay for a sync of its own.
        with self._engine.begin() as connection:
            for start in starts:
                options: EnqueueOptions = {
                    "workflow_name": FLOW_NAME,
                    "queue_name": start.engine,
                    "workflow_id": _flow_id(start),
                    "app_version": FLOW_VERSION,
                    "serialization_type": WorkflowSerializationFormat.PORTABLE,
                }
                self._client.enqueue_in_transaction(connection, options, start.video_id)

    def _fates(self, flows: Sequence[str]) -> dict[str, Fate]:
        found = {}
        for first in range(0, len(flows), PAGE):
            page = list(flows[first : first + PAGE])
            for flow in DBOS.list_workflows(workflow_ids=page, load_input=False, load_output=False):
                found[flow.workflow_id] = Fate(ended=flow.status in ENDED)
        return found

    def _adopt(self, executor_id: str) -> int:
        flows = DBOS.list_workflows(status="PENDING", executor_id=executor_id, load_input=False, load_output=False)
        for name in self._queues:
            if ours := [flow.workflow_id for flow in flows if flow.queue_name == name]:
                DBOS.resume_workflows(ours, queue_name=name)
        return len(flows)

    def _prune(self, ended_before: float) -> int:
        self._slow_down()
        before = datetime.fromtimestamp(ended_before, UTC).isoformat()
        flows = DBOS.list_workflows(
            status=list(ENDED), completed_before=before, limit=PAGE, load_input=False, load_output=False
        )
        if flows:
            DBOS.delete_workflows([flow.workflow_id for flow in flows])
        return len(flows)


def poll_interval(running: int) -> float:
    """Seconds between two looks into a queue: the more flows run, the rarer; there are enough to be getting on with."""
    return max(POLL_INTERVAL, running / FLOWS_A_LOOK)


def sqlite_engine(path: Path) -> sa.Engine:
    """An engine over a file that no acknowledged write is lost from, with the clock that DBOS expects of SQLite."""
    engine = sa.create_engine(f"sqlite:///{path}")
    sa.event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = "IMMEDIATE"
    for pragma in ("busy_timeout=30000", "foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    # Before 3.42 SQLite answers unixepoch('subsec') with NULL, and DBOS does not launch on Python 3.12.
    connection.create_function("unixepoch", -1, lambda *_: time.time())
    # On Python 3.11 DBOS asks for whole seconds, which lets its rate limiter start twice as much as allowed.
    connection.create_function("strftime", 2, _strftime)


def _strftime(form: str, when: str) -> str:
    return repr(time.time()) if (form, when) == ("%s", "now") else time.strftime(form, time.gmtime())


def _flow_id(start: Start) -> str:
    return f"{start.video_id}:{start.epoch}"


class _Forward(logging.Handler):
    """Passes DBOS's errors on to our log; with a handler there, DBOS installs none of its own."""

    def attach(self) -> None:
        logging.getLogger("dbos").addHandler(self)
        logging.getLogger("dbos").propagate = False

    def detach(self) -> None:
        logging.getLogger("dbos").removeHandler(self)
        logging.getLogger("dbos").propagate = True

    def emit(self, record: logging.LogRecord) -> None:
        """Log the first line; the traceback of a queue's hiccup helps nobody."""
        log.error("flow.durable", message=record.getMessage().partition("\n")[0])
