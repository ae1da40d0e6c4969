"""The order in which videos get their turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from filmgate.engines.base import Capabilities
from filmgate.flow.rate_limiter import AHEAD, Turns
from filmgate.testing.scripted import ScriptedEngine

if TYPE_CHECKING:
    from filmgate.testing.harness import House

LIMITED = ScriptedEngine(Capabilities(paid=True, creates_a_minute=2), identity="a")


async def test_slots_are_granted_in_acceptance_order(harness: House) -> None:
    """Two of two a minute are before the third, until one of them got its turn or did not ask again."""
    turns = Turns(harness.store.videos, harness.time)
    first, second, third = [await harness.accept() for _ in range(3)]
    for video in (third, second, first):
        turns.line_up(LIMITED, video, 10)
    assert await turns.wait(LIMITED, third) == AHEAD
    assert await turns.wait(LIMITED, first) == 0
    assert await turns.wait(LIMITED, third) == 0
    turns.line_up(LIMITED, first, 10)
    assert await turns.wait(LIMITED, third) == AHEAD
    harness.time.now += 11
    assert await turns.wait(LIMITED, third) == 0


class CountedSeq(int):
    """A place in the order of acceptance that counts how often it is compared."""

    comparisons = 0

    def __lt__(self, other: int) -> bool:
        """Count, and compare."""
        CountedSeq.comparisons += 1
        return int(self) < other


async def test_asking_in_a_long_queue_compares_few_places(harness: House) -> None:
    """Of twenty thousand that wait, each asks again with two binary searches, not by a look at all the others."""
    turns, video = Turns(harness.store.videos, harness.time), await harness.accept()
    waiting = [replace(video, seq=CountedSeq(seq)) for seq in range(20_000)]
    for each in waiting:
        turns.line_up(LIMITED, each, 60)
    CountedSeq.comparisons, asking = 0, waiting[::10]
    for each in asking:
        await turns.wait(LIMITED, each)
        turns.line_up(LIMITED, each, 60)
    assert CountedSeq.comparisons < 50 * len(asking)
