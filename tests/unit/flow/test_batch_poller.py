"""Bulk polling: when an engine is polled for all its jobs at once, and which executors are woken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate.engines.base import Capabilities, JobState, JobStatus
from filmgate.errors import EngineUnavailable
from filmgate.flow.batch_poller import BACKOFF, BatchPoller
from filmgate.testing.harness import FakeClock
from filmgate.testing.scripted import ScriptedEngine

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

LISTED = Capabilities(paid=True, submit_timeout=30, bulk_poll_min_jobs=2)


def _working(progress: float = 10.0) -> JobStatus:
    return JobStatus(state=JobState.WORKING, progress=progress, poll_after=10.0)


def _poller(time: FakeClock) -> BatchPoller:
    woken: list[str] = []
    return BatchPoller(woken.append, time)


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


@pytest.fixture
def time() -> FakeClock:
    """A settable time."""
    return FakeClock()


async def _run_after(time: FakeClock, poller: BatchPoller, seconds: float) -> None:
    time.now += seconds
    await poller.run_due()


async def test_an_engine_with_few_jobs_is_not_bulk_polled(time: FakeClock) -> None:
    """Bulk polls start at the number of jobs that the engine names; an engine that names none is never bulk polled."""
    few, never = BulkPollEngine(), BulkPollEngine(Capabilities(paid=True))
    poller = _poller(time)
    poller.register(few, "a", "video_a", None)
    for ticket in "abc":
        poller.register(never, ticket, f"video_{ticket}", None)
    await poller.run_due()
    assert (few.bulk_polls, never.bulk_polls) == ([], [])


async def test_a_bulk_poll_reports_all_running_jobs(time: FakeClock) -> None:
    """One call, repeated when it is due; a finished or unknown job has no cached status."""
    engine, poller = BulkPollEngine(), _poller(time)
    engine.statuses = {"a": _working(), "b": ENDED}
    for ticket in "abc":
        poller.register(engine, ticket, f"video_{ticket}", None)
    await poller.run_due()
    await _run_after(time, poller, 9.9)
    assert engine.bulk_polls == [["a", "b", "c"]]
    assert [poller.cached(engine, ticket) for ticket in "abc"] == [_working(), None, None]
    await _run_after(time, poller, 0.1)
    assert len(engine.bulk_polls) == 2


@pytest.mark.parametrize(
    ("statuses", "wakes"),
    [
        (_working(), False),
        (_working(14.0), False),
        (_working(15.0), True),
        (_working(5.0), False),
        (ENDED, True),
        (None, True),
        (JobStatus(state=JobState.QUEUED, progress=10.0, poll_after=10.0), True),
    ],
)
async def test_a_change_wakes_the_executor(time: FakeClock, statuses: JobStatus | None, *, wakes: bool) -> None:
    """An executor that used a bulk poll's status is woken when it changes; one that polled itself is not."""
    woken: list[str] = []
    engine, poller = BulkPollEngine(), BatchPoller(woken.append, time)
    engine.statuses = {"b": _working()} | ({"a": statuses, "c": statuses} if statuses else {"d": _working()})
    poller.register(engine, "a", "video_a", _working())
    poller.register(engine, "b", "video_b", _working())
    poller.register(engine, "c", "video_c", None)
    poller.register(engine, "d", "video_d", None)
    await poller.run_due()
    assert woken == (["video_a"] if wakes else [])


@pytest.mark.parametrize("statuses", [EngineUnavailable(), {}, {"a": _working()}])
async def test_useless_bulk_polls_pause_bulk_polling(
    time: FakeClock, statuses: dict[str, JobStatus] | EngineUnavailable
) -> None:
    """Cached statuses are dropped, no executor is woken, and the next tries are ever further apart."""
    woken: list[str] = []
    engine, poller = BulkPollEngine(), BatchPoller(woken.append, time)
    for ticket in "abc":
        poller.register(engine, ticket, f"video_{ticket}", _working())
    engine.statuses = dict.fromkeys("abc", _working())
    await poller.run_due()
    engine.statuses = statuses
    await _run_after(time, poller, 10)
    assert (poller.cached(engine, "a"), woken) == (None, [])
    first, longest = BACKOFF
    for interval in (first, 2 * first, 4 * first, 8 * first, 16 * first, longest, longest):
        before = len(engine.bulk_polls)
        await _run_after(time, poller, min(interval, longest) - 0.1)
        assert len(engine.bulk_polls) == before
        await _run_after(time, poller, 0.2)
        assert len(engine.bulk_polls) == before + 1


async def test_twice_as_many_jobs_are_worth_a_bulk_poll(time: FakeClock) -> None:
    """The first of many jobs are the oldest, which a list may not reach back to; that says nothing about the others."""
    engine, poller = BulkPollEngine(), _poller(time)
    for ticket in "ab":
        poller.register(engine, ticket, ticket, None)
    await poller.run_due()
    for ticket in "cd":
        poller.register(engine, ticket, ticket, None)
    await poller.run_due()
    assert [len(tickets) for tickets in engine.bulk_polls] == [2, 4]


async def test_unregistered_jobs_are_not_polled(time: FakeClock) -> None:
    """An engine without waiting executors is dropped."""
    engine, poller = BulkPollEngine(), _poller(time)
    engine.statuses = dict.fromkeys("ab", _working())
    for ticket in "ab":
        poller.register(engine, ticket, ticket, None)
    await poller.run_due()
    for ticket in "ab":
        poller.unregister(engine, ticket)
    await _run_after(time, poller, 60)
    assert len(engine.bulk_polls) == 1
    assert poller.cached(engine, "a") is None
