"""Estimates when an unfinished video will complete, from the durations of earlier videos."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from filmgate.domain import Status, VideoRecord, poll_after_ms
from filmgate.engines.base import Engine, job_without_files
from filmgate.store import VideoRepository

__all__ = ["Eta", "EtaEstimator"]

DEFAULT_SECONDS = 60.0
"""Expected seconds of a video whose engine is no longer configured."""


class Eta(Struct, frozen=True):
    """Queue position of a video and its estimated remaining time."""

    position: int  # 1: next in its engine's queue; 0: not queued
    eta_seconds: float | None  # until completed; None once finished


class EtaEstimator:
    """Estimates from the durations of completed videos; without any, from the engine's own figure.

    Args:
        videos: the video rows.
        engines: the configured engines by name.
    """

    def __init__(self, videos: VideoRepository, engines: Mapping[str, Engine]) -> None:
        self._videos = videos
        self._engines = engines

    async def eta(self, video: VideoRecord) -> Eta:
        """Return the queue position and the estimated seconds until completion."""
        if video.finished:
            return Eta(0, None)
        expected = await self._expected_seconds(video)
        if video.status is Status.IN_PROGRESS:
            return Eta(0, expected * (100 - video.progress) / 100)
        ahead = await self._videos.count_ahead(video)
        engine = self._engines.get(video.engine)
        concurrency = (engine and engine.capabilities.concurrency) or ahead + 1
        return Eta(ahead + 1, expected * (1 + ahead // concurrency))

    async def poll_after_ms(self, video: VideoRecord) -> int:
        """Return the value of ``openai-poll-after-ms`` for an unfinished video."""
        return poll_after_ms(await self._expected_seconds(video))

    async def _expected_seconds(self, video: VideoRecord) -> float:
        seconds = video.recipe.render_seconds
        typical = await self._videos.typical_seconds(video.engine, video.model, seconds)
        engine = self._engines.get(video.engine)
        return typical or (engine.expected_seconds(job_without_files(video)) if engine else DEFAULT_SECONDS)
