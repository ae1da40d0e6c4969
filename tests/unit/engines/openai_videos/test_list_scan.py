"""Scanning the pages of an upstream's list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from filmgate.engines import EngineContext, create_engine
from filmgate.engines.openai_videos import OpenAIVideosEngine
from filmgate.engines.openai_videos.list_scan import MAX_LENGTH_FACTOR, PAGE_SIZE, ListScan
from filmgate.testing import mock
from filmgate.wire.upstream import UPSTREAMS, ListedJob

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path


def _page(*names: str) -> list[ListedJob]:
    return [ListedJob(id=name) for name in names]


def test_a_scan_ends_when_all_jobs_are_found() -> None:
    """No page is read after the last of them."""
    scan = ListScan(["a", "c"])
    assert not scan.add_page(_page("x", "a"), more=True)
    assert scan.add_page(_page("y", "c"), more=True)
    assert list(scan.matches) == ["a", "c"]


@pytest.mark.parametrize("pages", [[["a"]], [["a"], ["a"]], [["a"], []]])
def test_a_scan_ends_with_the_list(pages: Sequence[Sequence[str]]) -> None:
    """No further page, a repeated page or an empty one ends the scan."""
    scan = ListScan(["a", "missing"])
    *_, complete = [scan.add_page(_page(*page), more=len(pages) > 1) for page in pages]
    assert complete
    assert list(scan.matches) == ["a"]


def test_a_long_list_is_not_read_to_its_end() -> None:
    """A missing job, or thousands of other jobs, cost a bounded number of pages."""
    scan, read = ListScan([f"job-{number}" for number in range(PAGE_SIZE)]), 1
    while not scan.add_page(_page(f"other-{read}"), more=True):
        read += 1
    assert read == 2 * MAX_LENGTH_FACTOR


Upstream = tuple[mock.RunningMock, OpenAIVideosEngine]


async def _engine(running: mock.RunningMock, folder: Path, **options: Any) -> OpenAIVideosEngine:
    given = {"base_url": running.base_url, "flavour": "plain", "min_poll_interval": 0.5, **options}
    engine = create_engine("openai-videos", EngineContext(name="up", options=given, cache=folder, scratch=folder))
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


def test_the_list_of_every_dialect_has_statuses() -> None:
    """They are read by the same table as single polls."""
    for upstream in UPSTREAMS.values():
        for word, status in upstream.statuses.items():
            body = f'{{"data": [{{"id": "a", "status": "{word}", "progress": "45%"}}]}}'.encode()
            listing = upstream.read_list(body)
            assert listing is not None
            assert (listing[0][0].status, listing[0][0].progress) == (status, 45.0)
