"""The public types of the SDK, pinned: this file is type-checked and never run."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import assert_type

from filmgate import AsyncClient, Client
from filmgate.client import (
    ApiEndpoint,
    AsyncVideo,
    CharacterData,
    DownloadedContent,
    DurationHistory,
    ModelData,
    Video,
    WebhookEvent,
    resolve_endpoint,
)


def blocking(client: Client) -> None:
    """What a blocking program sees."""
    video = client.generate("a dog", size="1280x720", seconds=4, input_reference=Path("dog.png"))
    assert_type(video, Video)
    assert_type(video.wait(timeout=60, on_progress=lambda seen: seen.progress), Video)
    assert_type(video.save("dog.mp4", force=True, on_bytes=lambda done, total: done == total), Path)
    assert_type(video.events(), Generator[Video, None, None])
    assert_type(video.cancel(), Video)
    assert_type(video.refresh(), Video)
    assert_type(video.delete(), str)
    assert_type(Video.from_id("video_1", client), Video)
    assert_type(client.videos.create("a dog"), Video)
    assert_type(client.videos.create_and_poll(prompt="a dog", model="sora-2"), Video)
    assert_type(client.videos.retrieve("video_1"), Video)
    assert_type(client.videos.poll("video_1", poll_interval_ms=500), Video)
    assert_type(client.videos.list(order="asc"), Generator[Video, None, None])
    assert_type(client.videos.download_content("video_1", variant="thumbnail"), DownloadedContent)
    assert_type(client.videos.delete("video_1"), str)
    assert_type(client.models.list(), list[ModelData])
    assert_type(client.videos.remix("video_1", "at night"), Video)
    assert_type(client.videos.edit("snow", video=Path("clip.mp4")), Video)
    assert_type(client.videos.extend("on", video={"id": "video_1"}, seconds=4), Video)
    assert_type(client.videos.create_character("Mira", video=b"..."), CharacterData)
    assert_type(client.videos.get_character("char_1"), CharacterData)
    assert_type(client.webhooks.verify(b"{}", {"webhook-id": "evt_1"}), WebhookEvent)
    assert_type(client.endpoint, ApiEndpoint)
    assert_type(resolve_endpoint("http://v", None, {}), ApiEndpoint)
    assert_type(
        Client(provider="dmxapi", duration_history=DurationHistory(Path("durations.json")), max_retries=0), Client
    )


async def awaiting(client: AsyncClient) -> None:
    """What an asynchronous program sees."""
    video = await client.generate("a dog", size="1280x720", seconds="4", input_reference=b"...")
    assert_type(video, AsyncVideo)
    assert_type(await video.wait(timeout=60, on_progress=lambda seen: seen.progress), AsyncVideo)
    assert_type(await video.save(Path("dog.mp4")), Path)
    assert_type(video.events(), AsyncGenerator[AsyncVideo, None])
    assert_type(await AsyncVideo.from_id("video_1", client), AsyncVideo)
    assert_type(await client.videos.create_and_poll("a dog"), AsyncVideo)
    assert_type(client.videos.list(limit=5), AsyncGenerator[AsyncVideo, None])
    assert_type(await client.videos.download_content("video_1"), DownloadedContent)
    assert_type(await client.models.list(), list[ModelData])
    assert_type(await client.videos.remix("video_1", "at night"), AsyncVideo)
    assert_type(await client.videos.edit("snow", video="video_1"), AsyncVideo)
    assert_type(await client.videos.extend("on", video="video_1", seconds="4"), AsyncVideo)
    assert_type(await client.videos.create_character("Mira", video="mira.mp4"), CharacterData)
    assert_type(await client.videos.get_character("char_1"), CharacterData)
    assert_type(await video.cancel(), AsyncVideo)
    assert_type(await video.delete(), str)
