"""Paid upstreams that misbehave and have outages, while the server in front of them is killed again and again."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from filmgate.testing import mock
from reliability.clients import running_clients
from reliability.kills import CampaignResult, check_result, kill_repeatedly
from reliability.processes import Zygote, spawn
from reliability.testbed import open_testbed

__all__ = [
    "ENVIRON",
    "MIXED_FAULTS",
    "UPSTREAM_KEY",
    "VENDORS",
    "engine_table",
    "model_table",
    "outage_campaign",
    "upstream_kill_campaign",
]

CLIENTS = 6

VENDORS = ("openai", "apiyi-async")
"""The two upstreams' vendors: two dialects that differ in every response."""

MIXED_FAULTS = (
    "reply-lost,reply-cut,id-missing,submit-html,submit-truncated,submit-5xx,submit-reset,submit-429-ms,"
    "submit-error-in-200,submit-moderated,status-case,status-synonyms,status-unknown,progress-falls,progress-text,"
    "failed,failed-error-string,failed-error-secret,poll-404,poll-5xx,poll-html,poll-resets,poll-cut,completed-then-working,"
    "content-404,content-5xx,content-resets,content-unsized,range-ignored,etag-changes"
)
"""Faults of a third of the jobs; each ends by itself within seconds."""

CREATE_OPTIONS: Mapping[str, Sequence[str]] = {"model": ("sora-2",), "seconds": ("1", "2")}


def engine_table(vendor: str, url: str, key_env: str = "UPSTREAM_KEY", timeout: float = 1.0) -> str:
    """The configuration of an engine named like its vendor, with short timeouts."""
    return f"""
[engines.{vendor}]
kind = "openai-videos"
dialect = "{vendor}"
flavour = "{"plain" if vendor == "openai" else "auto"}"
base_url = "{url}"
key_env = "{key_env}"
paid = true
min_poll_interval = 0.1
running = 100
creates_per_minute = 100000
submit_timeout = {timeout}
poll_timeout = {timeout}
idle_timeout = {timeout}
pace = 0.5
"""


def model_table(name: str, engine_name: str) -> str:
    """The configuration of a model with small videos."""
    return f"""
[models.{name}]
engine = "{engine_name}"
sizes = ["64x64", "128x64"]
seconds = ["1", "2"]
default_size = "64x64"
default_seconds = "1"
price = {{ default = 100 }}
"""


def _routed_config(upstreams: Mapping[str, mock.RunningMock], timeout: float = 1.0) -> str:
    """One model whose route has both engines."""
    urls = {vendor: upstream.base_url for vendor, upstream in upstreams.items()}
    engines = ", ".join(f'"{vendor}"' for vendor in urls)
    route = f'[routes.sora-2]\nengines = [{engines}]\npolicy = "weighted"\n'
    return (
        "".join(engine_table(vendor, url, timeout=timeout) for vendor, url in urls.items())
        + route
        + model_table("sora-2", next(iter(urls)))
    )


@asynccontextmanager
async def _two_upstreams(
    folder: Path, *, faults: str, rate: float, seed: int
) -> AsyncIterator[Mapping[str, mock.RunningMock]]:
    """Both upstreams, each with a log of its own."""
    mix = mock.parse_mix(faults, rate=rate, seed=seed)
    configs = {
        vendor: mock.MockConfig(
            vendor=vendor,
            log=folder / f"{vendor}.jsonl",
            mix=mix,
            any_size=True,
            max_running=0,
            creates_per_minute=0,
            key=UPSTREAM_KEY,
            seconds_per_job=(0.1, 0.6),
        )
        for vendor in VENDORS
    }
    async with mock.running(configs[VENDORS[0]]) as first, mock.running(configs[VENDORS[1]]) as second:
        yield dict(zip(VENDORS, (first, second), strict=True))


UPSTREAM_KEY = "sk-upstream-7Hq2"
ENVIRON = {"UPSTREAM_KEY": UPSTREAM_KEY}
SECRETS = {"the upstreams' key": UPSTREAM_KEY}


def _submissions(folder: Path) -> Counter[str]:
    """How often each video was submitted to each paid upstream, by its prompt.

    By upstream, because a video may reach the second one after the first has failed it: its route allows that, once.
    """
    found: Counter[str] = Counter()
    for vendor in VENDORS:
        for prompt, count in mock.submissions(mock.read_log(folder / f"{vendor}.jsonl")).items():
            found[f"{prompt} at {vendor}"] = count
    return found


async def upstream_kill_campaign(folder: Path, *, cycles: int, seed: int) -> CampaignResult:
    """Kill a server in front of two paid upstreams, which inject a fault into a third of the jobs."""
    dice = random.Random(seed)  # noqa: S311 - to be repeatable
    async with _two_upstreams(folder, faults=MIXED_FAULTS, rate=0.35, seed=seed) as upstreams:
        config = _routed_config(upstreams, timeout=2.0)
        with Zygote() as fork:
            async with open_testbed(folder, config, dice, fork, environ=ENVIRON, secrets=SECRETS) as place:
                server, patience = place.server, 120 + cycles * 10
                async with running_clients(
                    server.url, place.tenants, dice, CREATE_OPTIONS, count=CLIENTS, video_timeout=patience
                ) as crowd:
                    died_at = await kill_repeatedly(server, dice, cycles)
                    server.start(launch=spawn)
                    await server.wait_until_ready()
                return await check_result(place, cycles, died_at, crowd, _submissions(folder))


async def outage_campaign(
    folder: Path, *, seconds: float, seed: int, vendors: Sequence[str] = VENDORS[:1]
) -> CampaignResult:
    """Outages of upstreams under load: every video ends, none is submitted twice."""
    dice = random.Random(seed)  # noqa: S311 - to be repeatable
    async with _two_upstreams(folder, faults="", rate=0.0, seed=seed) as upstreams:
        config = _routed_config(upstreams, timeout=5.0)
        async with open_testbed(folder, config, dice, environ=ENVIRON, secrets=SECRETS) as place:
            server, patience = place.server, 60 + seconds * 4
            server.start()
            await server.wait_until_ready()
            async with running_clients(
                server.url, place.tenants, dice, CREATE_OPTIONS, count=2 * CLIENTS, video_timeout=patience
            ) as crowd:
                await asyncio.sleep(seconds / 4)
                for vendor in vendors:
                    await upstreams[vendor].outage(seconds)
                await asyncio.sleep(seconds * 1.25)
            return await check_result(place, 0, {}, crowd, _submissions(folder))
