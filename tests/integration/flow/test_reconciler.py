"""What keeps every accepted video in somebody's hands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate.flow import failure_codes
from filmgate.flow.reconciler import (
    HEARTBEAT_TIMEOUT,
    MIN_IDLE,
    REMOVED_ENGINE_LIMIT,
    WORKFLOW_RETENTION,
    Reconciler,
    WorkflowRef,
    WorkflowStatus,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from filmgate.domain import VideoRecord
    from filmgate.testing.harness import FlowHarness


class Flows:
    """A durable engine in memory."""

    def __init__(self) -> None:
        self.fate: dict[WorkflowRef, WorkflowStatus] = {}
        self.asked: list[WorkflowRef] = []
        self.adopted: list[str] = []
        self.old = 0  # flows that ended long ago
        self.pruned: list[float] = []

    async def enqueue(self, workflows: Collection[WorkflowRef]) -> None:
        """Start what was not started."""
        for start in workflows:
            self.fate.setdefault(start, WorkflowStatus(ended=False))

    async def statuses(self, workflows: Collection[WorkflowRef]) -> Mapping[WorkflowRef, WorkflowStatus]:
        """What is known of them."""
        self.asked += workflows
        return {start: self.fate[start] for start in workflows if start in self.fate}

    async def adopt(self, executor_id: str) -> int:
        """Note it."""
        self.adopted.append(executor_id)
        return 1

    async def prune(self, ended_before: float) -> int:
        """Note it; a page at a time."""
        self.pruned.append(ended_before)
        page = min(self.old, 500)
        self.old -= page
        return page


@pytest.fixture
def flows() -> Flows:
    """No flow yet."""
    return Flows()


def _reconciler(harness: FlowHarness, flows: Flows) -> Reconciler:
    async def give_up(video_id: str) -> None:
        await harness.store.videos.fail(video_id, failure_codes.ENGINE_REMOVED, harness.clock())

    return Reconciler(
        videos=harness.store.videos,
        workers=harness.store.workers,
        backend=flows,
        engines={"scripted"},
        executor_id="me",
        fail_removed=give_up,
        reassign=harness.build_executor().reassign_unsubmitted,
        clock=harness.clock,
    )


async def _at_rest(harness: FlowHarness) -> VideoRecord:
    video = await harness.accept()
    harness.clock.now += MIN_IDLE + 1
    return video


async def test_a_flow_that_was_never_started_is_started(harness: FlowHarness, flows: Flows) -> None:
    """The row is the outbox: a process that died after the commit has lost nothing."""
    video = await _at_rest(harness)
    assert await _reconciler(harness, flows).start_missing() == 1
    assert list(flows.fate) == [WorkflowRef(video.id, "scripted", 0)]


async def test_a_fresh_row_is_left_to_whoever_made_it(harness: FlowHarness, flows: Flows) -> None:
    """What was accepted a moment ago is being started by its own process."""
    await harness.accept()
    assert await _reconciler(harness, flows).start_missing() == 0


async def test_a_running_flow_is_left_alone(harness: FlowHarness, flows: Flows) -> None:
    """However long it takes."""
    video = await _at_rest(harness)
    flows.fate[WorkflowRef(video.id, "scripted", 0)] = WorkflowStatus(ended=False)
    assert await _reconciler(harness, flows).start_missing() == 0
    assert (await harness.reload(video)).epoch == 0


async def test_a_flow_that_ended_before_its_video_gets_a_successor(harness: FlowHarness, flows: Flows) -> None:
    """A new epoch is a new flow, started once whoever notices."""
    video = await _at_rest(harness)
    flows.fate[WorkflowRef(video.id, "scripted", 0)] = WorkflowStatus(ended=True)
    first, second = _reconciler(harness, flows), _reconciler(harness, flows)
    assert [await first.start_missing(), await second.start_missing()] == [1, 0]
    assert flows.fate[WorkflowRef(video.id, "scripted", 1)] == WorkflowStatus(ended=False)
    assert (await harness.reload(video)).epoch == 1


async def test_a_quick_pass_does_not_ask_twice(harness: FlowHarness, flows: Flows) -> None:
    """What is known to be started is asked for only by the thorough pass."""
    await _at_rest(harness)
    reconciler = _reconciler(harness, flows)
    await reconciler.start_missing()
    await reconciler.start_missing()
    assert len(flows.asked) == 1
    await reconciler.start_missing(check_all=True)
    assert len(flows.asked) == 2


async def test_what_was_just_started_is_not_asked_for(harness: FlowHarness, flows: Flows) -> None:
    """The common case costs the durable engine nothing."""
    video = await _at_rest(harness)
    reconciler = _reconciler(harness, flows)
    reconciler.mark_started([WorkflowRef(video.id, "scripted", 0)])
    await reconciler.start_missing()
    assert flows.asked == []


async def test_the_work_of_a_dead_process_is_taken_over_once(harness: FlowHarness, flows: Flows) -> None:
    """A process without a heartbeat is adopted and forgotten; the living and oneself are not."""
    for executor_id in ("dead", "me"):
        await harness.store.workers.record_heartbeat(executor_id, harness.clock())
    harness.clock.now += HEARTBEAT_TIMEOUT + 1
    await harness.store.workers.record_heartbeat("alive", harness.clock())
    reconciler = _reconciler(harness, flows)
    assert [await reconciler.adopt_orphans(), await reconciler.adopt_orphans()] == [1, 0]
    assert flows.adopted == ["dead"]


async def test_a_video_without_an_engine_waits_and_then_ends(harness: FlowHarness, flows: Flows) -> None:
    """An engine that left the configuration may come back for a day; then its videos fail, free of charge."""
    video = await harness.accept(engine="gone")
    harness.clock.now += MIN_IDLE + 1
    await _reconciler(harness, flows).start_missing()
    assert not (await harness.reload(video)).finished
    harness.clock.now += REMOVED_ENGINE_LIMIT
    await _reconciler(harness, flows).start_missing()
    assert (await harness.reload(video)).error == failure_codes.ENGINE_REMOVED
    assert await harness.balance() == 10_000


async def test_old_history_is_dropped(harness: FlowHarness, flows: Flows) -> None:
    """The durable engine would keep what ended for ever: all of it, however much ended since the last time."""
    flows.old = 1200
    assert await _reconciler(harness, flows).prune() == 1200
    assert flows.old == 0
    assert set(flows.pruned) == {harness.clock() - WORKFLOW_RETENTION}
