"""Filmgate as the upstream of Filmgate's own engine, in every dialect."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from PIL import Image
from tests.support.served import Served, new_key

from filmgate.engines import EngineContext, create_engine
from filmgate.engines.base import Job, JobState
from filmgate.engines.openai_videos import OpenAIVideosEngine
from filmgate.errors import EngineRejected
from filmgate.media import probe
from filmgate.testing.engine_contract import poll_until_ended, sample_job

PATHS = {"openai": "", "dmxapi": "/dmxapi", "apiyi": "/apiyi", "apiyi-async": "/apiyi-async"}

MakeEngine = Callable[..., OpenAIVideosEngine]


@pytest.fixture
async def behind(served: Served, tmp_path: Path) -> AsyncIterator[MakeEngine]:
    """Makes engines whose upstream is the running server, with one key of their own."""
    engines: list[OpenAIVideosEngine] = []
    key = await new_key(Path(served.folder))

    def behind(dialect: str = "openai", **options: Any) -> OpenAIVideosEngine:
        engine_options = {
            "base_url": f"{served.url}{PATHS[dialect]}/v1",
            "dialect": dialect,
            "api_key": key,
            "min_poll_interval": 0.05,
            **options,
        }
        engine = create_engine(
            "openai-videos", EngineContext(name="up", options=engine_options, cache=tmp_path, scratch=tmp_path)
        )
        assert isinstance(engine, OpenAIVideosEngine)
        engines.append(engine)
        return engine

    yield behind
    for engine in engines:
        await engine.stop()


def job_for(dialect: str, **changes: Any) -> Job:
    """Return a job with a length that the dialect supports."""
    return replace(sample_job(seconds=10 if dialect == "apiyi-async" else 4), **changes)


async def make_video(engine: OpenAIVideosEngine, job: Job, folder: Path) -> Path:
    """Submit, poll, fetch and verify a video."""
    ticket = await engine.submit(job)
    reports = await poll_until_ended(engine, ticket)
    assert reports[-1].state is JobState.DONE, reports[-1]
    path = folder / f"{job.token}.mp4"
    await engine.fetch(ticket, path)
    probe.verify(path, job.size, job.seconds)
    return path


@pytest.mark.parametrize("dialect", PATHS)
async def test_a_video_is_made_in_every_dialect(behind: MakeEngine, tmp_path: Path, dialect: str) -> None:
    """From the submission to a verified file, from text alone and from an image."""
    engine = behind(dialect)
    await engine.start()
    from_text = await make_video(engine, job_for(dialect), tmp_path)
    image = tmp_path / "image.png"
    Image.new("RGB", (720, 1280), "teal").save(image)
    from_image = await make_video(engine, job_for(dialect, reference=image), tmp_path)
    assert from_text.read_bytes() != from_image.read_bytes()


async def test_an_upstream_filmgate_is_detected(behind: MakeEngine) -> None:
    """By its models list; it supports cancel, and a second cancel has no effect."""
    engine = behind()
    ticket = await engine.submit(job_for("openai"))
    assert engine.upstream.name == "filmgate"
    assert engine.capabilities.cancels
    await engine.cancel(ticket)
    await engine.cancel(ticket)
    assert (await poll_until_ended(engine, ticket))[-1].state in {JobState.CANCELLED, JobState.DONE}


@pytest.mark.parametrize("dialect", PATHS)
async def test_the_same_token_returns_the_same_job(behind: MakeEngine, dialect: str) -> None:
    """A submission with an unknown outcome can be sent again to a server that honours keys."""
    engine, job = behind(dialect, reconcile="idempotency-key"), job_for(dialect)
    assert await engine.submit(job) == await engine.submit(job)


@pytest.mark.parametrize("dialect", PATHS)
async def test_a_lost_submission_is_found_in_the_list(behind: MakeEngine, dialect: str) -> None:
    """Only submissions that match, and none from before ``since``."""
    engine = behind(dialect, reconcile="list")
    job = job_for(dialect, prompt=f"A lantern for {dialect}")
    since = time.time()
    ticket = await engine.submit(job)
    tickets = await engine.find(job, since)
    assert ticket in tickets
    if dialect in {"openai", "apiyi-async"}:  # the others' lists have no prompts
        assert tickets == [ticket]
        assert await engine.find(replace(job, prompt="Another prompt"), since) == []
    assert await engine.find(job, since + 3600) == []


async def test_a_rejection_has_the_upstreams_reason(behind: MakeEngine) -> None:
    """An unknown model and an invalid key."""
    with pytest.raises(EngineRejected) as caught:
        await behind(models={"sora-2": "sora-9"}).submit(job_for("openai"))
    assert caught.value.code == "model_not_found"
    with pytest.raises(EngineRejected) as caught:
        await behind(api_key="sk-unknown").submit(job_for("openai"))
    assert caught.value.code == "upstream_unauthorized"


async def test_concurrent_jobs_stay_separate(behind: MakeEngine, tmp_path: Path) -> None:
    """Five jobs over one client's connections give five videos."""
    engine = behind()
    jobs = [job_for("openai", prompt=f"Boat number {number}") for number in range(5)]
    tickets = await asyncio.gather(*(engine.submit(job) for job in jobs))
    assert len(set(tickets)) == 5
    reports = await asyncio.gather(*(poll_until_ended(engine, ticket) for ticket in tickets))
    assert {report[-1].state for report in reports} == {JobState.DONE}
    await asyncio.gather(*(engine.fetch(ticket, tmp_path / ticket) for ticket in tickets))
    assert all([await asyncio.to_thread((tmp_path / ticket).is_file) for ticket in tickets])
