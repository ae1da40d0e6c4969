"""A server at rest, under load, and at rest again: it holds no more resources than before."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

from filmgate.testing.checker import ClientResponse, ProcessResources, ResourceCheck, ResourceTolerance, read_resources
from reliability.clients import running_clients
from reliability.kills import CREATE_OPTIONS, CampaignResult
from reliability.testbed import TESTCARD_MODELS, Testbed, open_testbed

__all__ = ["check_leaks"]

CLIENTS = 8

SAMPLE_INTERVAL = 1.0
"""Seconds between two samples of a server that comes to rest."""

MAX_SAMPLES = 20

TOLERANCE = ResourceTolerance(descriptors=4, threads=6, rss_bytes=24 * 1024 * 1024)
"""Thread pools grow when they are first filled, and an allocator keeps memory for reuse."""


async def check_leaks(folder: Path, *, seconds: float, seed: int) -> CampaignResult:
    """Load a server twice for so long: after the second load it holds the same resources as after the first.

    The first load covers one-time growth: imports, pools, caches.
    """
    dice = random.Random(seed)  # noqa: S311 - to be repeatable
    async with open_testbed(folder, TESTCARD_MODELS, dice) as place:
        place.server.start()
        await place.server.wait_until_ready()
        seen = await _load(place, dice, seconds)
        before = await _resources_at_rest(place)
        seen += await _load(place, dice, seconds)
        after = await _resources_at_rest(place)
        rows, wrong = await place.check(seen, resource_check=ResourceCheck(before, after, TOLERANCE))
    ended = Counter(row.status for row in rows.videos)
    return CampaignResult(cycles=0, died_at={}, final_statuses=dict(ended), resubmitted=0, violations=wrong)


async def _load(testbed: Testbed, rng: random.Random, seconds: float) -> list[ClientResponse]:
    patience = 60 + seconds * 4
    async with running_clients(
        testbed.server.url, testbed.tenants, rng, CREATE_OPTIONS, count=CLIENTS, video_timeout=patience
    ) as crowd:
        await asyncio.sleep(seconds)
    return [answer for client in crowd for answer in client.responses]


async def _resources_at_rest(testbed: Testbed) -> ProcessResources:
    """The server's resources once they no longer change; its background jobs come and go."""
    looks: list[ProcessResources] = []
    while len(looks) < MAX_SAMPLES and not (len(looks) > 2 and _resource_key(looks[-1]) == _resource_key(looks[-2])):
        await asyncio.sleep(SAMPLE_INTERVAL)
        looks.append(read_resources(testbed.server.process.pid))
    return min(looks, key=_resource_key)


def _resource_key(resources: ProcessResources) -> tuple[int, int]:
    return resources.descriptors, resources.threads
