"""Power cuts and failing disks: what was answered must have been on the disk, and a disk that is full loses nothing."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from pathlib import Path

import httpx2

from reliability.crowd import clients
from reliability.disk import BROKEN, FULL, Disk
from reliability.kills import HONEST, WISHES, Killed, verdict
from reliability.processes import Zygote, honestly
from reliability.world import TESTCARD, Server, world

__all__ = ["disk_faults", "power_cuts"]

CLIENTS = 4


async def power_cuts(folder: Path, *, cycles: int, seed: int) -> Killed:
    """Cut the power so many times, at random moments under load: every byte and name that was not synced is gone."""
    dice = random.Random(seed)  # noqa: S311 - to be repeatable
    (folder / "data").mkdir()
    disk = Disk(folder / "data", folder / "disk")
    with Zygote(disk.environment()) as fork:
        async with world(folder, TESTCARD, dice, fork, environ=disk.environment()) as place:
            server, patience = place.server, 60 + cycles * 10
            async with clients(server.url, place.tenants, dice, WISHES, count=CLIENTS, patience=patience) as crowd:
                for number in range(cycles):
                    await _cut(server, disk, dice, honest=number % HONEST == 0)
                server.start(launch=honestly, environ={"LD_PRELOAD": ""})
                await server.until_ready()
            return await verdict(place, cycles, Counter({"random": cycles}), crowd)


async def _cut(server: Server, disk: Disk, dice: random.Random, *, honest: bool) -> None:
    await asyncio.to_thread(disk.settle)
    # A forked one has read what it is to watch before the folder was laid out anew: paths stay.
    server.start(launch=honestly if honest else None)
    await server.until_ready()
    await asyncio.sleep(dice.uniform(0.0, 1.0))
    assert server.alive, f"the server died by itself; its log is {server.log}"
    server.end(signal.SIGKILL)
    await asyncio.to_thread(disk.cut_power)


async def disk_faults(folder: Path, *, cycles: int, seed: int) -> Killed:
    """Let the disk be full, or fail, at the n-th write or sync of a run, for one to forty operations."""
    dice = random.Random(seed)  # noqa: S311 - to be repeatable
    (folder / "data").mkdir()
    disk = Disk(folder / "data", folder / "disk")
    outcomes: Counter[str] = Counter()
    async with world(folder, TESTCARD, dice) as place:
        server, patience = place.server, 60 + cycles * 10
        async with clients(server.url, place.tenants, dice, WISHES, count=CLIENTS, patience=patience) as crowd:
            for _ in range(cycles):
                fault, at, times = dice.choice((FULL, BROKEN)), dice.randint(1, 400), dice.choice((1, 3, 40))
                server.start(environ=disk.environment(fault=fault, at=at, times=times) | {"DISK_MIRROR": ""})
                ready = await server.until_ready()
                await asyncio.sleep(dice.uniform(0.5, 1.5))
                outcomes[await _outcome(server, ready=ready)] += 1
                if server.alive:
                    server.end(signal.SIGKILL)
            server.start()
            await server.until_ready()
        return await verdict(place, cycles, outcomes, crowd)


async def _outcome(server: Server, *, ready: bool) -> str:
    if not ready:
        return "start refused"
    if not server.alive:
        return "ended by itself"
    async with httpx2.AsyncClient(base_url=server.url, timeout=5) as http:
        return "served on" if (await http.get("/healthz")).is_success else "unwell"
