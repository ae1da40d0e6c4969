"""Commands that call vendors in their own dialects, without a server."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.cli import PNG

from filmgate.testing import mock
from filmgate.wire.providers import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.cli import Cli, Ran

FAST = ("--poll-interval", "0.02")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Save videos into a temporary current folder."""
    monkeypatch.chdir(tmp_path)


class Vendor:
    """A mock vendor, and commands that call it."""

    def __init__(self, running: mock.RunningMock, cli: Cli) -> None:
        self.running = running
        self._cli = cli

    async def __call__(self, provider: str, *arguments: str, **more: str) -> Ran:
        """Run a command while the vendor serves it."""
        environ = {"API_TOKEN": "sk-1", "FILMGATE_PROVIDER": provider, "API_URL": self.url(provider)}
        return await asyncio.to_thread(self._cli, *arguments, **{**environ, **more})

    def url(self, provider: str) -> str:
        """Return the base URL as existing scripts have it: the whole URL of the request."""
        if provider == "chat":
            return f"{self.running.base_url}/chat/completions"
        return f"{self.running.vendor_url(provider)}/videos"


@pytest.fixture
async def vendor(cli: Cli) -> AsyncIterator[Vendor]:
    """Yield a vendor in every dialect."""
    async with mock.running(mock.MockConfig(seconds_per_job=(0.1, 0.15), key="sk-1", any_size=True)) as running:
        yield Vendor(running, cli)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_generate_works_alike_with_every_provider(vendor: Vendor, provider: str) -> None:
    """The id first, the path last, one submission."""
    seconds = "10" if provider in {"apiyi-async", "chat"} else "4"
    ran = await vendor(provider, "generate", "a koi pond in the rain", "--seconds", seconds, "-o", "{slug}.mp4", *FAST)
    assert (ran.code, ran.out) == (0, "a-koi-pond-in-the-rain.mp4\n"), ran
    assert ran.err.startswith("Video ")
    assert list(mock.submissions(vendor.running.lines).values()) == [1]


async def test_submit_show_and_watch_work_with_a_vendor(vendor: Vendor) -> None:
    """What a vendor does not support is refused with exit code 6."""
    video_id = (await vendor("dmxapi", "submit", "a koi pond in the rain", "-q")).out.strip()
    assert json.loads((await vendor("dmxapi", "show", video_id, "--format", "json")).out)["id"] == video_id
    assert (await vendor("dmxapi", "watch", video_id, "-q", *FAST)).out == f"{video_id}.mp4\n"
    for command in (["remix", video_id, "at night"], ["cancel", video_id], ["delete", video_id]):
        ran = await vendor("dmxapi", *command)
        assert (ran.code, "dmxapi" in ran.err) == (6, True), ran
    assert (await vendor("chat", "submit", "a koi pond in the rain")).code == 6
    assert (await vendor("chat", "show", "task_1")).code == 6


async def test_a_lost_response_is_reported_and_not_resent(vendor: Vendor) -> None:
    """Exit code 1, with the hint to check before resubmitting."""
    ran = await vendor("dmxapi", "generate", "a koi pond [mock:reply-lost]")
    assert ran.code == 1
    assert "may have been accepted" in ran.err
    assert list(mock.submissions(vendor.running.lines).values()) == [1]


async def test_an_unknown_price_exceeds_any_budget(vendor: Vendor) -> None:
    """Vendors report no price: the budget cannot be enforced, so nothing is sent."""
    assert (await vendor("dmxapi", "generate", "a koi pond", "--budget", "5")).code == 8
    assert not mock.submissions(vendor.running.lines)


async def test_durations_of_videos_are_remembered(
    vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the user's cache folder, so that the next wait polls at the right times."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert (await vendor("openai", "generate", "a koi pond", "--size", "128x128", "-q")).code == 0
    (kind,) = json.loads((tmp_path / "cache" / "filmgate" / "durations.json").read_bytes())
    assert kind == f"{vendor.running.vendor_url('openai')} sora-2 128x128 4"


@pytest.mark.needs("curl")
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("with_image", [False, True])
async def test_the_curl_command_is_the_vendors_own_request(vendor: Vendor, provider: str, *, with_image: bool) -> None:
    """Run as printed, it is accepted."""
    await asyncio.to_thread(Path("p.png").write_bytes, PNG)
    seconds = "10" if provider in {"apiyi-async", "chat"} else "4"
    more = ["-i", "p.png"] if with_image else []
    ran = await vendor(provider, "submit", "it's a koi pond", "--seconds", seconds, *more, "--print-curl")
    assert "sk-1" not in ran.out
    assert ran.code == 0, ran
    env = {"PATH": os.environ["PATH"], "FILMGATE_API_KEY": "sk-1"}
    run = ["/bin/sh", "-c", ran.out]
    response = await asyncio.to_thread(subprocess.run, run, env=env, capture_output=True, check=True)
    assert b'"id"' in response.stdout, response
