"""The log of a mock that was killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.polling import until_async
from tests.support.raw_client import RawClient

from filmgate.testing import mock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOON = 90.0


KEEP = ("PATH", "HOME")


@contextmanager
def process(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """``filmgate mock`` in a process of its own, and the file that will hold its address."""
    ready = folder / "ready"
    env = {name: os.environ[name] for name in KEEP if name in os.environ}
    command = [sys.executable, "-m", "filmgate", "mock", "--port", "0", "--ready-file", str(ready), *arguments]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        try:
            yield running, ready
        finally:
            running.kill()
            ready.unlink(missing_ok=True)


async def address(ready: Path, running: subprocess.Popen[bytes]) -> str:
    """Where it answers."""
    await until_async(lambda: ready.exists() or running.poll() is not None)
    assert running.poll() is None, running.stderr and running.stderr.read()
    return await asyncio.to_thread(ready.read_text, encoding="ascii")


async def create(raw: RawClient, prompt: str) -> str:
    """The new job's id."""
    return str((await raw.post("/v1/videos", {"prompt": prompt})).json["id"])


async def test_nothing_answered_is_missing_after_a_kill(tmp_path: Path) -> None:
    """Every create that was answered before kill -9 is a line; restarted, its job is there, or lost if so wanted."""
    log, answered, enough = tmp_path / "log.jsonl", set[str](), asyncio.Event()
    with process(tmp_path, "--instant", "--log", str(log)) as (running, ready):
        raw = RawClient(await address(ready, running))

        async def keep_ordering(who: int) -> None:
            for number in range(10_000):
                answered.add(await create(raw, f"Boat {who}/{number}"))
                if len(answered) >= 40:
                    enough.set()

        clients = [asyncio.create_task(keep_ordering(who)) for who in range(4)]
        await asyncio.wait_for(enough.wait(), SOON)
        running.send_signal(signal.SIGKILL)
        await asyncio.gather(*clients, return_exceptions=True)
    logged = {line.job for line in mock.read_log(log) if line.event is mock.LogEvent.SUBMISSION}
    assert len(answered) >= 40
    assert answered <= logged
    for arguments, status in (((), 200), (("--forget-on-restart",), 404)):
        with process(tmp_path, "--instant", "--log", str(log), *arguments) as (running, ready):
            raw = RawClient(await address(ready, running))
            assert (await raw.get(f"/v1/videos/{min(answered)}")).status == status
            running.terminate()
            assert running.wait(SOON) == 0
    assert not ready.exists()
