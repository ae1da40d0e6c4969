"""How the mock answers in each vendor's name: dialects of resellers, and flavours of model servers.

Written from what those vendors answer, not from ``filmgate.wire``: an error of ours there must not be mirrored here.
Everything is plain dicts; a vendor is data and a few pure functions.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from enum import StrEnum, auto
from typing import Any

from msgspec import Struct

from filmgate.testing.mock.jobs import State, View

__all__ = ["MODELS", "VENDORS", "Delete", "Early", "Vendor"]

MODELS = ("sora-2", "sora-2-pro", "sora-2-hd-10s-chat", "sora-2-hd-15s-chat")
"""What is served unless the mock is told otherwise."""

FAILURE = "The generation failed."
"""Why a job fails."""

KEPT = 2 * 3600
"""Seconds for which a film is said to be kept."""

_SMALL = ("720x1280", "1280x720")
_WIDE = ("1024x1792", "1792x1024")
_FULL = ("1080x1920", "1920x1080")

_WORDS = {
    State.QUEUED: "queued",
    State.WORKING: "in_progress",
    State.COMPLETED: "completed",
    State.FAILED: "failed",
}


class Delete(StrEnum):
    """What DELETE does."""

    FINISHED = auto()  # only to what has ended
    FORGETS = auto()  # the job is gone, its work goes on
    ABORTS = auto()
    ABSENT = auto()  # there is no such route


class Early(StrEnum):
    """What content answers before the job is completed."""

    NOT_FOUND = auto()
    BAD_REQUEST = auto()
    HELD = auto()  # the request waits for the film
    HALF = auto()  # what has been written so far


Render = Callable[[View, str], dict[str, Any]]
"""A job as the vendor shows it, given the base URL that was asked."""

RenderError = Callable[[int, str, str], dict[str, Any]]
"""An error's body, from its HTTP status, code and message."""


class Vendor(Struct, frozen=True, kw_only=True):
    """How one vendor answers."""

    name: str
    render: Render
    error: RenderError
    new_id: Callable[[], str]
    owner: str = "openai"  # owned_by in the models list
    created: int = 200  # status of an accepted create
    multipart_only: bool = False
    served_only: bool = False  # a model that is not served is refused
    required: Collection[str] = ("prompt",)
    seconds: Collection[str] = ()  # empty: any
    numbers: bool = True  # whether `seconds` may be a number
    sizes: Collection[str] = ()  # empty: any
    pro_sizes: Collection[str] = ()  # of sora-2-pro, beyond those
    prompt_characters: int = 32_000
    frames: bool = False  # fps and num_frames decide the length
    running: int = 0  # jobs of a key at once; 0: no limit
    creates_a_minute: int = 0
    lists: bool = True
    page: bool = True  # whether the list has first_id, last_id and has_more
    delete: Delete = Delete.FINISHED
    deleted: Callable[[dict[str, Any]], dict[str, Any]] = lambda video: {
        "id": video["id"],
        "object": "video.deleted",
        "deleted": True,
    }
    early: Early = Early.NOT_FOUND
    refuses_variant: bool = False  # 404 for ?variant=video
    failed: int = 200  # status of a look at a failed job
    failed_content: int = 404
    headers: dict[str, str] = {}  # of every answer
    suffix: str = ".mp4"  # of the file name after the id


# ---- the resellers


def _openai(view: View, _base: str) -> dict[str, Any]:
    ended = _ended(view)
    return {
        **_common(view),
        "completed_at": ended,
        "expires_at": None if ended is None else ended + KEPT,
        "prompt": view.job.order.prompt,
        "size": view.job.order.size,
        "seconds": view.job.order.seconds,
        "remixed_from_video_id": None,
        "error": {"code": "generation_failed", "message": FAILURE} if view.state is State.FAILED else None,
    }


def _dmxapi(view: View, base: str) -> dict[str, Any]:
    return {key: value for key, value in _openai(view, base).items() if key != "prompt"}


def _apiyi(view: View, _base: str) -> dict[str, Any]:
    order, ended = view.job.order, _ended(view)
    quality = "high" if order.model.startswith("sora-2-pro") else "standard"
    video = {**_common(view), "size": order.size, "seconds": order.seconds, "quality": quality}
    # This vendor does not say why a job failed.
    return video if ended is None else {**video, "completed_at": ended}


def _apiyi_async(view: View, base: str) -> dict[str, Any]:
    order, done = view.job.order, view.state is State.COMPLETED
    video = {
        "id": view.job.id,
        "status": "submitted" if view.state is State.QUEUED else _WORDS[view.state],
        "progress": view.progress,
        "prompt": order.prompt,
        "model": order.model,
        "size": order.size,
        "seconds": order.seconds,
        "created_at": int(view.job.at),
        "url": f"{base}/videos/{view.job.id}/content" if done else None,
        "completed_at": _ended(view),
    }
    return {**video, "error": FAILURE} if view.state is State.FAILED else video


# ---- the model servers


def _sglang(view: View, _base: str) -> dict[str, Any]:
    order = view.job.order
    return {
        **_common(view),
        "size": order.size,
        "seconds": str(round(order.film.seconds)),
        "quality": "standard",
        "url": None,
        "remixed_from_video_id": None,
        "completed_at": _ended(view),
        "expires_at": None,
        "error": {"message": FAILURE} if view.state is State.FAILED else None,
        "file_path": f"outputs/{view.job.id}.mp4",
        "peak_memory_mb": None,
        "inference_time_s": None,
    }


def _vllm_omni(view: View, _base: str) -> dict[str, Any]:
    order, ended = view.job.order, _ended(view)
    return {
        **_common(view),
        "prompt": order.prompt,
        "size": order.size,
        "seconds": order.seconds,
        "quality": "default",
        "completed_at": ended,
        "remixed_from_video_id": None,
        "error": {"code": 500, "message": FAILURE} if view.state is State.FAILED else None,
        "media_type": "video/mp4",
        "expires_at": None,
        "file_name": None if ended is None else f"{view.job.id}.mp4",
        "inference_time_s": None if ended is None else view.job.lasts,
        "stage_durations": {},
        "peak_memory_mb": 0.0,
    }


def _tensorrt_llm(view: View, _base: str) -> dict[str, Any]:
    order = view.job.order
    return {
        **_common(view),
        "prompt": order.prompt,
        "completed_at": _ended(view),
        "expires_at": None,
        "duration": order.film.seconds,
        "fps": float(order.film.fps),
        "size": order.size,
        "error": FAILURE if view.state is State.FAILED else None,
    }


def _new_api(view: View, _base: str) -> dict[str, Any]:
    order, ended = view.job.order, _ended(view)
    video = {
        **_common(view),
        "task_id": view.job.id,
        "seconds": order.seconds,
        "size": order.size,
    }
    # What it has no word for in its own tasks it passes on as it is, or as unknown.
    if view.state is State.QUEUED:
        video["status"] = "NOT_START"
    elif view.state is State.WORKING and view.progress == 0:
        video["status"] = "unknown"
    if ended is not None:
        video["completed_at"] = ended
    if view.state is State.FAILED:
        video["error"] = {"message": FAILURE, "code": "task_failed"}
    return video


def _common(view: View) -> dict[str, Any]:
    return {
        "id": view.job.id,
        "object": "video",
        "model": view.job.order.model,
        "status": _WORDS[view.state],
        "progress": view.progress,
        "created_at": int(view.job.at),
    }


def _ended(view: View) -> int | None:
    return int(view.job.at + view.job.lasts) if view.state is State.COMPLETED else None


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


def _ids(prefix: str, suffix: str = "") -> Callable[[], str]:
    return lambda: f"{prefix}{uuid.uuid4().hex}{suffix}"


_ALL = (
    Vendor(
        name="openai",
        render=_openai,
        error=_openai_error,
        new_id=_ids("video_"),
        sizes=_SMALL,
        pro_sizes=_WIDE + _FULL,
        seconds=("4", "8", "12", "16", "20", "10", "15"),
    ),
    Vendor(
        name="dmxapi",
        render=_dmxapi,
        error=_openai_error,
        new_id=_ids("video_", "channel1547"),
        required=("prompt", "model"),
        sizes=_SMALL + _WIDE,
        seconds=("4", "8", "12"),
        early=Early.HELD,
        suffix="_video.mp4",
    ),
    Vendor(
        name="apiyi",
        render=_apiyi,
        error=_openai_error,
        new_id=_ids("video_"),
        required=("prompt", "model"),
        sizes=_SMALL,
        pro_sizes=_WIDE + _FULL,
        seconds=("4", "8", "12"),
        numbers=False,
    ),
    Vendor(
        name="apiyi-async",
        render=_apiyi_async,
        error=_apiyi_async_error,
        new_id=_ids("video_"),
        required=("prompt", "model", "size", "seconds"),
        sizes=_SMALL,
        seconds=("10", "15"),
        prompt_characters=999,
        running=5,
        creates_a_minute=10,
    ),
    Vendor(
        name="sglang",
        render=_sglang,
        error=_fastapi_error,
        new_id=_ids(""),
        owner="sglang",
        frames=True,
        page=False,
        delete=Delete.FORGETS,
        deleted=lambda video: {**video, "status": "deleted"},
        refuses_variant=True,
    ),
    Vendor(
        name="vllm-omni",
        render=_vllm_omni,
        error=_fastapi_error,
        new_id=_ids("video_gen_"),
        owner="vllm",
        multipart_only=True,
        served_only=True,
        frames=True,
        delete=Delete.ABORTS,
        failed=500,
        failed_content=422,
    ),
    Vendor(
        name="fastvideo",
        render=_sglang,
        error=_fastapi_error,
        new_id=_ids(""),
        owner="fastvideo",
        frames=True,
        page=False,
        delete=Delete.FORGETS,
        deleted=lambda video: {**video, "status": "deleted"},
        early=Early.HALF,
    ),
    Vendor(
        name="tensorrt-llm",
        render=_tensorrt_llm,
        error=_tensorrt_llm_error,
        new_id=_ids("video_"),
        owner="tensorrt_llm",
        created=202,
        frames=True,
        page=False,
        delete=Delete.FORGETS,
        deleted=lambda _: {"deleted": True},
        early=Early.BAD_REQUEST,
    ),
    Vendor(
        name="new-api",
        render=_new_api,
        error=_new_api_error,
        new_id=_ids("task_"),
        owner="custom",
        required=("prompt", "model"),
        lists=False,
        delete=Delete.ABSENT,
        headers={"X-Oneapi-Request-Id": "mock"},
    ),
)

VENDORS: dict[str, Vendor] = {vendor.name: vendor for vendor in _ALL}
"""Every dialect and flavour by name."""
