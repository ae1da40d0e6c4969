"""The ``apiyi-async`` dialect: APIYI's asynchronous resale API; ``submitted`` for queued, errors are strings."""

from __future__ import annotations

from functools import partial
from typing import Literal

import msgspec
from msgspec import Struct

from filmgate.config.catalog import DialectLimits
from filmgate.domain import Size, Status, VideoRecord
from filmgate.errors import FilmgateError, InsufficientQuota, InvalidKey, TooManyRequests
from filmgate.wire import create, openai
from filmgate.wire.dialect import Dialect, ErrorResponse, RenderContext

__all__ = ["APIYI_ASYNC"]

MAX_PROMPT_LENGTH = 999
"""Maximum characters of a prompt: under 1,000."""

CREATES_PER_MINUTE, MAX_RUNNING = 10, 5
"""Limits of one key."""

_STATUSES: dict[Status, Literal["submitted", "in_progress", "completed", "failed"]] = {
    Status.QUEUED: "submitted",
    Status.IN_PROGRESS: "in_progress",
    Status.COMPLETED: "completed",
    Status.FAILED: "failed",
}

_CODES: tuple[tuple[type[FilmgateError], str], ...] = (
    (InvalidKey, "authentication_error"),
    (TooManyRequests, "rate_limit_exceeded"),
    (InsufficientQuota, "insufficient_quota"),
)


class ApiyiAsyncVideo(Struct, frozen=True, kw_only=True):
    """A video; ``url`` is null until the video is completed."""

    id: str
    status: Literal["submitted", "in_progress", "completed", "failed"]
    progress: int
    prompt: str | None
    model: str
    size: str
    seconds: str
    created_at: int
    url: str | None
    completed_at: int | None
    error: str | msgspec.UnsetType = msgspec.UNSET


class ApiyiErrorDetail(Struct, frozen=True, kw_only=True):
    """An error: three keys."""

    code: str
    message: str
    type: str


class ApiyiErrorBody(Struct, frozen=True, kw_only=True):
    """The envelope of every error response."""

    error: ApiyiErrorDetail


def render_video(video: VideoRecord, context: RenderContext) -> ApiyiAsyncVideo:
    """Render the video; a failed one has its reason as a string."""
    completed = video.status is Status.COMPLETED
    return ApiyiAsyncVideo(
        id=video.id,
        status=_STATUSES[video.status],
        progress=video.progress,
        prompt=video.prompt,
        model=video.model,
        size=str(video.recipe.size),
        seconds=str(video.recipe.seconds),
        created_at=int(video.created_at),
        url=f"{context.base_url}/videos/{video.id}/content" if completed else None,
        completed_at=None if video.completed_at is None else int(video.completed_at),
        error=msgspec.UNSET if video.error is None else video.error.message,
    )


def render_error(error: FilmgateError) -> ErrorResponse:
    """Render an error with this vendor's codes and envelope; HTTP status and headers are the contract's."""
    status, _, headers = openai.render_error(error)
    code = next((word for kind, word in _CODES if isinstance(error, kind)), None)
    if code is None:
        code = "content_policy_violation" if error.code == "moderation_blocked" else _default_code(error)
    detail = ApiyiErrorDetail(code=code, message=openai.printable(error.message), type=error.type)
    return ErrorResponse(status, ApiyiErrorBody(error=detail), headers)


def _default_code(error: FilmgateError) -> str:
    return "invalid_request" if error.http_status < 500 else "server_error"  # noqa: PLR2004 - HTTP's own border


APIYI_ASYNC = Dialect(
    name="apiyi-async",
    base_path="/apiyi-async/v1",
    parse_create=partial(create.parse, required=("prompt", "model", "size", "seconds")),
    render_video=render_video,
    render_list=partial(openai.render_page, render_video),
    render_deleted=openai.render_deleted,
    render_error=render_error,
    content_headers=openai.content_headers,
    limits=DialectLimits(
        sizes=(Size(1280, 720), Size(720, 1280)),
        seconds=(10, 15),
        prompt_characters=MAX_PROMPT_LENGTH,
        image_types=("PNG", "JPEG"),
        creates_per_minute=CREATES_PER_MINUTE,
        running=MAX_RUNNING,
    ),
)
