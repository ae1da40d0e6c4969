"""The ``openai`` dialect: the Sora-2 Videos API as OpenAI's SDKs use it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from filmgate.config.catalog import PROMPT_CHARACTERS, Model
from filmgate.domain import AssetKind, ParameterRange, VideoRecord
from filmgate.errors import FilmgateError, TooManyRequests, Unavailable
from filmgate.wire import create
from filmgate.wire.dialect import Dialect, ErrorResponse, RenderContext, Rendered
from filmgate.wire.objects import (
    ErrorAnswer,
    ErrorDetail,
    ModelList,
    ModelObject,
    ParameterObject,
    VideoDeleted,
    VideoFailure,
    VideoList,
    VideoObject,
)

__all__ = [
    "OPENAI",
    "content_headers",
    "limit_expiry",
    "printable",
    "render_deleted",
    "render_error",
    "render_list",
    "render_model",
    "render_models",
    "render_page",
    "render_parameter",
    "render_video",
]

MODEL_OWNER = "filmgate"
"""Owner of every model in the models list."""

MAX_RETRY_AFTER = 120
"""Maximum ``retry-after`` in seconds; beyond it the official SDKs don't retry at all."""

_SUFFIXES = {
    AssetKind.VIDEO: ".mp4",
    AssetKind.THUMBNAIL: ".webp",
    AssetKind.SPRITESHEET: ".jpg",
    AssetKind.PREVIEW: "-preview.webp",
    AssetKind.REFERENCE: ".png",
    AssetKind.SOURCE: "-source.mp4",
}


def render_video(video: VideoRecord, _context: RenderContext | None = None) -> VideoObject:
    """Render the video's 13 keys. Our additional data (metadata, notes) stays out: it could collide with ``id``."""
    recipe, error = video.recipe, video.error
    return VideoObject(
        video.id,
        "video",
        video.model,
        video.status.value,
        video.progress,
        int(video.created_at),
        None if video.completed_at is None else int(video.completed_at),
        None if video.expires_at is None else int(video.expires_at),
        video.prompt,
        str(recipe.size),
        str(recipe.seconds),
        video.remixed_from_video_id,
        None if error is None else VideoFailure(error.code, error.message),
    )


def limit_expiry(rendered: VideoObject, retention: float) -> VideoObject:
    """Let a completed video expire ``retention`` seconds after its completion, or earlier by the settings."""
    if rendered.completed_at is None:
        return rendered
    ends = rendered.completed_at + int(retention)
    return replace(rendered, expires_at=ends if rendered.expires_at is None else min(ends, rendered.expires_at))


def render_list(videos: Sequence[VideoRecord], has_more: bool, _context: RenderContext | None = None) -> VideoList:  # noqa: FBT001 - the page of the store has it so
    """Render a page of videos."""
    return VideoList(
        data=[render_video(video) for video in videos],
        first_id=videos[0].id if videos else None,
        last_id=videos[-1].id if videos else None,
        has_more=has_more,
    )


def render_page(
    render: Callable[[VideoRecord, RenderContext], Rendered],
    videos: Sequence[VideoRecord],
    has_more: bool,  # noqa: FBT001 - the page of the store has it so
    context: RenderContext,
) -> Rendered:
    """Render a page of videos with another dialect's ``render``."""
    return {
        "object": "list",
        "data": [render(video, context) for video in videos],
        "first_id": videos[0].id if videos else None,
        "last_id": videos[-1].id if videos else None,
        "has_more": has_more,
    }


def render_deleted(video_id: str) -> VideoDeleted:
    """Render the response to a DELETE."""
    return VideoDeleted(id=video_id)


def render_parameter(limits: ParameterRange) -> ParameterObject:
    """Render the range of a parameter."""
    ends = map(float, (limits.minimum, limits.maximum))
    minimum, maximum = (int(end) if end.is_integer() else end for end in ends)
    if limits.kind == "string":
        return ParameterObject(type="string", minLength=int(minimum), maxLength=int(maximum))
    return ParameterObject(type=limits.kind, minimum=minimum, maximum=maximum)


def render_model(model: Model, parameters: Mapping[str, ParameterRange] = {}) -> ModelObject:
    """Render a model with its limits and prices, and the parameters that its engines take."""
    return ModelObject(
        id=model.name,
        created=model.created,
        owned_by=MODEL_OWNER,
        sizes=[str(size) for size in model.sizes],
        seconds=[str(length) for length in model.seconds],
        default_size=str(model.default_size),
        default_seconds=str(model.default_seconds),
        prompt_characters=PROMPT_CHARACTERS,
        price=model.price,
        price_per_call=model.price_per_call,
        engine=model.engine,
        description=model.description,
        parameters={name: render_parameter(limits) for name, limits in parameters.items() if name != "user"},
    )


def render_models(
    models: Iterable[Model], parameters: Callable[[str], Mapping[str, ParameterRange]] = lambda _model: {}
) -> ModelList:
    """Render the models list; ``parameters`` returns those that a model takes."""
    return ModelList(data=[render_model(model, parameters(model.name)) for model in models])


def render_error(error: FilmgateError) -> ErrorResponse:
    """Render the envelope, its HTTP status and the headers that tell the SDKs whether to retry the request."""
    detail = ErrorDetail(
        message=printable(error.message),
        type=error.type,
        param=None if error.param is None else printable(error.param),
        code=error.code,
    )
    headers = {"x-should-retry": "true" if error.retryable else "false"}
    if isinstance(error, TooManyRequests):
        headers["retry-after"] = str(min(MAX_RETRY_AFTER, max(1, math.ceil(error.retry_after))))
    elif isinstance(error, Unavailable):
        headers["retry-after"] = "1"
    return ErrorResponse(error.http_status, ErrorAnswer(error=detail), headers)


def content_headers(video_id: str, kind: AssetKind) -> dict[str, str]:
    """Return the headers of a content response beside its type, length and ETag."""
    return {
        "content-disposition": f'attachment; filename="{video_id}{_SUFFIXES[kind]}"',
        "cache-control": "private",
        "x-content-type-options": "nosniff",
    }


def printable(text: str) -> str:
    """Escape lone surrogates in a message, so that it can be encoded."""
    # A message may repeat a caller's text; half of a surrogate pair in it has no encoding.
    return text.encode("utf-8", "backslashreplace").decode()


OPENAI = Dialect(
    name="openai",
    base_path="/v1",
    parse_create=create.parse,
    render_video=render_video,
    render_list=render_list,
    render_deleted=render_deleted,
    render_error=render_error,
    content_headers=content_headers,
)
