"""A thousand videos queued on an engine with fifty slots: the share of time that the slots are busy.

``python -m benchmarks.saturation FOLDER VIDEOS AT_ONCE SECONDS`` prints how long it took.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop

from filmgate.domain import NewVideo, Recipe, Size, new_id
from filmgate.engines.base import Artifact, Capabilities, Job, JobState, JobStatus
from filmgate.engines.testcard import encode
from filmgate.flow.supervisor import FlowSupervisor
from filmgate.storage import LocalStorage
from filmgate.store import Store

SIZE = Size(64, 64)


class FixedTimeEngine:
    """An engine whose every job takes the same time.

    Args:
        at_once: number of slots.
        seconds: of each job.
        content: the bytes of each video.
    """

    name = "slots"
    identity = ""

    def __init__(self, at_once: int, seconds: float, content: bytes) -> None:
        self.capabilities = Capabilities(paid=False, concurrency=at_once)
        self._seconds = seconds
        self._content = content
        self._tickets = itertools.count()
        self._done_at: dict[str, float] = {}

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        """Nothing to do."""

    async def submit(self, _job: Job) -> str:
        """Start at once."""
        ticket = str(next(self._tickets))
        self._done_at[ticket] = time.monotonic() + self._seconds
        return ticket

    async def poll(self, ticket: str) -> JobStatus:
        """Done when its time is over."""
        left = self._done_at[ticket] - time.monotonic()
        return JobStatus(state=JobState.WORKING if left > 0 else JobState.DONE, poll_after=max(0.02, left))

    async def fetch(self, _ticket: str, into: Path) -> Artifact:
        """Write the video."""
        into.write_bytes(self._content)  # noqa: ASYNC240 - two kilobytes
        return Artifact()

    async def cancel(self, ticket: str) -> None:
        """Not used."""

    async def find(self, _job: Job, _since: float) -> Sequence[str]:
        """Not used."""
        return ()

    def expected_seconds(self, _job: Job) -> float:
        """The time of each job."""
        return self._seconds


def sample_video(folder: Path) -> bytes:
    """One second of the test card."""
    path = folder / "film.mp4"
    encode(Job(token="", video_id="", model="", prompt="", size=SIZE, seconds=1, seed=1), path)
    return path.read_bytes()


async def main(folder: Path, videos: int, at_once: int, seconds: float) -> None:
    """Accept all videos, then make them."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    store = Store.open(folder / "busy.sqlite")
    engine = FixedTimeEngine(at_once, seconds, sample_video(folder))
    flow = FlowSupervisor(
        store,
        LocalStorage(folder / "files"),
        {engine.name: engine},
        data=folder,
        executor_id="busy",
        retention=0,
        clock=time.time,
    )
    account = await store.accounts.create_account("busy", None)
    await flow.start()
    recipe = Recipe(prompt="a dog", size=SIZE, seconds=1, seed=1)
    new = (
        NewVideo(
            id=new_id(),
            account_id=account.id,
            model="sora-2",
            engine=engine.name,
            recipe=recipe,
            price_micros=0,
            fingerprint=new_id("print"),
        )
        for _ in range(videos)
    )
    began = time.perf_counter()
    for video, _ in await asyncio.gather(*(store.videos.create(each, time.time()) for each in new)):
        flow.wake(video)
    while await store.videos.count_unfinished(account.id):  # noqa: ASYNC110 - the rows are what counts
        await asyncio.sleep(0.05)
    print(time.perf_counter() - began)
    await flow.stop()
    await store.close()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
