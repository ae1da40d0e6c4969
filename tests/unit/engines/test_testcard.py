"""The test card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import msgspec
import numpy as np
import pytest
from PIL import Image

from filmgate.domain import Size
from filmgate.engines.base import Engine, JobState
from filmgate.engines.testcard import MAX_JOBS, TestcardEngine
from filmgate.media import probe
from filmgate.testing.engine_contract import EngineContract, sample_job

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class TestContract(EngineContract):
    """The test card satisfies the engine contract."""

    @pytest.fixture
    async def engine(self) -> AsyncIterator[Engine]:
        """An engine whose cards are done immediately."""
        engine = TestcardEngine()
        await engine.start()
        yield engine
        await engine.stop()


@pytest.mark.parametrize(("size", "seconds"), [(Size(1280, 720), 4), (Size(1024, 1792), 1), (Size(1920, 1080), 1)])
async def test_size_and_frame_count_are_exact(size: Size, seconds: int, tmp_path: Path) -> None:
    """This holds for every size of the catalogue."""
    engine = TestcardEngine()
    await engine.fetch(await engine.submit(sample_job(size=size, seconds=seconds)), tmp_path / "card.mp4")
    probe.verify(tmp_path / "card.mp4", size, seconds)
    await engine.stop()


async def test_progress_is_spread_over_the_delay() -> None:
    """A job with a delay is in progress for that time and reports its progress."""
    now = [100.0]
    engine = TestcardEngine(delay=10.0, clock=lambda: now[0])
    ticket = await engine.submit(sample_job())
    statuses = []
    for now[0] in (100.0, 102.5, 109.0, 110.0):
        status = await engine.poll(ticket)
        statuses.append((status.state, status.progress))
    assert statuses == [(JobState.WORKING, 0), (JobState.WORKING, 25), (JobState.WORKING, 90), (JobState.DONE, 100)]
    await engine.stop()


async def test_the_reference_is_the_first_frame(tmp_path: Path) -> None:
    """A card with a reference image starts with it."""
    image_path = tmp_path / "reference.png"
    Image.new("RGB", (64, 64), (200, 30, 30)).save(image_path)
    job = msgspec.structs.replace(sample_job(size=Size(64, 64), seconds=2), reference=image_path)
    engine = TestcardEngine()
    await engine.fetch(await engine.submit(job), tmp_path / "card.mp4")
    with av.open(str(tmp_path / "card.mp4")) as container:
        first = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert np.abs(first.mean(axis=(0, 1)) - (200, 30, 30)).max() < 6
    await engine.stop()


async def test_a_stopped_engine_loses_its_jobs() -> None:
    """Like every local engine it keeps no jobs after a stop; the flow then submits again."""
    engine = TestcardEngine()
    ticket = await engine.submit(sample_job())
    await engine.stop()
    assert (await engine.poll(ticket)).state is JobState.LOST


async def test_the_number_of_kept_jobs_is_bounded() -> None:
    """Memory does not grow with the number of generated cards."""
    engine = TestcardEngine()
    tickets = [await engine.submit(sample_job()) for _ in range(MAX_JOBS + 1)]
    assert (await engine.poll(tickets[0])).state is JobState.LOST
    assert (await engine.poll(tickets[1])).state is JobState.DONE
    await engine.stop()
