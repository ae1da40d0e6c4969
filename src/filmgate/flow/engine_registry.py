"""The engines of now, and those of before that still have videos to give back.

A ticket is worth something only where it was given. When an address or a key changes, or an engine leaves the
configuration, what was submitted to the old one goes on being asked for there until it is finished.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping

import structlog

from filmgate.domain import Video
from filmgate.engines.base import Engine
from filmgate.errors import SettingsError, StorageFault
from filmgate.store import Identity, IdentityRows

__all__ = ["Roster"]

KEEP_UNSEEN = 86400.0
"""Seconds that an engine is remembered which no configuration names and no video needs."""

log = structlog.get_logger()


class Roster:
    """Finds the engine that a video was submitted to.

    Args:
        engines: that are configured now, by name; started and stopped by the caller.
        rows: what engines were.
        present: what those of now are, as far as they have an identity.
        remake: an engine from what it was.
    """

    def __init__(
        self,
        engines: Mapping[str, Engine],
        rows: IdentityRows,
        present: Collection[Identity] = (),
        remake: Callable[[Identity], Engine] | None = None,
    ) -> None:
        self.current = engines
        self._rows = rows
        self._present = present
        self._remake = remake
        self._former: dict[tuple[str, str], Engine] = {}
        self._names: set[str] = set()  # of engines that unfinished videos are bound to
        self._making = asyncio.Lock()

    @property
    def concurrency(self) -> Mapping[str, int | None]:
        """Every engine name that videos may be bound to, and how many of its jobs run at once."""
        former = {name: engine.capabilities.concurrency for (name, _), engine in self._former.items()}
        return (
            dict.fromkeys(self._names)
            | former
            | {name: engine.capabilities.concurrency for name, engine in self.current.items()}
        )

    async def start(self, now: float, *, works: bool) -> None:
        """Write down what the engines of now are, and make those again that unfinished videos need.

        Args:
            now: Unix seconds.
            works: whether this process asks engines; false: it only has to know their names.
        """
        needed = await self._rows.needed()
        self._names = {identity.engine for identity in needed}
        if works:
            await self._see(now)
            for identity in needed:
                await self._find(identity.engine, identity.id)

    async def stop(self) -> None:
        """Stop the engines of before."""
        former, self._former = self._former, {}
        for engine in former.values():
            await engine.stop()

    async def of(self, video: Video) -> Engine | None:
        """The engine to ask for the video; None if it can't be made again."""
        current = self.current.get(video.engine)
        if video.identity is None or (current is not None and current.identity == video.identity):
            return current
        return await self._find(video.engine, video.identity) if video.identity else current

    async def _see(self, now: float) -> None:
        """Note that the engines of now are still such."""
        for identity in self._present:
            await self._rows.see(identity, now)

    async def sweep(self, now: float) -> None:
        """Stop and forget the engines of before that no unfinished video needs."""
        await self._see(now)
        needed = {(identity.engine, identity.id) for identity in await self._rows.needed()}
        for key in self._former.keys() - needed:
            await self._former.pop(key).stop()
            log.info("engine.retired", engine=key[0])
        await self._rows.forget(now - KEEP_UNSEEN)

    async def _find(self, name: str, identity: str) -> Engine | None:
        current = self.current.get(name)
        if current is not None and current.identity == identity:
            return current
        async with self._making:
            if (name, identity) not in self._former:
                engine = await self._make(name, identity)
                if engine is None:
                    return None
                self._former[name, identity] = engine
                log.info("engine.kept", engine=name)
        return self._former[name, identity]

    async def _make(self, name: str, identity: str) -> Engine | None:
        known = await self._rows.get(name, identity)
        if known is None or self._remake is None:
            log.warning("engine.unknown", engine=name)
            return None
        try:
            engine = self._remake(known)
        except (SettingsError, StorageFault) as error:
            log.warning("engine.not_rebuilt", engine=name, reason=error.message)
            return None
        await engine.start()
        return engine
