"""Commands that speak to vendors in their own dialects, with no server between."""

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
    """Films are saved into the current folder."""
    monkeypatch.chdir(tmp_path)


class Vendor:
    """A vendor, and commands that go to it."""

    def __init__(self, running: mock.RunningMock, cli: Cli) -> None:
        self.running = running
        self._cli = cli

    async def __call__(self, provider: str, *arguments: str, **more: str) -> Ran:
        """Run a command, beside the vendor that answers it."""
        environ = {"API_TOKEN": "sk-1", "FILMGATE_PROVIDER": provider, "API_URL": self.url(provider)}
        return await asyncio.to_thread(self._cli, *arguments, **{**environ, **more})

    def url(self, provider: str) -> str:
        """As an existing script has it: the whole address of the request."""
        if provider == "chat":
            return f"{self.running.base_url}/chat/completions"
        return f"{self.running.vendor_url(provider)}/videos"


@pytest.fixture
async def vendor(cli: Cli) -> AsyncIterator[Vendor]:
    """A vendor in every dialect."""
    async with mock.running(mock.MockConfig(seconds_per_job=(0.1, 0.15), key="sk-1", any_size=True)) as running:
        yield Vendor(running, cli)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_generate_is_the_same_everywhere(vendor: Vendor, provider: str) -> None:
    """The same command for each: id first, path last, one submission."""
    seconds = "10" if provider in {"apiyi-async", "chat"} else "4"
    ran = await vendor(provider, "generate", "a koi pond in the rain", "--seconds", seconds, "-o", "{slug}.mp4", *FAST)
    assert (ran.code, ran.out) == (0, "a-koi-pond-in-the-rain.mp4\n"), ran
    assert ran.err.startswith("Film ")
    assert list(mock.submissions(vendor.running.lines).values()) == [1]


async def test_steps_can_be_taken_one_by_one(vendor: Vendor) -> None:
    """submit, show, watch; what a vendor has not is refused with exit 6."""
    video_id = (await vendor("dmxapi", "submit", "a koi pond in the rain", "-q")).out.strip()
    assert json.loads((await vendor("dmxapi", "show", video_id, "--format", "json")).out)["id"] == video_id
    assert (await vendor("dmxapi", "watch", video_id, "-q", *FAST)).out == f"{video_id}.mp4\n"
    for command in (["remix", video_id, "at night"], ["cancel", video_id], ["delete", video_id]):
        ran = await vendor("dmxapi", *command)
        assert (ran.code, "dmxapi" in ran.err) == (6, True), ran
    assert (await vendor("chat", "submit", "a koi pond in the rain")).code == 6
    assert (await vendor("chat", "show", "task_1")).code == 6


async def test_a_lost_reply_is_said_and_not_sent_again(vendor: Vendor) -> None:
    """Exit 1: look before you send it again."""
    ran = await vendor("dmxapi", "generate", "a koi pond [mock:reply-lost]")
    assert ran.code == 1
    assert "not known whether" in ran.err
    assert list(mock.submissions(vendor.running.lines).values()) == [1]


async def test_an_unknown_price_keeps_no_budget(vendor: Vendor) -> None:
    """Vendors don't say what they charge: a budget can't be kept, so nothing is sent."""
    assert (await vendor("dmxapi", "generate", "a koi pond", "--budget", "5")).code == 8
    assert not mock.submissions(vendor.running.lines)


async def test_it_remembers_how_long_films_took(
    vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the user's cache folder, so that the next wait looks at the right moments."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert (await vendor("openai", "generate", "a koi pond", "--size", "128x128", "-q")).code == 0
    (kind,) = json.loads((tmp_path / "cache" / "filmgate" / "durations.json").read_bytes())
    assert kind == f"{vendor.running.vendor_url('openai')} sora-2 128x128 4"


@pytest.mark.needs("curl")
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("pictured", [False, True])
async def test_the_curl_command_is_the_vendors_own_request(vendor: Vendor, provider: str, *, pictured: bool) -> None:
    """Run as it is printed, it is accepted."""
    await asyncio.to_thread(Path("p.png").write_bytes, PNG)
    seconds = "10" if provider in {"apiyi-async", "chat"} else "4"
    more = ["-i", "p.png"] if pictured else []
    ran = await vendor(provider, "submit", "it's a koi pond", "--seconds", seconds, *more, "--print-curl")
    assert "sk-1" not in ran.out
    assert ran.code == 0, ran
    env = {"PATH": os.environ["PATH"], "FILMGATE_API_KEY": "sk-1"}
    run = ["/bin/sh", "-c", ran.out]
    said = await asyncio.to_thread(subprocess.run, run, env=env, capture_output=True, check=True)
    assert b'"id"' in said.stdout, said
