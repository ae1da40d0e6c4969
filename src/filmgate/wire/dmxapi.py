"""The ``dmxapi`` dialect: the API as DMXAPI resold it, whose content endpoint waits for the video."""

from __future__ import annotations

from functools import partial

from msgspec import Struct

from filmgate.config.catalog import DialectLimits
from filmgate.domain import AssetKind, Size, VideoRecord
from filmgate.wire import create, openai
from filmgate.wire.dialect import Dialect, RenderContext
from filmgate.wire.objects import VideoFailure, VideoStatus

__all__ = ["DMXAPI"]

CONTENT_WAIT_SECONDS = 300.0
"""Seconds that a content request waits for its video: downloaders call right after create and read what comes."""

RETENTION_SECONDS = 2 * 3600.0
"""Seconds for which content can be downloaded."""


class DmxapiVideo(Struct, frozen=True):
    """A video: 12 keys, without the prompt; unknown values are null."""

    id: str
    object: str
    model: str
    status: VideoStatus
    progress: int
    created_at: int
    completed_at: int | None
    expires_at: int | None
    size: str
    seconds: str
    remixed_from_video_id: str | None
    error: VideoFailure | None


def render_video(video: VideoRecord, context: RenderContext) -> DmxapiVideo:
    """Render the video without its prompt; content expires two hours after completion, or earlier by the settings."""
    standard = openai.limit_expiry(openai.render_video(video, context), RETENTION_SECONDS)
    return DmxapiVideo(**{name: getattr(standard, name) for name in DmxapiVideo.__struct_fields__})


def content_headers(video_id: str, kind: AssetKind) -> dict[str, str]:
    """Return the contract's headers with another file name."""
    headers = openai.content_headers(video_id, kind)
    if kind is AssetKind.VIDEO:
        headers["content-disposition"] = f'attachment; filename="{video_id}_video.mp4"'
    return headers


DMXAPI = Dialect(
    name="dmxapi",
    base_path="/dmxapi/v1",
    parse_create=partial(create.parse, required=("prompt", "model")),
    render_video=render_video,
    render_list=partial(openai.render_page, render_video),
    render_deleted=openai.render_deleted,
    render_error=openai.render_error,
    content_headers=content_headers,
    limits=DialectLimits(
        sizes=(Size(720, 1280), Size(1280, 720), Size(1024, 1792), Size(1792, 1024)), seconds=(4, 8, 12)
    ),
    content_wait=CONTENT_WAIT_SECONDS,
    retention=RETENTION_SECONDS,
)
