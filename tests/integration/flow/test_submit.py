"""Shutdown and disk faults during a submission: no answer is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from filmgate.domain import Status, VideoRecord
from filmgate.engines.base import Capabilities, Job
from filmgate.errors import StorageFault
from filmgate.flow import retry
from filmgate.testing.scripted import ScriptedEngine

if TYPE_CHECKING:
    from filmgate.testing.harness import FlowHarness

PAID = Capabilities(paid=True, submit_timeout=30)


class SlowEngine(ScriptedEngine):
    """An engine that answers a submission when released."""

    def __init__(self) -> None:
        super().__init__(PAID)
        self.submitting, self.released = asyncio.Event(), asyncio.Event()

    async def submit(self, job: Job) -> str:
        """Return the ticket."""
        self.submitting.set()
        await self.released.wait()
        return await super().submit(job)


async def _shut_down(harness: FlowHarness, video: VideoRecord, engine: SlowEngine, *, answered: bool) -> VideoRecord:
    task = asyncio.create_task(harness.build_executor(engine)(video.id))
    await engine.submitting.wait()
    task.cancel()
    asyncio.get_running_loop().call_later(0.05, engine.released.set if answered else lambda: None)
    with pytest.raises(asyncio.CancelledError):
        await task
    return await harness.reload(video)


async def test_a_shutdown_waits_for_a_pending_answer(harness: FlowHarness) -> None:
    """A server is stopped for every upgrade: a video that is being paid for at that moment is not lost."""
    stopped = await _shut_down(harness, await harness.accept(), SlowEngine(), answered=True)
    assert (stopped.stage, stopped.ticket) == ("watching", "ticket")


async def test_a_shutdown_does_not_wait_forever(harness: FlowHarness) -> None:
    """A late answer is resolved at the next start, as after a crash."""
    engine = SlowEngine()
    stopped = await _shut_down(harness, await harness.accept(), engine, answered=False)
    assert (stopped.stage, engine.submitted) == ("submitting", [])


async def test_a_ticket_survives_a_full_disk(harness: FlowHarness, mp4: bytes) -> None:
    """The upstream's answer is kept in memory until it can be written."""
    engine = ScriptedEngine(PAID, fetch_results=[mp4])
    _fill_disk(harness, 3)
    assert (await harness.run_to_end(engine, await harness.accept())).status is Status.COMPLETED
    assert len(engine.submitted) == 1


async def test_a_disk_that_stays_full_ends_the_wait(harness: FlowHarness) -> None:
    """After a quarter of an hour the executor crashes, and its successor finds an unknown outcome."""
    started_at, video = harness.clock(), await harness.accept()
    _fill_disk(harness, 10**6)
    with pytest.raises(StorageFault):
        await harness.run_to_end(ScriptedEngine(PAID), video)
    assert retry.SUBMIT_LIMIT <= harness.clock() - started_at < retry.SUBMIT_LIMIT + 60


def _fill_disk(harness: FlowHarness, writes: int) -> None:
    """Let so many writes of tickets fail."""
    record_ticket, faults = harness.store.videos.record_ticket, iter(range(writes))

    async def record_or_fail(video_id: str, token: str, ticket: str, now: float) -> bool:
        if next(faults, None) is not None:
            raise StorageFault
        return await record_ticket(video_id, token, ticket, now)

    harness.store.videos.record_ticket = record_or_fail  # type: ignore[method-assign] # a disk that is full for a while
