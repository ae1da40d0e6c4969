"""Rounds: when an engine is asked about all its videos at once, and who hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate.engines.base import Capabilities, State, Verdict
from filmgate.errors import EngineUnavailable
from filmgate.flow.batch_poller import REST, Rounds
from filmgate.testing.harness import Time
from filmgate.testing.scripted import ScriptedEngine

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

LISTED = Capabilities(paid=True, submit_timeout=30, surveys_from=2)


def _working(progress: float = 10.0) -> Verdict:
    return Verdict(state=State.WORKING, progress=progress, look_after=10.0)


def _rounds(time: Time) -> Rounds:
    nudged: list[str] = []
    return Rounds(nudged.append, time)


OVER = Verdict(state=State.UNKNOWN, look_after=10.0)


class Listing(ScriptedEngine):
    """Tells of many at once."""

    def __init__(
        self,
        capabilities: Capabilities = LISTED,
        *,
        looks: Sequence[Verdict | Exception] = (),
        fetches: Sequence[bytes | Exception] = (),
    ) -> None:
        super().__init__(capabilities, looks=looks, fetches=fetches)
        self.shown: dict[str, Verdict] | EngineUnavailable = {}
        self.surveys: list[list[str]] = []

    async def survey(self, tickets: Collection[str]) -> Mapping[str, Verdict]:
        """What is shown."""
        self.surveys.append(sorted(tickets))
        if isinstance(self.shown, EngineUnavailable):
            raise self.shown
        return {ticket: self.shown[ticket] for ticket in tickets if ticket in self.shown}


@pytest.fixture
def time() -> Time:
    """A time of its own."""
    return Time()


async def _after(time: Time, rounds: Rounds, seconds: float) -> None:
    time.now += seconds
    await rounds.go()


async def test_an_engine_with_few_videos_is_not_asked(time: Time) -> None:
    """A survey is worth it from a number on that the engine names; one that names none is never asked."""
    few, never = Listing(), Listing(Capabilities(paid=True))
    rounds = _rounds(time)
    rounds.enter(few, "a", "video_a", None)
    for ticket in "abc":
        rounds.enter(never, ticket, f"video_{ticket}", None)
    await rounds.go()
    assert (few.surveys, never.surveys) == ([], [])


async def test_a_round_tells_of_everybody_who_runs(time: Time) -> None:
    """One question, asked again when it is due; of a video that is over or unknown nothing is told."""
    engine, rounds = Listing(), _rounds(time)
    engine.shown = {"a": _working(), "b": OVER}
    for ticket in "abc":
        rounds.enter(engine, ticket, f"video_{ticket}", None)
    await rounds.go()
    await _after(time, rounds, 9.9)
    assert engine.surveys == [["a", "b", "c"]]
    assert [rounds.told(engine, ticket) for ticket in "abc"] == [_working(), None, None]
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
        (Verdict(state=State.QUEUED, progress=10.0, look_after=10.0), True),
    ],
)
async def test_news_end_a_videos_sleep(time: Time, shown: Verdict | None, *, is_news: bool) -> None:
    """Whoever was told one thing is woken at another; whoever looked by himself is not."""
    nudged: list[str] = []
    engine, rounds = Listing(), Rounds(nudged.append, time)
    engine.shown = {"b": _working()} | ({"a": shown, "c": shown} if shown else {"d": _working()})
    rounds.enter(engine, "a", "video_a", _working())
    rounds.enter(engine, "b", "video_b", _working())
    rounds.enter(engine, "c", "video_c", None)
    rounds.enter(engine, "d", "video_d", None)
    await rounds.go()
    assert nudged == (["video_a"] if is_news else [])


@pytest.mark.parametrize("shown", [EngineUnavailable(), {}, {"a": _working()}])
async def test_an_engine_that_can_not_tell_is_left_alone_for_a_while(
    time: Time, shown: dict[str, Verdict] | EngineUnavailable
) -> None:
    """What was told before is forgotten, nobody is woken, and the next tries come later and later."""
    nudged: list[str] = []
    engine, rounds = Listing(), Rounds(nudged.append, time)
    for ticket in "abc":
        rounds.enter(engine, ticket, f"video_{ticket}", _working())
    engine.shown = dict.fromkeys("abc", _working())
    await rounds.go()
    engine.shown = shown
    await _after(time, rounds, 10)
    assert (rounds.told(engine, "a"), nudged) == (None, [])
    least, most = REST
    for pause in (least, 2 * least, 4 * least, 8 * least, 16 * least, most, most):
        before = len(engine.surveys)
        await _after(time, rounds, min(pause, most) - 0.1)
        assert len(engine.surveys) == before
        await _after(time, rounds, 0.2)
        assert len(engine.surveys) == before + 1


async def test_twice_as_many_videos_are_worth_a_try(time: Time) -> None:
    """The first of many are the oldest, which a list may not reach back to; that says nothing of all of them."""
    engine, rounds = Listing(), _rounds(time)
    for ticket in "ab":
        rounds.enter(engine, ticket, ticket, None)
    await rounds.go()
    for ticket in "cd":
        rounds.enter(engine, ticket, ticket, None)
    await rounds.go()
    assert [len(asked) for asked in engine.surveys] == [2, 4]


async def test_whoever_left_is_not_asked_about(time: Time) -> None:
    """An engine of which nobody waits any more is forgotten."""
    engine, rounds = Listing(), _rounds(time)
    engine.shown = dict.fromkeys("ab", _working())
    for ticket in "ab":
        rounds.enter(engine, ticket, ticket, None)
    await rounds.go()
    for ticket in "ab":
        rounds.leave(engine, ticket)
    await _after(time, rounds, 60)
    assert len(engine.surveys) == 1
    assert rounds.told(engine, "a") is None
