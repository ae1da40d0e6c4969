"""Commands without a server: which requests the database answers, and which start the application."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.cli import MODELS

from filmgate.bootstrap import data_folder
from filmgate.cli import local
from filmgate.cli.embedded_key import ensure_owner
from filmgate.config import settings
from filmgate.domain import NewVideo, Recipe, Size, Status, new_id
from filmgate.errors import VideoNotDeletable, VideoNotFound

if TYPE_CHECKING:
    from pathlib import Path

    from filmgate.config.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> Settings:
    """Return settings of a new data folder for a command that generates no videos."""
    models = tmp_path / "models.toml"
    models.write_text(MODELS, encoding="utf-8")
    own = {"data": tmp_path / "data", "models": models, "worker": False, "log_level": "error"}
    return settings.load(None, {}, own)


async def _accept(folder: Settings, prompt: str = "A paper boat", *, submitted: bool = False) -> str:
    """Create a video in the store, accepted or submitted, and return its id."""
    store = data_folder.open_store(folder)
    try:
        recipe = Recipe(prompt=prompt, size=Size(720, 1280), seconds=4, seed=7)
        owner = await ensure_owner(store)
        new = NewVideo(
            id=new_id(), account_id=owner, model="sora-2", engine="testcard", recipe=recipe, price_micros=1000
        )
        await store.videos.create(new, 1.0)
        if submitted:
            await store.videos.record_intent(new.id, "token", 2.0)
        return new.id
    finally:
        await store.close()


def _started(folder: Settings) -> bool:
    """Return whether the application has started in the folder."""
    return (folder.data / "locks").exists()


async def test_rows_are_listed_and_shown_by_the_database_alone(folder: Settings) -> None:
    """With the same objects as a server's, newest first."""
    first, second = await _accept(folder), await _accept(folder, "A second boat")
    async with local.client(folder) as client:
        listed = [video.id async for video in client.videos.list(limit=1)]
        video = await client.videos.retrieve(second)
        models = await client.models.list()
    assert listed == [second, first]
    assert (video.status, video.prompt, video.size) == ("queued", "A second boat", "720x1280")
    assert "sora-2" in [model.id for model in models]
    assert not _started(folder)


async def test_a_waiting_video_is_cancelled_and_deleted_by_the_database_alone(folder: Settings) -> None:
    """Its hold is released, and a second cancel is refused as by a server."""
    video_id = await _accept(folder)
    async with local.client(folder) as client:
        video = await client.videos.cancel(video_id)
        assert video.error is not None
        assert (video.status, video.error.code) == ("failed", "cancelled")
        with pytest.raises(VideoNotDeletable):
            await client.videos.cancel(video_id)
        await client.videos.delete(video_id)
        with pytest.raises(VideoNotFound):
            await client.videos.retrieve(video_id)
    store = data_folder.open_store(folder)
    usage = await store.ledger.usage(await ensure_owner(store), 0.0)
    await store.close()
    assert usage.held_micros == 0
    assert not _started(folder)


async def test_a_submitted_video_is_cancelled_by_the_application(folder: Settings) -> None:
    """The engine may be working on it: its worker must cancel the job."""
    video_id = await _accept(folder, submitted=True)
    async with local.client(folder) as client:
        video = await client.videos.cancel(video_id)
    assert video.status != "failed"
    assert _started(folder)
    store = data_folder.open_store(folder)
    row = await store.videos.get(video_id)
    await store.close()
    assert row is not None
    assert (row.status, row.cancel_requested) == (Status.QUEUED, True)


async def test_a_created_video_is_queued_for_a_worker_before_the_command_ends(folder: Settings) -> None:
    """The application starts with the request, and enqueues the video."""
    async with local.client(folder) as client:
        video = await client.videos.create(prompt="A boat", model="sora-2")
    with closing(sqlite3.connect(folder.data / "flow.sqlite")) as flow:
        queued = flow.execute("SELECT workflow_uuid, queue_name, status FROM workflow_status").fetchall()
    assert queued == [(f"{video.id}:0", "testcard", "ENQUEUED")]


async def test_a_download_opens_no_queues(folder: Settings) -> None:
    """A download needs the application's file responses, not its flow."""
    video_id = await _accept(folder)
    async with local.client(folder) as client:
        with pytest.raises(Exception, match="not ready"):
            await client.videos.download_content(video_id)
    assert _started(folder)
    assert not (folder.data / "flow.sqlite").exists()
