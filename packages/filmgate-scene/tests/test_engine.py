"""The scene engine: its contract, its worker processes, and what happens when they die."""

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

# The true worker, with the kernels that this checkout's other tests compiled.
TRUE_WORKER = """
import runpy
runpy.run_module("filmgate_scene.worker", run_name="__main__", alter_sys=True)
"""

# A worker that draws nothing and does what the prompt says, in the true protocol.
ACTOR = """
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
    if prompt == "crash":
        os._exit(9)
    if prompt == "babble":
        return print("what?", flush=True)
    if prompt == "fail":
        return say(type="failed", token=token, message="ValueError: secret details")
    os.makedirs(os.path.dirname(out), exist_ok=True)
    open(out, "w").write(prompt)
    picture = out.replace("film.mp4", "film.thumbnail.webp")
    open(picture, "w").write("picture of " + prompt)
    say(type="done", token=token, extras={"thumbnail": picture}, notes={"understood": prompt})
say(type="ready")
listen()
"""


@asynccontextmanager
async def running(folder: Path, script: str = ACTOR, workers: int = 2) -> AsyncIterator[SceneEngine]:
    """An engine whose workers run a script."""
    engine = SceneEngine(
        workers=workers, cache=folder / "cache", scratch=folder / "scratch", command=(sys.executable, "-c", script)
    )
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[SceneEngine]:
    """An engine with two actors."""
    async with running(tmp_path) as made:
        yield made


async def working(engine: Engine, ticket: str) -> None:
    """Wait until a job is being made."""

    async def has_begun() -> bool:
        return (await engine.poll(ticket)).state is not JobState.QUEUED

    await until_async(has_begun)


async def end(engine: Engine, prompt: str, video_id: str = "video_1") -> JobState:
    """Submit a prompt; how it ends."""
    ticket = await engine.submit(msgspec.structs.replace(sample_job(prompt=prompt), video_id=video_id))
    return (await poll_until_ended(engine, ticket))[-1].state


def children() -> list[psutil.Process]:
    """The actors among this process's children: other tests may have servers running beside them."""
    alive = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in alive if any('say(type="ready")' in word for word in child.cmdline())]


async def test_a_film_is_handed_over_with_its_pictures(engine: SceneEngine, tmp_path: Path) -> None:
    """A fetch gives film, pictures and notes, and gives them again."""
    ticket = await engine.submit(sample_job(prompt="a beach"))
    await poll_until_ended(engine, ticket)
    for name in ("one.mp4", "two.mp4"):
        artifact = await engine.fetch(ticket, tmp_path / name)
        assert (tmp_path / name).read_text() == "a beach"
        assert [path.read_text() for path in artifact.extras.values()] == ["picture of a beach"]
        assert artifact.notes == {"understood": "a beach"}
        for path in artifact.extras.values():
            path.unlink()


async def test_jobs_wait_for_a_free_worker(tmp_path: Path) -> None:
    """One worker makes one film at a time; the next job begins when the first is over."""
    async with running(tmp_path, workers=1) as engine:
        first, second = await engine.submit(sample_job(prompt="wait")), await engine.submit(sample_job(prompt="b"))
        await working(engine, first)
        assert (await engine.poll(second)).state is JobState.QUEUED
        assert engine.expected_seconds(sample_job()) > 0
        await engine.cancel(first)
        assert (await poll_until_ended(engine, second))[-1].state is JobState.DONE
        assert len(children()) == 1


async def test_workers_are_started_as_they_are_needed(engine: SceneEngine) -> None:
    """One process waits for work; a second one comes with a second job, a third never."""
    await until_async(lambda: len(children()) == 1)
    tickets = [await engine.submit(sample_job(prompt="wait")) for _ in range(3)]
    await working(engine, tickets[1])
    assert len(children()) == 2
    assert (await engine.poll(tickets[2])).state is JobState.QUEUED


async def test_a_waiting_job_is_cancelled_unbegun(tmp_path: Path) -> None:
    """A job that no worker has begun is simply taken back, folder and all."""
    async with running(tmp_path, workers=1) as engine:
        first, second = await engine.submit(sample_job(prompt="wait")), await engine.submit(sample_job(prompt="b"))
        await working(engine, first)
        await engine.cancel(second)
        assert (await engine.poll(second)).state is JobState.CANCELLED
        assert not list((tmp_path / "scratch").glob(f"*/{second}"))


async def test_a_failed_job_says_nothing_of_our_insides(engine: SceneEngine) -> None:
    """A film that can't be made fails for good, with words its owner may read, and the worker goes on."""
    ticket = await engine.submit(sample_job(prompt="fail"))
    verdict = (await poll_until_ended(engine, ticket))[-1]
    assert verdict.state is JobState.FAILED
    assert verdict.error is not None
    assert "secret" not in verdict.error.message
    assert await end(engine, "a beach") is JobState.DONE


async def test_a_crash_loses_its_own_job_only(engine: SceneEngine) -> None:
    """When a worker dies, its job is lost and can be made again; the others go on, and somebody takes its place."""
    other = await engine.submit(sample_job(prompt="wait"))
    await working(engine, other)
    assert await end(engine, "crash") is JobState.LOST
    assert (await engine.poll(other)).state is JobState.WORKING
    assert await end(engine, "a beach") is JobState.DONE


async def test_a_video_that_crashes_again_has_failed(engine: SceneEngine) -> None:
    """The same video's second crash is its own fault: nothing is tried for ever."""
    assert await end(engine, "crash", "video_a") is JobState.LOST
    assert await end(engine, "crash", "video_b") is JobState.LOST
    assert await end(engine, "crash", "video_a") is JobState.FAILED


async def test_a_worker_that_is_killed_is_replaced(engine: SceneEngine) -> None:
    """The kernel's memory killer leaves a job lost, not hanging."""
    ticket = await engine.submit(sample_job(prompt="wait"))
    await working(engine, ticket)
    children()[0].send_signal(signal.SIGKILL)
    assert (await poll_until_ended(engine, ticket))[-1].state is JobState.LOST
    assert await end(engine, "a beach", "video_2") is JobState.DONE


async def test_a_worker_that_babbles_is_ended(engine: SceneEngine) -> None:
    """A worker that no longer keeps to the protocol is replaced before its job hangs."""
    assert await end(engine, "babble") is JobState.LOST


async def test_workers_that_never_start_are_not_waited_for(tmp_path: Path) -> None:
    """Where no worker comes up, jobs end instead of waiting for ever."""
    async with running(tmp_path, "raise SystemExit(3)") as engine:
        assert await end(engine, "a beach") is JobState.LOST


async def test_stop_kills_the_workers_at_once(tmp_path: Path) -> None:
    """A stop does not wait for a job that never ends; no process is left, no folder, and no job is taken."""
    async with running(tmp_path) as engine:
        ticket = await engine.submit(sample_job(prompt="wait"))
        await working(engine, ticket)
        await engine.stop()
        assert children() == []
        assert list((tmp_path / "scratch").iterdir()) == []
        assert (await engine.poll(ticket)).state is JobState.LOST
        with pytest.raises(EngineUnavailable):
            await engine.submit(sample_job())


async def test_what_a_dead_process_left_is_removed(tmp_path: Path) -> None:
    """Folders of processes that died are removed at the start; those of living ones stay."""
    (tmp_path / "scratch" / "dead" / "job").mkdir(parents=True)
    async with running(tmp_path) as first:
        ticket = await first.submit(sample_job(prompt="a beach"))
        await poll_until_ended(first, ticket)
        async with running(tmp_path):
            await first.fetch(ticket, tmp_path / "film.mp4")
        assert not (tmp_path / "scratch" / "dead").exists()


async def test_old_films_are_let_go(engine: SceneEngine, tmp_path: Path) -> None:
    """Films that were fetched long ago take no room; their tickets are lost."""
    tickets = [await engine.submit(sample_job(prompt=f"film {number}")) for number in range(18)]
    for ticket in tickets:
        await poll_until_ended(engine, ticket)
        await engine.fetch(ticket, tmp_path / "film.mp4")
    assert (await engine.poll(tickets[0])).state is JobState.LOST
    assert (await engine.poll(tickets[-1])).state is JobState.DONE
    assert len(list((tmp_path / "scratch").glob("*/*/film.mp4"))) == 16


def test_it_is_made_by_the_registry(tmp_path: Path) -> None:
    """The catalogue's ``scene`` is this engine, with its workers from the settings."""
    context = engines.EngineContext(name="scene", options={"workers": 3}, cache=tmp_path, scratch=tmp_path)
    made = engines.create_engine("scene", context)
    assert isinstance(made, SceneEngine)
    assert made.capabilities.concurrency == 3
    assert not made.capabilities.paid


@pytest.mark.parametrize("options", [{"workers": 0}, {"workers": 65}, {"workers": "two"}, {"worker": 2}])
def test_an_option_that_cannot_be_used_is_refused(tmp_path: Path, options: dict[str, object]) -> None:
    """The error names the option, before any process is started."""
    context = engines.EngineContext(name="scene", options=options, cache=tmp_path, scratch=tmp_path)
    with pytest.raises(SettingsError, match=next(iter(options))):
        engines.create_engine("scene", context)


async def test_a_worker_dies_with_its_parent(tmp_path: Path) -> None:
    """A worker outlives its engine's process by no more than a moment, even if that is killed."""
    script = f"import os, subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {TRUE_WORKER!r}, str(os.getpid())], stdin=subprocess.PIPE); print(p.pid, flush=True); p.wait()"  # noqa: E501 - a program
    environ = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, env=environ
    )
    assert parent.stdout is not None
    worker = psutil.Process(int(await parent.stdout.readline()))
    parent.kill()
    await parent.wait()
    await until_async(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.slow
@pytest.mark.usefixtures("_compiled_kernels")
async def test_the_loop_goes_on_while_two_films_render(tmp_path: Path) -> None:
    """Other processes draw: meanwhile the loop that answers polls goes on, turn by turn."""
    async with running(tmp_path, TRUE_WORKER) as engine:
        tickets = [await engine.submit(sample_job(size=Size(1280, 720), seconds=1)) for _ in range(2)]
        ended = asyncio.gather(*(poll_until_ended(engine, ticket) for ticket in tickets))
        looks: list[bool] = []

        def has_ended() -> bool:
            looks.append(ended.done())
            return looks[-1]

        await until_async(has_ended)
        assert all(verdicts[-1].state is JobState.DONE for verdicts in await ended)
        assert len(looks) > 20
