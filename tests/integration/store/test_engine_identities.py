"""What engines were, for as long as somebody needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filmgate.domain import NewVideo, VideoError
from filmgate.store import Identity, Store

if TYPE_CHECKING:
    from collections.abc import Callable

OLD = Identity(id="a", engine="scene", kind="openai-videos", options={"base_url": "https://a"}, api_key="sealed")


async def test_what_was_seen_can_be_read_again(store: Store) -> None:
    """Whole, with its sealed key; seeing it again replaces what is sealed anew."""
    await store.identities.see(OLD, 1.0)
    assert await store.identities.get("scene", "a") == OLD
    again = Identity(id="a", engine="scene", kind="openai-videos", options={}, api_key=None)
    await store.identities.see(again, 2.0)
    assert await store.identities.get("scene", "a") == again
    assert await store.identities.get("other", "a") is None


async def test_it_is_needed_while_a_video_runs_there(store: Store, new_video: Callable[..., NewVideo]) -> None:
    """From the intent to the end; then it can be forgotten, once nobody has seen it for a while."""
    await store.identities.see(OLD, 1.0)
    assert await store.identities.needed() == []
    video, _ = await store.videos.create(new_video(), 2.0)
    await store.videos.intend(video.id, "token", 3.0, identity="a")
    assert await store.identities.needed() == [OLD]
    assert await store.identities.forget(99.0) == 0
    await store.videos.fail(video.id, VideoError("engine_error", "It broke."), 4.0)
    assert await store.identities.needed() == []
    assert await store.identities.forget(1.0) == 0
    assert await store.identities.forget(99.0) == 1
