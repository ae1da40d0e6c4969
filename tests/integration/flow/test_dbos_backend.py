"""The durable engine: queues that survive, and the traps of the library behind them."""

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

SOON = 90.0


class Runs:
    """What was run, and a door at which every run waits; ``single`` lets one run through."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.running = 0
        self.most = 0  # at the same time
        self.changed = asyncio.Condition()
        self.door = asyncio.Event()
        self.single = asyncio.Semaphore(0)

    async def __call__(self, video_id: str) -> None:
        """One run."""
        async with self.changed:
            self.begun.append(video_id)
            self.running += 1
            self.most = max(self.most, self.running)
            self.changed.notify_all()
        try:
            await self._pass()
        finally:
            self.running -= 1

    async def _pass(self) -> None:
        ways = [asyncio.create_task(self.door.wait()), asyncio.create_task(self.single.acquire())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()

    async def until(self, count: int) -> list[str]:
        """Wait until so many have begun."""
        async with asyncio.timeout(SOON), self.changed:
            await self.changed.wait_for(lambda: len(self.begun) >= count)
        return self.begun


@asynccontextmanager
async def _durable(
    folder: Path, runs: Runs, executor_id: str = "one", *, listen: bool = True, at_once: int | None = None
) -> AsyncIterator[DbosBackend]:
    durable = DbosBackend(
        folder / "flow.sqlite", executor_id=executor_id, queues={"quick": at_once}, run=runs, listen=listen
    )
    await durable.start()
    try:
        yield durable
    finally:
        await durable.stop()


def _threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


async def _ended(durable: DbosBackend, start: WorkflowRef) -> None:
    async def has_ended() -> bool:
        return (await durable.statuses([start])).get(start) == WorkflowStatus(ended=True)

    await until_async(has_ended)


async def test_a_flow_runs_once_however_often_it_is_started(tmp_path: Path) -> None:
    """Starting is idempotent, so it may be repeated by whoever is not sure."""
    runs, start = Runs(), WorkflowRef("video_1", "quick")
    runs.door.set()
    async with _durable(tmp_path, runs) as durable:
        await durable.enqueue([start, start])
        await _ended(durable, start)
        await durable.enqueue([start, WorkflowRef("video_2", "quick")])
        assert await runs.until(2) == ["video_1", "video_2"]


async def test_a_new_epoch_is_a_new_flow(tmp_path: Path) -> None:
    """What ended can be started again under the next epoch."""
    runs = Runs()
    runs.door.set()
    async with _durable(tmp_path, runs) as durable:
        await durable.enqueue([WorkflowRef("video_1", "quick", 0)])
        await _ended(durable, WorkflowRef("video_1", "quick", 0))
        await durable.enqueue([WorkflowRef("video_1", "quick", 1)])
        assert await runs.until(2) == ["video_1", "video_1"]


async def test_an_engine_runs_as_many_at_once_as_it_can(tmp_path: Path) -> None:
    """The queue holds back what is too much for the engine."""
    runs = Runs()
    async with _durable(tmp_path, runs, at_once=2) as durable:
        await durable.enqueue([WorkflowRef(f"video_{number}", "quick") for number in range(5)])
        for begun in range(2, 6):
            assert len(await runs.until(begun)) == begun
            runs.single.release()
        runs.door.set()
    assert runs.most == 2


async def test_a_stop_abandons_running_flows_and_the_next_start_runs_them_again(tmp_path: Path) -> None:
    """A stop waits for no flow: this one would never end. It runs again under the same executor."""
    runs = Runs()
    async with _durable(tmp_path, runs) as durable:
        await durable.enqueue([WorkflowRef("video_1", "quick")])
        await runs.until(1)
    assert (runs.running, runs.door.is_set()) == (0, False)
    again = Runs()
    again.door.set()
    async with _durable(tmp_path, again) as durable:
        assert await again.until(1) == ["video_1"]
        await _ended(durable, WorkflowRef("video_1", "quick"))


async def test_the_flows_of_a_dead_process_are_adopted(tmp_path: Path) -> None:
    """Another executor runs them only once it was told to, and then does."""
    runs, start = Runs(), WorkflowRef("video_1", "quick")
    async with _durable(tmp_path, runs) as durable:
        await durable.enqueue([start])
        await runs.until(1)
    other = Runs()
    other.door.set()
    async with _durable(tmp_path, other, "two") as durable:
        assert await durable.statuses([start, WorkflowRef("unknown", "quick")]) == {start: WorkflowStatus(ended=False)}
        assert other.begun == []
        assert await durable.adopt("one") == 1
        assert await other.until(1) == ["video_1"]


async def test_a_process_without_workers_only_starts_flows(tmp_path: Path) -> None:
    """It polls no queue of ours, only the library's own; a process with workers runs the flow."""
    idle, runs, start = Runs(), Runs(), WorkflowRef("video_1", "quick")
    async with _durable(tmp_path, idle, "front", listen=False) as durable:
        await durable.enqueue([start])
        await until_async(lambda: f"queue-worker-{INTERNAL_QUEUE_NAME}" in _threads())
        assert "queue-worker-quick" not in _threads()
    assert idle.begun == []
    async with _durable(tmp_path, runs, "worker"):
        assert await runs.until(1) == ["video_1"]


async def test_history_is_forgotten(tmp_path: Path) -> None:
    """What ended can be dropped; what runs can't."""
    runs = Runs()
    runs.door.set()
    async with _durable(tmp_path, runs) as durable:
        done = WorkflowRef("video_1", "quick")
        await durable.enqueue([done])
        await _ended(durable, done)
        runs.door.clear()
        running = WorkflowRef("video_2", "quick")
        await durable.enqueue([running])
        await runs.until(2)
        assert await durable.prune(time.time() + 60) == 1
        assert await durable.statuses([done, running]) == {running: WorkflowStatus(ended=False)}


async def test_our_own_threads_survive_its_stop(tmp_path: Path) -> None:
    """The library would make its pool the loop's own and take it away when it stops."""
    async with _durable(tmp_path, Runs()) as durable:
        await durable.enqueue([WorkflowRef("video_1", "quick")])
    assert await asyncio.to_thread(lambda: "alive") == "alive"


async def test_flows_survive_an_upgrade(tmp_path: Path) -> None:
    """The version is pinned, for one made from the source would strand what runs; the format is JSON, no pickle."""
    async with _durable(tmp_path, Runs(), listen=False) as durable:
        await durable.enqueue([WorkflowRef("video_1", "quick")])
    engine = sqlite_engine(tmp_path / "flow.sqlite")
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT application_version, serialization FROM workflow_status")).all()
    engine.dispose()
    assert [tuple(row) for row in rows] == [(FLOW_VERSION, "portable_json")]


def test_no_acknowledged_write_is_lost(tmp_path: Path) -> None:
    """Write-ahead log, and synced at every commit."""
    engine = sqlite_engine(tmp_path / "flow.sqlite")
    with engine.connect() as connection:
        assert connection.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(sa.text("PRAGMA synchronous")).scalar() == 2
    engine.dispose()


def test_sqlite_tells_fractions_of_a_second(tmp_path: Path) -> None:
    """Old SQLite knows no unixepoch('subsec'); on Python 3.11 whole seconds would double the rate limit."""
    engine = sqlite_engine(tmp_path / "flow.sqlite")
    with engine.connect() as connection:
        for clock in ("unixepoch('subsec')", "strftime('%s', 'now')"):
            before = time.time()
            told = [float(connection.execute(sa.text(f"SELECT {clock} * 1")).scalar_one()) for _ in range(10)]
            after = time.time()
            assert sorted([int(before), *told, after]) == [int(before), *told, after]
            assert any(moment % 1 for moment in told)
    engine.dispose()


@pytest.mark.parametrize(("running", "seconds"), [(0, 0.2), (50, 0.2), (4000, 0.2), (20_000, 1.0)])
def test_queues_are_looked_into_rarely_while_thousands_run(running: int, seconds: float) -> None:
    """Each look counts all that runs; a few flows start as promptly as ever."""
    assert poll_interval(running) == seconds
