"""Video records for the tests of renderers."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from filmgate.domain import Recipe, Size, Stage, Status, VideoError, VideoRecord

DIGITS = "0123456789abcdef0123456789abcdef"

QUEUED = VideoRecord(
    seq=1,
    id=f"video_{DIGITS}",
    account_id="acct_1",
    model="sora-2",
    engine="scene",
    recipe=Recipe(prompt="a dog", size=Size(1280, 720), seconds=10, seed=7),
    status=Status.QUEUED,
    stage=Stage.ACCEPTED,
    progress=0,
    created_at=1_760_000_000.9,
    updated_at=1_760_000_000.9,
    prompt="a dog",
)


def changed(**changes: Any) -> VideoRecord:
    """The queued video with changes."""
    return replace(QUEUED, **changes)


IN_PROGRESS = changed(
    status=Status.IN_PROGRESS, stage=Stage.WATCHING, progress=42, started_at=1_760_000_010.5, updated_at=1_760_000_020.5
)
COMPLETED = changed(
    status=Status.COMPLETED,
    stage=Stage.DONE,
    progress=100,
    started_at=1_760_000_010.5,
    completed_at=1_760_000_060.2,
    updated_at=1_760_000_060.2,
    expires_at=1_760_604_860.2,
)
FAILED = changed(
    status=Status.FAILED,
    stage=Stage.DONE,
    progress=42,
    updated_at=1_760_000_060.2,
    error=VideoError("moderation_blocked", "Your request was blocked by our moderation system."),
)
CANCELLED = replace(FAILED, error=VideoError("cancelled", "The video was cancelled."))
