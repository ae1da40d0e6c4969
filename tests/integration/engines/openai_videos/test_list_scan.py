"""Many jobs read off an upstream's list, and what is not taken from there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from filmgate.engines import EngineContext, make
from filmgate.engines.base import State
from filmgate.engines.openai_videos import OpenAIVideosEngine
from filmgate.engines.openai_videos.list_scan import PAGE, ROOM, Roll
from filmgate.errors import EngineUnavailable, SettingsError
from filmgate.testing import mock
from filmgate.testing.engine_contract import some_job
from filmgate.wire.upstream import UPSTREAMS, Listed


def _page(*names: str) -> list[Listed]:
    return [Listed(id=name) for name in names]


def test_a_roll_is_read_until_everybody_was_found() -> None:
    """Nobody reads on behind the last of those that are looked for."""
    roll = Roll(["a", "c"])
    assert not roll.take(_page("x", "a"), more=True)
    assert roll.take(_page("y", "c"), more=True)
    assert list(roll.found) == ["a", "c"]


@pytest.mark.parametrize("pages", [[["a"]], [["a"], ["a"]], [["a"], []]])
def test_a_roll_ends_with_the_list(pages: Sequence[Sequence[str]]) -> None:
    """No further page, the same page again, an empty one: that is all there is."""
    roll = Roll(["a", "missing"])
    *_, ended = [roll.take(_page(*page), more=len(pages) > 1) for page in pages]
    assert ended
    assert list(roll.found) == ["a"]


def test_a_long_list_is_not_read_to_its_end() -> None:
    """Somebody who is missing, or thousands of others' jobs, cost a bounded number of pages."""
    roll, read = Roll([f"job-{number}" for number in range(PAGE)]), 1
    while not roll.take(_page(f"other-{read}"), more=True):
        read += 1
    assert read == 2 * ROOM


Upstream = tuple[mock.Running, OpenAIVideosEngine]


async def _engine(running: mock.Running, folder: Path, **options: Any) -> OpenAIVideosEngine:
    given = {"base_url": running.base_url, "flavour": "plain", "look_every": 0.5, **options}
    engine = make("openai-videos", EngineContext(name="up", options=given, cache=folder, scratch=folder))
    assert isinstance(engine, OpenAIVideosEngine)
    return engine


@pytest.fixture
async def upstream(tmp_path: Path) -> AsyncIterator[Upstream]:
    """A mock whose jobs last for ever, unless a prompt says otherwise."""
    config = mock.Config(any_size=True, models=["sora-2"], seconds_per_job=(900.0, 900.0))
    async with mock.running(config) as running:
        engine = await _engine(running, tmp_path)
        yield running, engine
        await engine.stop()


async def test_running_jobs_are_told_of_as_by_looks(upstream: Upstream) -> None:
    """The same state as a look says, over several pages; the next survey is due as often as the options allow."""
    _, engine = upstream
    tickets = [await engine.submit(some_job()) for _ in range(PAGE + 5)]
    told = await engine.survey(tickets)
    assert told.keys() == set(tickets)
    for ticket in (tickets[0], tickets[-1]):
        assert told[ticket].state is (await engine.look(ticket)).state
    assert {verdict.look_after for verdict in told.values()} == {0.5}


async def test_an_end_is_not_taken_from_a_list(tmp_path: Path) -> None:
    """A completed or failed job is unknown, a strange one missing: a look decides."""
    async with mock.running(mock.Config(any_size=True, models=["sora-2"])) as running:
        engine = await _engine(running, tmp_path)
        try:
            done = await engine.submit(some_job())
            told = await engine.survey([done, "video_nobody_knows"])
            assert {ticket: verdict.state for ticket, verdict in told.items()} == {done: State.UNKNOWN}
            assert (await engine.look(done)).state is State.DONE
        finally:
            await engine.stop()


async def test_without_a_list_there_is_no_telling(tmp_path: Path) -> None:
    """A server whose list is not there says so by an error, and the flow goes on looking at each."""
    async with mock.running(mock.Config(any_size=True, models=["sora-2"], lists=False)) as running:
        engine = await _engine(running, tmp_path)
        try:
            with pytest.raises(EngineUnavailable):
                await engine.survey([await engine.submit(some_job())])
        finally:
            await engine.stop()


@pytest.mark.parametrize(
    ("options", "least"),
    [
        ({}, 50),
        ({"watch": "list"}, 1),
        ({"watch": "each"}, None),
        ({"flavour": "new-api"}, None),
    ],
)
async def test_the_option_says_from_when_on(upstream: Upstream, tmp_path: Path, options: Any, least: int) -> None:
    """By itself from fifty jobs on, never where the flavour has no list."""
    engine = await _engine(upstream[0], tmp_path, **options)
    assert engine.capabilities.surveys_from == least


@pytest.mark.parametrize("options", [{"watch": "never"}, {"watch": "list", "flavour": "new-api"}])
async def test_a_way_of_watching_that_is_not_there_is_a_mistake(
    upstream: Upstream, tmp_path: Path, options: Any
) -> None:
    """It is named at the start."""
    with pytest.raises(SettingsError, match="'watch' is"):
        await _engine(upstream[0], tmp_path, **options)


def test_every_dialects_list_shows_states() -> None:
    """By the same table as its looks."""
    for upstream in UPSTREAMS.values():
        for word, status in upstream.statuses.items():
            body = f'{{"data": [{{"id": "a", "status": "{word}", "progress": "45%"}}]}}'.encode()
            listing = upstream.read_listing(body)
            assert listing is not None
            assert (listing[0][0].status, listing[0][0].progress) == (status, 45.0)
