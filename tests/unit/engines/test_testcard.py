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
    """The test card keeps the engines' contract."""

    @pytest.fixture
    async def engine(self) -> AsyncIterator[Engine]:
        """A card that is done at once."""
        engine = TestcardEngine()
        await engine.start()
        yield engine
        await engine.stop()


@pytest.mark.parametrize(("size", "seconds"), [(Size(1280, 720), 4), (Size(1024, 1792), 1), (Size(1920, 1080), 1)])
async def test_it_is_exactly_as_asked_for(size: Size, seconds: int, tmp_path: Path) -> None:
    """Every size of the catalogue comes out to the pixel and to the frame."""
    engine = TestcardEngine()
    await engine.fetch(await engine.submit(sample_job(size=size, seconds=seconds)), tmp_path / "card.mp4")
    probe.verify(tmp_path / "card.mp4", size, seconds)
    await engine.stop()


async def test_the_delay_is_spread_over_its_progress() -> None:
    """With a delay a card is worked on for so long, and says how far it is."""
    now = [100.0]
    engine = TestcardEngine(delay=10.0, clock=lambda: now[0])
    ticket = await engine.submit(sample_job())
    seen = []
    for now[0] in (100.0, 102.5, 109.0, 110.0):
        verdict = await engine.poll(ticket)
        seen.append((verdict.state, verdict.progress))
    assert seen == [(JobState.WORKING, 0), (JobState.WORKING, 25), (JobState.WORKING, 90), (JobState.DONE, 100)]
    await engine.stop()


async def test_the_reference_is_the_first_frame(tmp_path: Path) -> None:
    """A card with a reference image opens on it."""
    picture = tmp_path / "reference.png"
    Image.new("RGB", (64, 64), (200, 30, 30)).save(picture)
    job = msgspec.structs.replace(sample_job(size=Size(64, 64), seconds=2), reference=picture)
    engine = TestcardEngine()
    await engine.fetch(await engine.submit(job), tmp_path / "card.mp4")
    with av.open(str(tmp_path / "card.mp4")) as film:
        first = next(film.decode(video=0)).to_ndarray(format="rgb24")
    assert np.abs(first.mean(axis=(0, 1)) - (200, 30, 30)).max() < 6
    await engine.stop()


async def test_a_stopped_engine_forgets() -> None:
    """Like every local engine it forgets its jobs when it stops; the flow then begins again."""
    engine = TestcardEngine()
    ticket = await engine.submit(sample_job())
    await engine.stop()
    assert (await engine.poll(ticket)).state is JobState.LOST


async def test_it_remembers_a_bounded_number_of_jobs() -> None:
    """Memory does not grow with the number of cards ever made."""
    engine = TestcardEngine()
    tickets = [await engine.submit(sample_job()) for _ in range(MAX_JOBS + 1)]
    assert (await engine.poll(tickets[0])).state is JobState.LOST
    assert (await engine.poll(tickets[1])).state is JobState.DONE
    await engine.stop()
