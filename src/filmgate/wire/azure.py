"""The ``azure`` dialect: the API as Azure OpenAI serves it; the objects are the contract's.

``AzureOpenAI`` of the official SDKs calls ``{azure_endpoint}/openai/videos`` whatever deployment it is given, and
``OpenAI`` with the base URL ``{endpoint}/openai/v1/`` calls ``/openai/v1/videos``. LiteLLM and curl examples use the
latter too; older code writes the deployment into the path. ``api-version`` is accepted and ignored.
"""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from filmgate.domain import VideoRecord
from filmgate.errors import FilmgateError, RequestError, TooManyRunning
from filmgate.wire import create, openai
from filmgate.wire.dialect import Dialect, ErrorResponse, RenderContext
from filmgate.wire.objects import ErrorAnswer, VideoObject

__all__ = ["AZURE", "KEY_HEADERS", "RETENTION_SECONDS", "USER_ERROR", "render_error"]

RETENTION_SECONDS = 24 * 3600.0
"""Seconds for which content can be downloaded."""

KEY_HEADERS = (b"api-key", b"authorization")
"""Where the key is: Azure's own header, or a bearer token."""

TOO_MANY = "Too many running tasks"
"""The message of a 429 when the key has too many unfinished videos."""

USER_ERROR = "video_generation_user_error"
"""The type of an error that the request caused."""


def render_video(video: VideoRecord, context: RenderContext) -> VideoObject:
    """Render the contract's object; content expires a day after completion, or earlier by the settings."""
    return openai.limit_expiry(openai.render_video(video, context), RETENTION_SECONDS)


def render_error(error: FilmgateError) -> ErrorResponse:
    """Render the contract's envelope, with Azure's type for an error that the request caused."""
    status, body, headers = openai.render_error(error)
    if isinstance(error, RequestError) and isinstance(body, ErrorAnswer):
        body = ErrorAnswer(error=replace(body.error, type=USER_ERROR))
    elif isinstance(error, TooManyRunning) and isinstance(body, ErrorAnswer):
        body = ErrorAnswer(error=replace(body.error, message=TOO_MANY))  # clients compare it to the letter
    return ErrorResponse(status, body, headers)


AZURE = Dialect(
    name="azure",
    base_path="/openai/v1",
    other_base_paths=("/openai", "/openai/deployments/{model:name}"),
    key_headers=KEY_HEADERS,
    parse_create=create.parse,
    render_video=render_video,
    render_list=partial(openai.render_page, render_video),
    render_deleted=openai.render_deleted,
    render_error=render_error,
    content_headers=openai.content_headers,
    retention=RETENTION_SECONDS,
)
