"""The whole supervisor: a real store, storage, workflow backend and test card."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

from msgspec.structs import replace
from tests.support.polling import until_async

from filmgate.config.routing import Route, RouteTarget
from filmgate.domain import Status, VideoError, VideoRecord
from filmgate.engines.base import Capabilities, Engine, JobState, JobStatus
from filmgate.engines.testcard import TestcardEngine
from filmgate.flow.circuit_breaker import CircuitBreaker
from filmgate.flow.dispatcher import Dispatcher
from filmgate.flow.supervisor import EXPIRY_DELAY, FlowSupervisor
from filmgate.testing.harness import MODEL, FlowHarness
from filmgate.testing.scripted import ScriptedEngine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

TIMEOUT = 90.0


@asynccontextmanager
async def _supervisor(
    harness: FlowHarness,
    folder: Path,
    *,
    executor_id: str = "one",
    delay: float = 0.0,
    concurrency: int = 4,
    worker: bool = True,
    clock: Callable[[], float] = time.time,
    engine: TestcardEngine | None = None,
    expiry_delay: float = EXPIRY_DELAY,
) -> AsyncIterator[FlowSupervisor]:
    engine = engine or TestcardEngine(delay=delay, concurrency=concurrency)
    supervisor = FlowSupervisor(
        harness.store,
        harness.storage,
        {engine.name: engine},
        data=folder,
        executor_id=executor_id,
        retention=3600.0,
        clock=clock,
        worker=worker,
        expiry_delay=expiry_delay,
    )
    await supervisor.start()
    try:
        yield supervisor
    finally:
        await supervisor.stop()
        await engine.stop()


async def _accept(harness: FlowHarness, *, at: float | None = None) -> VideoRecord:
    harness.clock.now = at or time.time()
    return await harness.accept(engine="testcard")


def _executors(folder: Path, video: VideoRecord) -> list[str]:
    """Return the executors of the video's workflows, whose ids DBOS derives from it."""
    with closing(sqlite3.connect(folder / "flow.sqlite")) as rows:
        executor_rows = rows.execute(
            "SELECT executor_id FROM workflow_status WHERE workflow_uuid LIKE ?", (f"%{video.id}%",)
        ).fetchall()
    return [executor for (executor,) in executor_rows]


async def _wait_until_finished(harness: FlowHarness, video: VideoRecord) -> VideoRecord:
    async with asyncio.timeout(TIMEOUT):
        while not (current := await harness.reload(video)).finished:
            await harness.store.notifier.wait(video.id, current.version, TIMEOUT)
    return current


async def _wait_for_status(harness: FlowHarness, video: VideoRecord, status: Status) -> None:
    async with asyncio.timeout(TIMEOUT):
        while (current := await harness.reload(video)).status is not status:
            await harness.store.notifier.wait(video.id, current.version, TIMEOUT)


async def test_a_woken_video_is_completed(harness: FlowHarness, tmp_path: Path) -> None:
    """From the commit to the video file without another call."""
    async with _supervisor(harness, tmp_path) as supervisor:
        ready_inside = supervisor.ready
        video = await _accept(harness)
        supervisor.wake(video)
        assert (await _wait_until_finished(harness, video)).status is Status.COMPLETED
    assert (ready_inside, supervisor.ready) == (True, False)
    assert len(await harness.stored_keys()) == 4


async def test_many_videos_at_once_all_complete(harness: FlowHarness, tmp_path: Path) -> None:
    """Videos above the concurrency limit wait; none is made twice."""
    async with _supervisor(harness, tmp_path, concurrency=2) as supervisor:
        videos = [await _accept(harness) for _ in range(12)]
        for video in videos:
            supervisor.wake(video)
        ended = [await _wait_until_finished(harness, video) for video in videos]
    assert {(video.status, video.attempts) for video in ended} == {(Status.COMPLETED, 1)}
    assert await harness.balance() == 10_000 - 12 * 500


async def test_a_video_without_a_wake_is_found(harness: FlowHarness, tmp_path: Path) -> None:
    """Its process died before it could start the workflow."""
    video = await _accept(harness, at=time.time() - 60)
    async with _supervisor(harness, tmp_path):
        assert (await _wait_until_finished(harness, video)).status is Status.COMPLETED


async def test_an_interrupted_video_is_resumed(harness: FlowHarness, tmp_path: Path) -> None:
    """A stop does not wait for the video, which takes a minute, and keeps the row; the next start completes it."""
    async with _supervisor(harness, tmp_path, delay=60.0) as supervisor:
        video = await _accept(harness)
        supervisor.wake(video)
        await _wait_for_status(harness, video, Status.IN_PROGRESS)
    assert (await harness.reload(video)).stage == "watching"
    async with _supervisor(harness, tmp_path):
        ended = await _wait_until_finished(harness, video)
    assert (ended.status, ended.attempts) == (Status.COMPLETED, 2)


async def test_a_damaged_queue_file_loses_nothing(harness: FlowHarness, tmp_path: Path) -> None:
    """The rows are authoritative: without the backend's own file every unfinished video starts anew."""
    video = await _accept(harness, at=time.time() - 60)
    (tmp_path / "flow.sqlite").write_bytes(b"This was a database once. " * 1000)
    async with _supervisor(harness, tmp_path):
        assert (await _wait_until_finished(harness, video)).status is Status.COMPLETED


async def test_a_waiting_video_is_cancelled_at_once(harness: FlowHarness, tmp_path: Path) -> None:
    """A cancellation need not wait for the queue that holds the video."""
    async with _supervisor(harness, tmp_path, delay=60.0, concurrency=1) as supervisor:
        first, second = await _accept(harness), await _accept(harness)
        for video in (first, second):
            supervisor.wake(video)
        await _wait_for_status(harness, first, Status.IN_PROGRESS)
        for video in (second, first):
            supervisor.wake(await harness.store.videos.request_cancel(video.id, video.account_id, time.time()))
            ended = await _wait_until_finished(harness, video)
            assert ended.error is not None
            assert ended.error.code == "cancelled"
    assert await harness.balance() == 10_000


async def test_a_deleted_running_video_frees_its_slot_at_once(harness: FlowHarness, tmp_path: Path) -> None:
    """Its engine stops, and makes the next one."""
    async with _supervisor(harness, tmp_path, delay=60.0, concurrency=1) as supervisor:
        first, second = await _accept(harness), await _accept(harness)
        for video in (first, second):
            supervisor.wake(video)
        await _wait_for_status(harness, first, Status.IN_PROGRESS)
        await harness.store.videos.cancel_and_delete(first.id, first.account_id, time.time())
        supervisor.wake(replace(first, cancel_requested=True))
        await _wait_for_status(harness, second, Status.IN_PROGRESS)
    assert await harness.store.videos.get(first.id) is None


async def test_a_cancellation_by_another_process_is_noticed(harness: FlowHarness, tmp_path: Path) -> None:
    """The process that runs the video checks for cancellations once a second."""
    async with _supervisor(harness, tmp_path, delay=60.0) as supervisor:
        video = await _accept(harness)
        supervisor.wake(video)
        await _wait_for_status(harness, video, Status.IN_PROGRESS)
        await harness.store.videos.request_cancel(video.id, video.account_id, time.time())
        assert (await _wait_until_finished(harness, video)).status is Status.FAILED


async def test_a_front_process_leaves_the_work_to_workers(harness: FlowHarness, tmp_path: Path) -> None:
    """Without workers a process starts workflows that others run."""
    async with _supervisor(harness, tmp_path, executor_id="front", worker=False) as supervisor:
        video = await _accept(harness)
        supervisor.wake(video)
        await until_async(lambda: _executors(tmp_path, video))
        assert (await harness.reload(video)).stage == "accepted"
    async with _supervisor(harness, tmp_path, executor_id="worker"):
        assert (await _wait_until_finished(harness, video)).status is Status.COMPLETED
        assert _executors(tmp_path, video) == ["worker"]


class CrashingEngine(TestcardEngine):
    """A test card that breaks its contract at the first poll."""

    polls = 0

    async def poll(self, ticket: str) -> JobStatus:
        """Raise, once."""
        self.polls += 1
        if self.polls == 1:
            raise KeyError(ticket)
        return await super().poll(ticket)


async def test_an_engine_that_breaks_its_contract_is_retried(harness: FlowHarness, tmp_path: Path) -> None:
    """Whatever an engine raises, its video is not abandoned."""
    engine = CrashingEngine()
    async with _supervisor(harness, tmp_path, engine=engine) as supervisor:
        video = await _accept(harness)
        supervisor.wake(video)
        assert (await _wait_until_finished(harness, video)).status is Status.COMPLETED
    assert engine.polls == 2


async def test_expired_files_are_removed_a_while_after_the_start(harness: FlowHarness, tmp_path: Path) -> None:
    """A clock that is hours ahead at the start removes nothing; other cleanup runs at once."""
    async with _supervisor(harness, tmp_path) as supervisor:
        video = await _accept(harness)
        supervisor.wake(video)
        await _wait_until_finished(harness, video)

    kept = await harness.stored_keys()
    orphan = harness.folder / "files" / "kept" / "videos" / "ab" / "video_ab.mp4"
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"x")

    async def is_empty() -> bool:
        return not await harness.stored_keys()

    async with _supervisor(harness, tmp_path, clock=lambda: time.time() + 7200):
        await until_async(lambda: not orphan.exists())
        assert await harness.stored_keys() == kept
    async with _supervisor(harness, tmp_path, clock=lambda: time.time() + 7200, expiry_delay=0.0):
        await until_async(is_empty)


async def test_a_failover_goes_through_the_other_engines_queue(
    harness: FlowHarness, tmp_path: Path, mp4: bytes
) -> None:
    """The first engine fails the video, the second one's queue runs it, and the client sees one video."""
    failed = JobStatus(state=JobState.FAILED, error=VideoError("engine_error", "It broke."))
    paid = Capabilities(paid=True)
    first = ScriptedEngine(paid, name="first", identity="1", poll_results=[failed])
    second = ScriptedEngine(paid, name="second", identity="2", fetch_results=[mp4])
    engines: dict[str, Engine] = {"first": first, "second": second}
    route = Route(targets=(RouteTarget("first"), RouteTarget("second")))
    supervisor = FlowSupervisor(
        harness.store,
        harness.storage,
        engines,
        data=tmp_path,
        executor_id="one",
        retention=3600.0,
        clock=time.time,
        dispatcher=Dispatcher({MODEL: route}, engines, CircuitBreaker(time.time)),
    )
    await supervisor.start()
    harness.clock.now = time.time()
    video = await harness.accept(engine="first")
    supervisor.wake(video)
    ended = await _wait_until_finished(harness, video)
    await supervisor.stop()
    assert (ended.status, ended.engine, ended.failovers, ended.epoch) == (Status.COMPLETED, "second", 1, 1)
    assert (len(first.submitted), len(second.submitted)) == (1, 1)
    assert await harness.balance() == 9_500
