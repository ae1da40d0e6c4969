"""The scene engine and its worker processes: jobs, cancellation, crashes and restarts."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
import psutil
import pytest
from tests.support.polling import until_async

from filmgate import engines
from filmgate.domain import Size
from filmgate.engines.base import Engine, JobState
from filmgate.errors import EngineUnavailable, SettingsError
from filmgate.testing.engine_contract import poll_until_ended, sample_job
from filmgate_scene import SceneEngine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

# The real worker.
REAL_WORKER = """
import runpy
runpy.run_module("filmgate_scene.worker", run_name="__main__", alter_sys=True)
"""

# A worker that draws nothing and follows the prompt's command, with the real protocol.
SCRIPTED_WORKER = """
import json, os, sys, threading, time
cancelled = threading.Event()
def say(**answer):
    print(json.dumps(answer), flush=True)
def listen():
    for line in sys.stdin:
        order = json.loads(line)
        if order["type"] == "cancel":
            cancelled.set()
        else:
            threading.Thread(target=act, args=(order["job"], order["out"]), daemon=True).start()
    os._exit(0)
def act(job, out):
    cancelled.clear()
    token, prompt = job["token"], job["prompt"]
    say(type="progress", token=token, done=1, total=2)
    if prompt == "wait":
        cancelled.wait()
        return say(type="cancelled", token=token)
    if prompt == "hang":
        threading.Event().wait()
    if prompt == "crash":
        os._exit(9)
    if prompt == "babble":
        return print("what?", flush=True)
    if prompt == "fail":
        return say(type="failed", token=token, message="ValueError: secret details")
    os.makedirs(os.path.dirname(out), exist_ok=True)
    open(out, "w").write(prompt)
    image = out.replace("film.mp4", "film.thumbnail.webp")
    open(image, "w").write("image of " + prompt)
    say(type="done", token=token, extras={"thumbnail": image}, notes={"understood": prompt})
say(type="ready")
listen()
"""


@asynccontextmanager
async def running(
    folder: Path, script: str = SCRIPTED_WORKER, workers: int = 2, cancel_grace: float = 5.0
) -> AsyncIterator[SceneEngine]:
    """An engine whose workers run ``script``."""
    command = (sys.executable, "-c", script)
    engine = SceneEngine(workers=workers, scratch=folder / "scratch", command=command, cancel_grace=cancel_grace)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[SceneEngine]:
    """An engine with two scripted workers."""
    async with running(tmp_path) as scene_engine:
        yield scene_engine


async def working(engine: Engine, ticket: str) -> None:
    """Wait until a job is no longer queued."""

    async def has_begun() -> bool:
        return (await engine.poll(ticket)).state is not JobState.QUEUED

    await until_async(has_begun)


async def end(engine: Engine, prompt: str, video_id: str = "video_1") -> JobState:
    """Submit a prompt and return the job's final state."""
    ticket = await engine.submit(msgspec.structs.replace(sample_job(prompt=prompt), video_id=video_id))
    return (await poll_until_ended(engine, ticket))[-1].state


def children() -> list[psutil.Process]:
    """The scripted workers among this process's children, since other tests may run servers beside them."""
    alive = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in alive if any('say(type="ready")' in word for word in child.cmdline())]


async def test_fetch_returns_the_video_with_its_images(engine: SceneEngine, tmp_path: Path) -> None:
    """A fetch gives video, images and notes, and can be repeated."""
    ticket = await engine.submit(sample_job(prompt="a beach"))
    await poll_until_ended(engine, ticket)
    for name in ("one.mp4", "two.mp4"):
        artifact = await engine.fetch(ticket, tmp_path / name)
        assert (tmp_path / name).read_text() == "a beach"
        assert [path.read_text() for path in artifact.extras.values()] == ["image of a beach"]
        assert artifact.notes == {"understood": "a beach"}
        for path in artifact.extras.values():
            path.unlink()


async def test_jobs_wait_for_a_free_worker(tmp_path: Path) -> None:
    """One worker renders one video at a time; the next job starts when the first ends."""
    async with running(tmp_path, workers=1) as engine:
        first, second = await engine.submit(sample_job(prompt="wait")), await engine.submit(sample_job(prompt="b"))
        await working(engine, first)
        assert (await engine.poll(second)).state is JobState.QUEUED
        assert engine.expected_seconds(sample_job()) > 0
        await engine.cancel(first)
        assert (await poll_until_ended(engine, second))[-1].state is JobState.DONE
        assert len(children()) == 1


async def test_workers_are_started_on_demand(engine: SceneEngine) -> None:
    """One process waits for work; a second job starts a second process, a third job starts none."""
    await until_async(lambda: len(children()) == 1)
    tickets = [await engine.submit(sample_job(prompt="wait")) for _ in range(3)]
    await working(engine, tickets[1])
    assert len(children()) == 2
    assert (await engine.poll(tickets[2])).state is JobState.QUEUED


async def test_queued_job_is_cancelled_before_it_starts(tmp_path: Path) -> None:
    """A job that no worker has started is removed with its folder."""
    async with running(tmp_path, workers=1) as engine:
        first, second = await engine.submit(sample_job(prompt="wait")), await engine.submit(sample_job(prompt="b"))
        await working(engine, first)
        await engine.cancel(second)
        assert (await engine.poll(second)).state is JobState.CANCELLED
        assert not list((tmp_path / "scratch").glob(f"*/{second}"))


async def test_worker_that_ignores_a_cancellation_is_replaced(tmp_path: Path) -> None:
    """A hanging worker is killed, so that the next job, of another client, is rendered."""
    async with running(tmp_path, workers=1, cancel_grace=0.0) as engine:
        hanging, other = await engine.submit(sample_job(prompt="hang")), await engine.submit(sample_job(prompt="b"))
        await working(engine, hanging)
        await engine.cancel(hanging)
        assert (await poll_until_ended(engine, other))[-1].state is JobState.DONE
        assert (await engine.poll(hanging)).state is JobState.CANCELLED


async def test_failure_message_hides_internal_details(engine: SceneEngine) -> None:
    """A job that cannot be rendered fails permanently, with a message for clients, and the worker continues."""
    ticket = await engine.submit(sample_job(prompt="fail"))
    verdict = (await poll_until_ended(engine, ticket))[-1]
    assert verdict.state is JobState.FAILED
    assert verdict.error is not None
    assert "secret" not in verdict.error.message
    assert await end(engine, "a beach") is JobState.DONE


async def test_crash_loses_only_its_own_job(engine: SceneEngine) -> None:
    """When a worker dies, its job is lost and can be submitted again; other jobs continue, and a new worker starts."""
    other = await engine.submit(sample_job(prompt="wait"))
    await working(engine, other)
    assert await end(engine, "crash") is JobState.LOST
    assert (await engine.poll(other)).state is JobState.WORKING
    assert await end(engine, "a beach") is JobState.DONE


async def test_second_crash_of_a_video_fails_it(engine: SceneEngine) -> None:
    """A second crash is attributed to the video, which limits retries."""
    assert await end(engine, "crash", "video_a") is JobState.LOST
    assert await end(engine, "crash", "video_b") is JobState.LOST
    assert await end(engine, "crash", "video_a") is JobState.FAILED


async def test_killed_worker_is_replaced(engine: SceneEngine) -> None:
    """If the kernel's out-of-memory killer ends a worker, its job is lost, not hanging."""
    ticket = await engine.submit(sample_job(prompt="wait"))
    await working(engine, ticket)
    children()[0].send_signal(signal.SIGKILL)
    assert (await poll_until_ended(engine, ticket))[-1].state is JobState.LOST
    assert await end(engine, "a beach", "video_2") is JobState.DONE


async def test_worker_with_invalid_output_is_killed(engine: SceneEngine) -> None:
    """A worker that violates the protocol is replaced, so that its job does not hang."""
    assert await end(engine, "babble") is JobState.LOST


async def test_jobs_end_if_no_worker_starts(tmp_path: Path) -> None:
    """If workers fail to start, jobs are lost instead of waiting forever."""
    async with running(tmp_path, "raise SystemExit(3)") as engine:
        assert await end(engine, "a beach") is JobState.LOST


async def test_stop_kills_workers_at_once(tmp_path: Path) -> None:
    """A stop does not wait for an endless job; it leaves no process and no folder, and later jobs are refused."""
    async with running(tmp_path) as engine:
        ticket = await engine.submit(sample_job(prompt="wait"))
        await working(engine, ticket)
        await engine.stop()
        assert children() == []
        assert list((tmp_path / "scratch").iterdir()) == []
        assert (await engine.poll(ticket)).state is JobState.LOST
        with pytest.raises(EngineUnavailable):
            await engine.submit(sample_job())


async def test_folders_of_dead_processes_are_removed(tmp_path: Path) -> None:
    """A start removes the folders of dead processes and keeps those of living ones."""
    (tmp_path / "scratch" / "dead" / "job").mkdir(parents=True)
    async with running(tmp_path) as first:
        ticket = await first.submit(sample_job(prompt="a beach"))
        await poll_until_ended(first, ticket)
        async with running(tmp_path):
            await first.fetch(ticket, tmp_path / "video.mp4")
        assert not (tmp_path / "scratch" / "dead").exists()


async def test_old_fetched_videos_are_removed(engine: SceneEngine, tmp_path: Path) -> None:
    """Videos fetched long ago occupy no disk space; their tickets are lost."""
    tickets = [await engine.submit(sample_job(prompt=f"video {number}")) for number in range(18)]
    for ticket in tickets:
        await poll_until_ended(engine, ticket)
        await engine.fetch(ticket, tmp_path / "video.mp4")
    assert (await engine.poll(tickets[0])).state is JobState.LOST
    assert (await engine.poll(tickets[-1])).state is JobState.DONE
    assert len(list((tmp_path / "scratch").glob("*/*/film.mp4"))) == 16


def test_registry_creates_the_engine(tmp_path: Path) -> None:
    """The catalogue's ``scene`` is this engine, with the configured number of workers."""
    context = engines.EngineContext(name="scene", options={"workers": 3}, cache=tmp_path, scratch=tmp_path)
    engine = engines.create_engine("scene", context)
    assert isinstance(engine, SceneEngine)
    assert engine.capabilities.concurrency == 3
    assert not engine.capabilities.paid


@pytest.mark.parametrize("options", [{"workers": 0}, {"workers": 65}, {"workers": "two"}, {"worker": 2}])
def test_invalid_options_are_refused(tmp_path: Path, options: dict[str, object]) -> None:
    """The error names the option, and no process is started."""
    context = engines.EngineContext(name="scene", options=options, cache=tmp_path, scratch=tmp_path)
    with pytest.raises(SettingsError, match=next(iter(options))):
        engines.create_engine("scene", context)


async def test_worker_exits_with_its_parent(tmp_path: Path) -> None:
    """A worker ends at once with its engine's process, even if that is killed."""
    script = f"import os, subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {REAL_WORKER!r}, str(os.getpid())], stdin=subprocess.PIPE); print(p.pid, flush=True); p.wait()"  # noqa: E501 - a program
    environ = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, env=environ
    )
    assert parent.stdout is not None
    worker = psutil.Process(int(await parent.stdout.readline()))
    parent.kill()
    await parent.wait()
    await until_async(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)


async def test_event_loop_runs_while_two_videos_render(tmp_path: Path) -> None:
    """Other processes draw, so the loop that answers polls continues, turn by turn."""
    async with running(tmp_path, REAL_WORKER) as engine:
        tickets = [await engine.submit(sample_job(size=Size(1280, 720), seconds=1)) for _ in range(2)]
        all_ended = asyncio.gather(*(poll_until_ended(engine, ticket) for ticket in tickets))
        checks: list[bool] = []

        def has_ended() -> bool:
            checks.append(all_ended.done())
            return checks[-1]

        await until_async(has_ended)
        assert all(verdicts[-1].state is JobState.DONE for verdicts in await all_ended)
        assert len(checks) > 20
