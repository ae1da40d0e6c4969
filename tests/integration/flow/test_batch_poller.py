"""Bulk polling with a real store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filmgate.domain import Status
from filmgate.engines.base import Capabilities, JobState, JobStatus
from filmgate.errors import EngineUnavailable
from filmgate.testing.scripted import DONE, ScriptedEngine

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from filmgate.testing.harness import FlowHarness

LISTED = Capabilities(paid=True, submit_timeout=30, bulk_poll_min_jobs=2)


def _working(progress: float = 10.0) -> JobStatus:
    return JobStatus(state=JobState.WORKING, progress=progress, poll_after=10.0)


ENDED = JobStatus(state=JobState.UNKNOWN, poll_after=10.0)


class BulkPollEngine(ScriptedEngine):
    """An engine that supports bulk polls."""

    def __init__(
        self,
        capabilities: Capabilities = LISTED,
        *,
        poll_results: Sequence[JobStatus | Exception] = (),
        fetch_results: Sequence[bytes | Exception] = (),
    ) -> None:
        super().__init__(capabilities, poll_results=poll_results, fetch_results=fetch_results)
        self.statuses: dict[str, JobStatus] | EngineUnavailable = {}
        self.bulk_polls: list[list[str]] = []

    async def poll_many(self, tickets: Collection[str]) -> Mapping[str, JobStatus]:
        """Return the scripted statuses."""
        self.bulk_polls.append(sorted(tickets))
        if isinstance(self.statuses, EngineUnavailable):
            raise self.statuses
        return {ticket: self.statuses[ticket] for ticket in tickets if ticket in self.statuses}


async def test_an_executor_trusts_bulk_polls_for_a_while(harness: FlowHarness, mp4: bytes) -> None:
    """It polls itself at first, rarely while bulk polls list its job, and again when they no longer do."""
    single = Capabilities(paid=True, submit_timeout=30, bulk_poll_min_jobs=1)
    engine = BulkPollEngine(single, poll_results=[*[_working()] * 3, DONE], fetch_results=[mp4])
    engine.statuses = {"ticket": _working()}
    ends_at = harness.clock() + 900

    async def poll_then_end() -> None:
        if harness.clock() >= ends_at:
            engine.statuses = {"ticket": ENDED}
        await harness.batch_poller.run_due()
        harness.clock.on_next_sleep = poll_then_end

    harness.clock.on_next_sleep = poll_then_end
    video = await harness.run_to_end(engine, await harness.accept())
    assert video.status is Status.COMPLETED
    assert len(engine.polled) == 4
    assert len(engine.bulk_polls) >= 900 / 60 - 1
    assert harness.clock() < ends_at + 90
