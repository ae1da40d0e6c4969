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


OVER = JobStatus(state=JobState.UNKNOWN, poll_after=10.0)


class Listing(ScriptedEngine):
    """Tells of many at once."""

    def __init__(
        self,
        capabilities: Capabilities = LISTED,
        *,
        looks: Sequence[JobStatus | Exception] = (),
        fetches: Sequence[bytes | Exception] = (),
    ) -> None:
        super().__init__(capabilities, poll_results=looks, fetch_results=fetches)
        self.shown: dict[str, JobStatus] | EngineUnavailable = {}
        self.surveys: list[list[str]] = []

    async def poll_many(self, tickets: Collection[str]) -> Mapping[str, JobStatus]:
        """What is shown."""
        self.surveys.append(sorted(tickets))
        if isinstance(self.shown, EngineUnavailable):
            raise self.shown
        return {ticket: self.shown[ticket] for ticket in tickets if ticket in self.shown}


async def test_a_drive_believes_the_rounds_for_a_while(harness: FlowHarness, film: bytes) -> None:
    """It looks by itself at first, hardly ever while rounds tell of its video, and when they don't any more."""
    alone = Capabilities(paid=True, submit_timeout=30, bulk_poll_min_jobs=1)
    engine = Listing(alone, looks=[*[_working()] * 3, DONE], fetches=[film])
    engine.shown = {"ticket": _working()}
    ending = harness.clock() + 900

    async def rounds() -> None:
        if harness.clock() >= ending:
            engine.shown = {"ticket": OVER}
        await harness.batch_poller.run_due()
        harness.clock.on_next_sleep = rounds

    harness.clock.on_next_sleep = rounds
    video = await harness.run_to_end(engine, await harness.accept())
    assert video.status is Status.COMPLETED
    assert len(engine.polled) == 4
    assert len(engine.surveys) >= 900 / 60 - 1
    assert harness.clock() < ending + 90
