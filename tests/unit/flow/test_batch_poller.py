"""Rounds: when an engine is asked about all its videos at once, and who hears of it."""

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


def _rounds(time: FakeClock) -> BatchPoller:
    nudged: list[str] = []
    return BatchPoller(nudged.append, time)


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


@pytest.fixture
def time() -> FakeClock:
    """A time of its own."""
    return FakeClock()


async def _after(time: FakeClock, rounds: BatchPoller, seconds: float) -> None:
    time.now += seconds
    await rounds.run_due()


async def test_an_engine_with_few_videos_is_not_asked(time: FakeClock) -> None:
    """A survey is worth it from a number on that the engine names; one that names none is never asked."""
    few, never = Listing(), Listing(Capabilities(paid=True))
    rounds = _rounds(time)
    rounds.register(few, "a", "video_a", None)
    for ticket in "abc":
        rounds.register(never, ticket, f"video_{ticket}", None)
    await rounds.run_due()
    assert (few.surveys, never.surveys) == ([], [])


async def test_a_round_tells_of_everybody_who_runs(time: FakeClock) -> None:
    """One question, asked again when it is due; of a video that is over or unknown nothing is told."""
    engine, rounds = Listing(), _rounds(time)
    engine.shown = {"a": _working(), "b": OVER}
    for ticket in "abc":
        rounds.register(engine, ticket, f"video_{ticket}", None)
    await rounds.run_due()
    await _after(time, rounds, 9.9)
    assert engine.surveys == [["a", "b", "c"]]
    assert [rounds.cached(engine, ticket) for ticket in "abc"] == [_working(), None, None]
    await _after(time, rounds, 0.1)
    assert len(engine.surveys) == 2


@pytest.mark.parametrize(
    ("shown", "is_news"),
    [
        (_working(), False),
        (_working(14.0), False),
        (_working(15.0), True),
        (_working(5.0), False),
        (OVER, True),
        (None, True),
        (JobStatus(state=JobState.QUEUED, progress=10.0, poll_after=10.0), True),
    ],
)
async def test_news_end_a_videos_sleep(time: FakeClock, shown: JobStatus | None, *, is_news: bool) -> None:
    """Whoever was told one thing is woken at another; whoever looked by himself is not."""
    nudged: list[str] = []
    engine, rounds = Listing(), BatchPoller(nudged.append, time)
    engine.shown = {"b": _working()} | ({"a": shown, "c": shown} if shown else {"d": _working()})
    rounds.register(engine, "a", "video_a", _working())
    rounds.register(engine, "b", "video_b", _working())
    rounds.register(engine, "c", "video_c", None)
    rounds.register(engine, "d", "video_d", None)
    await rounds.run_due()
    assert nudged == (["video_a"] if is_news else [])


@pytest.mark.parametrize("shown", [EngineUnavailable(), {}, {"a": _working()}])
async def test_an_engine_that_can_not_tell_is_left_alone_for_a_while(
    time: FakeClock, shown: dict[str, JobStatus] | EngineUnavailable
) -> None:
    """What was told before is forgotten, nobody is woken, and the next tries come later and later."""
    nudged: list[str] = []
    engine, rounds = Listing(), BatchPoller(nudged.append, time)
    for ticket in "abc":
        rounds.register(engine, ticket, f"video_{ticket}", _working())
    engine.shown = dict.fromkeys("abc", _working())
    await rounds.run_due()
    engine.shown = shown
    await _after(time, rounds, 10)
    assert (rounds.cached(engine, "a"), nudged) == (None, [])
    least, most = BACKOFF
    for pause in (least, 2 * least, 4 * least, 8 * least, 16 * least, most, most):
        before = len(engine.surveys)
        await _after(time, rounds, min(pause, most) - 0.1)
        assert len(engine.surveys) == before
        await _after(time, rounds, 0.2)
        assert len(engine.surveys) == before + 1


async def test_twice_as_many_videos_are_worth_a_try(time: FakeClock) -> None:
    """The first of many are the oldest, which a list may not reach back to; that says nothing of all of them."""
    engine, rounds = Listing(), _rounds(time)
    for ticket in "ab":
        rounds.register(engine, ticket, ticket, None)
    await rounds.run_due()
    for ticket in "cd":
        rounds.register(engine, ticket, ticket, None)
    await rounds.run_due()
    assert [len(asked) for asked in engine.surveys] == [2, 4]


async def test_whoever_left_is_not_asked_about(time: FakeClock) -> None:
    """An engine of which nobody waits any more is forgotten."""
    engine, rounds = Listing(), _rounds(time)
    engine.shown = dict.fromkeys("ab", _working())
    for ticket in "ab":
        rounds.register(engine, ticket, ticket, None)
    await rounds.run_due()
    for ticket in "ab":
        rounds.unregister(engine, ticket)
    await _after(time, rounds, 60)
    assert len(engine.surveys) == 1
    assert rounds.cached(engine, "a") is None
