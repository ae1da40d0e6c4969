"""The log is the truth: what was answered is in it, whatever died."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from filmgate.testing import mock
from filmgate.testing.mock.log import Log

from .conftest import Starting, Wire

SOON = 40.0
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
    async with asyncio.timeout(SOON):
        while not await asyncio.to_thread(ready.exists):
            assert running.poll() is None, running.stderr and running.stderr.read()
            await asyncio.sleep(0.02)
    return await asyncio.to_thread(ready.read_text, encoding="ascii")


async def create(wire: Wire, prompt: str) -> str:
    """The new job's id."""
    return str((await wire.post("/v1/videos", {"prompt": prompt})).json["id"])


async def test_nothing_answered_is_missing_after_a_kill(tmp_path: Path) -> None:
    """Every create that was answered before kill -9 is a line; restarted, its job is there, or lost if so wanted."""
    log, answered, enough = tmp_path / "log.jsonl", set[str](), asyncio.Event()
    with process(tmp_path, "--instant", "--log", str(log)) as (running, ready):
        wire = Wire(await address(ready, running))

        async def keep_ordering(who: int) -> None:
            for number in range(10_000):
                answered.add(await create(wire, f"Boat {who}/{number}"))
                if len(answered) >= 40:
                    enough.set()

        clients = [asyncio.create_task(keep_ordering(who)) for who in range(4)]
        await asyncio.wait_for(enough.wait(), SOON)
        running.send_signal(signal.SIGKILL)
        await asyncio.gather(*clients, return_exceptions=True)
    logged = {line.job for line in mock.read_log(log) if line.asked is mock.Asked.SUBMISSION}
    assert len(answered) >= 40
    assert answered <= logged
    for arguments, status in (((), 200), (("--restart-loses",), 404)):
        with process(tmp_path, "--instant", "--log", str(log), *arguments) as (running, ready):
            wire = Wire(await address(ready, running))
            assert (await wire.get(f"/v1/videos/{min(answered)}")).status == status
            running.terminate()
            assert running.wait(SOON) == 0
    assert not ready.exists()


async def test_a_lost_reply_is_a_submission(start: Starting, tmp_path: Path) -> None:
    """Whatever the client saw: accepted is accepted, refused is refused, and each look and download is told."""
    log = tmp_path / "log.jsonl"
    _, wire = await start(log=log, any_size=True)
    await wire.post("/v1/videos", {"prompt": "A [mock:reply-lost]"})
    await wire.post("/v1/videos", {"prompt": "B [mock:submit-5xx]"})
    await wire.post("/v1/videos", {"prompt": "C", "size": "0x0"})
    job = await create(wire, "D [mock:look-404]")
    await wire.get(f"/v1/videos/{job}")
    await wire.get(f"/v1/videos/{job}/content")
    await wire.get("/v1/videos/nobody")
    await wire("DELETE", f"/v1/videos/{job}")
    lines = mock.read_log(log)
    assert [line.asked for line in lines] == [
        *("start", "submission", "refusal", "refusal", "submission", "look", "content", "look", "delete")
    ]
    assert [line.fault for line in lines[1:6]] == ["reply-lost", "submit-5xx", "", "", "look-404"]
    assert lines[7].http_status == 404
    assert mock.submissions(lines) == {"A [mock:reply-lost]": 1, "D [mock:look-404]": 1}
    assert mock.submissions(lines, by=lambda line: line.vendor) == {"openai": 2}


async def test_jobs_come_back_as_they_were(start: Starting, tmp_path: Path) -> None:
    """After a restart a job has its faults, its looks so far and its length; what was deleted stays so."""
    log = tmp_path / "log.jsonl"
    _, wire = await start(log=log, any_size=True)
    job = await create(wire, "A [mock:look-404=2]")
    gone = await create(wire, "B")
    await wire("DELETE", f"/v1/videos/{gone}")
    assert (await wire.get(f"/v1/videos/{job}")).status == 404
    _, wire = await start(log=log, any_size=True)
    assert (await wire.get(f"/v1/videos/{gone}")).status == 404
    assert [(await wire.get(f"/v1/videos/{job}")).status for _ in range(2)] == [404, 200]
    first, second = [line for line in mock.read_log(log) if line.asked is mock.Asked.SUBMISSION]
    assert (first.job, first.faults, second.job) == (job, ("look-404=2",), gone)


async def test_a_torn_line_is_no_line(tmp_path: Path) -> None:
    """A power cut in the middle of a write spoils neither what is before it nor what comes after."""
    path = tmp_path / "log.jsonl"
    for number in range(2):
        log = Log(path)
        await log.add(mock.Line(at=number, asked=mock.Asked.LIST))
        await log.close()
        with path.open("ab") as file:
            file.write(b'{"at":3,"ask')
        assert [line.at for line in mock.read_log(path)] == list(range(number + 1))


async def test_a_line_is_written_though_its_asker_has_gone(tmp_path: Path) -> None:
    """A client that hangs up takes nothing out of the log; lines that wait share a sync."""
    path = tmp_path / "log.jsonl"
    log = Log(path)
    asking = [asyncio.create_task(log.add(mock.Line(at=n, asked=mock.Asked.LIST))) for n in range(50)]
    await asyncio.sleep(0)
    asking[7].cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*asking)
    await log.close()
    assert [line.at for line in mock.read_log(path)] == list(range(50))


@pytest.mark.parametrize("path", ["/mock/log", "/mock/jobs", "/mock/faults"])
async def test_the_mock_tells_of_itself(path: str, start: Starting) -> None:
    """Its log, its jobs and its faults as JSON, whatever key the vendors ask for."""
    _, wire = await start(key="sk-mock")
    await wire.post("/v1/videos", {"prompt": "A boat"}, Authorization="sk-mock")
    found = json.loads((await wire.get(path)).body)
    assert len(found) == {"/mock/log": 2, "/mock/jobs": 1, "/mock/faults": len(mock.FAULTS)}[path]
