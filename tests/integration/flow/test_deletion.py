"""A video that is deleted while it is made: the money is released once, and the engine's job is cancelled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from filmgate.domain import AssetKind, Status, VideoRecord
from filmgate.engines.base import Capabilities, JobState, JobStatus
from filmgate.errors import VideoNotFound
from filmgate.testing.harness import FlowHarness
from filmgate.testing.scripted import DONE, ScriptedEngine

if TYPE_CHECKING:
    from filmgate.engines.base import Artifact

BALANCE = 10_000
PAID = Capabilities(paid=True, submit_timeout=30)
WORKING = JobStatus(state=JobState.WORKING, progress=10.0, poll_after=1.0)


def _delete(harness: FlowHarness, video: VideoRecord) -> Callable[[], Awaitable[object]]:
    return lambda: harness.store.videos.cancel_and_delete(video.id, video.account_id, harness.clock())


async def _run(harness: FlowHarness, engine: ScriptedEngine, video: VideoRecord) -> None:
    await harness.build_executor(engine)(video.id)


async def _expect_gone(harness: FlowHarness, video: VideoRecord) -> None:
    """The owner sees nothing, the history its end, the ledger that it was free."""
    assert await harness.store.videos.get(video.id) is None
    assert (await harness.store.videos.history(video.id))[-1].error_code == "cancelled"
    assert await harness.balance() == BALANCE
    assert await harness.store.ledger.audit() == []


async def test_a_deletion_reaches_the_engine(harness: FlowHarness) -> None:
    """A job that is being watched is cancelled, once."""
    video, engine = await harness.accept(), ScriptedEngine(PAID, poll_results=[WORKING])
    harness.clock.on_next_sleep = _delete(harness, video)
    await _run(harness, engine, video)
    assert engine.cancelled == ["ticket"]
    await _expect_gone(harness, video)


async def test_a_deletion_before_a_crash_reaches_the_engine_after_the_restart(harness: FlowHarness) -> None:
    """The interrupted executor is started again, and finds the tombstone."""
    video, engine = await harness.accept(), ScriptedEngine(PAID)
    await harness.store.videos.record_intent(video.id, "token", harness.clock())
    await harness.store.videos.record_ticket(video.id, "token", "ticket", harness.clock())
    await _delete(harness, video)()
    await _run(harness, engine, video)
    assert (engine.cancelled, engine.polled) == (["ticket"], [])
    await _expect_gone(harness, video)


async def test_a_deletion_before_the_submission_submits_nothing(harness: FlowHarness) -> None:
    """And a second one does not find the video."""
    video, engine = await harness.accept(), ScriptedEngine(PAID)
    await _delete(harness, video)()
    await _run(harness, engine, video)
    assert (engine.submitted, engine.cancelled) == ([], [])
    await _expect_gone(harness, video)
    with pytest.raises(VideoNotFound):
        await _delete(harness, video)()


async def test_a_deletion_during_the_submission_cancels_what_was_submitted(harness: FlowHarness) -> None:
    """The ticket arrives when the row is gone."""
    video, engine = await harness.accept(), ScriptedEngine(PAID)
    submit = engine.submit

    async def overtaken(job: object) -> str:
        ticket = await submit(job)  # type: ignore[arg-type] # a job, as the protocol says
        await _delete(harness, video)()
        return ticket

    engine.submit = overtaken  # type: ignore[method-assign] # the moment of the deletion
    await _run(harness, engine, video)
    assert engine.cancelled == ["ticket"]
    await _expect_gone(harness, video)


async def test_a_deletion_during_the_download_leaves_no_file(harness: FlowHarness, mp4: bytes) -> None:
    """The video can't complete any more."""
    video, engine = await harness.accept(), ScriptedEngine(PAID, fetch_results=[mp4])
    fetch = engine.fetch

    async def overtaken(ticket: str, into: object) -> Artifact:
        artifact = await fetch(ticket, into)  # type: ignore[arg-type] # a path, as the protocol says
        await _delete(harness, video)()
        return artifact

    engine.fetch = overtaken  # type: ignore[method-assign] # the moment of the deletion
    await _run(harness, engine, video)
    assert await harness.stored_keys() == []
    await _expect_gone(harness, video)


@pytest.mark.parametrize(("cancels", "polls"), [(False, 3), (True, 1)])
async def test_a_job_that_cannot_be_cancelled_keeps_its_slot(
    harness: FlowHarness, *, cancels: bool, polls: int
) -> None:
    """The video is gone at once, its executor only with the job."""
    capabilities = replace(PAID, cancels=cancels, concurrency=1)
    video = await harness.accept()
    engine = ScriptedEngine(capabilities, poll_results=[WORKING, WORKING, JobStatus(state=JobState.FAILED)])
    harness.clock.on_next_sleep = _delete(harness, video)
    await _run(harness, engine, video)
    assert len(engine.polled) == polls
    await _expect_gone(harness, video)


async def test_a_finished_video_is_only_deleted(harness: FlowHarness, mp4: bytes) -> None:
    """It stays charged, its files go, and no engine is called."""
    engine = ScriptedEngine(PAID, poll_results=[DONE], fetch_results=[mp4])
    video = await harness.run_to_end(engine, await harness.accept())
    assert video.status is Status.COMPLETED
    assets = await harness.store.videos.assets(video.id)
    keys = await harness.store.videos.cancel_and_delete(video.id, video.account_id, harness.clock())
    assert assets[AssetKind.VIDEO].key in keys
    assert await harness.store.videos.abandoned(video.id) is None
    assert await harness.balance() == BALANCE - video.price_micros
    assert engine.cancelled == []
