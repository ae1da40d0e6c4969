"""Kill -9 under load: at every named step of the flow, and at random moments."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from filmgate.flow.failpoint import CHECKPOINTS
from reliability.crowd import Client, clients
from reliability.processes import Zygote, honestly
from reliability.world import TESTCARD, Server, World, world

__all__ = ["WISHES", "Killed", "kill", "kills", "verdict"]

CLIENTS = 4
HONEST = 10
"""Every so many starts is one of a process that imports everything itself."""

WISHES: Mapping[str, Sequence[str]] = {"model": ("sora-2", "sora-2-pro"), "seconds": ("1", "2")}


class Killed(Struct, frozen=True):
    """What came of a campaign."""

    cycles: int
    died_at: Mapping[str, int]
    ended: Mapping[str, int]  # videos by their last status
    again: int  # videos that were submitted more than once, to an engine that costs nothing
    wrong: Sequence[str]

    def __str__(self) -> str:
        died = ", ".join(f"{count} at {where}" for where, count in sorted(self.died_at.items()))
        ended = ", ".join(f"{count} {status}" for status, count in sorted(self.ended.items()))
        return f"{self.cycles} kills ({died}): {ended}; {self.again} made again; {len(self.wrong)} wrong"


async def kills(folder: Path, *, cycles: int, seed: int) -> Killed:
    """Kill a server that makes its films itself, so many times, while clients work with it."""
    dice = random.Random(seed)  # noqa: S311 - to be repeatable
    with Zygote() as fork:
        async with world(folder, TESTCARD, dice, fork) as place:
            server, patience = place.server, 60 + cycles * 10
            async with clients(server.url, place.tenants, dice, WISHES, count=CLIENTS, patience=patience) as crowd:
                died_at = await kill(server, dice, cycles)
                server.start(launch=honestly)
                await server.until_ready()
            return await verdict(place, cycles, died_at, crowd)


async def kill(server: Server, dice: random.Random, cycles: int, longest: float = 0.8) -> Counter[str]:
    """Start it and kill it, first at each named step, then at random moments; where it died."""
    died: Counter[str] = Counter()
    steps = [*CHECKPOINTS] + [f"{dice.choice(CHECKPOINTS)}:{dice.randint(1, 4)}" for _ in range(cycles // 4)]
    for number in range(cycles):
        step = steps[number] if number < len(steps) else ""
        server.start(step, launch=honestly if number % HONEST == 0 else None)
        ready = await server.until_ready()
        if step and (not ready or await server.until_dead(within=2.0)):
            died["a step"] += 1
        else:
            await asyncio.sleep(dice.uniform(0.0, longest))
            if not step and not server.alive:
                raise AssertionError(f"the server died by itself; its log is {server.log}")
            server.end(signal.SIGKILL)
            died["random"] += 1
    return died


async def verdict(
    place: World,
    cycles: int,
    died_at: Mapping[str, int],
    crowd: Sequence[Client],
    submissions: Mapping[str, int] | None = None,
) -> Killed:
    """What came of a campaign, as the checker sees it."""
    rows, found = await place.judged([answer for client in crowd for answer in client.seen], submissions)
    return Killed(
        cycles=cycles,
        died_at=dict(died_at),
        ended=dict(Counter(row.status for row in rows.videos)),
        again=sum(row.attempts > 1 for row in rows.videos),
        wrong=found,
    )
