"""The same command, as a process of its own, wherever films are made: in itself, by a server, by each vendor."""

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
    """All the vendors."""
    async with mock.running(mock.MockConfig(key="sk-1")) as running:
        yield running


@pytest.mark.parametrize("provider", VENDORS)
async def test_a_vendor(upstream: mock.RunningMock, cli_env: CliEnv, provider: str) -> None:
    """In its own dialect, asked once."""
    url = upstream.vendor_url("openai" if provider == "chat" else provider)
    environ = {"FILMGATE_PROVIDER": provider, "FILMGATE_BASE_URL": url, "FILMGATE_API_KEY": "sk-1"}
    seconds = 10 if provider in {"apiyi-async", "chat"} else 4
    ran = await asyncio.to_thread(cli_env, *COMMAND, "--seconds", str(seconds), **environ)
    _plays(ran, cli_env.folder, seconds)
    assert list(mock.submissions(upstream.lines).values()) == [1]


def test_a_server(cli_env: CliEnv) -> None:
    """Ours."""
    with cli_env.serving() as (url, _):
        key = cli_env("keys", "create", "-q").out.strip()
        _plays(cli_env(*COMMAND, FILMGATE_BASE_URL=url, FILMGATE_API_KEY=key), cli_env.folder)


def test_nobody_else(cli_env: CliEnv) -> None:
    """The engine in the program itself."""
    _plays(cli_env(*COMMAND), cli_env.folder)


def _plays(ran: Ran, folder: Path, seconds: int = 4) -> None:
    """The id first, the path last, and every frame of the file can be decoded."""
    assert (ran.code, ran.out) == (0, "a-koi-pond-in-the-rain.mp4\n"), ran
    assert ran.err.startswith("Film ")
    with av.open(str(folder / ran.out.strip())) as film:
        assert film.duration is not None
        assert abs(film.duration / av.time_base - seconds) < 0.5
        assert sum(1 for _ in film.decode(video=0)) > 1
