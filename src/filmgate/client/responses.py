"""Answers of the API as values or errors: pure functions, the content type looked at before the body is."""

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
"""Progress of a film that is not there yet, whatever the server says."""

DEFAULT_FAILURE = VideoError("video_failed", "The video failed.")
"""Why it failed, where the server does not say."""


class VideoData(Struct, frozen=True, kw_only=True):
    """A video as the server showed it."""

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
    url: str | None = None  # where the film lies; only some vendors say so
    position: int | None = None  # in the queue, 1: next; only events say so
    eta_seconds: float | None = None  # until it is completed, by experience; only events say so

    def __post_init__(self) -> None:
        tame = 100 if self.status is Status.COMPLETED else min(max(self.progress, 0), MAX_UNFINISHED_PROGRESS)
        msgspec.structs.force_setattr(self, "progress", tame)
        if self.error is not None:
            told = {"code": self.error.code, "message": self.error.message}
            msgspec.structs.force_setattr(self, "error", parse_error(told, DEFAULT_FAILURE))


class VideoPage(Struct, frozen=True, kw_only=True):
    """One page of a list."""

    data: list[VideoData]
    has_more: bool = False


class ModelData(Struct, frozen=True, kw_only=True):
    """What a model takes, as far as the server says."""

    id: str
    created: int = 0
    owned_by: str = ""
    sizes: list[str] = []
    seconds: list[str] = []
    default_size: str | None = None
    default_seconds: str | None = None
    prompt_characters: int | None = None
    price: dict[str, int] = {}  # micro-units a second, by size or "default"
    price_per_call: int | None = None  # micro-units a video instead
    engine: str = ""  # only our own server says so
    description: str = ""

    def price_micros(self, size: str | None, seconds: int | str | None) -> int | None:
        """What a video costs, in micro-units; None where the server does not say."""
        if self.price_per_call is not None:
            return self.price_per_call
        a_second = self.price.get(size or self.default_size or "", self.price.get("default"))
        length = seconds or self.default_seconds
        return None if a_second is None or length is None else a_second * int(length)


class CharacterData(Struct, frozen=True, kw_only=True):
    """Somebody or something that videos may show."""

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
    """A video.

    Raises:
        FilmgateError: the class that the answer's code or status stands for.
        UnexpectedAnswer: it is not what the API answers.
    """
    return _parse(response, VideoData)


def parse_character(response: ApiResponse) -> CharacterData:
    """A character; raises as :func:`parse_video`."""
    return _parse(response, CharacterData)


def parse_models(response: ApiResponse) -> list[ModelData]:
    """The models, of each at least its name; raises as :func:`parse_video`."""
    return [_parse_model(entry, response.request_id) for entry in _parse(response, _ModelListBody).data]


def parse_deleted(response: ApiResponse) -> str:
    """The id of what was deleted; raises as :func:`parse_video`."""
    return _parse(response, _DeletedBody).id


def parse_event(data: bytes) -> VideoData:
    """The data of a server-sent event.

    Raises:
        UnexpectedAnswer: it is no video.
    """
    return _decode(data, VideoData, None)


def failed_video_error(video: VideoData, request_id: str | None) -> VideoFailed | None:
    """The error that a failed video stands for; None for any other."""
    if video.status is not Status.FAILED:
        return None
    why = video.error or DEFAULT_FAILURE
    kind = VideoModerated if why.code == VideoModerated.code else VideoFailed
    return kind(why.message, code=why.code, video_id=video.id, request_id=request_id)


def retry_after(response: ApiResponse) -> float | None:
    """The seconds that the server asks to stay away, at most two minutes; None if it does not say."""
    seconds = parsing.retry_after(response.headers)
    return None if seconds is None else min(seconds, MAX_RETRY_AFTER)


def error_from_response(response: ApiResponse) -> FilmgateError:
    """The error that an answer other than a success stands for."""
    said = _error_detail(response)
    if said is None and not response.status >= _SERVER_FAULT:
        return _unexpected_response(response)
    said = said or _Error(message=f"The server answered {response.status}.")
    code = str(said.code) if said.code is not None else None
    kind = _BY_CODE.get(code or "") or _BY_STATUS.get(response.status) or _default_class(response.status)
    error = kind.__new__(kind)  # constructors build a message from parts, here the message is there already
    FilmgateError.__init__(error, printable_line(said.message) or None, param=said.param, code=code)
    error.request_id = response.request_id
    if isinstance(error, TooManyRequests):
        error.retry_after = retry_after(response) or 1.0
    return error


_SERVER_FAULT = 500

NO_ERROR = VideoError("", "")
"""Said by an answer without a reason."""

_ERROR_KEYS = ("error", "message", "msg", "detail", "code")
"""Where other servers put their reasons."""

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
    """The error of that code; a :class:`RequestError` where no class has it."""
    kind = _BY_CODE.get(code or "", errors.RequestError)
    error = kind.__new__(kind)
    FilmgateError.__init__(error, printable_line(message or "") or None, code=code)
    error.request_id = request_id
    return error


def _default_class(status: int) -> type[FilmgateError]:
    return errors.ServerError if status >= _SERVER_FAULT else errors.RequestError


def _error_detail(response: ApiResponse) -> _Error | None:
    """What a refusal says, in this API's shape or in another; None where it says nothing."""
    if response.media_type != "application/json":
        return None
    try:
        return msgspec.json.decode(response.body, type=_ErrorBody).error
    except msgspec.DecodeError:
        found = parsing.parse_object(response.body)
    told = parse_error({name: found[name] for name in _ERROR_KEYS if name in found}, NO_ERROR) if found else NO_ERROR
    return None if told == NO_ERROR else _Error(message=told.message, code=told.code or None)


def _parse_model(entry: msgspec.Raw, request_id: str | None) -> ModelData:
    # Other servers have keys of these names too, and mean other things by them.
    try:
        return msgspec.json.decode(entry, type=ModelData, strict=False)
    except msgspec.DecodeError:
        return ModelData(id=_decode(bytes(entry), _ModelId, request_id).id)


def _parse(response: ApiResponse, kind: type[T]) -> T:
    if response.status != 200:  # noqa: PLR2004 - every success of this API is a 200
        raise error_from_response(response)
    if response.media_type != "application/json":
        raise _unexpected_response(response)
    return _decode(response.body, kind, response.request_id)


def _decode(body: bytes, kind: type[T], request_id: str | None) -> T:
    try:
        return msgspec.json.decode(body, type=kind, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnexpectedAnswer(f"The answer is not what this API answers: {error}.", request_id=request_id) from error


def _unexpected_response(response: ApiResponse) -> UnexpectedAnswer:
    what = response.media_type or "no content type"
    where = f", and a redirect to {response.headers['location']}" if "location" in response.headers else ""
    return UnexpectedAnswer(
        f"The server answered {response.status} with {what}{where}, which no video API does. Is the base URL right?",
        request_id=response.request_id,
    )
