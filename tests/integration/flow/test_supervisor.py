"""The whole flow: a real store, storage, durable engine and test card."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

from tests.support.polling import until_async

from filmgate.config.routing import Route, RouteTarget
from filmgate.domain import Status, VideoError, VideoRecord
from filmgate.engines.base import Capabilities, Engine, JobState, JobStatus
from filmgate.engines.testcard import TestcardEngine
from filmgate.flow.circuit_breaker import CircuitBreaker
from filmgate.flow.dispatcher import Dispatcher
from filmgate.flow.supervisor import FlowSupervisor
from filmgate.testing.harness import MODEL, FlowHarness
from filmgate.testing.scripted import ScriptedEngine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

SOON = 90.0


@asynccontextmanager
async def _flow(
    harness: FlowHarness,
    folder: Path,
    *,
    executor_id: str = "one",
    delay: float = 0.0,
    concurrency: int = 4,
    worker: bool = True,
    clock: Callable[[], float] = time.time,
    engine: TestcardEngine | None = None,
) -> AsyncIterator[FlowSupervisor]:
    engine = engine or TestcardEngine(delay=delay, concurrency=concurrency)
    flow = FlowSupervisor(
        harness.store,
        harness.storage,
        {engine.name: engine},
        data=folder,
        executor_id=executor_id,
        retention=3600.0,
        clock=clock,
        worker=worker,
    )
    await flow.start()
    try:
        yield flow
    finally:
        await flow.stop()
        await engine.stop()


async def _accept(harness: FlowHarness, *, at: float | None = None) -> VideoRecord:
    harness.clock.now = at or time.time()
    return await harness.accept(engine="testcard")


def _executors(folder: Path, video: VideoRecord) -> list[str]:
    """Who has the video's flows, which DBOS names after it."""
    with closing(sqlite3.connect(folder / "flow.sqlite")) as rows:
        found = rows.execute(
            "SELECT executor_id FROM workflow_status WHERE workflow_uuid LIKE ?", (f"%{video.id}%",)
        ).fetchall()
    return [executor for (executor,) in found]


async def _ended(harness: FlowHarness, video: VideoRecord) -> VideoRecord:
    async with asyncio.timeout(SOON):
        while not (now := await harness.reload(video)).finished:
            await harness.store.notifier.wait(video.id, now.version, SOON)
    return now


async def _seen(harness: FlowHarness, video: VideoRecord, status: Status) -> None:
    async with asyncio.timeout(SOON):
        while (now := await harness.reload(video)).status is not status:
            await harness.store.notifier.wait(video.id, now.version, SOON)


async def test_a_woken_video_is_made(harness: FlowHarness, tmp_path: Path) -> None:
    """From the commit to the film without another word."""
    async with _flow(harness, tmp_path) as flow:
        during = flow.ready
        video = await _accept(harness)
        flow.wake(video)
        assert (await _ended(harness, video)).status is Status.COMPLETED
    assert (during, flow.ready) == (True, False)
    assert len(await harness.stored_keys()) == 4


async def test_many_at_once_all_end(harness: FlowHarness, tmp_path: Path) -> None:
    """More than fit at once wait for their turn; none is made twice."""
    async with _flow(harness, tmp_path, concurrency=2) as flow:
        videos = [await _accept(harness) for _ in range(12)]
        for video in videos:
            flow.wake(video)
        ended = [await _ended(harness, video) for video in videos]
    assert {(video.status, video.attempts) for video in ended} == {(Status.COMPLETED, 1)}
    assert await harness.balance() == 10_000 - 12 * 500


async def test_a_video_that_nobody_woke_is_found(harness: FlowHarness, tmp_path: Path) -> None:
    """Whoever accepted it died before it could start the flow."""
    video = await _accept(harness, at=time.time() - 60)
    async with _flow(harness, tmp_path):
        assert (await _ended(harness, video)).status is Status.COMPLETED


async def test_what_was_interrupted_goes_on(harness: FlowHarness, tmp_path: Path) -> None:
    """A stop does not wait for the film, which takes a minute, and leaves the row as it is; the next start makes it."""
    async with _flow(harness, tmp_path, delay=60.0) as flow:
        video = await _accept(harness)
        flow.wake(video)
        await _seen(harness, video, Status.IN_PROGRESS)
    assert (await harness.reload(video)).stage == "watching"
    async with _flow(harness, tmp_path):
        ended = await _ended(harness, video)
    assert (ended.status, ended.attempts) == (Status.COMPLETED, 2)


async def test_a_damaged_queue_file_loses_nothing(harness: FlowHarness, tmp_path: Path) -> None:
    """The rows are the truth: without the durable engine's own file every unfinished video starts anew."""
    video = await _accept(harness, at=time.time() - 60)
    (tmp_path / "flow.sqlite").write_bytes(b"This was a database once. " * 1000)
    async with _flow(harness, tmp_path):
        assert (await _ended(harness, video)).status is Status.COMPLETED


async def test_a_waiting_video_is_cancelled_at_once(harness: FlowHarness, tmp_path: Path) -> None:
    """A cancel need not wait for the queue in which its video stands."""
    async with _flow(harness, tmp_path, delay=60.0, concurrency=1) as flow:
        first, second = await _accept(harness), await _accept(harness)
        for video in (first, second):
            flow.wake(video)
        await _seen(harness, first, Status.IN_PROGRESS)
        for video in (second, first):
            flow.wake(await harness.store.videos.request_cancel(video.id, video.account_id, time.time()))
            ended = await _ended(harness, video)
            assert ended.error is not None
            assert ended.error.code == "cancelled"
    assert await harness.balance() == 10_000


async def test_a_cancel_by_another_process_is_heard(harness: FlowHarness, tmp_path: Path) -> None:
    """Whoever runs the video looks for cancels once a second."""
    async with _flow(harness, tmp_path, delay=60.0) as flow:
        video = await _accept(harness)
        flow.wake(video)
        await _seen(harness, video, Status.IN_PROGRESS)
        await harness.store.videos.request_cancel(video.id, video.account_id, time.time())
        assert (await _ended(harness, video)).status is Status.FAILED


async def test_a_front_process_leaves_the_work_to_others(harness: FlowHarness, tmp_path: Path) -> None:
    """Without workers a process starts flows that others run."""
    async with _flow(harness, tmp_path, executor_id="front", worker=False) as flow:
        video = await _accept(harness)
        flow.wake(video)
        await until_async(lambda: _executors(tmp_path, video))
        assert (await harness.reload(video)).stage == "accepted"
    async with _flow(harness, tmp_path, executor_id="worker"):
        assert (await _ended(harness, video)).status is Status.COMPLETED
        assert _executors(tmp_path, video) == ["worker"]


class Moody(TestcardEngine):
    """A test card that breaks its contract at the first look."""

    looks = 0

    async def poll(self, ticket: str) -> JobStatus:
        """Break, once."""
        self.looks += 1
        if self.looks == 1:
            raise KeyError(ticket)
        return await super().poll(ticket)


async def test_an_engine_that_breaks_its_contract_is_tried_again(harness: FlowHarness, tmp_path: Path) -> None:
    """Whatever an engine raises, its video stays in somebody's hands."""
    engine = Moody()
    async with _flow(harness, tmp_path, engine=engine) as flow:
        video = await _accept(harness)
        flow.wake(video)
        assert (await _ended(harness, video)).status is Status.COMPLETED
    assert engine.looks == 2


async def test_files_past_their_time_go_at_the_start(harness: FlowHarness, tmp_path: Path) -> None:
    """The sweeps run at once, not only minutes later."""
    async with _flow(harness, tmp_path) as flow:
        video = await _accept(harness)
        flow.wake(video)
        await _ended(harness, video)

    async def is_empty() -> bool:
        return not await harness.stored_keys()

    async with _flow(harness, tmp_path, clock=lambda: time.time() + 7200):
        await until_async(is_empty)


async def test_a_failover_goes_through_the_other_engines_queue(
    harness: FlowHarness, tmp_path: Path, film: bytes
) -> None:
    """The first engine fails the video, the second one's queue takes it up, and the client sees one film."""
    failed = JobStatus(state=JobState.FAILED, error=VideoError("engine_error", "It broke."))
    paid = Capabilities(paid=True)
    first = ScriptedEngine(paid, name="first", identity="1", poll_results=[failed])
    second = ScriptedEngine(paid, name="second", identity="2", fetch_results=[film])
    engines: dict[str, Engine] = {"first": first, "second": second}
    route = Route(targets=(RouteTarget("first"), RouteTarget("second")))
    flow = FlowSupervisor(
        harness.store,
        harness.storage,
        engines,
        data=tmp_path,
        executor_id="one",
        retention=3600.0,
        clock=time.time,
        dispatcher=Dispatcher({MODEL: route}, engines, CircuitBreaker(time.time)),
    )
    await flow.start()
    harness.clock.now = time.time()
    video = await harness.accept(engine="first")
    flow.wake(video)
    ended = await _ended(harness, video)
    await flow.stop()
    assert (ended.status, ended.engine, ended.failovers, ended.epoch) == (Status.COMPLETED, "second", 1, 1)
    assert (len(first.submitted), len(second.submitted)) == (1, 1)
    assert await harness.balance() == 9_500
