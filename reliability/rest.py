"""A server at rest, under load, and at rest again: it holds no more than before."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

from filmgate.testing.checker import Figures, Rest, Seen, Tolerance, read_figures
from reliability.crowd import clients
from reliability.kills import WISHES, Killed
from reliability.world import TESTCARD, World, world

__all__ = ["comes_to_rest"]

CLIENTS = 8

QUIET = 1.0
"""Seconds between two looks at a server that comes to rest."""

LOOKS = 20

TOLERANCE = Tolerance(descriptors=4, threads=6, rss_bytes=24 * 1024 * 1024)
"""Thread pools grow to their size when something first fills them, and an allocator keeps what it may need again."""


async def comes_to_rest(folder: Path, *, seconds: float, seed: int) -> Killed:
    """Load a server for so long, twice: what it holds after the second time is what it held after the first.

    The first time is what a process grows by once: imports, pools, caches.
    """
    dice = random.Random(seed)  # noqa: S311 - to be repeatable
    async with world(folder, TESTCARD, dice) as place:
        place.server.start()
        await place.server.until_ready()
        seen = await _load(place, dice, seconds)
        before = await _at_rest(place)
        seen += await _load(place, dice, seconds)
        after = await _at_rest(place)
        rows, wrong = await place.judged(seen, rest=Rest(before, after, TOLERANCE))
    ended = Counter(row.status for row in rows.videos)
    return Killed(cycles=0, died_at={}, ended=dict(ended), again=0, wrong=wrong)


async def _load(place: World, dice: random.Random, seconds: float) -> list[Seen]:
    patience = 60 + seconds * 4
    async with clients(place.server.url, place.tenants, dice, WISHES, count=CLIENTS, patience=patience) as crowd:
        await asyncio.sleep(seconds)
    return [answer for client in crowd for answer in client.seen]


async def _at_rest(place: World) -> Figures:
    """What the server holds once that changes no more; its own jobs come and go."""
    looks: list[Figures] = []
    while len(looks) < LOOKS and not (len(looks) > 2 and _held(looks[-1]) == _held(looks[-2])):
        await asyncio.sleep(QUIET)
        looks.append(read_figures(place.server.process.pid))
    return min(looks, key=_held)


def _held(figures: Figures) -> tuple[int, int]:
    return figures.descriptors, figures.threads
