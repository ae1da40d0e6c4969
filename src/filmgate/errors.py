"""Every exception of Filmgate, in one tree.

    FilmgateError                     code, http_status, type, param, retryable
    ├── RequestError                  400, the caller's mistake; sending it again changes nothing
    │   ├── MissingParameter          a required field is absent
    │   ├── UnknownParameter          a field that does not exist
    │   ├── InvalidType               text where a file belongs, a list where a string belongs
    │   ├── InvalidValue              a value outside what the model or the field takes
    │   ├── InvalidImage              a reference that is no usable image
    │   ├── InvalidImageSize          a reference whose size is not the video's
    │   ├── InvalidVideo              an uploaded video that can't be used
    │   ├── InvalidUrl                a URL that is not fetched: no http, no public host, credentials in it
    │   ├── UrlUnreachable            a URL that could not be fetched: no answer, an error, too much
    │   ├── UnknownModel              a model that the catalogue does not hold
    │   ├── NotAChatModel             a video model in a chat
    │   ├── MalformedBody             neither JSON nor multipart that can be read
    │   ├── BodyTooLarge              413
    │   ├── BodyTimeout               400, the body did not arrive in time
    │   ├── IdempotencyKeyReuse       the same key with other parameters
    │   └── VideoNotDeletable         a running video can't be deleted, a finished one can't be cancelled
    ├── InvalidKey                    401
    ├── NotAllowed                    403
    │   ├── InsufficientQuota         403, the balance does not cover the video
    │   └── FileQuotaExceeded         403, the account's files would be too many or too large
    ├── NotFound                      404
    │   ├── VideoNotFound             unknown, deleted or of another account: the same answer for all
    │   ├── VideoNotReady             content requested before completion
    │   ├── VideoExpired              content requested after retention
    │   ├── CharacterNotFound         unknown or of another account
    │   ├── UploadedFileNotFound      unknown, deleted, expired or of another account
    │   ├── ModelNotFound             GET /v1/models/{id}
    │   ├── WebhookEndpointNotFound   unknown, deleted or of another account
    │   └── UnknownUrl                no such path
    ├── MethodNotAllowed              405
    ├── RangeNotSatisfiable           416
    ├── TooManyRequests               429, with retry_after
    │   └── TooManyRunning            429, running videos at once
    ├── ServerError                   500, a fault of ours
    │   ├── Unavailable               503, starting or draining
    │   ├── StorageFault              the disk or bucket refused
    │   ├── DamagedFile               a stored file has another length than was stored
    │   └── Conflict                  a transition that the row's state does not allow (never leaves the server)
    ├── EngineError                   what an engine could not do; carries what its video will say
    │   ├── EngineRejected            terminal: the request will never be accepted
    │   ├── EngineUnavailable         transient: certainly not accepted, may be tried again
    │   ├── SubmissionUnknown         ambiguous: it may have been accepted, never submitted blindly again
    │   └── BadArtifact               what was delivered is not the requested video
    ├── SettingsError                 a setting that can't be used; names the setting
    │   └── MissingExtra              a command needs a part that is not installed; names the installation
    └── ClientError                   what the SDK raises beside the errors above; has video_id, request_id
        ├── ConnectionFailed          the server could not be reached
        ├── UnexpectedAnswer          an answer that is not of the wire's shape (HTML, a proxy's page)
        ├── VideoFailed               the video ended as failed
        │   └── VideoModerated        ... because its prompt or image was blocked
        ├── WaitTimeout               the wait ended, the video continues
        ├── IntegrityError            the bytes are not the whole file
        ├── OutputExists              the file exists and may not be replaced
        ├── OverBudget                the video costs more than its caller wants to spend; nothing was sent
        ├── Unsupported               the provider does not support it
        └── InvalidSignature          a webhook that was not signed as it should be

A class's docstring is its default message. ``code`` and ``type`` are the wire's; ``retryable`` says whether the
same call may succeed later, and becomes the ``x-should-retry`` header.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

__all__ = [
    "BadArtifact",
    "BodyTimeout",
    "BodyTooLarge",
    "CharacterNotFound",
    "ClientError",
    "Conflict",
    "ConnectionFailed",
    "DamagedFile",
    "EngineError",
    "EngineRejected",
    "EngineUnavailable",
    "FileQuotaExceeded",
    "FilmgateError",
    "IdempotencyKeyReuse",
    "InsufficientQuota",
    "IntegrityError",
    "InvalidImage",
    "InvalidImageSize",
    "InvalidKey",
    "InvalidSignature",
    "InvalidType",
    "InvalidUrl",
    "InvalidValue",
    "InvalidVideo",
    "MalformedBody",
    "MethodNotAllowed",
    "MissingExtra",
    "MissingParameter",
    "ModelNotFound",
    "NotAChatModel",
    "NotAllowed",
    "NotFound",
    "OutputExists",
    "OverBudget",
    "RangeNotSatisfiable",
    "RequestError",
    "ServerError",
    "SettingsError",
    "StorageFault",
    "SubmissionUnknown",
    "TooManyRequests",
    "TooManyRunning",
    "Unavailable",
    "UnexpectedAnswer",
    "UnknownModel",
    "UnknownParameter",
    "UnknownUrl",
    "Unsupported",
    "UploadedFileNotFound",
    "UrlUnreachable",
    "VideoExpired",
    "VideoFailed",
    "VideoModerated",
    "VideoNotDeletable",
    "VideoNotFound",
    "VideoNotReady",
    "WaitTimeout",
    "WebhookEndpointNotFound",
    "shorten",
]


MAX_ECHO_CHARS = 100
"""How much of a caller's own text a message repeats, in characters."""


def shorten(value: object) -> str:
    """The text of ``value``, cut to what a message may repeat."""
    text = str(value)
    return text if len(text) <= MAX_ECHO_CHARS else f"{text[:MAX_ECHO_CHARS]}…"


def _join_quoted(values: Collection[object]) -> str:
    # 'a' · 'a' and 'b' · 'a', 'b', and 'c'
    if len(values) < 2:  # noqa: PLR2004 - one needs no conjunction
        return "".join(f"'{value}'" for value in values) or "none"
    *others, last = (f"'{value}'" for value in values)
    return f"{others[0]} and {last}" if len(others) == 1 else f"{', '.join(others)}, and {last}"


class FilmgateError(Exception):
    """Something went wrong."""

    http_status: ClassVar[int] = 500
    type: ClassVar[str] = "server_error"
    code: str | None = None
    retryable: ClassVar[bool] = False
    video_id: str | None = None  # the SDK says which video it was about
    request_id: str | None = None  # of the response

    def __init__(self, message: str | None = None, *, param: str | None = None, code: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.param = param
        if code is not None:
            self.code = code
        super().__init__(self.message)


class RequestError(FilmgateError):
    """The request can't be used."""

    http_status = 400
    type = "invalid_request_error"
    code = "invalid_request"


class MissingParameter(RequestError):
    """A required parameter is missing."""

    code = "missing_required_parameter"

    def __init__(self, param: str) -> None:
        super().__init__(f"Missing required parameter: '{param}'.", param=param)


class UnknownParameter(RequestError):
    """The parameter is not known."""

    code = "unknown_parameter"

    def __init__(self, param: str, hint: str | None = None) -> None:
        instead = f" Use '{hint}' instead." if hint else ""
        super().__init__(f"Unknown parameter: '{param}'.{instead}", param=param)


class InvalidType(RequestError):
    """The parameter has the wrong type."""

    code = "invalid_type"

    def __init__(self, param: str, expected: str, got: str) -> None:
        super().__init__(f"Invalid type for '{param}': expected {expected}, but got {got} instead.", param=param)


class InvalidValue(RequestError):
    """The parameter has a value that can't be used."""

    code = "invalid_value"

    @classmethod
    def unsupported(cls, param: str, got: object, supported: Collection[object]) -> InvalidValue:
        """An error that says ``Invalid value: '5'. Supported values are: '4', '8', and '12'.``."""
        return cls(f"Invalid value: '{shorten(got)}'. Supported values are: {_join_quoted(supported)}.", param=param)


class InvalidImage(RequestError):
    """The image can't be used."""

    code = "invalid_image"


class InvalidImageSize(RequestError):
    """Inpaint image must match the requested width and height."""

    code = "invalid_image_size"


class InvalidVideo(RequestError):
    """The video can't be used."""

    code = "invalid_video"


class InvalidUrl(RequestError):
    """The URL is not one that is fetched."""

    code = "invalid_url"


class UrlUnreachable(RequestError):
    """The URL could not be fetched."""

    code = "url_unreachable"


class UnknownModel(RequestError):
    """The model is not known."""

    code = "model_not_found"

    @classmethod
    def with_known(cls, name: str, known: Collection[str]) -> UnknownModel:
        """An error that lists the ``known`` models."""
        return cls(
            f"The model '{shorten(name)}' does not exist. Known models are: {_join_quoted(known)}.", param="model"
        )


class NotAChatModel(RequestError):
    """The model makes videos, but not in a chat."""

    code = "model_not_supported"

    def __init__(self, name: str, chat_models: Collection[str]) -> None:
        super().__init__(
            f"The model '{shorten(name)}' is no chat model: send it to POST /v1/videos, or use one of the chat models: "
            f"{_join_quoted(chat_models)}.",
            param="model",
        )


class MalformedBody(RequestError):
    """The body can't be read."""

    code = "invalid_body"


class BodyTooLarge(RequestError):
    """The body is too large."""

    http_status = 413
    code = "body_too_large"


class BodyTimeout(RequestError):
    """The body did not arrive in time."""

    code = "body_timeout"


class IdempotencyKeyReuse(RequestError):
    """This Idempotency-Key was used before with other parameters."""

    code = "idempotency_key_reuse"


class VideoNotDeletable(RequestError):
    """The video's status does not allow this."""

    code = "invalid_status"


class InvalidKey(FilmgateError):
    """You didn't provide an API key."""

    http_status = 401
    type = "invalid_request_error"
    code = "invalid_api_key"


class NotAllowed(FilmgateError):
    """This key may not do that."""

    http_status = 403
    type = "invalid_request_error"
    code = "not_allowed"


class InsufficientQuota(NotAllowed):
    """You exceeded your current quota: the balance does not cover this video."""

    type = "insufficient_quota"
    code = "insufficient_quota"


class FileQuotaExceeded(NotAllowed):
    """The account's files would exceed its quota."""

    code = "file_quota_exceeded"


class NotFound(FilmgateError):
    """Not found."""

    http_status = 404
    type = "invalid_request_error"
    code = "not_found"


class VideoNotFound(NotFound):
    """The video was not found."""

    code = "video_not_found"

    def __init__(self, video_id: str) -> None:
        super().__init__(f"Video with id '{video_id}' not found.")


class VideoNotReady(NotFound):
    """Video is not ready yet, use GET /v1/videos/{video_id} to check status."""

    code = "video_not_ready"


class VideoExpired(NotFound):
    """The video's content has expired and was removed."""

    code = "video_expired"


class CharacterNotFound(NotFound):
    """The character was not found."""

    code = "character_not_found"

    def __init__(self, character_id: str) -> None:
        super().__init__(f"Character with id '{shorten(character_id)}' not found.")


class UploadedFileNotFound(NotFound):
    """The file was not found."""

    code = "file_not_found"

    def __init__(self, file_id: str) -> None:
        super().__init__(f"No such File object: {shorten(file_id)}", param="id")


class ModelNotFound(NotFound):
    """The model was not found."""

    code = "model_not_found"


class WebhookEndpointNotFound(NotFound):
    """The webhook endpoint was not found."""

    code = "webhook_endpoint_not_found"

    def __init__(self, endpoint_id: str) -> None:
        super().__init__(f"Webhook endpoint with id '{shorten(endpoint_id)}' not found.")


class UnknownUrl(NotFound):
    """Invalid URL."""

    code = "unknown_url"


class MethodNotAllowed(FilmgateError):
    """This method is not allowed here."""

    http_status = 405
    type = "invalid_request_error"
    code = "method_not_allowed"


class RangeNotSatisfiable(FilmgateError):
    """The requested range lies outside the file."""

    http_status = 416
    type = "invalid_request_error"
    code = "range_not_satisfiable"


class TooManyRequests(FilmgateError):
    """Too many requests."""

    http_status = 429
    type = "rate_limit_exceeded"
    code = "rate_limit_exceeded"
    retryable = True

    def __init__(self, message: str | None = None, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooManyRunning(TooManyRequests):
    """Too many running tasks."""

    type = "video_generation_user_error"
    code = "too_many_running_tasks"


class ServerError(FilmgateError):
    """The server had an error while processing your request."""

    code = "server_error"
    retryable = True


class Unavailable(ServerError):
    """The server is starting or stopping; try again in a moment."""

    http_status = 503
    code = "unavailable"


class StorageFault(ServerError):
    """The storage refused to read or write."""

    http_status = 503  # a full disk is not the request's fault, and temporary
    code = "storage_fault"


class DamagedFile(ServerError):
    """The stored file is damaged; the operator has been told."""

    code = "file_damaged"
    retryable = False


class Conflict(ServerError):
    """The row's state does not allow this transition."""

    code = "conflict"
    retryable = False


class EngineError(FilmgateError):
    """The engine could not make the video."""

    http_status = 502
    code = "engine_error"


class EngineRejected(EngineError):
    """The engine refused the request."""

    code = "engine_rejected"


class EngineUnavailable(EngineError):
    """The engine can't be reached at the moment."""

    code = "engine_unavailable"
    retryable = True

    def __init__(self, message: str | None = None, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SubmissionUnknown(EngineError):
    """It is not known whether the engine accepted the video."""

    code = "submission_unknown"


class BadArtifact(EngineError):
    """The engine delivered something other than the requested video."""

    code = "invalid_output"


class SettingsError(FilmgateError):
    """A setting can't be used."""

    code = "invalid_setting"


class MissingExtra(SettingsError):
    """A command needs a part that is not installed."""

    code = "missing_extra"


class ClientError(FilmgateError):
    """The call did not succeed."""

    code = "client_error"

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        video_id: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.video_id = video_id
        self.request_id = request_id


class ConnectionFailed(ClientError):
    """The server could not be reached."""

    code = "connection_failed"
    retryable = True


class UnexpectedAnswer(ClientError):
    """The answer is not of the API's shape."""

    code = "unexpected_answer"


class VideoFailed(ClientError):
    """The video failed."""

    code = "video_failed"


class VideoModerated(VideoFailed):
    """Your request was blocked by our moderation system."""

    code = "moderation_blocked"


class WaitTimeout(ClientError):
    """The wait ended before the video did; the video continues."""

    code = "wait_timeout"
    retryable = True


class IntegrityError(ClientError):
    """The bytes that arrived are not the whole file."""

    code = "integrity_error"
    retryable = True


class OutputExists(ClientError):
    """The output file already exists."""

    code = "output_exists"


class OverBudget(ClientError):
    """The video costs more than you want to spend; nothing was sent."""

    code = "over_budget"


class Unsupported(ClientError):
    """The provider does not support this."""

    code = "unsupported"


class InvalidSignature(ClientError):
    """The webhook was not signed with this secret."""

    code = "invalid_signature"
