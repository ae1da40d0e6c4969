"""DBOS as the workflow backend, in the only file that imports it.

It provides durable queues, a limit of running workflows per engine, recovery after a restart and dispatch to other
processes. It stores only a video's id and whether its workflow ran; everything that matters is in our own rows.
DBOS runs on threads and a loop of its own; the executors run on the loop that called :meth:`DbosBackend.start`.
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

from filmgate.flow.reconciler import WorkflowRef, WorkflowStatus

__all__ = ["FLOW_VERSION", "DbosBackend", "poll_interval", "sqlite_engine"]

FLOW_VERSION = "film-1"
"""Pinned, because DBOS would derive it from the source and strand every running video at an upgrade. Raise it only
when the workflow's own argument or name changes.
"""

NAME = "filmgate"
FLOW_NAME = "film"
POLL_INTERVAL = 0.2
"""Seconds between two polls of a queue: a video waits half of it on average."""

FLOWS_PER_POLL_SECOND = 20_000
"""Running workflows per second of poll interval: DBOS counts them all at each poll."""

MAX_THREADS = 16
ENDED_STATUSES = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
PAGE_SIZE = 500

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger()


class DbosBackend:
    """Queues of workflows, one per engine, in ``path``; one instance per process.

    Args:
        path: the SQLite file.
        executor_id: id of this process; unique among live processes, and the same after a restart.
        queues: engine names, and how many of its workflows this process runs at once (None: all).
        run: drives a video to its end; called on the loop that called :meth:`start`.
        listen: whether this process runs workflows, or only starts them for others.
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
        self._dbos_thread = ThreadPoolExecutor(1, "flow-calls")
        self._log_forwarder = _LogForwarder()

    async def start(self) -> None:
        """Open the file, recover the workflows that this executor was running, and listen."""
        self._loop = asyncio.get_running_loop()
        self._log_forwarder.attach()
        await self._call_in_thread(self._open)

    async def stop(self) -> None:
        """Abandon the running workflows, which the next start resumes, and close the file."""
        self._stopping = True
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._call_in_thread(self._destroy)
        self._dbos_thread.shutdown()

    async def enqueue(self, workflows: Collection[WorkflowRef], priorities: Mapping[str, int] | None = None) -> None:
        """Start each workflow; one that was started before stays as it is.

        Args:
            workflows: to start.
            priorities: by video id, from 1, the first to run (also where missing); equal ones run in order of start.
        """
        await self._call_in_thread(self._enqueue, workflows, priorities or {})

    async def statuses(self, workflows: Collection[WorkflowRef]) -> Mapping[WorkflowRef, WorkflowStatus]:
        """Return the status of each workflow; one that was never started is missing."""
        by_id = {_workflow_id(workflow): workflow for workflow in workflows}
        return {
            by_id[workflow_id]: status
            for workflow_id, status in (await self._call_in_thread(self._statuses, list(by_id))).items()
        }

    async def adopt(self, executor_id: str) -> int:
        """Put the running workflows of a dead process back into their queues; returns how many."""
        return await self._call_in_thread(self._adopt, executor_id)

    async def prune(self, ended_before: float) -> int:
        """Delete workflows that ended before that Unix time, as they slow down everything else; returns how many."""
        return await self._call_in_thread(self._prune, ended_before)

    async def _call_in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        # Calls run one after the other on a thread without a loop: DBOS would otherwise make its own thread pool
        # the default of our loop, and shut it down when it stops.
        return await self._loop.run_in_executor(self._dbos_thread, partial(function, *args, **kwargs))

    def _open(self) -> None:
        try:
            self._launch()
        except sa.exc.DatabaseError as error:
            if type(error.orig) is not sqlite3.DatabaseError:
                raise
            # Damaged. It holds nothing that the rows lack: without it, every unfinished video is started anew.
            log.warning("flow.database_damaged", file=self._path.name)
            DBOS.destroy(destroy_registry=True)
            self._engine.dispose()
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            self._launch()

    def _launch(self) -> None:
        self._path.touch(mode=0o600)  # SQLite gives its other files the same permissions
        self._engine = sqlite_engine(self._path)
        self._register_queues()
        DBOS(
            config=DBOSConfig(
                name=NAME,
                system_database_url=self._url,
                system_database_engine=self._engine,
                executor_id=self._executor_id,
                application_version=FLOW_VERSION,
                max_executor_threads=MAX_THREADS,
                log_level="ERROR",
                enable_otlp=False,
                scheduler_polling_interval_sec=3600.0,
                notification_listener_polling_interval_sec=0.25,
            )
        )

        # No DBOS step inside: the executor is re-entrant, so no result would have to be replayed.
        async def drive_video(video_id: str) -> None:
            await self._run_workflow(video_id)

        DBOS.workflow(
            name=FLOW_NAME, max_recovery_attempts=1_000_000, serialization_type=WorkflowSerializationFormat.PORTABLE
        )(drive_video)
        DBOS.listen_queues(list(self._queues) if self._listen else [])
        DBOS.launch()

    def _register_queues(self) -> None:
        # Before the launch, whose threads would otherwise notice a new queue only a second later.
        DBOS.migrate(self._url)
        self._client = DBOSClient(system_database_engine=self._engine, application_name=NAME)
        self._configure_queues()

    def _configure_queues(self) -> None:
        for name, concurrency in self._queues.items():
            self._client.register_queue(
                name, worker_concurrency=concurrency, polling_interval_sec=self._interval, on_conflict="always_update"
            )

    def _adapt_poll_interval(self) -> None:
        interval = poll_interval(len(self._running))
        if not 0.5 < interval / self._interval < 2:  # noqa: PLR2004 - a change that is worth a write
            self._interval = interval
            self._configure_queues()

    def _destroy(self) -> None:
        self._client.destroy()
        DBOS.destroy(destroy_registry=True)
        self._engine.dispose()
        self._log_forwarder.detach()

    async def _run_workflow(self, video_id: str) -> None:
        # On DBOS's loop; the work itself runs on ours, where the store, the engines and their clients live.
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._run_once(video_id), self._loop))

    async def _run_once(self, video_id: str) -> None:
        """Run the video's executor, or wait for the one that already runs here."""
        if self._stopping:
            raise asyncio.CancelledError
        task = self._running.get(video_id)
        if task is None:
            task = self._running[video_id] = asyncio.create_task(self._run_tracked(video_id), name=f"flow {video_id}")
        await asyncio.shield(task)

    async def _run_tracked(self, video_id: str) -> None:
        try:
            await self._run(video_id)
        finally:
            del self._running[video_id]

    def _enqueue(self, workflows: Collection[WorkflowRef], priorities: Mapping[str, int]) -> None:
        # One transaction for all of them: one by one, each would pay for an fsync.
        with self._engine.begin() as connection:
            for workflow in workflows:
                options: EnqueueOptions = {
                    "workflow_name": FLOW_NAME,
                    "queue_name": workflow.engine,
                    "workflow_id": _workflow_id(workflow),
                    "app_version": FLOW_VERSION,
                    "serialization_type": WorkflowSerializationFormat.PORTABLE,
                    "priority": priorities.get(workflow.video_id, 1),
                }
                self._client.enqueue_in_transaction(connection, options, workflow.video_id)

    def _statuses(self, workflow_ids: Sequence[str]) -> dict[str, WorkflowStatus]:
        statuses = {}
        for first in range(0, len(workflow_ids), PAGE_SIZE):
            page = list(workflow_ids[first : first + PAGE_SIZE])
            for workflow in DBOS.list_workflows(workflow_ids=page, load_input=False, load_output=False):
                statuses[workflow.workflow_id] = WorkflowStatus(ended=workflow.status in ENDED_STATUSES)
        return statuses

    def _adopt(self, executor_id: str) -> int:
        workflows = DBOS.list_workflows(status="PENDING", executor_id=executor_id, load_input=False, load_output=False)
        for name in self._queues:
            if workflow_ids := [workflow.workflow_id for workflow in workflows if workflow.queue_name == name]:
                DBOS.resume_workflows(workflow_ids, queue_name=name)
        return len(workflows)

    def _prune(self, ended_before: float) -> int:
        self._adapt_poll_interval()
        completed_before = datetime.fromtimestamp(ended_before, UTC).isoformat()
        workflows = DBOS.list_workflows(
            status=list(ENDED_STATUSES),
            completed_before=completed_before,
            limit=PAGE_SIZE,
            load_input=False,
            load_output=False,
        )
        if workflows:
            DBOS.delete_workflows([workflow.workflow_id for workflow in workflows])
        return len(workflows)


def poll_interval(running: int) -> float:
    """Seconds between two polls of a queue: the more workflows run, the longer, as there is enough to do."""
    return max(POLL_INTERVAL, running / FLOWS_PER_POLL_SECOND)


def sqlite_engine(path: Path) -> sa.Engine:
    """Create an engine that loses no acknowledged write, with the clock that DBOS expects of SQLite."""
    engine = sa.create_engine(f"sqlite:///{path}")
    sa.event.listen(engine, "connect", _configure_connection)
    return engine


def _configure_connection(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = "IMMEDIATE"
    for pragma in ("busy_timeout=30000", "foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    # Before 3.42 SQLite answers unixepoch('subsec') with NULL, and DBOS does not launch on Python 3.12.
    connection.create_function("unixepoch", -1, lambda *_: time.time())
    # On Python 3.11 DBOS asks for whole seconds, which lets its rate limiter start twice as much as allowed.
    connection.create_function("strftime", 2, _strftime)


def _strftime(form: str, when: str) -> str:
    return repr(time.time()) if (form, when) == ("%s", "now") else time.strftime(form, time.gmtime())


def _workflow_id(workflow: WorkflowRef) -> str:
    return f"{workflow.video_id}:{workflow.epoch}"


class _LogForwarder(logging.Handler):
    """Forwards DBOS's errors to our log; with a handler present, DBOS installs none of its own."""

    def attach(self) -> None:
        logging.getLogger("dbos").addHandler(self)
        logging.getLogger("dbos").propagate = False

    def detach(self) -> None:
        logging.getLogger("dbos").removeHandler(self)
        logging.getLogger("dbos").propagate = True

    def emit(self, record: logging.LogRecord) -> None:
        """Log the first line; the traceback of a transient queue error does not help."""
        log.error("flow.dbos_error", message=record.getMessage().partition("\n")[0])
