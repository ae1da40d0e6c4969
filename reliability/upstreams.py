"""Upstreams that cost money, misbehave and go dark, while the server in front of them is killed again and again."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from filmgate.testing import mock
from reliability.crowd import clients
from reliability.kills import Killed, kill, verdict
from reliability.processes import Zygote, honestly
from reliability.world import world

__all__ = ["ENVIRON", "KEY", "MIXED", "VENDORS", "dark", "engine", "kills_upstream", "model"]

CLIENTS = 6

VENDORS = ("openai", "apiyi-async")
"""Who the two upstreams are: two dialects that differ in every answer."""

MIXED = (
    "reply-lost,reply-cut,id-missing,submit-html,submit-truncated,submit-5xx,submit-reset,submit-429-ms,"
    "submit-error-in-200,submit-moderated,status-case,status-synonyms,status-unknown,progress-falls,progress-text,"
    "failed,failed-error-string,failed-error-secret,look-404,look-5xx,look-html,look-resets,look-cut,completed-then-working,"
    "content-404,content-5xx,content-resets,content-unsized,range-ignored,etag-changes"
)
"""Faults that strike a third of the jobs; each ends by itself within seconds."""

WISHES: Mapping[str, Sequence[str]] = {"model": ("sora-2",), "seconds": ("1", "2")}


def engine(vendor: str, url: str, key_env: str = "UPSTREAM_KEY", patience: float = 1.0) -> str:
    """The table of an engine that is called like its vendor, and waits for answers only so many seconds."""
    return f"""
[engines.{vendor}]
kind = "openai-videos"
dialect = "{vendor}"
flavour = "{"plain" if vendor == "openai" else "auto"}"
base_url = "{url}"
key_env = "{key_env}"
paid = true
look_every = 0.1
running = 100
creates_a_minute = 100000
submit_timeout = {patience}
look_timeout = {patience}
idle_timeout = {patience}
pace = 0.5
"""


def model(name: str, made_by: str) -> str:
    """The table of a model whose films are small."""
    return f"""
[models.{name}]
engine = "{made_by}"
sizes = ["64x64", "128x64"]
seconds = ["1", "2"]
default_size = "64x64"
default_seconds = "1"
price = {{ default = 100 }}
"""


def _routed(upstreams: Mapping[str, mock.Running], patience: float = 1.0) -> str:
    """One model behind them all."""
    urls = {vendor: upstream.base_url for vendor, upstream in upstreams.items()}
    engines = ", ".join(f'"{vendor}"' for vendor in urls)
    route = f'[routes.sora-2]\nengines = [{engines}]\npolicy = "weighted"\n'
    return (
        "".join(engine(vendor, url, patience=patience) for vendor, url in urls.items())
        + route
        + model("sora-2", next(iter(urls)))
    )


@asynccontextmanager
async def _two(folder: Path, *, faults: str, rate: float, seed: int) -> AsyncIterator[Mapping[str, mock.Running]]:
    """Both upstreams, each with a log of its own."""
    mix = mock.parse_mix(faults, rate=rate, seed=seed)
    configs = {
        vendor: mock.Config(
            vendor=vendor,
            log=folder / f"{vendor}.jsonl",
            mix=mix,
            any_size=True,
            running=0,
            creates_a_minute=0,
            key=KEY,
            seconds_per_job=(0.1, 0.6),
        )
        for vendor in VENDORS
    }
    async with mock.running(configs[VENDORS[0]]) as first, mock.running(configs[VENDORS[1]]) as second:
        yield dict(zip(VENDORS, (first, second), strict=True))


KEY = "sk-upstream-7Hq2"
ENVIRON = {"UPSTREAM_KEY": KEY}
SECRETS = {"the upstreams' key": KEY}


def _submissions(folder: Path) -> Counter[str]:
    """How often each video was submitted to each paid upstream, by its prompt.

    By upstream, for a video may reach the second one after the first had failed it: its route allows that, once.
    """
    found: Counter[str] = Counter()
    for vendor in VENDORS:
        for prompt, count in mock.submissions(mock.read_log(folder / f"{vendor}.jsonl")).items():
            found[f"{prompt} at {vendor}"] = count
    return found


async def kills_upstream(folder: Path, *, cycles: int, seed: int) -> Killed:
    """Kill a server whose films two paid upstreams make, a third of them with a fault."""
    dice = random.Random(seed)  # noqa: S311 - to be repeatable
    async with _two(folder, faults=MIXED, rate=0.35, seed=seed) as upstreams:
        config = _routed(upstreams, patience=2.0)
        with Zygote() as fork:
            async with world(folder, config, dice, fork, environ=ENVIRON, secrets=SECRETS) as place:
                server, patience = place.server, 120 + cycles * 10
                async with clients(server.url, place.tenants, dice, WISHES, count=CLIENTS, patience=patience) as crowd:
                    died_at = await kill(server, dice, cycles)
                    server.start(launch=honestly)
                    await server.until_ready()
                return await verdict(place, cycles, died_at, crowd, _submissions(folder))


async def dark(folder: Path, *, seconds: float, seed: int, vendors: Sequence[str] = VENDORS[:1]) -> Killed:
    """Some of the upstreams go dark under load and come back: every video ends, none is submitted twice."""
    dice = random.Random(seed)  # noqa: S311 - to be repeatable
    async with _two(folder, faults="", rate=0.0, seed=seed) as upstreams:
        config = _routed(upstreams, patience=5.0)
        async with world(folder, config, dice, environ=ENVIRON, secrets=SECRETS) as place:
            server, patience = place.server, 60 + seconds * 4
            server.start()
            await server.until_ready()
            async with clients(server.url, place.tenants, dice, WISHES, count=2 * CLIENTS, patience=patience) as crowd:
                await asyncio.sleep(seconds / 4)
                for vendor in vendors:
                    await upstreams[vendor].outage(seconds)
                await asyncio.sleep(seconds * 1.25)
            return await verdict(place, 0, {}, crowd, _submissions(folder))
