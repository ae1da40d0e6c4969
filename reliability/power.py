"""Power cuts and failing disks: what was acknowledged is on disk, and a full disk loses nothing."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from pathlib import Path

import httpx2

from reliability.clients import running_clients
from reliability.disk import DISK_FULL, IO_ERROR, FaultyDisk
from reliability.kills import CREATE_OPTIONS, FULL_START_EVERY, CampaignResult, check_result
from reliability.processes import Zygote, spawn
from reliability.testbed import TESTCARD_MODELS, Server, open_testbed

__all__ = ["disk_faults", "power_cuts"]

CLIENTS = 4


async def power_cuts(folder: Path, *, cycles: int, seed: int) -> CampaignResult:
    """Cut the power so many times, at random moments under load: every unsynced byte and name is lost."""
    dice = random.Random(seed)  # noqa: S311 - to be repeatable
    (folder / "data").mkdir()
    disk = FaultyDisk(folder / "data", folder / "disk")
    with Zygote(disk.environment()) as fork:
        async with open_testbed(folder, TESTCARD_MODELS, dice, fork, environ=disk.environment()) as place:
            server, patience = place.server, 60 + cycles * 10
            async with running_clients(
                server.url, place.tenants, dice, CREATE_OPTIONS, count=CLIENTS, video_timeout=patience
            ) as crowd:
                for number in range(cycles):
                    await _cut_power_once(server, disk, dice, full_start=number % FULL_START_EVERY == 0)
                server.start(launch=spawn, environ={"LD_PRELOAD": ""})
                await server.wait_until_ready()
            return await check_result(place, cycles, Counter({"random": cycles}), crowd)


async def _cut_power_once(server: Server, disk: FaultyDisk, rng: random.Random, *, full_start: bool) -> None:
    await asyncio.to_thread(disk.sync_all)
    # A forked process has read its paths before the folder is restored: paths stay the same.
    server.start(launch=spawn if full_start else None)
    await server.wait_until_ready()
    await asyncio.sleep(rng.uniform(0.0, 1.0))
    assert server.alive, f"the server died by itself; its log is {server.log}"
    server.stop_with(signal.SIGKILL)
    await asyncio.to_thread(disk.cut_power)


async def disk_faults(folder: Path, *, cycles: int, seed: int) -> CampaignResult:
    """Fill the disk, or let it fail, at the n-th write or sync of a run, for one to forty operations."""
    dice = random.Random(seed)  # noqa: S311 - to be repeatable
    (folder / "data").mkdir()
    disk = FaultyDisk(folder / "data", folder / "disk")
    outcomes: Counter[str] = Counter()
    async with open_testbed(folder, TESTCARD_MODELS, dice) as place:
        server, patience = place.server, 60 + cycles * 10
        async with running_clients(
            server.url, place.tenants, dice, CREATE_OPTIONS, count=CLIENTS, video_timeout=patience
        ) as crowd:
            for _ in range(cycles):
                fault, at, times = dice.choice((DISK_FULL, IO_ERROR)), dice.randint(1, 400), dice.choice((1, 3, 40))
                server.start(environ=disk.environment(fault=fault, at=at, times=times) | {"DISK_MIRROR": ""})
                ready = await server.wait_until_ready()
                await asyncio.sleep(dice.uniform(0.5, 1.5))
                outcomes[await _outcome(server, ready=ready)] += 1
                if server.alive:
                    server.stop_with(signal.SIGKILL)
            server.start()
            await server.wait_until_ready()
        return await check_result(place, cycles, outcomes, crowd)


async def _outcome(server: Server, *, ready: bool) -> str:
    if not ready:
        return "start refused"
    if not server.alive:
        return "ended by itself"
    async with httpx2.AsyncClient(base_url=server.url, timeout=5) as http:
        return "served on" if (await http.get("/healthz")).is_success else "unwell"
