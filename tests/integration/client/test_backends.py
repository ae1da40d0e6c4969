"""Vendor backends over real sockets: the same calls in every dialect, asynchronous and blocking."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import httpx2
import pytest

from filmgate import AsyncClient, Client
from filmgate.bootstrap import application
from filmgate.config.settings import Settings
from filmgate.testing import mock
from filmgate.wire.providers import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path


MODELS = '[models.sora-2]\nengine = "testcard"\n\n[models.sora-2-pro]\nengine = "testcard"\n'


PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture
async def upstream() -> AsyncIterator[mock.RunningMock]:
    """A vendor with short jobs, each dialect at its own path."""
    async with mock.running(mock.MockConfig(seconds_per_job=(0.15, 0.2), key="sk-1", any_size=True)) as running:
        yield running


def _seconds(provider: str) -> int:
    return 10 if provider in {"apiyi-async", "chat"} else 4


def _size(provider: str) -> str | None:
    return None if provider == "chat" else "128x128"


def _url(running: mock.RunningMock, provider: str) -> str:
    return running.vendor_url("openai" if provider == "chat" else provider)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_video_is_submitted_polled_and_saved(upstream: mock.RunningMock, tmp_path: Path, provider: str) -> None:
    """In each dialect, without a server between; one submission in all."""
    async with AsyncClient(base_url=_url(upstream, provider), api_key="sk-1", provider=provider, environ={}) as client:
        video = await client.generate("a koi pond, 9:16", seconds=_seconds(provider), size=_size(provider))
        assert video.prompt == "a koi pond, 9:16"
        progress: list[int] = []
        await video.wait(timeout=60, on_progress=lambda update: progress.append(update.progress), poll_interval=0.02)
        path = await video.save(tmp_path / "pond.mp4")
    assert (video.status, video.progress) == ("completed", 100)
    assert progress == sorted(progress)
    assert path.read_bytes()[4:8] == b"ftyp"
    assert list(mock.submissions(upstream.lines).values()) == [1]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_video_is_made_by_the_blocking_client(
    upstream: mock.RunningMock, tmp_path: Path, provider: str
) -> None:
    """It runs the same procedures."""

    def make() -> Path:
        with Client(base_url=_url(upstream, provider), api_key="sk-1", provider=provider, environ={}) as client:
            video = client.generate("a koi pond", input_reference=PNG, seconds=_seconds(provider), size=_size(provider))
            return video.wait(timeout=60, poll_interval=0.02).save(tmp_path / "pond.mp4")

    assert (await asyncio.to_thread(make)).stat().st_size > 1000


@pytest.fixture
async def filmgate_client(tmp_path: Path) -> AsyncIterator[Callable[[str], AsyncClient]]:
    """Makes clients of a Filmgate, each using one dialect at that dialect's path."""
    models = tmp_path / "models.toml"
    models.write_text(MODELS, encoding="utf-8")
    async with application.build_application(
        Settings(data=tmp_path / "data", models=models, log_level="error"), "embedded"
    ) as gate:
        account = await gate.store.accounts.create_account("tests", None)
        _, secret = await gate.store.accounts.create_key(account.id, "tests", time.time())

        def client(provider: str) -> AsyncClient:
            path = "/v1" if provider in {"openai", "chat"} else f"/{provider}/v1"
            transport = httpx2.ASGITransport(gate.app)
            return AsyncClient(
                base_url=f"http://s{path}", api_key=secret, provider=provider, transport=transport, environ={}
            )

        yield client


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_filmgate_works_as_the_vendor(
    filmgate_client: Callable[[str], AsyncClient], tmp_path: Path, provider: str
) -> None:
    """The client's dialects match the ones the server offers."""
    async with filmgate_client(provider) as client:
        video = await client.generate("一片锦鲤池，下着雨", seconds=_seconds(provider))
        await video.wait(timeout=60, poll_interval=0.05)
        path = await video.save(tmp_path / "pond.mp4")
    assert path.read_bytes()[4:8] == b"ftyp"
