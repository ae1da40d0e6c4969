"""Stage FETCHING: download the file, verify it, store it; a bad download never pays for another video."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from filmgate.domain import VideoError, VideoRecord
from filmgate.engines.base import Engine, JobState
from filmgate.errors import BadArtifact, EngineError, EngineUnavailable, StorageFault
from filmgate.flow import failure_codes, retry
from filmgate.flow.circuit_breaker import CallKind
from filmgate.flow.context import AttemptState, FlowContext
from filmgate.flow.ingest import ArtifactIngest
from filmgate.flow.poll import PollStage
from filmgate.storage.base import Storage

__all__ = ["FetchStage"]

MAX_BAD_DOWNLOADS = 3
"""Unusable downloads of a paid file after which the video fails: the first may have been truncated."""

log = structlog.get_logger()


class FetchStage:
    """The stage FETCHING.

    Args:
        context: dependencies of every stage.
        storage: where files are staged.
        ingest: moves a fetched file into the storage.
        retention: seconds that files are kept; 0: forever.
        poll_stage: polls the engine once more after a failed download.
    """

    def __init__(
        self, context: FlowContext, storage: Storage, ingest: ArtifactIngest, retention: float, poll_stage: PollStage
    ) -> None:
        self._context = context
        self._storage = storage
        self._ingest = ingest
        self._retention = retention
        self._poll_stage = poll_stage

    async def fetch(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> None:
        """Download once, and store the file."""
        if video.cancel_requested:
            await self._poll_stage.cancel(video, engine)
            return
        try:
            await self._fetch_and_store(video, engine)
        except EngineUnavailable as error:
            self._context.record_failure(engine, CallKind.QUERY)
            if not await self._job_was_lost(attempt, video, engine):
                await self._retry_or_fail(attempt, video, error, failure_codes.DOWNLOAD_FAILED)
        except StorageFault as error:
            await self._retry_or_fail(attempt, video, error, failure_codes.STORAGE_FAULT)
        except BadArtifact as error:
            await self._handle_bad_file(attempt, video, engine, error)
        except EngineError as error:
            await self._retry_or_fail(attempt, video, error, failure_codes.DOWNLOAD_FAILED)

    async def _fetch_and_store(self, video: VideoRecord, engine: Engine) -> None:
        async with self._staging_path() as path:
            artifact = await engine.fetch(video.ticket or "", path)
            self._context.record_success(engine, CallKind.QUERY)
            self._context.checkpoint("fetched")
            await self._ingest.verify(path, video)
            self._context.checkpoint("verified")
            assets = await self._ingest.store(path, video, artifact)
        self._context.checkpoint("kept")
        now = self._context.clock()
        expires_at = now + self._retention if self._retention else None
        if await self._context.videos.complete(video.id, assets, artifact.notes, now, expires_at):
            self._context.checkpoint("completed")
            log.info("video.completed", video=video.id, engine=video.engine, seconds=round(now - video.created_at, 3))
        else:
            await self._ingest.discard(assets, video.id)

    async def _retry_or_fail(
        self, attempt: AttemptState, video: VideoRecord, error: Exception, final_error: VideoError
    ) -> None:
        # The row does not change during this stage, so its last change is when the stage began.
        if self._context.clock() >= video.updated_at + retry.FETCH_LIMIT:
            await self._context.fail(video, final_error)
        else:
            await self._context.back_off(attempt, video, error)

    async def _job_was_lost(self, attempt: AttemptState, video: VideoRecord, engine: Engine) -> bool:
        """Whether the engine lost the finished job; then the video was requeued or has failed."""
        failures = attempt.consecutive_failures
        job_status = await self._poll_stage.poll(attempt, video, engine)
        attempt.consecutive_failures = failures
        attempt.lost_polls = attempt.lost_polls + 1 if job_status.state is JobState.LOST else 0
        if job_status.state is JobState.LOST:
            await self._poll_stage.handle_lost(attempt, video, engine, job_status)
        return job_status.state is JobState.LOST

    async def _handle_bad_file(
        self, attempt: AttemptState, video: VideoRecord, engine: Engine, error: BadArtifact
    ) -> None:
        log.warning(
            "flow.bad_file", video=video.id, engine=engine.name, reason=failure_codes.from_engine_error(error).message
        )
        attempt.bad_downloads += 1
        if engine.capabilities.paid and attempt.bad_downloads < MAX_BAD_DOWNLOADS:
            await self._context.back_off(attempt, video, error)
        elif engine.capabilities.paid or (
            retry.count_bad_outputs(await self._context.videos.history(video.id)) + 1 >= retry.MAX_BAD_OUTPUTS
        ):
            await self._context.fail(video, failure_codes.INVALID_OUTPUT)
        else:
            await self._context.videos.requeue(video.id, self._context.clock())

    @asynccontextmanager
    async def _staging_path(self) -> AsyncIterator[Path]:
        path = self._storage.staging_path(".mp4")
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)
