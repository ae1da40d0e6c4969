"""The order in which videos get their turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from filmgate.engines.base import Capabilities
from filmgate.flow.rate_limiter import RECHECK, FairRateLimiter
from filmgate.testing.scripted import ScriptedEngine

if TYPE_CHECKING:
    from filmgate.testing.harness import FlowHarness

LIMITED = ScriptedEngine(Capabilities(paid=True, creates_per_minute=2), identity="a")


async def test_slots_are_granted_in_acceptance_order(harness: FlowHarness) -> None:
    """Two of two a minute are before the third, until one of them got its turn or did not ask again."""
    turns = FairRateLimiter(harness.store.videos, harness.clock)
    first, second, third = [await harness.accept() for _ in range(3)]
    for video in (third, second, first):
        turns.enqueue(LIMITED, video, 10)
    assert await turns.seconds_until_turn(LIMITED, third) == RECHECK
    assert await turns.seconds_until_turn(LIMITED, first) == 0
    assert await turns.seconds_until_turn(LIMITED, third) == 0
    turns.enqueue(LIMITED, first, 10)
    assert await turns.seconds_until_turn(LIMITED, third) == RECHECK
    harness.clock.now += 11
    assert await turns.seconds_until_turn(LIMITED, third) == 0


class CountedSeq(int):
    """A place in the order of acceptance that counts how often it is compared."""

    comparisons = 0

    def __lt__(self, other: int) -> bool:
        """Count, and compare."""
        CountedSeq.comparisons += 1
        return int(self) < other


async def test_asking_in_a_long_queue_compares_few_places(harness: FlowHarness) -> None:
    """Of twenty thousand that wait, each asks again with two binary searches, not by a look at all the others."""
    turns, video = FairRateLimiter(harness.store.videos, harness.clock), await harness.accept()
    waiting = [replace(video, seq=CountedSeq(seq)) for seq in range(20_000)]
    for each in waiting:
        turns.enqueue(LIMITED, each, 60)
    CountedSeq.comparisons, asking = 0, waiting[::10]
    for each in asking:
        await turns.seconds_until_turn(LIMITED, each)
        turns.enqueue(LIMITED, each, 60)
    assert CountedSeq.comparisons < 50 * len(asking)
