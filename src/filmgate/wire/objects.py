"""The objects on the wire, with their keys in order; the server renders them and the client decodes them.

JSON is compact, and ``id`` and ``status`` appear once in a video at any depth, since shell clients read it with grep.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

__all__ = [
    "CharacterDeleted",
    "CharacterObject",
    "ErrorAnswer",
    "ErrorDetail",
    "ModelList",
    "ModelObject",
    "ParameterObject",
    "VideoDeleted",
    "VideoFailure",
    "VideoList",
    "VideoObject",
    "VideoStatus",
    "encode",
]

encode = msgspec.json.Encoder().encode
"""Encode any of these objects as compact JSON."""

VideoStatus = Literal["queued", "in_progress", "completed", "failed"]
"""The contract's four statuses."""


class VideoFailure(Struct, frozen=True):
    """Why a video failed."""

    code: str
    message: str


class VideoObject(Struct, frozen=True):
    """A video: these 13 keys, always. Times are Unix seconds."""

    id: str
    object: Literal["video"]
    model: str
    status: VideoStatus
    progress: Annotated[int, Meta(ge=0, le=100)]
    created_at: int
    completed_at: int | None
    expires_at: int | None
    prompt: str | None
    size: str
    seconds: str
    remixed_from_video_id: str | None
    error: VideoFailure | None


class VideoList(Struct, frozen=True, kw_only=True):
    """A page of videos: all five keys, always; the SDKs stop paging without ``last_id``."""

    object: Literal["list"] = "list"
    data: list[VideoObject]
    first_id: str | None
    last_id: str | None
    has_more: bool


class VideoDeleted(Struct, frozen=True, kw_only=True):
    """The response to a DELETE."""

    id: str
    object: Literal["video.deleted"] = "video.deleted"
    deleted: bool = True


class CharacterObject(Struct, frozen=True, kw_only=True):
    """A person or a thing that videos may show."""

    id: str
    object: Literal["character"] = "character"
    name: str
    created_at: int


class ParameterObject(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a parameter may be, in the words of JSON Schema."""

    type: Literal["integer", "number", "string"]
    minimum: float | None = None
    maximum: float | None = None
    minLength: int | None = None  # noqa: N815 - JSON Schema's own spelling
    maxLength: int | None = None  # noqa: N815


class CharacterDeleted(Struct, frozen=True, kw_only=True):
    """The response to a DELETE of a character."""

    id: str
    object: Literal["character.deleted"] = "character.deleted"
    deleted: bool = True


class ModelObject(Struct, frozen=True, kw_only=True):
    """A model: the standard keys, then its limits and prices in machine-readable form."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str
    sizes: list[str]
    seconds: list[str]
    default_size: str
    default_seconds: str
    prompt_characters: int
    price: Annotated[dict[str, int], Meta(description="Millionths of a unit a second, by size or 'default'.")]
    price_per_call: Annotated[int | None, Meta(description="Millionths of a unit a video, instead of `price`.")]
    engine: str
    description: str
    parameters: Annotated[
        dict[str, ParameterObject], Meta(description="Parameters that not every model takes, and their ranges.")
    ]


class ModelList(Struct, frozen=True, kw_only=True):
    """Every model of the catalogue."""

    object: Literal["list"] = "list"
    data: list[ModelObject]


class ErrorDetail(Struct, frozen=True, kw_only=True):
    """An error: all four keys, always."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorAnswer(Struct, frozen=True, kw_only=True):
    """The envelope of every error response."""

    error: ErrorDetail
