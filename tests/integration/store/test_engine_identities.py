"""Engine identities are stored for as long as they are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filmgate.domain import NewVideo, VideoError
from filmgate.store import EngineIdentity, Store

if TYPE_CHECKING:
    from collections.abc import Callable

OLD = EngineIdentity(id="a", engine="scene", kind="openai-videos", options={"base_url": "https://a"}, api_key="sealed")


async def test_a_stored_identity_can_be_read(store: Store) -> None:
    """Complete, with its encrypted key; storing it updated replaces the encrypted key."""
    await store.engine_identities.record_seen(OLD, 1.0)
    assert await store.engine_identities.get("scene", "a") == OLD
    updated = EngineIdentity(id="a", engine="scene", kind="openai-videos", options={}, api_key=None)
    await store.engine_identities.record_seen(updated, 2.0)
    assert await store.engine_identities.get("scene", "a") == updated
    assert await store.engine_identities.get("other", "a") is None


async def test_an_identity_is_in_use_while_a_video_runs_there(store: Store, new_video: Callable[..., NewVideo]) -> None:
    """From the intent to the end; then it can be deleted, once it was unseen for a while."""
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
