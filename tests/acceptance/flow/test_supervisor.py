"""Adoption of a killed process's work."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.support.polling import until_async

from filmgate.domain import Status, VideoRecord
from filmgate.engines.testcard import TestcardEngine
from filmgate.flow.supervisor import FlowSupervisor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from filmgate.testing.harness import FlowHarness

TIMEOUT = 90.0


@asynccontextmanager
async def _supervisor(
    harness: FlowHarness,
    folder: Path,
    *,
    executor_id: str = "one",
    delay: float = 0.0,
    concurrency: int = 4,
    worker: bool = True,
    clock: Callable[[], float] = time.time,
    engine: TestcardEngine | None = None,
) -> AsyncIterator[FlowSupervisor]:
    engine = engine or TestcardEngine(delay=delay, concurrency=concurrency)
    supervisor = FlowSupervisor(
        harness.store,
        harness.storage,
        {engine.name: engine},
        data=folder,
        executor_id=executor_id,
        retention=3600.0,
        clock=clock,
        worker=worker,
    )
    await supervisor.start()
    try:
        yield supervisor
    finally:
        await supervisor.stop()
        await engine.stop()


async def _accept(harness: FlowHarness, *, at: float | None = None) -> VideoRecord:
    harness.clock.now = at or time.time()
    return await harness.accept(engine="testcard")


async def _wait_until_finished(harness: FlowHarness, video: VideoRecord) -> VideoRecord:
    async with asyncio.timeout(TIMEOUT):
        while not (now := await harness.reload(video)).finished:
            await harness.store.notifier.wait(video.id, now.version, TIMEOUT)
    return now


OTHER = """
import asyncio, sys, time
from pathlib import Path
from filmgate.engines.testcard import TestcardEngine
from filmgate.flow.supervisor import FlowSupervisor
from filmgate.storage import LocalStorage
from filmgate.store import Store

async def main(folder):
    supervisor = FlowSupervisor(
        Store.open(folder / "filmgate.sqlite"), LocalStorage(folder / "files"), {"testcard": TestcardEngine(delay=60)},
        data=folder, executor_id="other", retention=3600.0, clock=time.time,
    )
    await supervisor.start()
    await asyncio.Event().wait()

asyncio.run(main(Path(sys.argv[1])))
"""


async def test_the_work_of_a_killed_process_is_adopted(harness: FlowHarness, tmp_path: Path) -> None:
    """Of two processes on one data folder one is killed by SIGKILL; the other completes all, each charged once."""
    videos = [await _accept(harness, at=time.time() - 60) for _ in range(3)]

    async def all_begun() -> bool:
        return Status.QUEUED not in [(await harness.reload(video)).status for video in videos]

    other = subprocess.Popen([sys.executable, "-c", OTHER, str(tmp_path)])  # noqa: ASYNC220 - our own program
    try:
        await until_async(all_begun)
    finally:
        other.send_signal(signal.SIGKILL)
        other.wait()
    # By the survivor's clock the other's last heartbeat is a minute old.
    async with _supervisor(harness, tmp_path, executor_id="survivor", clock=lambda: time.time() + 60):
        ended = [await _wait_until_finished(harness, video) for video in videos]
    assert {(video.status, video.attempts) for video in ended} == {(Status.COMPLETED, 2)}
    assert await harness.balance() == 10_000 - 3 * 500
    assert len(await harness.stored_keys()) == 3 * 4
