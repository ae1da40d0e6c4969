"""The aggregators' dialects: the task APIs that resellers of many models share, one dialect for each family of paths.

``unified``
    ``POST /v1/video/create``, ``GET /v1/video/query?id=``: yunwu, juxin and their relatives, as the clients
    ``shellus/mj-studio`` (``docs/api/video-unified-api.md``) and new-api's yunwu channel read it.
``new-api``
    ``POST /v1/video/generations``, ``GET /v1/video/generations/{id}``: ``QuantumNous/new-api``
    (``router/video-router.go``, ``dto/task.go``, ``dto/openai_video.go``) and its many forks.
``tasks``
    ``POST /v1/videos/generations``, ``GET /v1/tasks/{id}``: EvoLink, as ``lianhr12/GenX``
    (``docs/model/video/sora2.md``) reads it.
``comfly``
    ``POST /v2/videos/generations``, ``GET /v2/videos/generations/{id}``: comfly and t8star, as
    ``ainewsto/Comfyui_Comfly`` (``nodes/nodes_openai.py``) reads it.

All parse one create request, with the names of all families. Each renders its own statuses, and the fields that its
clients read; create and query have the same response.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from filmgate.domain import Fit, Size, Status, VideoRecord
from filmgate.errors import FilmgateError, InvalidType, InvalidValue, shorten
from filmgate.wire import create, openai
from filmgate.wire.dialect import Dialect, DialectRoute, ErrorResponse, RenderContext
from filmgate.wire.objects import ErrorAnswer
from filmgate.wire.params import CreateParams, Fields, FileId, ImageReference, ImageUrl, Upload
from filmgate.wire.readers import Reader, json_type_of, read_array, read_boolean, read_fields, read_seconds, read_text

__all__ = ["COMFLY", "NEW_API", "TASKS", "UNIFIED", "parse_create"]

ORIENTATIONS: Final = {"portrait": "portrait", "9:16": "portrait", "landscape": "landscape", "16:9": "landscape"}
"""How a frame is asked for."""

DEFINITIONS: Final = {"small": 720, "720p": 720, "large": 1080, "1080p": 1080, "hd": 1024}
"""How a resolution is asked for, and the short side of its frame in pixels."""

_LONG_SIDES: Final = {720: 1280, 1024: 1792, 1080: 1920}
_BASE64_STARTS: Final = {"iVBOR": "png", "/9j/": "jpeg", "UklGR": "webp"}
_ERROR_PARAMS = {"seconds": "duration"}


# ---- requests


def parse_create(fields: Fields) -> CreateParams:
    """Parse a create request of any family.

    Raises:
        RequestError: as :func:`filmgate.wire.create.parse`; also for several images, and for two names of one value
            that contradict each other.
    """
    read = read_fields(fields, {**create.FIELD_READERS, **_READERS}, ("prompt",))
    own = {name: read.pop(name) for name in _OWN if name in read}
    image = _only({**own, **read}, "image", "images", "image_url", "image_urls", "input_reference")
    translated = {
        "seconds": _same(read, own, "seconds", "duration"),
        "size": _size(own),
        "callback_url": _same(read, own, "callback_url", "notify_hook"),
        "input_reference": image,
        "fit": read.get("fit") or (None if image is None else Fit.CROP),  # these APIs take images of any size
    }
    return CreateParams(**{**read, **translated})


def _only(read: dict[str, Any], *names: str) -> ImageReference | None:
    given = [name for name in names if name in read]
    if len(given) > 1:
        raise InvalidValue(f"Invalid '{given[1]}': the image is in '{given[0]}' already.", param=given[1])
    return read[given[0]] if given else None


def _same(read: dict[str, Any], own: dict[str, Any], name: str, other: str) -> str | None:
    value, synonym = read.get(name), own.get(other)
    if value is not None and synonym is not None and value != synonym:
        raise InvalidValue(f"Invalid '{other}': '{name}' has another value.", param=other)
    return value if value is not None else synonym


def _size(own: dict[str, Any]) -> str | None:
    """Return the size that the frame and the resolution stand for; None: neither is given."""
    exact = {name: value for name, value in own.items() if isinstance(value, Size)}
    frames = {name: own[name] for name in ("orientation", "aspect_ratio") if isinstance(own.get(name), str)}
    sides = {name: own[name] for name in ("size", "resolution") if isinstance(own.get(name), int)}
    frames |= {name: "landscape" if size.width > size.height else "portrait" for name, size in exact.items()}
    sides |= {name: min(size.width, size.height) for name, size in exact.items()}
    frame, short, size = _agreed(frames, "frames"), _agreed(sides, "resolutions"), _agreed(exact, "sizes")
    if own.get("hd"):
        short = short or DEFINITIONS["hd"]
        if short < DEFINITIONS["hd"]:
            raise InvalidValue("Invalid 'hd': the request asks for a smaller resolution.", param="hd")
    if size is not None or (short is None and frame is None):
        return size and str(size)
    short = short or DEFINITIONS["small"]
    return str(Size(_LONG_SIDES[short], short) if frame == "landscape" else Size(short, _LONG_SIDES[short]))


def _agreed(values: dict[str, Any], what: str) -> Any:
    """Return the value that all of the fields have; None if there are none."""
    if len(set(values.values())) > 1:
        name = list(values)[-1]
        raise InvalidValue(f"Invalid '{name}': the request asks for two different {what}.", param=name)
    return next(iter(values.values()), None)


def _frame(name: str, value: object) -> str | Size:
    text = read_text(name, value).lower()
    orientation = ORIENTATIONS.get(text) or _exact_size(text)
    if orientation is None:
        raise InvalidValue.unsupported(name, text, list(ORIENTATIONS))
    return orientation


def _definition(name: str, value: object) -> int | Size | str:
    text = read_text(name, value).lower()
    definition = DEFINITIONS.get(text) or _exact_size(text)
    if definition is None:
        raise InvalidValue.unsupported(name, text, [*DEFINITIONS, "WxH"])
    return definition


def _exact_size(text: str) -> Size | None:
    return Size.parse(text.replace("*", "x"))


def _image(name: str, value: object) -> ImageReference | None:
    if isinstance(value, str):
        value = {"image_url": _data_url(value)}
    reference = create.FIELD_READERS["input_reference"](name, value)
    if reference is not None and not isinstance(reference, Upload | ImageUrl | FileId):
        raise InvalidType(name, "an image", json_type_of(value))
    return reference


def _data_url(text: str) -> str:
    """Return bare base64 of an image as a data URL, which several clients leave out; any other text as it is."""
    kind = next((kind for start, kind in _BASE64_STARTS.items() if text.startswith(start)), None)
    return str(text) if kind is None else f"data:image/{kind};base64,{text}"


def _images(name: str, value: object) -> ImageReference | None:
    if isinstance(value, Upload) or (isinstance(value, str) and not value.startswith("[")):
        return _image(name, value)
    items = read_array(name, value)
    if len(items) > 1:
        raise InvalidValue(f"Invalid '{name}': at most one image is accepted, not {len(items)}.", param=name)
    return _image(name, items[0]) if items else None


def _false_alone(name: str, value: object) -> bool | None:
    if read_boolean(name, value):
        raise InvalidValue(f"Invalid value: 'true'. This server has no '{shorten(name)}'.", param=name)
    return None


_READERS: Final[dict[str, Reader]] = {
    "duration": read_seconds,
    "orientation": _frame,
    "aspect_ratio": _frame,
    "size": _definition,
    "resolution": _definition,
    "hd": read_boolean,
    "image": _image,
    "images": _images,
    "image_url": _image,
    "image_urls": _images,
    "input_reference": _image,
    "notify_hook": create.FIELD_READERS["callback_url"],
    # What is true of every video here: none has a watermark, none is published, every engine of a route may make it.
    "watermark": read_boolean,
    "private": read_boolean,
    "enableFallback": read_boolean,
    "enhance_prompt": _false_alone,
    "enable_upsample": _false_alone,
}
_OWN: Final = tuple(name for name in _READERS if name != "input_reference")


# ---- responses

_LOWER: Final = {Status.QUEUED: "pending", Status.IN_PROGRESS: "processing"}
_UPPER: Final = {
    Status.QUEUED: "NOT_START",
    Status.IN_PROGRESS: "IN_PROGRESS",
    Status.COMPLETED: "SUCCESS",
    Status.FAILED: "FAILURE",
}


def render_unified(video: VideoRecord, context: RenderContext) -> dict[str, object]:
    """Render ``{id, status: pending | processing | completed | failed, video_url, progress: 42, …}``."""
    return {
        **_common(video, _LOWER.get(video.status, str(video.status))),
        "object": "video",
        "created_at": int(video.created_at),
        "completed_at": _seconds(video.completed_at),
        "status_update_time": int(video.updated_at * 1000),
        "seconds": str(video.recipe.seconds),
        "size": str(video.recipe.size),
        **_result(context),
        **_failure(video),
    }


def render_new_api(video: VideoRecord, context: RenderContext) -> dict[str, object]:
    """Render the object of a create, with the ``code`` and the ``data`` of a query."""
    return {
        "code": "success",
        "message": "",
        **_common(video, str(video.status)),
        "object": "video",
        "created_at": int(video.created_at),
        "seconds": str(video.recipe.seconds),
        "size": str(video.recipe.size),
        **_result(context),
        **({} if video.error is None else {"error": _error(video)}),
        "data": {
            **_task(video),
            "created_at": int(video.created_at),
            "updated_at": int(video.updated_at),
            **({} if context.video_url is None else {"result_url": context.video_url}),
            "data": {"id": video.id, "status": str(video.status), **_result(context)},
        },
    }


def render_task(video: VideoRecord, context: RenderContext) -> dict[str, object]:
    """Render ``{id, object: "video.generation.task", status, progress: 42, results: [url], …}``."""
    return {
        **_common(video, _LOWER.get(video.status, str(video.status))),
        "object": "video.generation.task",
        "created": int(video.created_at),
        "type": "video",
        "task_info": {"can_cancel": not video.finished, "video_duration": video.recipe.seconds},
        **_result(context),
        **({} if context.video_url is None else {"results": [context.video_url]}),
        **({} if video.error is None else {"error": _error(video)}),
    }


def render_comfly(video: VideoRecord, context: RenderContext) -> dict[str, object]:
    """Render ``{task_id, status: NOT_START | IN_PROGRESS | SUCCESS | FAILURE, progress: "42%", data: {output}}``."""
    return {
        "id": video.id,
        **_task(video),
        "model": video.model,
        **_result(context),
        "data": None if context.video_url is None else {"output": context.video_url},
    }


def _common(video: VideoRecord, status: str) -> dict[str, object]:
    return {
        "id": video.id,
        "task_id": video.id,
        "model": video.model,
        "status": status,
        "progress": video.progress,
    }


def _task(video: VideoRecord) -> dict[str, object]:
    return {
        "task_id": video.id,
        "platform": "openai",
        "action": "sora-video",
        "status": _UPPER[video.status],
        "fail_reason": "" if video.error is None else video.error.message,
        "submit_time": int(video.created_at),
        "start_time": _seconds(video.started_at) or 0,
        "finish_time": int(video.updated_at) if video.finished else 0,
        "progress": f"{video.progress}%",
    }


def _result(context: RenderContext) -> dict[str, object]:
    """Return the links of a completed video: they open without a key, for they are what clients download from."""
    return {} if context.video_url is None else {"video_url": context.video_url, "url": context.video_url}


def _failure(video: VideoRecord) -> dict[str, object]:
    return {} if video.error is None else {"fail_reason": video.error.message, "error": video.error.message}


def _error(video: VideoRecord) -> dict[str, object]:
    return {} if video.error is None else {"code": video.error.code, "message": video.error.message}


def _seconds(at: float | None) -> int | None:
    return None if at is None else int(at)


def render_error(error: FilmgateError) -> ErrorResponse:
    """Render the contract's envelope, and new-api's ``code`` and ``message`` beside it."""
    status, body, headers = openai.render_error(error)
    if not isinstance(body, ErrorAnswer):
        return ErrorResponse(status, body, headers)
    detail = replace(body.error, param=_ERROR_PARAMS.get(body.error.param or "", body.error.param))
    flat = {"code": detail.code or detail.type, "message": detail.message, "data": None}
    return ErrorResponse(status, {"error": detail, **flat}, headers)


def _dialect(
    name: str,
    render: Callable[[VideoRecord, RenderContext], dict[str, object]],
    base_path: str,
    *routes: DialectRoute,
    prefixes: tuple[str, ...],
) -> Dialect:
    return Dialect(
        name=name,
        base_path=base_path,
        routes=routes,
        error_prefixes=prefixes,
        parse_create=parse_create,
        render_video=render,
        render_list=lambda videos, more, context: openai.render_page(render, videos, more, context),
        render_deleted=openai.render_deleted,
        render_error=render_error,
        content_headers=openai.content_headers,
        file_fields=frozenset({"image", "images", "input_reference"}),
        links_content=True,
    )


UNIFIED = _dialect(
    "unified",
    render_unified,
    "/v1",
    DialectRoute("/video/create", post="create"),
    DialectRoute("/video/query", get="retrieve"),
    prefixes=("/v1/video",),
)

NEW_API = _dialect(
    "new-api",
    render_new_api,
    "/v1",
    DialectRoute("/video/generations", post="create"),
    DialectRoute("/video/generations/{id}", get="retrieve"),
    prefixes=("/v1/video/generations",),
)

TASKS = _dialect(
    "tasks",
    render_task,
    "/v1",
    DialectRoute("/videos/generations", post="create"),
    DialectRoute("/videos/generations/{id}", get="retrieve"),
    DialectRoute("/tasks/{id}", get="retrieve"),
    prefixes=("/v1/videos/generations", "/v1/tasks"),
)

COMFLY = _dialect(
    "comfly",
    render_comfly,
    "/v2",
    DialectRoute("/videos/generations", post="create"),
    DialectRoute("/videos/generations/{id}", get="retrieve"),
    prefixes=("/v2/videos",),
)
