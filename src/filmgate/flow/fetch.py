"""When an engine is done: fetch the file, see that it is the film, keep it; a bad download never buys another film."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from filmgate.domain import Video, VideoError
from filmgate.engines.base import Engine, State
from filmgate.errors import BadArtifact, EngineError, EngineUnavailable, StorageFault
from filmgate.flow import failure_codes, retry
from filmgate.flow.circuit_breaker import Call
from filmgate.flow.context import Kit, Run
from filmgate.flow.ingest import Delivery
from filmgate.flow.poll import Watching
from filmgate.storage.base import Storage

__all__ = ["Fetching"]

DOWNLOADS = 3
"""Downloads of a paid file that must be unusable before the video fails: the first may have been cut."""

log = structlog.get_logger()


class Fetching:
    """The stage FETCHING.

    Args:
        kit: what every part works with.
        storage: where files are staged.
        delivery: takes a fetched file into the storage.
        retention: seconds that files are kept; 0: for ever.
        watching: asks the engine once more.
    """

    def __init__(self, kit: Kit, storage: Storage, delivery: Delivery, retention: float, watching: Watching) -> None:
        self._kit = kit
        self._storage = storage
        self._delivery = delivery
        self._retention = retention
        self._watching = watching

    async def fetch(self, run: Run, video: Video, engine: Engine) -> None:
        """Fetch once, and keep what came."""
        if video.cancel_requested:
            await self._watching.cancel(video, engine)
            return
        try:
            await self._deliver(video, engine)
        except EngineUnavailable as error:
            self._kit.unanswered(engine, Call.ASK)
            if not await self._lost_meanwhile(run, video, engine):
                await self._fetch_again(run, video, error, failure_codes.DOWNLOAD_FAILED)
        except StorageFault as error:
            await self._fetch_again(run, video, error, failure_codes.STORAGE_FAULT)
        except BadArtifact as error:
            await self._unusable(run, video, engine, error)
        except EngineError as error:
            await self._fetch_again(run, video, error, failure_codes.DOWNLOAD_FAILED)

    async def _deliver(self, video: Video, engine: Engine) -> None:
        async with self._staged() as into:
            artifact = await engine.fetch(video.ticket or "", into)
            self._kit.answered(engine, Call.ASK)
            self._kit.checkpoint("fetched")
            await self._delivery.verify(into, video)
            self._kit.checkpoint("verified")
            assets = await self._delivery.keep(into, video, artifact)
        self._kit.checkpoint("kept")
        now = self._kit.clock()
        expires_at = now + self._retention if self._retention else None
        if await self._kit.videos.complete(video.id, assets, artifact.notes, now, expires_at):
            self._kit.checkpoint("completed")
            log.info("video.completed", video=video.id, engine=video.engine, seconds=round(now - video.created_at, 3))
        else:
            await self._delivery.discard(assets, video.id)

    async def _fetch_again(self, run: Run, video: Video, error: Exception, end: VideoError) -> None:
        # The row does not change while it is being fetched, so its last change is when the fetch began.
        if self._kit.clock() >= video.updated_at + retry.FETCH_LIMIT:
            await self._kit.fail(video, end)
        else:
            await self._kit.back_off(run, video, error)

    async def _lost_meanwhile(self, run: Run, video: Video, engine: Engine) -> bool:
        """Whether the engine forgot the finished job; then the video has begun again, or ended."""
        fetches = run.failures
        verdict = await self._watching.look(run, video, engine)
        run.failures = fetches
        run.lost = run.lost + 1 if verdict.state is State.LOST else 0
        if verdict.state is State.LOST:
            await self._watching.lost(run, video, engine, verdict)
        return verdict.state is State.LOST

    async def _unusable(self, run: Run, video: Video, engine: Engine, error: BadArtifact) -> None:
        log.warning("flow.unusable", video=video.id, engine=engine.name, reason=failure_codes.of(error).message)
        run.unusable += 1
        if engine.capabilities.paid and run.unusable < DOWNLOADS:
            await self._kit.back_off(run, video, error)
        elif engine.capabilities.paid or (
            retry.spoilt(await self._kit.videos.history(video.id)) + 1 >= retry.MAX_BAD_OUTPUTS
        ):
            await self._kit.fail(video, failure_codes.INVALID_OUTPUT)
        else:
            await self._kit.videos.restart(video.id, self._kit.clock())

    @asynccontextmanager
    async def _staged(self) -> AsyncIterator[Path]:
        into = self._storage.staging(".mp4")
        try:
            yield into
        finally:
            into.unlink(missing_ok=True)
