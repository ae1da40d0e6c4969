"""The moments around a submission: an answer that came is never thrown away."""

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


class Slow(ScriptedEngine):
    """Answers a submission when it is let go on."""

    def __init__(self) -> None:
        super().__init__(PAID)
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()

    async def submit(self, job: Job) -> str:
        """The ticket."""
        self.asked.set()
        await self.go_on.wait()
        return await super().submit(job)


async def _stopped(harness: FlowHarness, video: VideoRecord, engine: Slow, *, answered: bool) -> VideoRecord:
    driving = asyncio.create_task(harness.build_executor(engine)(video.id))
    await engine.asked.wait()
    driving.cancel()
    asyncio.get_running_loop().call_later(0.05, engine.go_on.set if answered else lambda: None)
    with pytest.raises(asyncio.CancelledError):
        await driving
    return await harness.reload(video)


async def test_a_stop_waits_for_the_answer_under_way(harness: FlowHarness) -> None:
    """A server is stopped for every upgrade: a film that is being paid for at that moment is not lost by it."""
    stopped = await _stopped(harness, await harness.accept(), Slow(), answered=True)
    assert (stopped.stage, stopped.ticket) == ("watching", "ticket")


async def test_a_stop_does_not_wait_for_ever(harness: FlowHarness) -> None:
    """What is not answered soon is cleared up at the next start, like after any death."""
    engine = Slow()
    stopped = await _stopped(harness, await harness.accept(), engine, answered=False)
    assert (stopped.stage, engine.submitted) == ("submitting", [])


async def test_a_ticket_outlasts_a_full_disk(harness: FlowHarness, film: bytes) -> None:
    """What the upstream answered is kept in mind until it can be written."""
    engine = ScriptedEngine(PAID, fetch_results=[film])
    _fill_disk(harness, 3)
    assert (await harness.run_to_end(engine, await harness.accept())).status is Status.COMPLETED
    assert len(engine.submitted) == 1


async def test_a_disk_that_stays_full_ends_the_wait(harness: FlowHarness) -> None:
    """After a quarter of an hour the drive stumbles, and what comes after it finds a submission in doubt."""
    began, video = harness.clock(), await harness.accept()
    _fill_disk(harness, 10**6)
    with pytest.raises(StorageFault):
        await harness.run_to_end(ScriptedEngine(PAID), video)
    assert retry.SUBMIT_LIMIT <= harness.clock() - began < retry.SUBMIT_LIMIT + 60


def _fill_disk(harness: FlowHarness, writes: int) -> None:
    """Let so many tickets be refused."""
    ticketed, left = harness.store.videos.record_ticket, iter(range(writes))

    async def refused(video_id: str, token: str, ticket: str, now: float) -> bool:
        if next(left, None) is not None:
            raise StorageFault
        return await ticketed(video_id, token, ticket, now)

    harness.store.videos.record_ticket = refused  # type: ignore[method-assign] # a disk that is full for a while
