"""Engine registry: configured engines, plus retired ones that still own unfinished videos.

A ticket is valid only where it was issued. When an address or a key changes, or an engine leaves the configuration,
the jobs submitted to the old engine are still polled there until they are finished.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping

import structlog

from filmgate.domain import VideoRecord
from filmgate.engines.base import Engine
from filmgate.errors import SettingsError, StorageFault
from filmgate.store import EngineIdentity, EngineIdentityRepository

__all__ = ["EngineRegistry"]

UNSEEN_RETENTION = 86400.0
"""Seconds that an engine identity is kept which no configuration names and no video needs."""

log = structlog.get_logger()


class EngineRegistry:
    """Finds the engine that a video was submitted to.

    Args:
        engines: configured engines, by name; started and stopped by the caller.
        repository: stored engine identities.
        identities: identities of the configured engines, as far as they have one.
        rebuild: builds an engine from its identity.
    """

    def __init__(
        self,
        engines: Mapping[str, Engine],
        repository: EngineIdentityRepository,
        identities: Collection[EngineIdentity] = (),
        rebuild: Callable[[EngineIdentity], Engine] | None = None,
    ) -> None:
        self.configured = engines
        self._repository = repository
        self._identities = identities
        self._rebuild = rebuild
        self._retired: dict[tuple[str, str], Engine] = {}
        self._bound_names: set[str] = set()  # engines that unfinished videos are bound to
        self._build_lock = asyncio.Lock()

    @property
    def concurrency(self) -> Mapping[str, int | None]:
        """Every engine name that videos may be bound to, and how many of its jobs run at once."""
        retired = {name: engine.capabilities.concurrency for (name, _), engine in self._retired.items()}
        return (
            dict.fromkeys(self._bound_names)
            | retired
            | {name: engine.capabilities.concurrency for name, engine in self.configured.items()}
        )

    async def start(self, now: float, *, is_worker: bool) -> None:
        """Store the identities of the configured engines, and rebuild the retired ones that unfinished videos need.

        Args:
            now: Unix seconds.
            is_worker: whether this process calls engines; false: it only needs their names.
        """
        needed = await self._repository.list_in_use()
        self._bound_names = {identity.engine for identity in needed}
        if is_worker:
            await self._record_seen(now)
            for identity in needed:
                await self._get_or_build(identity.engine, identity.id)

    async def stop(self) -> None:
        """Stop the retired engines."""
        retired, self._retired = self._retired, {}
        for engine in retired.values():
            await engine.stop()

    async def engine_for(self, video: VideoRecord) -> Engine | None:
        """Return the engine that the video was submitted to; None if it can't be rebuilt."""
        current = self.configured.get(video.engine)
        if video.identity is None or (current is not None and current.identity == video.identity):
            return current
        return await self._get_or_build(video.engine, video.identity) if video.identity else current

    async def _record_seen(self, now: float) -> None:
        """Record that the configured engines are still in use."""
        for identity in self._identities:
            await self._repository.record_seen(identity, now)

    async def retire_unneeded(self, now: float) -> None:
        """Stop and drop the retired engines that no unfinished video needs."""
        await self._record_seen(now)
        needed = {(identity.engine, identity.id) for identity in await self._repository.list_in_use()}
        for key in self._retired.keys() - needed:
            await self._retired.pop(key).stop()
            log.info("engine.retired", engine=key[0])
        await self._repository.delete_unused(now - UNSEEN_RETENTION)

    async def _get_or_build(self, name: str, identity: str) -> Engine | None:
        current = self.configured.get(name)
        if current is not None and current.identity == identity:
            return current
        async with self._build_lock:
            if (name, identity) not in self._retired:
                engine = await self._build(name, identity)
                if engine is None:
                    return None
                self._retired[name, identity] = engine
                log.info("engine.rebuilt", engine=name)
        return self._retired[name, identity]

    async def _build(self, name: str, identity: str) -> Engine | None:
        stored = await self._repository.get(name, identity)
        if stored is None or self._rebuild is None:
            log.warning("engine.identity_unknown", engine=name)
            return None
        try:
            engine = self._rebuild(stored)
        except (SettingsError, StorageFault) as error:
            log.warning("engine.rebuild_failed", engine=name, reason=error.message)
            return None
        await engine.start()
        return engine
