"""The order in which videos get their turns."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from filmgate.engines.base import Capabilities
from filmgate.flow.rate_limiter import AHEAD, Turns
from filmgate.testing.scripted import ScriptedEngine

if TYPE_CHECKING:
    from filmgate.testing.harness import House

LIMITED = ScriptedEngine(Capabilities(paid=True, creates_a_minute=2), identity="a")


async def test_those_accepted_first_come_first(harness: House) -> None:
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


async def test_a_long_line_costs_nothing(harness: House) -> None:
    """Twenty thousand ask again every minute, each without a look at all the others."""
    turns, video = Turns(harness.store.videos, harness.time), await harness.accept()
    waiting = [replace(video, seq=seq) for seq in range(20_000)]
    for each in waiting:
        turns.line_up(LIMITED, each, 60)
    began = time.process_time()
    for each in waiting[::10]:
        await turns.wait(LIMITED, each)
        turns.line_up(LIMITED, each, 60)
    assert time.process_time() - began < 2
