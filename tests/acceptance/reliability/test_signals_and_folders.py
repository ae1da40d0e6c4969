"""What a machine does to a server: signals, frozen processes, folders and files that are not what they were."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from reliability.clients import single_client
from reliability.disk import FaultyDisk
from reliability.kills import CREATE_OPTIONS
from reliability.processes import Launcher, Process, Zygote, spawn
from reliability.testbed import TESTCARD_MODELS, TIMEOUT_SECONDS, Server, Testbed, open_testbed
from reliability.upstreams import ENVIRON, UPSTREAM_KEY, engine_table, model_table
from tests.support.polling import until_async

from filmgate.testing import mock
from filmgate.testing.checker import read_files
from filmgate.testing.mock.fault_mix import parse_mix

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.timeout(300)]

ONE = {"model": ("sora-2",), "seconds": ("1",)}

ALL_REPLIES_LATE = parse_mix("reply-late", rate=1.0, seed=0)


def _dice() -> random.Random:
    return random.Random(7)  # noqa: S311 - to be repeatable


def _rows(testbed: Testbed, sql: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(f"file:{testbed.server.data / 'filmgate.sqlite'}?mode=ro", uri=True)) as rows:
        return rows.execute(sql).fetchall()


async def test_sigterm_drains(tmp_path: Path) -> None:
    """Whoever waits gets an answer, the exit code is 0, and what was being made is made after the next start."""
    slow = {"FILMGATE_TESTCARD_DELAY": "1"}
    with Zygote() as fork:
        async with open_testbed(tmp_path, TESTCARD_MODELS, _dice(), fork, environ=slow) as testbed:
            server = testbed.server
            server.start()
            await server.wait_until_ready()
            async with single_client(server.url, testbed.tenants[0], ONE) as client:
                made = [await client.create() for _ in range(6)]
                waiting = asyncio.create_task(client.send("GET", f"/v1/videos/{made[0]}?wait=30"))
                await client.poll_until(made[1], statuses=["in_progress", "completed"])
                server.process.send_signal(signal.SIGTERM)
                assert (await waiting).json()["id"] == made[0]
                assert await server.wait_until_dead(TIMEOUT_SECONDS)
                assert server.process.poll() == 0
                server.start()
                assert [await client.poll_until(video) for video in made] == ["completed"] * 6
            rows, wrong = await testbed.check(client.responses)
    assert wrong == []
    assert len(rows.videos) == 6


class HeldTime:
    """A mock's time: it stands still until a test moves it, and late replies wait until they are let go."""

    def __init__(self) -> None:
        self.now = time.time()
        self.replies = asyncio.Event()

    def __call__(self) -> float:
        """Unix time."""
        return self.now

    async def sleep(self, _seconds: float) -> None:
        """Wait until the replies are let go."""
        await self.replies.wait()


async def test_a_frozen_workers_videos_are_taken_over_and_its_late_writes_refused(tmp_path: Path) -> None:
    """A worker is stopped until it counts as dead; the other one ends its videos, and nothing changes when it goes on.

    Jobs that it had a ticket of are fetched. A submission that the upstream had not answered yet is not repeated, for
    it costs money: its video ends as unknown, uncharged, and the late ticket no longer counts.
    """
    held = HeldTime()
    config = mock.MockConfig(
        any_size=True, key=UPSTREAM_KEY, max_running=0, creates_per_minute=0, seconds_per_job=(60, 60)
    )
    async with mock.running(config, clock=held, sleep=held.sleep) as upstream:
        table = engine_table("openai", upstream.base_url, timeout=5) + model_table("sora-2", "openai")
        with Zygote() as fork:
            async with open_testbed(tmp_path, table, _dice(), fork, environ=ENVIRON) as testbed:
                server = testbed.server
                server.start(environ={"FILMGATE_WORKER": "false"})
                await server.wait_until_ready()
                async with single_client(server.url, testbed.tenants[0], ONE, video_timeout=90) as client:
                    frozen = await _start_worker(testbed, 0)
                    ticketed = [await client.create() for _ in range(8)]
                    await until_async(lambda: _count(testbed, "SELECT 1 FROM video WHERE stage = 'watching'") == 8)
                    survivor = await _start_worker(testbed, 1)
                    await _freeze(survivor, server.data)  # so that the next ones are the other one's
                    upstream.upstream.config = msgspec.structs.replace(config, mix=ALL_REPLIES_LATE)
                    unanswered = [await client.create() for _ in range(4)]
                    await until_async(lambda: len(mock.submissions(upstream.lines)) == 12)
                    await _freeze(frozen, server.data)
                    survivor.send_signal(signal.SIGCONT)
                    await until_async(
                        lambda: _count(testbed, "SELECT 1 FROM worker WHERE executor_id = 'worker-0'") == 0
                    )
                    held.now += 120
                    assert [await client.poll_until(video) for video in ticketed] == ["completed"] * 8
                    assert [await client.poll_until(video) for video in unanswered] == ["failed"] * 4
                    reasons = _rows(testbed, "SELECT error_code FROM video WHERE status = 'failed'")
                    assert reasons == [("submission_unknown",)] * 4
                    held.replies.set()
                    frozen.send_signal(signal.SIGCONT)
                    await until_async(
                        lambda: _count(testbed, "SELECT 1 FROM worker WHERE executor_id = 'worker-0'") == 1
                    )
                assert [await _end(worker) for worker in (frozen, survivor)] == [0, 0]
                submitted = mock.submissions(upstream.lines)
                _, wrong = await testbed.check(client.responses, submitted)
    assert wrong == []
    assert list(submitted.values()) == [1] * 12


async def _start_worker(testbed: Testbed, number: int) -> Process:
    file = testbed.server.data.parent / f"ready-{number}"
    worker = testbed.server.run_command("worker", "--ready-file", str(file))
    await until_async(file.exists)
    return worker


def _count(testbed: Testbed, sql: str) -> int:
    return len(_rows(testbed, sql))


async def _end(worker: Process) -> int:
    worker.send_signal(signal.SIGTERM)
    return await asyncio.to_thread(worker.wait, TIMEOUT_SECONDS)


async def _freeze(worker: Process, data: Path) -> None:
    """Stop a process outside of any write: one that stops within it keeps all others from writing until it goes on."""

    def is_frozen() -> bool:
        worker.send_signal(signal.SIGSTOP)
        if all(_writable(data / name) for name in ("filmgate.sqlite", "flow.sqlite")):
            return True
        worker.send_signal(signal.SIGCONT)
        return False

    await until_async(is_frozen)


def _writable(database: Path) -> bool:
    with closing(sqlite3.connect(database, timeout=0.3)) as rows:
        try:
            rows.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
    return True


async def _refused(server: Server, launch: Launcher | None = None, **environ: str) -> str:
    """What a start says that must fail for good, with the exit code of a mistaken setting."""
    before = server.log.stat().st_size if server.log.exists() else 0
    server.start(environ=environ, launch=launch)
    assert await server.wait_until_dead(TIMEOUT_SECONDS)
    said = server.log.read_bytes()[before:].decode()
    assert server.process.poll() == 2, said
    return said


def _scribble(path: Path, start: int) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(start)
        file.write(random.Random(7).randbytes(max(1, size - start)))  # noqa: S311 - noise


DAMAGES: dict[str, Callable[[Path], None]] = {
    "is damaged": lambda path: _scribble(path, 0),
    "malformed": lambda path: _scribble(path, 8192),
    "gone or empty, though": lambda path: os.truncate(path, 0),
    "gone or empty": Path.unlink,
}


async def test_a_damaged_database_is_refused_and_never_replaced(tmp_path: Path) -> None:
    """Damaged, empty or gone: the start says what to do and leaves all as it is; put back, the films are there."""
    with Zygote() as fork:
        async with open_testbed(tmp_path, TESTCARD_MODELS, _dice(), fork) as testbed:
            server, database = testbed.server, testbed.server.data / "filmgate.sqlite"
            server.start()
            async with single_client(server.url, testbed.tenants[0], CREATE_OPTIONS) as client:
                made = await client.create()
                assert await client.poll_until(made) == "completed"
                await client.download(made)
                assert server.stop_with(signal.SIGTERM) == 0
                copy, films = shutil.copy(database, tmp_path), read_files(server.data / "files")
                for words, damage in DAMAGES.items():
                    damage(database)
                    damaged = database.exists() and database.read_bytes()
                    said = await _refused(server)
                    assert words in said
                    assert "Restore it from a backup" in said
                    assert (database.exists() and database.read_bytes()) == damaged
                    shutil.copy(copy, database)
                assert read_files(server.data / "files") == films
                server.start()
                await client.download(made)
            _, wrong = await testbed.check(client.responses)
    assert wrong == []


@pytest.mark.parametrize("start", [0, 4096])
async def test_a_damaged_queue_is_healed(tmp_path: Path, start: int) -> None:
    """The durable engine's own file holds nothing that the rows don't: whatever happened to it, every video ends."""
    with Zygote() as fork:
        async with open_testbed(tmp_path, TESTCARD_MODELS, _dice(), fork) as testbed:
            server = testbed.server
            server.start("ticketed:3")
            async with single_client(server.url, testbed.tenants[0], CREATE_OPTIONS) as client:
                made = [await client.create() for _ in range(3)]
                assert await server.wait_until_dead(TIMEOUT_SECONDS)
                queue = server.data / "flow.sqlite"
                with closing(sqlite3.connect(queue)) as rows:
                    rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                assert queue.stat().st_size > 50_000
                _scribble(queue, start)
                server.start()
                assert [await client.poll_until(video) for video in made] == ["completed"] * 3
                assert "flow.database_damaged" in server.log.read_text(encoding="utf-8")
            _, wrong = await testbed.check(client.responses)
    assert wrong == []


async def test_a_folder_that_cant_be_used_is_named(tmp_path: Path) -> None:
    """Where no folder can be made, or nothing can be written into it, the start says so, and which one."""
    server = Server(tmp_path, TESTCARD_MODELS)
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "data"
    assert f"The data folder {folder} can't be made" in await _refused(server, FILMGATE_DATA=str(folder))
    nowhere = Path("/proc/self")  # where nobody can make a folder, not even who may do everything
    assert f"The data folder {nowhere} can't be written" in await _refused(server, FILMGATE_DATA=str(nowhere))


@pytest.mark.needs("cc")
async def test_a_read_only_disk_is_named(tmp_path: Path) -> None:
    """A disk that takes no byte any more: the start is refused, and what was on it is there afterwards."""
    with Zygote() as fork:
        async with open_testbed(tmp_path, TESTCARD_MODELS, _dice(), fork) as testbed:
            disk, server = FaultyDisk(testbed.server.data, tmp_path / "disk"), testbed.server
            server.start()
            async with single_client(server.url, testbed.tenants[0], CREATE_OPTIONS) as client:
                made = await client.create()
                await client.poll_until(made)
                assert server.stop_with(signal.SIGTERM) == 0
                read_only = disk.environment(fault=errno.EROFS, at=1, times=10**9) | {"DISK_MIRROR": ""}
                said = await _refused(server, spawn, **read_only)  # it is preloaded
                assert str(server.data) in said
                server.start()
                await client.download(made)
            _, wrong = await testbed.check(client.responses)
    assert wrong == []


@pytest.mark.needs("cc")
def test_a_key_outlives_the_power_cut_after_it_was_made(tmp_path: Path) -> None:
    """What was sealed with it right away can be opened afterwards."""
    (tmp_path / "data").mkdir()
    disk = FaultyDisk(tmp_path / "data", tmp_path / "disk")
    program = (
        "import sys, pathlib; from filmgate.security import keyfile; "
        "print(keyfile.load_or_create(pathlib.Path(sys.argv[1])).hex())"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "data" / "secrets" / "vault.key")]
    keys = []
    for _ in range(2):
        disk.sync_all()
        environ = {**os.environ, **disk.environment()}
        keys.append(subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout)
        disk.cut_power()
    assert keys[0] == keys[1]
    assert len(keys[0].strip()) == 64
    assert read_files(tmp_path / "data").keys() == {"secrets/vault.key"}
