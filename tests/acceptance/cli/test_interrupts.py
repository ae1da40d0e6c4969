"""Ctrl-C by a real signal, whatever is being done: exit 130, nothing lost, and the way on is told."""

from __future__ import annotations

import asyncio
import re
import signal
from typing import TYPE_CHECKING

import pytest
from tests.support.polling import until_async

from filmgate.testing import mock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.support.cli import CliEnv, Ran

SOON = 90.0


class Stage:
    """A vendor, and commands that go to it in processes of their own."""

    def __init__(self, upstream: mock.RunningMock, cli_env: CliEnv) -> None:
        self.upstream = upstream
        self.cli_env = cli_env
        self._environ = {"FILMGATE_BASE_URL": upstream.base_url, "FILMGATE_API_KEY": "sk-1"}

    async def __call__(self, *arguments: str) -> Ran:
        """Run a command to its end."""
        return await asyncio.to_thread(self.cli_env, *arguments, **self._environ)

    async def interrupted(self, *arguments: str, when: Callable[[], bool]) -> tuple[int, str, str]:
        """Run a command until ``when``, then press Ctrl-C."""
        process = self.cli_env.start(*arguments, **self._environ)
        try:
            await until_async(lambda: when() or process.poll() is not None)
            process.send_signal(signal.SIGINT)
            out, err = await asyncio.to_thread(process.communicate, timeout=SOON)
        finally:
            process.kill()
        return process.returncode, out, err

    def asked(self, kind: mock.LogEvent, times: int = 1) -> Callable[[], bool]:
        """Whether the vendor was asked for that so often."""
        return lambda: sum(line.event is kind for line in self.upstream.lines) >= times

    def arrives(self) -> bool:
        """Whether bytes of a film lie in the folder."""
        return any(path.stat().st_size for path in self.cli_env.folder.glob("*.part"))


@pytest.fixture
async def stage(cli_env: CliEnv) -> AsyncIterator[Stage]:
    """A vendor whose films take a while."""
    async with mock.running(mock.MockConfig(seconds_per_job=(60, 60), any_size=True)) as upstream:
        yield Stage(upstream, cli_env)


@pytest.fixture
async def quick(cli_env: CliEnv) -> AsyncIterator[Stage]:
    """A vendor whose films are there at once, and take a while to fetch."""
    async with mock.running(mock.MockConfig(any_size=True)) as upstream:
        yield Stage(upstream, cli_env)


def _id(text: str) -> str:
    found = re.search(r"video_\w+", text)
    assert found is not None, text
    return found[0]


async def test_while_it_is_asked_for(stage: Stage) -> None:
    """Nobody knows whether it was accepted: look before you ask again."""
    ended = await stage.interrupted("generate", "a boat [mock:reply-never]", when=stage.asked(mock.LogEvent.SUBMISSION))
    assert ended[:2] == (130, "")
    assert "filmgate list" in ended[2].splitlines()[-1]


async def test_while_it_is_made(stage: Stage) -> None:
    """The film goes on: its id, and the command that comes back to it, which can be left in the same way."""
    code, out, err = await stage.interrupted("generate", "a boat", when=stage.asked(mock.LogEvent.POLL))
    assert (code, out) == (130, "")
    assert f"filmgate watch {_id(err)}" in err.splitlines()[-1]
    again = err.splitlines()[-1].partition("filmgate ")[2].split()
    code, _, err = await stage.interrupted(*again, when=stage.asked(mock.LogEvent.POLL, 3))
    assert code == 130
    assert f"filmgate watch {_id(err)}" in err.splitlines()[-1]


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_while_it_is_fetched(quick: Stage, lang: str) -> None:
    """What is here stays, and the command that is told goes on with it."""
    asked = ("generate", "a boat [mock:content-drips=8]", "-o", "my boat.mp4", "--size", "128x128", "--lang", lang)
    code, out, err = await quick.interrupted(*asked, when=quick.arrives)
    assert (code, out) == (130, "")
    way = err.splitlines()[-1].partition("filmgate ")[2]
    assert way == f"download {_id(err)} -o 'my boat.mp4'"
    code, _, err = await quick.interrupted(
        "download", _id(err), "-o", "my boat.mp4", when=quick.asked(mock.LogEvent.CONTENT, 2)
    )
    assert (code, way in err) == (130, True)
    ran = await quick("download", _id(err), "-o", "my boat.mp4")
    assert (ran.code, ran.out) == (0, "my boat.mp4\n")
    assert mock.read_job_id((quick.cli_env.folder / "my boat.mp4").read_bytes()) == _id(err)
    assert not list(quick.cli_env.folder.glob("*.part"))
