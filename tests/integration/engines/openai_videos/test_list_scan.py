"""Polling many jobs through an upstream's list, and what is not concluded from it."""

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
    arguments = {"base_url": running.base_url, "flavour": "plain", "min_poll_interval": 0.5, **options}
    engine = create_engine("openai-videos", EngineContext(name="up", options=arguments, cache=folder, scratch=folder))
    assert isinstance(engine, OpenAIVideosEngine)
    return engine


@pytest.fixture
async def upstream(tmp_path: Path) -> AsyncIterator[Upstream]:
    """A mock whose jobs never end unless a prompt says otherwise."""
    config = mock.MockConfig(any_size=True, models=["sora-2"], seconds_per_job=(900.0, 900.0))
    async with mock.running(config) as running:
        engine = await _engine(running, tmp_path)
        yield running, engine
        await engine.stop()


async def test_bulk_polls_agree_with_single_polls(upstream: Upstream) -> None:
    """States equal those of single polls, over several pages; the interval is the configured minimum."""
    _, engine = upstream
    tickets = [await engine.submit(sample_job()) for _ in range(PAGE_SIZE + 5)]
    statuses = await engine.poll_many(tickets)
    assert statuses.keys() == set(tickets)
    for ticket in (tickets[0], tickets[-1]):
        assert statuses[ticket].state is (await engine.poll(ticket)).state
    assert {status.poll_after for status in statuses.values()} == {0.5}


async def test_the_end_of_a_job_is_not_taken_from_the_list(tmp_path: Path) -> None:
    """A completed or failed job is UNKNOWN, a foreign one missing: a single poll decides."""
    async with mock.running(mock.MockConfig(any_size=True, models=["sora-2"])) as running:
        engine = await _engine(running, tmp_path)
        try:
            done = await engine.submit(sample_job())
            statuses = await engine.poll_many([done, "video_unknown"])
            assert {ticket: status.state for ticket, status in statuses.items()} == {done: JobState.UNKNOWN}
            assert (await engine.poll(done)).state is JobState.DONE
        finally:
            await engine.stop()


async def test_a_missing_list_raises_an_error(tmp_path: Path) -> None:
    """A server without a list raises an error, and the flow polls each job."""
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
async def test_the_option_sets_the_minimum_number_of_jobs(
    upstream: Upstream, tmp_path: Path, options: Any, least: int
) -> None:
    """The default is fifty jobs; a flavour without a list has no bulk polls."""
    engine = await _engine(upstream[0], tmp_path, **options)
    assert engine.capabilities.bulk_poll_min_jobs == least


@pytest.mark.parametrize("options", [{"poll_mode": "never"}, {"poll_mode": "list", "flavour": "new-api"}])
async def test_an_unknown_poll_mode_is_refused(upstream: Upstream, tmp_path: Path, options: Any) -> None:
    """The error at the start names the option."""
    with pytest.raises(SettingsError, match="'poll_mode' is"):
        await _engine(upstream[0], tmp_path, **options)
