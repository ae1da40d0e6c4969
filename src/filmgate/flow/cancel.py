"""Cancellation of a video that was never submitted: a transition of its row, without the engine."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import structlog

from filmgate.domain import VideoRecord
from filmgate.flow import failure_codes
from filmgate.store import VideoRepository

__all__ = ["cancel_unsubmitted"]

log = structlog.get_logger()


async def cancel_unsubmitted(
    videos: VideoRepository,
    video: VideoRecord,
    clock: Callable[[], float],
    checkpoint: Callable[[str], None] = lambda _name: None,
) -> bool:
    """End a video as cancelled, free of charge; False if it may have been submitted.

    Args:
        videos: repository of videos.
        video: as last read.
        clock: Unix seconds.
        checkpoint: called with ``failed`` once the video has ended.
    """
    # The intent keeps every other process from submitting the video in the meantime.
    token = secrets.token_hex(16)
    if not await videos.record_intent(video.id, token, clock()):
        return False
    if await videos.fail_if_intent(video.id, token, failure_codes.CANCELLED, clock()):
        checkpoint("failed")
        log.info("video.failed", video=video.id, engine=video.engine, code=failure_codes.CANCELLED.code)
    return True
