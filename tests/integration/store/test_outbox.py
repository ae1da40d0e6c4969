"""Terminal events wait in the outbox until their deliveries are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filmgate.domain import NewVideo, VideoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from filmgate.store import Store


async def test_an_event_waits_until_it_is_fanned_out(store: Store, new_video: Callable[..., NewVideo]) -> None:
    """One event per terminal video, oldest first, under an id that never changes."""
    videos = [(await store.videos.create(new_video(), 1.0))[0] for _ in range(2)]
    for at, video in enumerate(reversed(videos)):
        await store.videos.fail(video.id, VideoError("x", "x"), float(at))
    pending = await store.outbox.pending()
    assert [(event.type, event.video_id) for event in pending] == [
        ("video.failed", videos[1].id),
        ("video.failed", videos[0].id),
    ]
    assert pending == await store.outbox.pending()
    assert await store.outbox.pending(limit=1) == pending[:1]
    await store.webhooks.fan_out(pending[0].id, 5.0)
    assert await store.outbox.pending() == pending[1:]
