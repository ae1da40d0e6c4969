"""The workflow backend: backend queues, and the pitfalls of the library behind them."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from dbos._utils import INTERNAL_QUEUE_NAME
from tests.support.polling import until_async

from filmgate.flow.dbos_backend import FLOW_VERSION, DbosBackend, poll_interval, sqlite_engine
from filmgate.flow.reconciler import WorkflowRef, WorkflowStatus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TIMEOUT = 90.0


class RunRecorder:
    """Records runs, each of which waits for a semaphore; ``single`` lets one run finish."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.running = 0
        self.max_running = 0  # at the same time
        self.changed = asyncio.Condition()
        self.released = asyncio.Event()
        self.single = asyncio.Semaphore(0)

    async def __call__(self, video_id: str) -> None:
        """Run once."""
        async with self.changed:
            self.started.append(video_id)
            self.running += 1
            self.max_running = max(self.max_running, self.running)
            self.changed.notify_all()
        try:
            await self._pass()
        finally:
            self.running -= 1

    async def _pass(self) -> None:
        releases = [asyncio.create_task(self.released.wait()), asyncio.create_task(self.single.acquire())]
        try:
            await asyncio.wait(releases, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for release in releases:
                release.cancel()

    async def until(self, count: int) -> list[str]:
        """Wait until so many runs have started."""
        async with asyncio.timeout(TIMEOUT), self.changed:
            await self.changed.wait_for(lambda: len(self.started) >= count)
        return self.started


@asynccontextmanager
async def _backend(
    folder: Path, runs: RunRecorder, executor_id: str = "one", *, listen: bool = True, concurrency: int | None = None
) -> AsyncIterator[DbosBackend]:
    backend = DbosBackend(
        folder / "flow.sqlite", executor_id=executor_id, queues={"quick": concurrency}, run=runs, listen=listen
    )
    await backend.start()
    try:
        yield backend
    finally:
        await backend.stop()


def _threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


async def _wait_until_ended(backend: DbosBackend, workflow: WorkflowRef) -> None:
    async def has_ended() -> bool:
        return (await backend.statuses([workflow])).get(workflow) == WorkflowStatus(ended=True)

    await until_async(has_ended)


async def test_a_workflow_runs_once_however_often_it_is_started(tmp_path: Path) -> None:
    """Starting is idempotent, so any process may repeat it."""
    runs, workflow = RunRecorder(), WorkflowRef("video_1", "quick")
    runs.released.set()
    async with _backend(tmp_path, runs) as backend:
        await backend.enqueue([workflow, workflow])
        await _wait_until_ended(backend, workflow)
        await backend.enqueue([workflow, WorkflowRef("video_2", "quick")])
        assert await runs.until(2) == ["video_1", "video_2"]


async def test_a_new_epoch_is_a_new_workflow(tmp_path: Path) -> None:
    """An ended workflow can be started resumed under the next epoch."""
    runs = RunRecorder()
    runs.released.set()
    async with _backend(tmp_path, runs) as backend:
        await backend.enqueue([WorkflowRef("video_1", "quick", 0)])
        await _wait_until_ended(backend, WorkflowRef("video_1", "quick", 0))
        await backend.enqueue([WorkflowRef("video_1", "quick", 1)])
        assert await runs.until(2) == ["video_1", "video_1"]


async def test_the_concurrency_of_an_engine_is_respected(tmp_path: Path) -> None:
    """The queue holds back what exceeds the engine's limit."""
    runs = RunRecorder()
    async with _backend(tmp_path, runs, concurrency=2) as backend:
        await backend.enqueue([WorkflowRef(f"video_{number}", "quick") for number in range(5)])
        for started in range(2, 6):
            assert len(await runs.until(started)) == started
            runs.single.release()
        runs.released.set()
    assert runs.max_running == 2


async def test_the_queue_runs_by_priority_then_by_start(tmp_path: Path) -> None:
    """Another account's first video waits for one video of an account that started five before it, not for five."""
    runs, turns = RunRecorder(), {"busy_1": 1, "busy_2": 2, "busy_3": 3, "busy_4": 4, "single": 1}
    async with _backend(tmp_path, runs, concurrency=1) as backend:
        await backend.enqueue([WorkflowRef(video_id, "quick") for video_id in turns], turns)
        for started in range(1, 6):
            await runs.until(started)
            runs.single.release()
    assert runs.started == ["busy_1", "single", "busy_2", "busy_3", "busy_4"]


async def test_a_stop_abandons_running_workflows_and_the_next_start_resumes_them(tmp_path: Path) -> None:
    """A stop waits for no workflow: this one would never end. It runs resumed under the same executor."""
    runs = RunRecorder()
    async with _backend(tmp_path, runs) as backend:
        await backend.enqueue([WorkflowRef("video_1", "quick")])
        await runs.until(1)
    assert (runs.running, runs.released.is_set()) == (0, False)
    resumed = RunRecorder()
    resumed.released.set()
    async with _backend(tmp_path, resumed) as backend:
        assert await resumed.until(1) == ["video_1"]
        await _wait_until_ended(backend, WorkflowRef("video_1", "quick"))


async def test_the_workflows_of_a_dead_process_are_adopted(tmp_path: Path) -> None:
    """Another executor runs them only after it adopted them."""
    runs, workflow = RunRecorder(), WorkflowRef("video_1", "quick")
    async with _backend(tmp_path, runs) as backend:
        await backend.enqueue([workflow])
        await runs.until(1)
    other = RunRecorder()
    other.released.set()
    async with _backend(tmp_path, other, "two") as backend:
        assert await backend.statuses([workflow, WorkflowRef("unknown", "quick")]) == {
            workflow: WorkflowStatus(ended=False)
        }
        assert other.started == []
        assert await backend.adopt("one") == 1
        assert await other.until(1) == ["video_1"]


async def test_a_process_without_workers_only_starts_workflows(tmp_path: Path) -> None:
    """It polls none of our queues, only the library's own; a process with workers runs the workflow."""
    idle, runs, workflow = RunRecorder(), RunRecorder(), WorkflowRef("video_1", "quick")
    async with _backend(tmp_path, idle, "front", listen=False) as backend:
        await backend.enqueue([workflow])
        await until_async(lambda: f"queue-worker-{INTERNAL_QUEUE_NAME}" in _threads())
        assert "queue-worker-quick" not in _threads()
    assert idle.started == []
    async with _backend(tmp_path, runs, "worker"):
        assert await runs.until(1) == ["video_1"]


async def test_history_can_be_pruned(tmp_path: Path) -> None:
    """Ended workflows are deleted; running ones are not."""
    runs = RunRecorder()
    runs.released.set()
    async with _backend(tmp_path, runs) as backend:
        ended = WorkflowRef("video_1", "quick")
        await backend.enqueue([ended])
        await _wait_until_ended(backend, ended)
        runs.released.clear()
        running = WorkflowRef("video_2", "quick")
        await backend.enqueue([running])
        await runs.until(2)
        assert await backend.prune(time.time() + 60) == 1
        assert await backend.statuses([ended, running]) == {running: WorkflowStatus(ended=False)}


async def test_our_own_threads_survive_its_stop(tmp_path: Path) -> None:
    """The library would make its pool the loop's default and shut it down when it stops."""
    async with _backend(tmp_path, RunRecorder()) as backend:
        await backend.enqueue([WorkflowRef("video_1", "quick")])
    assert await asyncio.to_thread(lambda: "alive") == "alive"


async def test_workflows_survive_an_upgrade(tmp_path: Path) -> None:
    """The version is pinned, as a derived one would strand running workflows; the format is JSON, no pickle."""
    async with _backend(tmp_path, RunRecorder(), listen=False) as backend:
        await backend.enqueue([WorkflowRef("video_1", "quick")])
    engine = sqlite_engine(tmp_path / "flow.sqlite")
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT application_version, serialization FROM workflow_status")).all()
    engine.dispose()
    assert [tuple(row) for row in rows] == [(FLOW_VERSION, "portable_json")]


def test_no_acknowledged_write_is_lost(tmp_path: Path) -> None:
    """Write-ahead log, synced at every commit."""
    engine = sqlite_engine(tmp_path / "flow.sqlite")
    with engine.connect() as connection:
        assert connection.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(sa.text("PRAGMA synchronous")).scalar() == 2
    engine.dispose()


def test_sqlite_returns_fractions_of_a_second(tmp_path: Path) -> None:
    """Old SQLite lacks unixepoch('subsec'); on Python 3.11 whole seconds would double the rate limit."""
    engine = sqlite_engine(tmp_path / "flow.sqlite")
    with engine.connect() as connection:
        for clock in ("unixepoch('subsec')", "strftime('%s', 'now')"):
            before = time.time()
            times = [float(connection.execute(sa.text(f"SELECT {clock} * 1")).scalar_one()) for _ in range(10)]
            after = time.time()
            assert sorted([int(before), *times, after]) == [int(before), *times, after]
            assert any(moment % 1 for moment in times)
    engine.dispose()


@pytest.mark.parametrize(("running", "seconds"), [(0, 0.2), (50, 0.2), (4000, 0.2), (20_000, 1.0)])
def test_queues_are_polled_rarely_while_thousands_run(running: int, seconds: float) -> None:
    """Each poll counts all running workflows; with few of them the interval is as short as ever."""
    assert poll_interval(running) == seconds
