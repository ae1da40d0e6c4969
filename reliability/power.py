"""Power cuts and failing disks: what was answered must have been on the disk, and a disk that is full loses nothing."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from pathlib import Path

import httpx2

from reliability.disk import BROKEN, FULL, Disk
from reliability.kills import HONEST, WISHES, Killed, verdict
from reliability.processes import Zygote, honestly
from reliability.world import TESTCARD, Server, clients, make_key

__all__ = ["disk_faults", "power_cuts"]

CLIENTS = 4


async def power_cuts(folder: Path, *, cycles: int, seed: int) -> Killed:
    """Cut the power so many times, at random moments under load: every byte and name that was not synced is gone."""
    dice = random.Random(seed)  # noqa: S311 - to be repeatable
    (folder / "data").mkdir()
    disk = Disk(folder / "data", folder / "disk")
    with Zygote(disk.environment()) as fork:
        server = Server(folder, TESTCARD, fork, disk.environment())
        key = await make_key(server.data)
        try:
            async with clients(server.url, key, dice, WISHES, count=CLIENTS, patience=60 + cycles * 10) as crowd:
                for number in range(cycles):
                    await asyncio.to_thread(disk.settle)
                    # A forked one has read what it is to watch before the folder was laid out anew: paths stay.
                    server.start(launch=honestly if number % HONEST == 0 else None)
                    await server.until_ready()
                    await asyncio.sleep(dice.uniform(0.0, 1.0))
                    assert server.alive, f"the server died by itself; its log is {server.log}"
                    server.end(signal.SIGKILL)
                    await asyncio.to_thread(disk.cut_power)
                server.start(launch=honestly, environ={"LD_PRELOAD": ""})
                await server.until_ready()
            seen = [answer for client in crowd for answer in client.seen]
            return await verdict(server, cycles, Counter({"random": cycles}), seen)
        finally:
            server.close()


async def disk_faults(folder: Path, *, cycles: int, seed: int) -> Killed:
    """Let the disk be full, or fail, at the n-th write or sync of a run, for one to forty operations."""
    dice = random.Random(seed)  # noqa: S311 - to be repeatable
    (folder / "data").mkdir()
    disk = Disk(folder / "data", folder / "disk")
    server = Server(folder, TESTCARD, honestly)
    key = await make_key(server.data)
    outcomes: Counter[str] = Counter()
    try:
        async with clients(server.url, key, dice, WISHES, count=CLIENTS, patience=60 + cycles * 10) as crowd:
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
        seen = [answer for client in crowd for answer in client.seen]
        return await verdict(server, cycles, outcomes, seen)
    finally:
        server.close()


async def _outcome(server: Server, *, ready: bool) -> str:
    if not ready:
        return "start refused"
    if not server.alive:
        return "ended by itself"
    async with httpx2.AsyncClient(base_url=server.url, timeout=5) as http:
        return "served on" if (await http.get("/healthz")).is_success else "unwell"
