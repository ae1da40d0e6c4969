"""Filmgate behind Filmgate: our own server as the upstream of our own engine, in every dialect."""

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

Make = Callable[..., OpenAIVideosEngine]


@pytest.fixture
async def behind(served: Served, tmp_path: Path) -> AsyncIterator[Make]:
    """Makes engines that have videos made by the running server, each under a key of its own."""
    made: list[OpenAIVideosEngine] = []
    key = await new_key(Path(served.folder))

    def behind(dialect: str = "openai", **options: Any) -> OpenAIVideosEngine:
        given = {
            "base_url": f"{served.url}{PATHS[dialect]}/v1",
            "dialect": dialect,
            "api_key": key,
            "min_poll_interval": 0.05,
            **options,
        }
        engine = create_engine(
            "openai-videos", EngineContext(name="up", options=given, cache=tmp_path, scratch=tmp_path)
        )
        assert isinstance(engine, OpenAIVideosEngine)
        made.append(engine)
        return engine

    yield behind
    for engine in made:
        await engine.stop()


def job_for(dialect: str, **changes: Any) -> Job:
    """A job of a length that the dialect takes."""
    return replace(sample_job(seconds=10 if dialect == "apiyi-async" else 4), **changes)


async def delivered(engine: OpenAIVideosEngine, job: Job, folder: Path) -> Path:
    """Submit, look, fetch, verify."""
    ticket = await engine.submit(job)
    verdicts = await poll_until_ended(engine, ticket)
    assert verdicts[-1].state is JobState.DONE, verdicts[-1]
    film = folder / f"{job.token}.mp4"
    await engine.fetch(ticket, film)
    probe.verify(film, job.size, job.seconds)
    return film


@pytest.mark.parametrize("dialect", PATHS)
async def test_a_film_is_made_in_every_dialect(behind: Make, tmp_path: Path, dialect: str) -> None:
    """From the submission to a verified file, from text alone and from a picture."""
    engine = behind(dialect)
    await engine.start()
    plain = await delivered(engine, job_for(dialect), tmp_path)
    picture = tmp_path / "picture.png"
    Image.new("RGB", (720, 1280), "teal").save(picture)
    pictured = await delivered(engine, job_for(dialect, reference=picture), tmp_path)
    assert plain.read_bytes() != pictured.read_bytes()


async def test_it_knows_another_filmgate(behind: Make) -> None:
    """By its models list; then it can cancel, and a second cancel harms nobody."""
    engine = behind()
    ticket = await engine.submit(job_for("openai"))
    assert engine.upstream.name == "filmgate"
    assert engine.capabilities.cancels
    await engine.cancel(ticket)
    await engine.cancel(ticket)
    assert (await poll_until_ended(engine, ticket))[-1].state in {JobState.CANCELLED, JobState.DONE}


@pytest.mark.parametrize("dialect", PATHS)
async def test_the_same_token_is_the_same_job(behind: Make, dialect: str) -> None:
    """A submission in doubt can be sent again to a server that honours keys."""
    engine, job = behind(dialect, reconcile="idempotency-key"), job_for(dialect)
    assert await engine.submit(job) == await engine.submit(job)


@pytest.mark.parametrize("dialect", PATHS)
async def test_a_lost_submission_is_found_in_the_list(behind: Make, dialect: str) -> None:
    """Where there was one, that; where there was none, nothing that can be told from it."""
    engine = behind(dialect, reconcile="list")
    job = job_for(dialect, prompt=f"A lantern for {dialect}")
    since = time.time()
    ticket = await engine.submit(job)
    found = await engine.find(job, since)
    assert ticket in found
    if dialect in {"openai", "apiyi-async"}:  # the others' lists show no prompts
        assert found == [ticket]
        assert await engine.find(replace(job, prompt="Nobody asked for this"), since) == []
    assert await engine.find(job, since + 3600) == []


async def test_a_refusal_has_the_upstreams_reason(behind: Make) -> None:
    """A model that it does not have, a size that it does not make, a key that it does not know."""
    with pytest.raises(EngineRejected) as caught:
        await behind(models={"sora-2": "sora-9"}).submit(job_for("openai"))
    assert caught.value.code == "model_not_found"
    with pytest.raises(EngineRejected) as caught:
        await behind(api_key="sk-nobody").submit(job_for("openai"))
    assert caught.value.code == "upstream_unauthorized"


async def test_many_at_once_do_not_mix(behind: Make, tmp_path: Path) -> None:
    """Five jobs over one client's connections end in five films."""
    engine = behind()
    jobs = [job_for("openai", prompt=f"Boat number {number}") for number in range(5)]
    tickets = await asyncio.gather(*(engine.submit(job) for job in jobs))
    assert len(set(tickets)) == 5
    verdicts = await asyncio.gather(*(poll_until_ended(engine, ticket) for ticket in tickets))
    assert {each[-1].state for each in verdicts} == {JobState.DONE}
    await asyncio.gather(*(engine.fetch(ticket, tmp_path / ticket) for ticket in tickets))
    assert all([await asyncio.to_thread((tmp_path / ticket).is_file) for ticket in tickets])
