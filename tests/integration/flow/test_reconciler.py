"""Reconciliation of rows and workflows."""

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


class FakeBackend:
    """A workflow backend in memory."""

    def __init__(self) -> None:
        self.workflows_by_ref: dict[WorkflowRef, WorkflowStatus] = {}
        self.checked: list[WorkflowRef] = []
        self.priorities: dict[str, int] = {}
        self.adopted: list[str] = []
        self.ended_count = 0  # workflows that ended long ago
        self.pruned: list[float] = []

    async def enqueue(self, workflows: Collection[WorkflowRef], priorities: Mapping[str, int]) -> None:
        """Start new ones."""
        self.priorities |= priorities
        for workflow in workflows:
            self.workflows_by_ref.setdefault(workflow, WorkflowStatus(ended=False))

    async def statuses(self, workflows: Collection[WorkflowRef]) -> Mapping[WorkflowRef, WorkflowStatus]:
        """Return the stored statuses."""
        self.checked += workflows
        return {
            workflow: self.workflows_by_ref[workflow] for workflow in workflows if workflow in self.workflows_by_ref
        }

    async def adopt(self, executor_id: str) -> int:
        """Record the call."""
        self.adopted.append(executor_id)
        return 1

    async def prune(self, ended_before: float) -> int:
        """Record the call; one page at a time."""
        self.pruned.append(ended_before)
        page = min(self.ended_count, 500)
        self.ended_count -= page
        return page


@pytest.fixture
def backend() -> FakeBackend:
    """A backend without workflows."""
    return FakeBackend()


def _reconciler(harness: FlowHarness, backend: FakeBackend) -> Reconciler:
    async def fail_removed(video_id: str) -> None:
        await harness.store.videos.fail(video_id, failure_codes.ENGINE_REMOVED, harness.clock())

    return Reconciler(
        videos=harness.store.videos,
        workers=harness.store.workers,
        backend=backend,
        engines={"scripted"},
        executor_id="me",
        fail_removed=fail_removed,
        reassign=harness.build_executor().reassign_unsubmitted,
        clock=harness.clock,
    )


async def _accept_idle(harness: FlowHarness) -> VideoRecord:
    video = await harness.accept()
    harness.clock.now += MIN_IDLE + 1
    return video


async def test_a_workflow_that_was_never_started_is_started(harness: FlowHarness, backend: FakeBackend) -> None:
    """The row is the outbox: a process that died after the commit has lost nothing."""
    video = await _accept_idle(harness)
    assert await _reconciler(harness, backend).start_missing() == 1
    assert list(backend.workflows_by_ref) == [WorkflowRef(video.id, "scripted", 0)]


async def test_workflows_are_started_by_their_turn_in_the_account(harness: FlowHarness, backend: FakeBackend) -> None:
    """The first video of each account has priority 1, however many another account has before it."""
    other = await harness.store.accounts.create_account("other", None)
    many = [await harness.accept() for _ in range(3)]
    single = await harness.accept(account_id=other.id)
    harness.clock.now += MIN_IDLE + 1
    await _reconciler(harness, backend).start_missing()
    assert [backend.priorities[video.id] for video in (*many, single)] == [1, 2, 3, 1]


async def test_a_new_row_is_left_to_its_own_process(harness: FlowHarness, backend: FakeBackend) -> None:
    """A video accepted a moment ago is being started by its own process."""
    await harness.accept()
    assert await _reconciler(harness, backend).start_missing() == 0


async def test_a_running_workflow_is_left_alone(harness: FlowHarness, backend: FakeBackend) -> None:
    """However long it takes."""
    video = await _accept_idle(harness)
    backend.workflows_by_ref[WorkflowRef(video.id, "scripted", 0)] = WorkflowStatus(ended=False)
    assert await _reconciler(harness, backend).start_missing() == 0
    assert (await harness.reload(video)).epoch == 0


async def test_a_workflow_that_ended_before_its_video_is_restarted(harness: FlowHarness, backend: FakeBackend) -> None:
    """A new epoch is a new workflow, started once by any number of processes."""
    video = await _accept_idle(harness)
    backend.workflows_by_ref[WorkflowRef(video.id, "scripted", 0)] = WorkflowStatus(ended=True)
    first, second = _reconciler(harness, backend), _reconciler(harness, backend)
    assert [await first.start_missing(), await second.start_missing()] == [1, 0]
    assert backend.workflows_by_ref[WorkflowRef(video.id, "scripted", 1)] == WorkflowStatus(ended=False)
    assert (await harness.reload(video)).epoch == 1


async def test_a_quick_pass_does_not_check_twice(harness: FlowHarness, backend: FakeBackend) -> None:
    """Only the full pass checks workflows already found running."""
    await _accept_idle(harness)
    reconciler = _reconciler(harness, backend)
    await reconciler.start_missing()
    await reconciler.start_missing()
    assert len(backend.checked) == 1
    await reconciler.start_missing(check_all=True)
    assert len(backend.checked) == 2


async def test_a_just_started_workflow_is_not_checked(harness: FlowHarness, backend: FakeBackend) -> None:
    """The common case costs the backend nothing."""
    video = await _accept_idle(harness)
    reconciler = _reconciler(harness, backend)
    reconciler.mark_started([WorkflowRef(video.id, "scripted", 0)])
    await reconciler.start_missing()
    assert backend.checked == []


async def test_the_workflows_of_a_dead_process_are_adopted_once(harness: FlowHarness, backend: FakeBackend) -> None:
    """A process without a heartbeat is adopted and deleted; live ones and this one are not."""
    for executor_id in ("dead", "me"):
        await harness.store.workers.record_heartbeat(executor_id, harness.clock())
    harness.clock.now += HEARTBEAT_TIMEOUT + 1
    await harness.store.workers.record_heartbeat("alive", harness.clock())
    reconciler = _reconciler(harness, backend)
    assert [await reconciler.adopt_orphans(), await reconciler.adopt_orphans()] == [1, 0]
    assert backend.adopted == ["dead"]


async def test_a_video_of_a_removed_engine_waits_a_day_and_fails(harness: FlowHarness, backend: FakeBackend) -> None:
    """An engine that left the configuration may return for a day; then its videos fail, free of charge."""
    video = await harness.accept(engine="gone")
    harness.clock.now += MIN_IDLE + 1
    await _reconciler(harness, backend).start_missing()
    assert not (await harness.reload(video)).finished
    harness.clock.now += REMOVED_ENGINE_LIMIT
    await _reconciler(harness, backend).start_missing()
    assert (await harness.reload(video)).error == failure_codes.ENGINE_REMOVED
    assert await harness.balance() == 10_000


async def test_old_history_is_deleted(harness: FlowHarness, backend: FakeBackend) -> None:
    """The backend would keep ended workflows forever: all pages are deleted, however many there are."""
    backend.ended_count = 1200
    assert await _reconciler(harness, backend).prune() == 1200
    assert backend.ended_count == 0
    assert set(backend.pruned) == {harness.clock() - WORKFLOW_RETENTION}
