"""The ``apiyi`` dialect: APIYI's synchronous resale API; lengths are strings, and no key is null."""

from __future__ import annotations

from functools import partial
from typing import Literal

from msgspec import Struct

from filmgate.config.catalog import DialectLimits
from filmgate.domain import Status, VideoRecord
from filmgate.wire import create, openai
from filmgate.wire.dialect import Dialect, RenderContext
from filmgate.wire.objects import VideoFailure, VideoStatus
from filmgate.wire.params import CreateParams, Fields
from filmgate.wire.readers import read_text

__all__ = ["APIYI"]


class ApiyiVideo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A video; keys without a value are omitted."""

    id: str
    object: str
    model: str
    status: VideoStatus
    progress: int
    created_at: int
    size: str
    seconds: str
    quality: Literal["standard", "high"]
    completed_at: int | None = None
    error: VideoFailure | None = None


def parse_create(fields: Fields) -> CreateParams:
    """Parse a create; prompt and model are required, ``seconds`` is a string: the number 4 is rejected."""
    return create.parse(fields, required=("prompt", "model"), readers={"seconds": read_text})


def render_video(video: VideoRecord, _context: RenderContext) -> ApiyiVideo:
    """Render the video, with the quality that its model stands for."""
    completed = video.status is Status.COMPLETED and video.completed_at is not None
    return ApiyiVideo(
        id=video.id,
        object="video",
        model=video.model,
        status=video.status.value,
        progress=video.progress,
        created_at=int(video.created_at),
        size=str(video.recipe.size),
        seconds=str(video.recipe.seconds),
        quality="high" if video.model.startswith("sora-2-pro") else "standard",
        completed_at=int(video.completed_at) if completed and video.completed_at is not None else None,
        error=None if video.error is None else VideoFailure(video.error.code, video.error.message),
    )


APIYI = Dialect(
    name="apiyi",
    base_path="/apiyi/v1",
    parse_create=parse_create,
    render_video=render_video,
    render_list=partial(openai.render_page, render_video),
    render_deleted=openai.render_deleted,
    render_error=openai.render_error,
    content_headers=openai.content_headers,
    limits=DialectLimits(seconds=(4, 8, 12)),
)
