"""Parses API responses to values or errors: pure functions that check the content type before the body."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct

from filmgate import errors
from filmgate.client.effects import ApiResponse
from filmgate.domain import Status, VideoError
from filmgate.errors import FilmgateError, TooManyRequests, UnexpectedAnswer, VideoFailed, VideoModerated
from filmgate.wire.upstream import parsing
from filmgate.wire.upstream.error_text import parse_error, printable_line

__all__ = [
    "CharacterData",
    "ModelData",
    "VideoData",
    "VideoPage",
    "error_from_code",
    "error_from_response",
    "failed_video_error",
    "parse_character",
    "parse_deleted",
    "parse_event",
    "parse_models",
    "parse_video",
    "retry_after",
]

MAX_RETRY_AFTER = 120.0

MAX_UNFINISHED_PROGRESS = 99
"""Largest progress of a video that is not completed, whatever the server sends."""

DEFAULT_FAILURE = VideoError("video_failed", "The video failed.")
"""The error of a failed video for which the server gives none."""


class VideoData(Struct, frozen=True, kw_only=True):
    """A video as the server describes it."""

    id: str
    model: str
    status: Status
    progress: int = 0
    created_at: int = 0
    completed_at: int | None = None
    expires_at: int | None = None
    prompt: str | None = None
    size: str = ""
    seconds: str = ""
    remixed_from_video_id: str | None = None
    error: VideoError | None = None
    url: str | None = None  # where the video file is; only some vendors send it
    position: int | None = None  # in the queue, 1: next; only events have it
    eta_seconds: float | None = None  # estimate until completion; only events have it

    def __post_init__(self) -> None:
        clamped = 100 if self.status is Status.COMPLETED else min(max(self.progress, 0), MAX_UNFINISHED_PROGRESS)
        msgspec.structs.force_setattr(self, "progress", clamped)
        if self.error is not None:
            detail = {"code": self.error.code, "message": self.error.message}
            msgspec.structs.force_setattr(self, "error", parse_error(detail, DEFAULT_FAILURE))


class VideoPage(Struct, frozen=True, kw_only=True):
    """One page of a list."""

    data: list[VideoData]
    has_more: bool = False


class ModelData(Struct, frozen=True, kw_only=True):
    """A model's parameters, as far as the server lists them."""

    id: str
    created: int = 0
    owned_by: str = ""
    sizes: list[str] = []
    seconds: list[str] = []
    default_size: str | None = None
    default_seconds: str | None = None
    prompt_characters: int | None = None
    price: dict[str, int] = {}  # micro-units per second of video, by size or "default"
    price_per_call: int | None = None  # micro-units per video instead
    engine: str = ""  # only Filmgate sends it
    description: str = ""
    parameters: dict[str, dict[str, object]] = {}  # those that not every model takes: JSON Schemas, by name

    def price_micros(self, size: str | None, seconds: int | str | None) -> int | None:
        """Return the price of a video in micro-units; None if the server does not list it."""
        if self.price_per_call is not None:
            return self.price_per_call
        price_per_second = self.price.get(size or self.default_size or "", self.price.get("default"))
        length = seconds or self.default_seconds
        return None if price_per_second is None or length is None else price_per_second * int(length)


class CharacterData(Struct, frozen=True, kw_only=True):
    """A person or thing that videos may show."""

    id: str
    name: str
    created_at: int = 0


class _ModelId(Struct, frozen=True):
    id: str


class _ModelListBody(Struct, frozen=True):
    data: list[msgspec.Raw]


class _DeletedBody(Struct, frozen=True):
    id: str
    deleted: bool


class _Error(Struct, frozen=True, kw_only=True):
    message: str = ""
    param: str | None = None
    code: str | int | None = None


class _ErrorBody(Struct, frozen=True):
    error: _Error


T = TypeVar("T")


def parse_video(response: ApiResponse) -> VideoData:
    """Return a video.

    Raises:
        FilmgateError: the error of the response's code or status.
        UnexpectedAnswer: the response is not one of this API.
    """
    return _parse(response, VideoData)


def parse_character(response: ApiResponse) -> CharacterData:
    """Return a character; raises as :func:`parse_video`."""
    return _parse(response, CharacterData)


def parse_models(response: ApiResponse) -> list[ModelData]:
    """Return the models, each with at least its id; raises as :func:`parse_video`."""
    return [_parse_model(entry, response.request_id) for entry in _parse(response, _ModelListBody).data]


def parse_deleted(response: ApiResponse) -> str:
    """Return the id of the deleted video; raises as :func:`parse_video`."""
    return _parse(response, _DeletedBody).id


def parse_event(data: bytes) -> VideoData:
    """Parse the data of a server-sent event.

    Raises:
        UnexpectedAnswer: it is not a video.
    """
    return _decode(data, VideoData, None)


def failed_video_error(video: VideoData, request_id: str | None) -> VideoFailed | None:
    """Return the error of a failed video; None for any other."""
    if video.status is not Status.FAILED:
        return None
    detail = video.error or DEFAULT_FAILURE
    kind = VideoModerated if detail.code == VideoModerated.code else VideoFailed
    return kind(detail.message, code=detail.code, video_id=video.id, request_id=request_id)


def retry_after(response: ApiResponse) -> float | None:
    """Return the server's Retry-After in seconds, at most two minutes; None without one."""
    seconds = parsing.retry_after(response.headers)
    return None if seconds is None else min(seconds, MAX_RETRY_AFTER)


def error_from_response(response: ApiResponse) -> FilmgateError:
    """Return the error of a response that is not a success."""
    detail = _error_detail(response)
    if detail is None and not response.status >= _SERVER_FAULT:
        return _unexpected_response(response)
    detail = detail or _Error(message=f"The server responded with status {response.status}.")
    code = str(detail.code) if detail.code is not None else None
    kind = _BY_CODE.get(code or "") or _BY_STATUS.get(response.status) or _default_class(response.status)
    error = kind.__new__(kind)  # constructors build the message from parts; here it is complete
    FilmgateError.__init__(error, printable_line(detail.message) or None, param=detail.param, code=code)
    error.request_id = response.request_id
    if isinstance(error, TooManyRequests):
        error.retry_after = retry_after(response) or 1.0
    return error


_SERVER_FAULT = 500

NO_ERROR = VideoError("", "")
"""The error of a response without a reason."""

_ERROR_KEYS = ("error", "message", "msg", "detail", "code")
"""Keys under which other servers send the reason."""

_ERROR_ROOTS: tuple[type[FilmgateError], ...] = (
    errors.RequestError,
    errors.InvalidKey,
    errors.NotAllowed,
    errors.NotFound,
    errors.MethodNotAllowed,
    errors.RangeNotSatisfiable,
    errors.TooManyRequests,
    errors.ServerError,
)


def _error_classes(kind: type[FilmgateError]) -> list[type[FilmgateError]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in _error_classes(child))]


_BY_CODE = {kind.code: kind for root in _ERROR_ROOTS for kind in _error_classes(root) if kind.code}

_BY_STATUS: dict[int, type[FilmgateError]] = {
    401: errors.InvalidKey,
    403: errors.NotAllowed,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    413: errors.BodyTooLarge,
    416: errors.RangeNotSatisfiable,
    429: errors.TooManyRequests,
    503: errors.Unavailable,
}


def error_from_code(code: str | None, message: str | None, request_id: str | None) -> FilmgateError:
    """Return the error with that code; a :class:`RequestError` if no class has it."""
    kind = _BY_CODE.get(code or "", errors.RequestError)
    error = kind.__new__(kind)
    FilmgateError.__init__(error, printable_line(message or "") or None, code=code)
    error.request_id = request_id
    return error


def _default_class(status: int) -> type[FilmgateError]:
    return errors.ServerError if status >= _SERVER_FAULT else errors.RequestError


def _error_detail(response: ApiResponse) -> _Error | None:
    """Return the reason in an error response, in this API's form or another one; None without one."""
    if response.media_type != "application/json":
        return None
    try:
        return msgspec.json.decode(response.body, type=_ErrorBody).error
    except msgspec.DecodeError:
        fields = parsing.parse_object(response.body)
    reason = (
        parse_error({name: fields[name] for name in _ERROR_KEYS if name in fields}, NO_ERROR) if fields else NO_ERROR
    )
    return None if reason == NO_ERROR else _Error(message=reason.message, code=reason.code or None)


def _parse_model(entry: msgspec.Raw, request_id: str | None) -> ModelData:
    # Other servers have fields with these names and other meanings.
    try:
        return msgspec.json.decode(entry, type=ModelData, strict=False)
    except msgspec.DecodeError:
        return ModelData(id=_decode(bytes(entry), _ModelId, request_id).id)


def _parse(response: ApiResponse, kind: type[T]) -> T:
    if response.status != 200:  # noqa: PLR2004 - this API's only success status
        raise error_from_response(response)
    if response.media_type != "application/json":
        raise _unexpected_response(response)
    return _decode(response.body, kind, response.request_id)


def _decode(body: bytes, kind: type[T], request_id: str | None) -> T:
    try:
        return msgspec.json.decode(body, type=kind, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnexpectedAnswer(f"The response is not one of this API: {error}.", request_id=request_id) from error


def _unexpected_response(response: ApiResponse) -> UnexpectedAnswer:
    media_type = response.media_type or "no content type"
    redirect = f", and a redirect to {response.headers['location']}" if "location" in response.headers else ""
    return UnexpectedAnswer(
        f"Status {response.status} with {media_type}{redirect} is no response of a video API. Is the base URL right?",
        request_id=response.request_id,
    )
