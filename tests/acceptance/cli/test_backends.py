"""The same command in a process of its own, with every backend: embedded engine, server, vendors."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import av
import pytest

from filmgate.testing import mock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.cli import CliEnv, Ran

VENDORS = ("openai", "dmxapi", "apiyi", "apiyi-async", "chat")
COMMAND = ("generate", "a koi pond in the rain", "-o", "{slug}.{ext}")


@pytest.fixture
async def upstream() -> AsyncIterator[mock.RunningMock]:
    """Yield a mock of all vendors."""
    async with mock.running(mock.MockConfig(key="sk-1")) as running:
        yield running


@pytest.mark.parametrize("provider", VENDORS)
async def test_generate_with_a_vendor(upstream: mock.RunningMock, cli_env: CliEnv, provider: str) -> None:
    """In its own dialect, with one submission."""
    url = upstream.vendor_url("openai" if provider == "chat" else provider)
    environ = {"FILMGATE_PROVIDER": provider, "FILMGATE_BASE_URL": url, "FILMGATE_API_KEY": "sk-1"}
    seconds = 10 if provider in {"apiyi-async", "chat"} else 4
    ran = await asyncio.to_thread(cli_env, *COMMAND, "--seconds", str(seconds), **environ)
    _check_video(ran, cli_env.folder, seconds)
    assert list(mock.submissions(upstream.lines).values()) == [1]


def test_generate_with_a_server(cli_env: CliEnv) -> None:
    """A Filmgate server."""
    with cli_env.serving() as (url, _):
        key = cli_env("keys", "create", "-q").out.strip()
        _check_video(cli_env(*COMMAND, FILMGATE_BASE_URL=url, FILMGATE_API_KEY=key), cli_env.folder)


def test_generate_with_the_embedded_engine(cli_env: CliEnv) -> None:
    """Without any server."""
    _check_video(cli_env(*COMMAND), cli_env.folder)


def _check_video(ran: Ran, folder: Path, seconds: int = 4) -> None:
    """Check that the id comes first and the path last, and that every frame of the file decodes."""
    assert (ran.code, ran.out) == (0, "a-koi-pond-in-the-rain.mp4\n"), ran
    assert ran.err.startswith("Video ")
    with av.open(str(folder / ran.out.strip())) as container:
        assert container.duration is not None
        assert abs(container.duration / av.time_base - seconds) < 0.5
        assert sum(1 for _ in container.decode(video=0)) > 1
