"""Azure's older jobs: ``/openai/v1/video/generations/jobs`` with objects of their own, as Sora 1 had them there.

A job is a video and has one generation, so the three ids share their digits: ``task_…`` and ``gen_…`` are ``video_…``.
Fields and statuses are those that PyRIT (``pyrit/prompt_target/openai/openai_sora_target.py``), RubyLLM
(``lib/ruby_llm/providers/azure/videos.rb``) and the quickstart of Azure's documentation read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from filmgate.domain import Fit, Status, VideoRecord
from filmgate.errors import FilmgateError, InvalidValue, MissingParameter
from filmgate.wire import azure, openai
from filmgate.wire.dialect import Dialect, DialectRoute, ErrorResponse, RenderContext
from filmgate.wire.objects import ErrorAnswer
from filmgate.wire.params import CreateParams, Fields, Upload
from filmgate.wire.readers import (
    Reader,
    json_type_of,
    read_array,
    read_fields,
    read_integer,
    read_object,
    read_reference,
    read_seconds,
    read_text,
)

__all__ = ["AZURE_GENERATIONS", "AZURE_JOBS"]

SIDE_MAX = 99_999
"""Maximum width and height, in pixels; the catalogue knows which sizes there are."""

JOB, GENERATION, VIDEO = "task_", "gen_", "video_"
"""Prefixes of ids."""

JobStatus = Literal["queued", "processing", "succeeded", "failed", "cancelled"]

_STATUSES: Final[dict[Status, JobStatus]] = {
    Status.QUEUED: "queued",
    Status.IN_PROGRESS: "processing",
    Status.COMPLETED: "succeeded",
    Status.FAILED: "failed",
}
_ERROR_PARAMS = {"seconds": "n_seconds", "size": "width", "input_reference": "files"}


class AzureGeneration(Struct, frozen=True, kw_only=True):
    """What a job made."""

    object: Literal["video.generation"] = "video.generation"
    id: str
    job_id: str
    created_at: int
    width: int
    height: int
    n_seconds: int
    prompt: str | None


class AzureJob(Struct, frozen=True, kw_only=True):
    """A job: these keys, always. Times are Unix seconds."""

    object: Literal["video.generation.job"] = "video.generation.job"
    id: str
    status: JobStatus
    created_at: int
    finished_at: int | None
    expires_at: int | None
    generations: list[AzureGeneration]
    prompt: str | None
    model: str
    n_variants: int
    n_seconds: int
    height: int
    width: int
    failure_reason: str | None


# ---- requests


def parse_create(fields: Fields) -> CreateParams:
    """Parse ``{model, prompt, width, height, n_seconds, n_variants}``, with an image in ``files`` too.

    Raises:
        RequestError: as :func:`filmgate.wire.create.parse`; also for several variants, or for an image that is not the
            whole first frame.
    """
    read = read_fields(fields, _READERS, ("prompt", "model"))
    image = read.get("files")
    if "inpaint_items" in read and image is None:
        raise MissingParameter("files")
    return CreateParams(
        prompt=read["prompt"],
        model=read["model"],
        seconds=read.get("n_seconds"),
        size=_size(read.get("width"), read.get("height")),
        input_reference=image,
        fit=None if image is None else Fit.CROP,
    )


def _size(width: int | None, height: int | None) -> str | None:
    if (width is None) is not (height is None):
        raise MissingParameter("width" if width is None else "height")
    return None if width is None else f"{width}x{height}"


def _side(name: str, value: object) -> int:
    return read_integer(name, value, 1, SIDE_MAX)


def _variants(name: str, value: object) -> int:
    number = read_integer(name, value, 1, 100)
    if number != 1:
        raise InvalidValue(f"Invalid value: '{number}'. A job makes one video: send {number} jobs.", param=name)
    return number


def _file(name: str, value: object) -> Upload | None:
    reference = read_reference(name, value)
    if reference is not None and not isinstance(reference, Upload):
        raise InvalidValue(f"Invalid '{name}': expected a file, but got {json_type_of(reference)}.", param=name)
    return reference


def _inpaint_items(name: str, value: object) -> list[object] | None:
    items = read_array(name, value)
    if len(items) > 1:
        raise InvalidValue(f"Invalid '{name}': at most one image is accepted, not {len(items)}.", param=name)
    for item in items:
        _check_first_frame(name, read_object(f"{name}[0]", item))
    return items or None


def _check_first_frame(name: str, item: dict[str, Any]) -> None:
    bounds = item.get("crop_bounds") or {}
    full = {"left_fraction": 0, "top_fraction": 0, "right_fraction": 1, "bottom_fraction": 1}
    whole = isinstance(bounds, dict) and all(bounds.get(key, at) == at for key, at in full.items())
    if item.get("type", "image") != "image" or item.get("frame_index", 0) != 0 or not whole:
        raise InvalidValue(f"Invalid '{name}': only a whole image as frame 0 is accepted.", param=name)


_READERS: Final[dict[str, Reader]] = {
    "prompt": read_text,
    "model": read_text,
    "width": _side,
    "height": _side,
    "n_seconds": read_seconds,
    "n_variants": _variants,
    "files": _file,
    "inpaint_items": _inpaint_items,
}


# ---- responses


def render_job(video: VideoRecord, _context: RenderContext) -> AzureJob:
    """Render the video as a job; its generation is listed once it can be downloaded."""
    standard = openai.limit_expiry(openai.render_video(video), azure.RETENTION_SECONDS)
    ended_at = video.completed_at if video.completed_at is not None else video.updated_at
    return AzureJob(
        id=_renamed(video.id, JOB),
        status=_status(video),
        created_at=standard.created_at,
        finished_at=int(ended_at) if video.finished else None,
        expires_at=standard.expires_at,
        generations=[render_generation(video)] if video.status is Status.COMPLETED else [],
        prompt=video.prompt,
        model=video.model,
        n_variants=1,
        n_seconds=video.recipe.seconds,
        height=video.recipe.size.height,
        width=video.recipe.size.width,
        failure_reason=_failure_reason(video),
    )


def render_generation(video: VideoRecord, _context: RenderContext | None = None) -> AzureGeneration:
    """Render the job's only generation."""
    return AzureGeneration(
        id=_renamed(video.id, GENERATION),
        job_id=_renamed(video.id, JOB),
        created_at=int(video.created_at if video.completed_at is None else video.completed_at),
        width=video.recipe.size.width,
        height=video.recipe.size.height,
        n_seconds=video.recipe.seconds,
        prompt=video.prompt,
    )


def render_list(videos: Sequence[VideoRecord], has_more: bool, context: RenderContext) -> dict[str, object]:  # noqa: FBT001 - the page of the store has it so
    """Render a page of jobs."""
    jobs = [render_job(video, context) for video in videos]
    return {
        "object": "list",
        "data": jobs,
        "first_id": jobs[0].id if jobs else None,
        "last_id": jobs[-1].id if jobs else None,
        "has_more": has_more,
    }


def render_error(error: FilmgateError) -> ErrorResponse:
    """Render Azure's envelope, with this API's names of the parameters."""
    status, body, headers = azure.render_error(error)
    if isinstance(body, ErrorAnswer) and body.error.param in _ERROR_PARAMS:
        body = ErrorAnswer(error=replace(body.error, param=_ERROR_PARAMS[body.error.param]))
    return ErrorResponse(status, body, headers)


def to_video_id(path_id: str) -> str:
    """Return the video's id for the id of its job or its generation."""
    for prefix in (JOB, GENERATION):
        if path_id.startswith(prefix):
            return VIDEO + path_id.removeprefix(prefix)
    return path_id


def _renamed(video_id: str, prefix: str) -> str:
    return prefix + video_id.removeprefix(VIDEO)


def _status(video: VideoRecord) -> JobStatus:
    is_cancelled = video.error is not None and video.error.code == "cancelled"
    return "cancelled" if is_cancelled else _STATUSES[video.status]


def _failure_reason(video: VideoRecord) -> str | None:
    if video.error is None or video.error.code == "cancelled":
        return None
    return "output_moderation" if video.error.code == "moderation_blocked" else "internal_error"


AZURE_JOBS = Dialect(
    name="azure-jobs",
    base_path="/openai/v1",
    other_base_paths=("/openai", "/openai/deployments/{model:name}"),
    routes=(
        DialectRoute("/video/generations/jobs", get="list", post="create"),
        DialectRoute("/video/generations/jobs/{id}", get="retrieve", delete="delete"),
    ),
    error_prefixes=("/openai/v1/video", "/openai/video"),
    key_headers=azure.KEY_HEADERS,
    parse_create=parse_create,
    render_video=render_job,
    render_list=render_list,
    render_deleted=lambda _video_id: None,
    render_error=render_error,
    content_headers=openai.content_headers,
    file_fields=frozenset({"files"}),
    retention=azure.RETENTION_SECONDS,
    to_video_id=to_video_id,
    deletes_running=True,
)

AZURE_GENERATIONS = replace(
    AZURE_JOBS,
    name="azure-generations",
    routes=(
        DialectRoute("/video/generations/{id}", get="retrieve"),
        DialectRoute("/video/generations/{id}/content/video", get="content"),
        DialectRoute("/video/generations/{id}/content/thumbnail", get="thumbnail"),
    ),
    render_video=render_generation,
)
"""What a job made: its object, its video and its thumbnail."""
