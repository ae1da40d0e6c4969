"""Many jobs read off an upstream's list, and what is not taken from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from filmgate.engines import EngineContext, create_engine
from filmgate.engines.base import JobState
from filmgate.engines.openai_videos import OpenAIVideosEngine
from filmgate.engines.openai_videos.list_scan import PAGE_SIZE
from filmgate.errors import EngineUnavailable, SettingsError
from filmgate.testing import mock
from filmgate.testing.engine_contract import sample_job

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

Upstream = tuple[mock.RunningMock, OpenAIVideosEngine]


async def _engine(running: mock.RunningMock, folder: Path, **options: Any) -> OpenAIVideosEngine:
    given = {"base_url": running.base_url, "flavour": "plain", "min_poll_interval": 0.5, **options}
    engine = create_engine("openai-videos", EngineContext(name="up", options=given, cache=folder, scratch=folder))
    assert isinstance(engine, OpenAIVideosEngine)
    return engine


@pytest.fixture
async def upstream(tmp_path: Path) -> AsyncIterator[Upstream]:
    """A mock whose jobs last for ever, unless a prompt says otherwise."""
    config = mock.MockConfig(any_size=True, models=["sora-2"], seconds_per_job=(900.0, 900.0))
    async with mock.running(config) as running:
        engine = await _engine(running, tmp_path)
        yield running, engine
        await engine.stop()


async def test_running_jobs_are_told_of_as_by_looks(upstream: Upstream) -> None:
    """The same state as a look says, over several pages; the next survey is due as often as the options allow."""
    _, engine = upstream
    tickets = [await engine.submit(sample_job()) for _ in range(PAGE_SIZE + 5)]
    told = await engine.poll_many(tickets)
    assert told.keys() == set(tickets)
    for ticket in (tickets[0], tickets[-1]):
        assert told[ticket].state is (await engine.poll(ticket)).state
    assert {verdict.poll_after for verdict in told.values()} == {0.5}


async def test_an_end_is_not_taken_from_a_list(tmp_path: Path) -> None:
    """A completed or failed job is unknown, a strange one missing: a look decides."""
    async with mock.running(mock.MockConfig(any_size=True, models=["sora-2"])) as running:
        engine = await _engine(running, tmp_path)
        try:
            done = await engine.submit(sample_job())
            told = await engine.poll_many([done, "video_nobody_knows"])
            assert {ticket: verdict.state for ticket, verdict in told.items()} == {done: JobState.UNKNOWN}
            assert (await engine.poll(done)).state is JobState.DONE
        finally:
            await engine.stop()


async def test_without_a_list_there_is_no_telling(tmp_path: Path) -> None:
    """A server whose list is not there says so by an error, and the flow goes on looking at each."""
    async with mock.running(mock.MockConfig(any_size=True, models=["sora-2"], supports_list=False)) as running:
        engine = await _engine(running, tmp_path)
        try:
            with pytest.raises(EngineUnavailable):
                await engine.poll_many([await engine.submit(sample_job())])
        finally:
            await engine.stop()


@pytest.mark.parametrize(
    ("options", "least"),
    [
        ({}, 50),
        ({"poll_mode": "list"}, 1),
        ({"poll_mode": "each"}, None),
        ({"flavour": "new-api"}, None),
    ],
)
async def test_the_option_says_from_when_on(upstream: Upstream, tmp_path: Path, options: Any, least: int) -> None:
    """By itself from fifty jobs on, never where the flavour has no list."""
    engine = await _engine(upstream[0], tmp_path, **options)
    assert engine.capabilities.bulk_poll_min_jobs == least


@pytest.mark.parametrize("options", [{"poll_mode": "never"}, {"poll_mode": "list", "flavour": "new-api"}])
async def test_a_way_of_watching_that_is_not_there_is_a_mistake(
    upstream: Upstream, tmp_path: Path, options: Any
) -> None:
    """It is named at the start."""
    with pytest.raises(SettingsError, match="'poll_mode' is"):
        await _engine(upstream[0], tmp_path, **options)
