"""Ctrl-C by a real signal at every stage: exit code 130, nothing lost, and how to resume is printed."""

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
    """A mock vendor, and commands in processes of their own that call it."""

    def __init__(self, upstream: mock.RunningMock, cli_env: CliEnv) -> None:
        self.upstream = upstream
        self.cli_env = cli_env
        self._environ = {"FILMGATE_BASE_URL": upstream.base_url, "FILMGATE_API_KEY": "sk-1"}

    async def __call__(self, *arguments: str) -> Ran:
        """Run a command to its end."""
        return await asyncio.to_thread(self.cli_env, *arguments, **self._environ)

    async def interrupted(self, *arguments: str, when: Callable[[], bool]) -> tuple[int, str, str]:
        """Run a command until ``when`` is true, then send SIGINT."""
        process = self.cli_env.start(*arguments, **self._environ)
        try:
            await until_async(lambda: when() or process.poll() is not None)
            process.send_signal(signal.SIGINT)
            out, err = await asyncio.to_thread(process.communicate, timeout=SOON)
        finally:
            process.kill()
        return process.returncode, out, err

    def requested(self, kind: mock.LogEvent, times: int = 1) -> Callable[[], bool]:
        """Return a predicate: the vendor got this many requests of the kind."""
        return lambda: sum(line.event is kind for line in self.upstream.lines) >= times

    def has_partial_download(self) -> bool:
        """Return whether a partial download is in the folder."""
        return any(path.stat().st_size for path in self.cli_env.folder.glob("*.part"))


@pytest.fixture
async def stage(cli_env: CliEnv) -> AsyncIterator[Stage]:
    """Yield a vendor whose videos take long."""
    async with mock.running(mock.MockConfig(seconds_per_job=(60, 60), any_size=True)) as upstream:
        yield Stage(upstream, cli_env)


@pytest.fixture
async def quick(cli_env: CliEnv) -> AsyncIterator[Stage]:
    """Yield a vendor whose videos are ready at once and download slowly."""
    async with mock.running(mock.MockConfig(any_size=True)) as upstream:
        yield Stage(upstream, cli_env)


def _id(text: str) -> str:
    match = re.search(r"video_\w+", text)
    assert match is not None, text
    return match[0]


async def test_ctrl_c_during_the_submission(stage: Stage) -> None:
    """The outcome is unknown: the hint is to check before resubmitting."""
    ended = await stage.interrupted(
        "generate", "a boat [mock:reply-never]", when=stage.requested(mock.LogEvent.SUBMISSION)
    )
    assert ended[:2] == (130, "")
    assert "filmgate list" in ended[2].splitlines()[-1]


async def test_ctrl_c_during_the_wait(stage: Stage) -> None:
    """The video continues; the printed command resumes, and can be interrupted resume."""
    code, out, err = await stage.interrupted("generate", "a boat", when=stage.requested(mock.LogEvent.POLL))
    assert (code, out) == (130, "")
    assert f"filmgate watch {_id(err)}" in err.splitlines()[-1]
    resume = err.splitlines()[-1].partition("filmgate ")[2].split()
    code, _, err = await stage.interrupted(*resume, when=stage.requested(mock.LogEvent.POLL, 3))
    assert code == 130
    assert f"filmgate watch {_id(err)}" in err.splitlines()[-1]


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_ctrl_c_during_the_download(quick: Stage, lang: str) -> None:
    """The partial file is kept, and the printed command resumes it."""
    command = ("generate", "a boat [mock:content-drips=8]", "-o", "my boat.mp4", "--size", "128x128", "--lang", lang)
    code, out, err = await quick.interrupted(*command, when=quick.has_partial_download)
    assert (code, out) == (130, "")
    resume = err.splitlines()[-1].partition("filmgate ")[2]
    assert resume == f"download {_id(err)} -o 'my boat.mp4'"
    code, _, err = await quick.interrupted(
        "download", _id(err), "-o", "my boat.mp4", when=quick.requested(mock.LogEvent.CONTENT, 2)
    )
    assert (code, resume in err) == (130, True)
    ran = await quick("download", _id(err), "-o", "my boat.mp4")
    assert (ran.code, ran.out) == (0, "my boat.mp4\n")
    assert mock.read_job_id((quick.cli_env.folder / "my boat.mp4").read_bytes()) == _id(err)
    assert not list(quick.cli_env.folder.glob("*.part"))
