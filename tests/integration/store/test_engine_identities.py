"""What engines were, for as long as somebody needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filmgate.domain import NewVideo, VideoError
from filmgate.store import EngineIdentity, Store

if TYPE_CHECKING:
    from collections.abc import Callable

OLD = EngineIdentity(id="a", engine="scene", kind="openai-videos", options={"base_url": "https://a"}, api_key="sealed")


async def test_what_was_seen_can_be_read_again(store: Store) -> None:
    """Whole, with its sealed key; seeing it again replaces what is sealed anew."""
    await store.engine_identities.record_seen(OLD, 1.0)
    assert await store.engine_identities.get("scene", "a") == OLD
    again = EngineIdentity(id="a", engine="scene", kind="openai-videos", options={}, api_key=None)
    await store.engine_identities.record_seen(again, 2.0)
    assert await store.engine_identities.get("scene", "a") == again
    assert await store.engine_identities.get("other", "a") is None


async def test_it_is_needed_while_a_video_runs_there(store: Store, new_video: Callable[..., NewVideo]) -> None:
    """From the intent to the end; then it can be forgotten, once nobody has seen it for a while."""
    await store.engine_identities.record_seen(OLD, 1.0)
    assert await store.engine_identities.list_in_use() == []
    video, _ = await store.videos.create(new_video(), 2.0)
    await store.videos.record_intent(video.id, "token", 3.0, identity="a")
    assert await store.engine_identities.list_in_use() == [OLD]
    assert await store.engine_identities.delete_unused(99.0) == 0
    await store.videos.fail(video.id, VideoError("engine_error", "It broke."), 4.0)
    assert await store.engine_identities.list_in_use() == []
    assert await store.engine_identities.delete_unused(1.0) == 0
    assert await store.engine_identities.delete_unused(99.0) == 1
