"""The SDK against the real application in this process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx2
import pytest

from filmgate import AsyncClient, errors
from filmgate.bootstrap import application
from filmgate.config.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MODELS = '[models.sora-2]\nengine = "testcard"\n\n[models.sora-2-pro]\nengine = "testcard"\n'


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[AsyncClient]:
    """A client of an embedded Filmgate."""
    models = tmp_path / "models.toml"
    models.write_text(MODELS, encoding="utf-8")
    settings = Settings(data=tmp_path / "data", models=models, log_level="error")
    async with application.build_application(settings, "embedded") as gate:
        account = await gate.store.accounts.create_account("tests", None)
        _, secret = await gate.store.accounts.create_key(account.id, "tests", time.time())
        transport = httpx2.ASGITransport(gate.app)
        async with AsyncClient(base_url="http://s", api_key=secret, transport=transport, environ={}) as client:
            yield client


async def test_a_video_from_submission_to_deletion(client: AsyncClient, tmp_path: Path) -> None:
    """Created, polled, saved, listed and deleted; every invalid call raises its error."""
    video = await client.generate("a dog", seconds=4, idempotency_key="one")
    assert (await client.generate("a dog", seconds=4, idempotency_key="one")).id == video.id
    progress: list[int] = []
    await video.wait(timeout=60, on_progress=lambda video: progress.append(video.progress))
    assert progress == sorted(progress)
    assert [update.status async for update in video.events()] == ["completed"]
    path = await video.save(tmp_path / "dog.mp4")
    assert path.stat().st_size > 1000
    thumbnail = await client.videos.download_content(video.id, variant="thumbnail")
    assert thumbnail.media_type == "image/webp"
    assert [listed.id async for listed in client.videos.list(limit=1)] == [video.id]
    assert "sora-2" in [model.id for model in await client.models.list()]
    with pytest.raises(errors.VideoNotDeletable):
        await video.cancel()
    assert await video.delete() == video.id
    with pytest.raises(errors.VideoNotFound):
        await video.refresh()
    with pytest.raises(errors.InvalidValue, match="Supported values"):
        await client.generate("a dog", seconds=5)
    with pytest.raises(errors.IdempotencyKeyReuse):
        await client.generate("a cat", seconds=4, idempotency_key="one")
