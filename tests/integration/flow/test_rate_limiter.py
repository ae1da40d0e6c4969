"""The order in which videos get submission slots."""

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
    """Two of two per minute are ahead of the third, until one of them got its slot or did not ask again."""
    rate_limiter = FairRateLimiter(harness.store.videos, harness.clock)
    first, second, third = [await harness.accept() for _ in range(3)]
    for video in (third, second, first):
        rate_limiter.enqueue(LIMITED, video, 10)
    assert await rate_limiter.seconds_until_turn(LIMITED, third) == RECHECK
    assert await rate_limiter.seconds_until_turn(LIMITED, first) == 0
    assert await rate_limiter.seconds_until_turn(LIMITED, third) == 0
    rate_limiter.enqueue(LIMITED, first, 10)
    assert await rate_limiter.seconds_until_turn(LIMITED, third) == RECHECK
    harness.clock.now += 11
    assert await rate_limiter.seconds_until_turn(LIMITED, third) == 0


class CountedSeq(int):
    """A position in acceptance order that counts comparisons."""

    comparisons = 0

    def __lt__(self, other: int) -> bool:
        """Count, and compare."""
        CountedSeq.comparisons += 1
        return int(self) < other


async def test_a_long_queue_needs_few_comparisons(harness: FlowHarness) -> None:
    """Of thousands that wait, each asks again with two binary searches, without a scan of the others."""
    rate_limiter, video = FairRateLimiter(harness.store.videos, harness.clock), await harness.accept()
    waiting = [replace(video, seq=CountedSeq(seq)) for seq in range(5_000)]
    for waiting_video in waiting:
        rate_limiter.enqueue(LIMITED, waiting_video, 60)
    CountedSeq.comparisons, asking = 0, waiting[::10]
    for waiting_video in asking:
        await rate_limiter.seconds_until_turn(LIMITED, waiting_video)
        rate_limiter.enqueue(LIMITED, waiting_video, 60)
    assert CountedSeq.comparisons < 50 * len(asking)
