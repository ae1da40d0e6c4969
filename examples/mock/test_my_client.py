"""Example tests of a client: a fault by its name, and what the client must do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from openai import APIConnectionError, AsyncOpenAI

from filmgate.testing import mock

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")


@pytest.fixture
async def upstream() -> AsyncIterator[mock.RunningMock]:
    """A mock on a free port of this machine."""
    async with mock.running() as running:
        yield running


@pytest.fixture
async def client(upstream: mock.RunningMock) -> AsyncIterator[AsyncOpenAI]:
    """Put your own client here."""
    async with AsyncOpenAI(base_url=upstream.base_url, api_key="sk-any", max_retries=0) as client:
        yield client


async def test_a_lost_reply_is_charged_once(upstream: mock.RunningMock, client: AsyncOpenAI) -> None:
    """The create may have been accepted, so it is not sent again."""
    with pytest.raises(APIConnectionError):
        await client.videos.create(prompt="A paper boat [mock:reply-lost]")
    assert mock.submissions(upstream.lines) == {"A paper boat [mock:reply-lost]": 1}


async def test_a_failed_download_is_retried(upstream: mock.RunningMock, client: AsyncOpenAI, tmp_path: Path) -> None:
    """The video is downloaded again, never created again."""
    video = await client.videos.create(prompt="A paper boat [mock:content-5xx]")
    content = await client.with_options(max_retries=2).videos.download_content(video.id)
    (tmp_path / "boat.mp4").write_bytes(content.read())
    assert len(mock.submissions(upstream.lines)) == 1
