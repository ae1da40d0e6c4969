"""Heartbeats."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filmgate.store import Store


async def test_a_worker_without_heartbeats_is_dead(store: Store) -> None:
    """It is listed until its next heartbeat or its deletion."""
    await store.workers.record_heartbeat("a", 1.0)
    await store.workers.record_heartbeat("b", 1.0)
    await store.workers.record_heartbeat("b", 5.0)
    assert await store.workers.list_dead(5.0) == ["a"]
    assert await store.workers.list_dead(6.0) == ["a", "b"]
    await store.workers.delete("a")
    assert await store.workers.list_dead(6.0) == ["b"]
