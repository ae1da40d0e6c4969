"""Each vendor's responses: dialects of resellers, and flavours of model servers.

Written from what those vendors answer, not from ``filmgate.wire``: an error of ours there must not be mirrored here.
Everything is plain dicts; a vendor is data and a few pure functions.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from enum import StrEnum, auto
from typing import Any

from msgspec import Struct

from filmgate.testing.mock.jobs import JobSnapshot, MockJobState

__all__ = ["MODELS", "VENDORS", "DeleteBehaviour", "MockVendor", "NotReadyBehaviour"]

MODELS = ("sora-2", "sora-2-pro", "sora-2-hd-10s-chat", "sora-2-hd-15s-chat")
"""The models served by default."""

FAILURE_MESSAGE = "The generation failed."
"""The reason of a failed job."""

RETENTION_SECONDS = 2 * 3600
"""Seconds until the reported expiry of a video."""

_SMALL = ("720x1280", "1280x720")
_WIDE = ("1024x1792", "1792x1024")
_FULL = ("1080x1920", "1920x1080")

_STATUS_NAMES = {
    MockJobState.QUEUED: "queued",
    MockJobState.WORKING: "in_progress",
    MockJobState.COMPLETED: "completed",
    MockJobState.FAILED: "failed",
}


class DeleteBehaviour(StrEnum):
    """The effect of DELETE."""

    FINISHED_ONLY = auto()  # only on ended jobs
    FORGET = auto()  # the job is gone, its work continues
    ABORT = auto()
    NO_ROUTE = auto()  # no such route


class NotReadyBehaviour(StrEnum):
    """The answer of content before the job is completed."""

    NOT_FOUND = auto()
    BAD_REQUEST = auto()
    WAIT = auto()  # the request waits for the video
    PARTIAL = auto()  # the bytes written so far


Render = Callable[[JobSnapshot, str], dict[str, Any]]
"""A job as the vendor shows it, given the requested base URL."""

RenderError = Callable[[int, str, str], dict[str, Any]]
"""An error's body, from its HTTP status, code and message."""


class MockVendor(Struct, frozen=True, kw_only=True):
    """How one vendor answers."""

    name: str
    render: Render
    render_error: RenderError
    new_id: Callable[[], str]
    owned_by: str = "openai"  # owned_by in the models list
    created_status: int = 200  # status of an accepted create
    multipart_only: bool = False
    rejects_unknown_models: bool = False  # whether an unknown model is rejected
    required_fields: Collection[str] = ("prompt",)
    seconds: Collection[str] = ()  # empty: any
    accepts_numeric_seconds: bool = True  # whether `seconds` may be a number
    sizes: Collection[str] = ()  # empty: any
    pro_sizes: Collection[str] = ()  # of sora-2-pro, beyond those
    max_prompt_chars: int = 32_000
    accepts_frame_count: bool = False  # fps and num_frames decide the length
    max_running: int = 0  # jobs of a key at once; 0: no limit
    creates_per_minute: int = 0
    supports_list: bool = True
    has_page_fields: bool = True  # whether the list has first_id, last_id and has_more
    delete: DeleteBehaviour = DeleteBehaviour.FINISHED_ONLY
    render_deleted: Callable[[dict[str, Any]], dict[str, Any]] = lambda video: {
        "id": video["id"],
        "object": "video.deleted",
        "deleted": True,
    }
    not_ready: NotReadyBehaviour = NotReadyBehaviour.NOT_FOUND
    rejects_variant: bool = False  # 404 for ?variant=video
    failed_status: int = 200  # status of a poll of a failed job
    failed_content_status: int = 404
    headers: dict[str, str] = {}  # of every response
    filename_suffix: str = ".mp4"  # of the file name after the id


# ---- the resellers


def _openai(view: JobSnapshot, _base: str) -> dict[str, Any]:
    ended = _completed_at(view)
    return {
        **_common_fields(view),
        "completed_at": ended,
        "expires_at": None if ended is None else ended + RETENTION_SECONDS,
        "prompt": view.job.spec.prompt,
        "size": view.job.spec.size,
        "seconds": view.job.spec.seconds,
        "remixed_from_video_id": None,
        "error": {"code": "generation_failed", "message": FAILURE_MESSAGE}
        if view.state is MockJobState.FAILED
        else None,
    }


def _dmxapi(view: JobSnapshot, base: str) -> dict[str, Any]:
    return {key: value for key, value in _openai(view, base).items() if key != "prompt"}


def _apiyi(view: JobSnapshot, _base: str) -> dict[str, Any]:
    order, ended = view.job.spec, _completed_at(view)
    quality = "high" if order.model.startswith("sora-2-pro") else "standard"
    video = {**_common_fields(view), "size": order.size, "seconds": order.seconds, "quality": quality}
    # This vendor does not say why a job failed.
    return video if ended is None else {**video, "completed_at": ended}


def _apiyi_async(view: JobSnapshot, base: str) -> dict[str, Any]:
    order, done = view.job.spec, view.state is MockJobState.COMPLETED
    video = {
        "id": view.job.id,
        "status": "submitted" if view.state is MockJobState.QUEUED else _STATUS_NAMES[view.state],
        "progress": view.progress,
        "prompt": order.prompt,
        "model": order.model,
        "size": order.size,
        "seconds": order.seconds,
        "created_at": int(view.job.accepted_at),
        "url": f"{base}/videos/{view.job.id}/content" if done else None,
        "completed_at": _completed_at(view),
    }
    return {**video, "error": FAILURE_MESSAGE} if view.state is MockJobState.FAILED else video


# ---- the model servers


def _sglang(view: JobSnapshot, _base: str) -> dict[str, Any]:
    order = view.job.spec
    return {
        **_common_fields(view),
        "size": order.size,
        "seconds": str(round(order.clip.seconds)),
        "quality": "standard",
        "url": None,
        "remixed_from_video_id": None,
        "completed_at": _completed_at(view),
        "expires_at": None,
        "error": {"message": FAILURE_MESSAGE} if view.state is MockJobState.FAILED else None,
        "file_path": f"outputs/{view.job.id}.mp4",
        "peak_memory_mb": None,
        "inference_time_s": None,
    }


def _vllm_omni(view: JobSnapshot, _base: str) -> dict[str, Any]:
    order, ended = view.job.spec, _completed_at(view)
    return {
        **_common_fields(view),
        "prompt": order.prompt,
        "size": order.size,
        "seconds": order.seconds,
        "quality": "default",
        "completed_at": ended,
        "remixed_from_video_id": None,
        "error": {"code": 500, "message": FAILURE_MESSAGE} if view.state is MockJobState.FAILED else None,
        "media_type": "video/mp4",
        "expires_at": None,
        "file_name": None if ended is None else f"{view.job.id}.mp4",
        "inference_time_s": None if ended is None else view.job.effective_duration,
        "stage_durations": {},
        "peak_memory_mb": 0.0,
    }


def _tensorrt_llm(view: JobSnapshot, _base: str) -> dict[str, Any]:
    order = view.job.spec
    return {
        **_common_fields(view),
        "prompt": order.prompt,
        "completed_at": _completed_at(view),
        "expires_at": None,
        "duration": order.clip.seconds,
        "fps": float(order.clip.fps),
        "size": order.size,
        "error": FAILURE_MESSAGE if view.state is MockJobState.FAILED else None,
    }


def _new_api(view: JobSnapshot, _base: str) -> dict[str, Any]:
    order, ended = view.job.spec, _completed_at(view)
    video = {
        **_common_fields(view),
        "task_id": view.job.id,
        "seconds": order.seconds,
        "size": order.size,
    }
    # Statuses of its tasks that it has no word for are passed on unchanged, or as unknown.
    if view.state is MockJobState.QUEUED:
        video["status"] = "NOT_START"
    elif view.state is MockJobState.WORKING and view.progress == 0:
        video["status"] = "unknown"
    if ended is not None:
        video["completed_at"] = ended
    if view.state is MockJobState.FAILED:
        video["error"] = {"message": FAILURE_MESSAGE, "code": "task_failed"}
    return video


def _common_fields(view: JobSnapshot) -> dict[str, Any]:
    return {
        "id": view.job.id,
        "object": "video",
        "model": view.job.spec.model,
        "status": _STATUS_NAMES[view.state],
        "progress": view.progress,
        "created_at": int(view.job.accepted_at),
    }


def _completed_at(view: JobSnapshot) -> int | None:
    return int(view.job.accepted_at + view.job.effective_duration) if view.state is MockJobState.COMPLETED else None


# ---- errors


def _openai_error(status: int, code: str, message: str) -> dict[str, Any]:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


_ASYNC_CODES = {401: "authentication_error", 403: "insufficient_quota", 429: "rate_limit_exceeded"}


def _apiyi_async_error(status: int, _code: str, message: str) -> dict[str, Any]:
    code = _ASYNC_CODES.get(status, "invalid_request")
    return {"error": {"code": code, "message": message, "type": "invalid_request_error"}}


def _fastapi_error(_status: int, _code: str, message: str) -> dict[str, Any]:
    return {"detail": message}


def _tensorrt_llm_error(status: int, _code: str, message: str) -> dict[str, Any]:
    kind = "NotFoundError" if status == 404 else "BadRequestError"
    return {"object": "error", "message": message, "type": kind, "param": None, "code": status}


def _new_api_error(_status: int, code: str, message: str) -> dict[str, Any]:
    return {"code": code, "message": message, "data": None}


# ---- the registry


def _id_factory(prefix: str, suffix: str = "") -> Callable[[], str]:
    return lambda: f"{prefix}{uuid.uuid4().hex}{suffix}"


_ALL = (
    MockVendor(
        name="openai",
        render=_openai,
        render_error=_openai_error,
        new_id=_id_factory("video_"),
        sizes=_SMALL,
        pro_sizes=_WIDE + _FULL,
        seconds=("4", "8", "12", "16", "20", "10", "15"),
    ),
    MockVendor(
        name="dmxapi",
        render=_dmxapi,
        render_error=_openai_error,
        new_id=_id_factory("video_", "channel1547"),
        required_fields=("prompt", "model"),
        sizes=_SMALL + _WIDE,
        seconds=("4", "8", "12"),
        not_ready=NotReadyBehaviour.WAIT,
        filename_suffix="_video.mp4",
    ),
    MockVendor(
        name="apiyi",
        render=_apiyi,
        render_error=_openai_error,
        new_id=_id_factory("video_"),
        required_fields=("prompt", "model"),
        sizes=_SMALL,
        pro_sizes=_WIDE + _FULL,
        seconds=("4", "8", "12"),
        accepts_numeric_seconds=False,
    ),
    MockVendor(
        name="apiyi-async",
        render=_apiyi_async,
        render_error=_apiyi_async_error,
        new_id=_id_factory("video_"),
        required_fields=("prompt", "model", "size", "seconds"),
        sizes=_SMALL,
        seconds=("10", "15"),
        max_prompt_chars=999,
        max_running=5,
        creates_per_minute=10,
    ),
    MockVendor(
        name="sglang",
        render=_sglang,
        render_error=_fastapi_error,
        new_id=_id_factory(""),
        owned_by="sglang",
        accepts_frame_count=True,
        has_page_fields=False,
        delete=DeleteBehaviour.FORGET,
        render_deleted=lambda video: {**video, "status": "deleted"},
        rejects_variant=True,
    ),
    MockVendor(
        name="vllm-omni",
        render=_vllm_omni,
        render_error=_fastapi_error,
        new_id=_id_factory("video_gen_"),
        owned_by="vllm",
        multipart_only=True,
        rejects_unknown_models=True,
        accepts_frame_count=True,
        delete=DeleteBehaviour.ABORT,
        failed_status=500,
        failed_content_status=422,
    ),
    MockVendor(
        name="fastvideo",
        render=_sglang,
        render_error=_fastapi_error,
        new_id=_id_factory(""),
        owned_by="fastvideo",
        accepts_frame_count=True,
        has_page_fields=False,
        delete=DeleteBehaviour.FORGET,
        render_deleted=lambda video: {**video, "status": "deleted"},
        not_ready=NotReadyBehaviour.PARTIAL,
    ),
    MockVendor(
        name="tensorrt-llm",
        render=_tensorrt_llm,
        render_error=_tensorrt_llm_error,
        new_id=_id_factory("video_"),
        owned_by="tensorrt_llm",
        created_status=202,
        accepts_frame_count=True,
        has_page_fields=False,
        delete=DeleteBehaviour.FORGET,
        render_deleted=lambda _: {"deleted": True},
        not_ready=NotReadyBehaviour.BAD_REQUEST,
    ),
    MockVendor(
        name="new-api",
        render=_new_api,
        render_error=_new_api_error,
        new_id=_id_factory("task_"),
        owned_by="custom",
        required_fields=("prompt", "model"),
        supports_list=False,
        delete=DeleteBehaviour.NO_ROUTE,
        headers={"X-Oneapi-Request-Id": "mock"},
    ),
)

VENDORS: dict[str, MockVendor] = {vendor.name: vendor for vendor in _ALL}
"""Every dialect and flavour by name."""
