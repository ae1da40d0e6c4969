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
from reliability.clients import CampaignClient, running_clients
from reliability.processes import Zygote, spawn
from reliability.testbed import TESTCARD_MODELS, Server, Testbed, open_testbed

__all__ = ["CREATE_OPTIONS", "CampaignResult", "check_result", "kill_campaign", "kill_repeatedly"]

CLIENTS = 4
FULL_START_EVERY = 10
"""One of so many starts is a full start that imports everything itself."""

CREATE_OPTIONS: Mapping[str, Sequence[str]] = {"model": ("sora-2", "sora-2-pro"), "seconds": ("1", "2")}


class CampaignResult(Struct, frozen=True):
    """The result of a campaign."""

    cycles: int
    died_at: Mapping[str, int]
    final_statuses: Mapping[str, int]  # videos by their last status
    resubmitted: int  # videos that were submitted more than once, to a free engine
    violations: Sequence[str]

    def __str__(self) -> str:
        died = ", ".join(f"{count} at {where}" for where, count in sorted(self.died_at.items()))
        ended = ", ".join(f"{count} {status}" for status, count in sorted(self.final_statuses.items()))
        again = f"{self.resubmitted} with more than one attempt"
        return f"{self.cycles} kills ({died}): {ended}; {again}; {len(self.violations)} violations"


async def kill_campaign(folder: Path, *, cycles: int, seed: int) -> CampaignResult:
    """Kill a server with a local engine so many times, while clients use it."""
    dice = random.Random(seed)  # noqa: S311 - to be repeatable
    with Zygote() as fork:
        async with open_testbed(folder, TESTCARD_MODELS, dice, fork) as place:
            server, patience = place.server, 60 + cycles * 10
            async with running_clients(
                server.url, place.tenants, dice, CREATE_OPTIONS, count=CLIENTS, video_timeout=patience
            ) as crowd:
                died_at = await kill_repeatedly(server, dice, cycles)
                server.start(launch=spawn)
                await server.wait_until_ready()
            return await check_result(place, cycles, died_at, crowd)


async def kill_repeatedly(server: Server, rng: random.Random, cycles: int, max_uptime: float = 0.8) -> Counter[str]:
    """Start and kill the server, first at each named step, then at random moments; returns where it died."""
    died: Counter[str] = Counter()
    steps = [*CHECKPOINTS] + [f"{rng.choice(CHECKPOINTS)}:{rng.randint(1, 4)}" for _ in range(cycles // 4)]
    for number in range(cycles):
        step = steps[number] if number < len(steps) else ""
        server.start(step, launch=spawn if number % FULL_START_EVERY == 0 else None)
        ready = await server.wait_until_ready()
        if step and (not ready or await server.wait_until_dead(timeout=2.0)):
            died["a step"] += 1
        else:
            await asyncio.sleep(rng.uniform(0.0, max_uptime))
            if not step and not server.alive:
                raise AssertionError(f"the server died by itself; its log is {server.log}")
            server.stop_with(signal.SIGKILL)
            died["random"] += 1
    return died


async def check_result(
    testbed: Testbed,
    cycles: int,
    died_at: Mapping[str, int],
    clients: Sequence[CampaignClient],
    submissions: Mapping[str, int] | None = None,
) -> CampaignResult:
    """Build the result by the checker."""
    rows, found = await testbed.check([answer for client in clients for answer in client.responses], submissions)
    return CampaignResult(
        cycles=cycles,
        died_at=dict(died_at),
        final_statuses=dict(Counter(row.status for row in rows.videos)),
        resubmitted=sum(row.attempts > 1 for row in rows.videos),
        violations=found,
    )
