"""The API's requests as pure functions: values in, a :class:`Request` out."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from filmgate.client.effects import FilePart, Request
from filmgate.errors import InvalidImage, InvalidType, InvalidVideo

__all__ = [
    "ImageInput",
    "VideoInput",
    "cancel",
    "content",
    "create",
    "create_character",
    "delete",
    "edit",
    "encode_image_input",
    "encode_video_input",
    "events",
    "extend",
    "list_page",
    "models",
    "range_headers",
    "remix",
    "retrieve",
    "retrieve_character",
]

ImageInput = str | os.PathLike[str] | bytes | BinaryIO | Mapping[str, str]
"""An image: a path, its bytes, an open file, an http(s) or data URL, ``{"image_url": …}`` or ``{"file_id": …}``."""

VideoInput = str | os.PathLike[str] | bytes | BinaryIO | Mapping[str, str]
"""A video: its id, a path, its bytes, an open file, or ``{"id": …}``."""

POLL_READ_TIMEOUT = 15.0
"""Seconds without a byte after which a poll fails: another poll costs nothing."""

_IMAGE_SIGNATURES: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("image/jpeg", lambda head: head.startswith(b"\xff\xd8\xff")),
    ("image/png", lambda head: head.startswith(b"\x89PNG\r\n\x1a\n")),
    ("image/webp", lambda head: head.startswith(b"RIFF") and head[8:12] == b"WEBP"),
)


def create(
    fields: Mapping[str, object], reference: FilePart | Mapping[str, str] | None, idempotency_key: str | None
) -> Request:
    """``POST /videos``: JSON, or a form if there is a file. Fields that are None are left out."""
    headers = {"idempotency-key": idempotency_key or f"fg-{secrets.token_hex(16)}"}
    values = {name: value for name, value in fields.items() if value is not None}
    if isinstance(reference, FilePart):
        form = dict(_form_fields(values))
        return Request(method="POST", path="videos", headers=headers, form=form, files={"input_reference": reference})
    if reference is not None:
        values["input_reference"] = dict(reference)
    return Request(method="POST", path="videos", headers=headers, json=values)


def remix(video_id: str, prompt: str, idempotency_key: str | None) -> Request:
    """``POST /videos/{id}/remix``."""
    return _post(f"{_video_path(video_id)}/remix", {"prompt": prompt}, None, idempotency_key)


def edit(fields: Mapping[str, object], video: FilePart | Mapping[str, str], idempotency_key: str | None) -> Request:
    """``POST /videos/edits``."""
    return _post("videos/edits", fields, video, idempotency_key)


def extend(fields: Mapping[str, object], video: FilePart | Mapping[str, str], idempotency_key: str | None) -> Request:
    """``POST /videos/extensions``."""
    return _post("videos/extensions", fields, video, idempotency_key)


def create_character(name: str, video: FilePart | Mapping[str, str], idempotency_key: str | None) -> Request:
    """``POST /videos/characters``."""
    return _post("videos/characters", {"name": name}, video, idempotency_key)


def retrieve_character(character_id: str) -> Request:
    """``GET /videos/characters/{id}``."""
    return Request(method="GET", path=f"videos/characters/{quote(character_id, safe='')}")


def retrieve(video_id: str, wait: int = 0) -> Request:
    """``GET /videos/{id}``: a long poll that the server answers on a change or after ``wait`` seconds."""
    params = {"wait": str(wait)} if wait else {}
    return Request(
        method="GET", path=_video_path(video_id), params=params, hold_seconds=wait, read_timeout=POLL_READ_TIMEOUT
    )


def events(video_id: str) -> Request:
    """``GET /videos/{id}/events``."""
    return Request(method="GET", path=f"{_video_path(video_id)}/events", headers={"accept": "text/event-stream"})


def list_page(after: str | None, limit: int | None, order: str | None) -> Request:
    """``GET /videos``."""
    params = {"after": after, "limit": limit, "order": order}
    return Request(method="GET", path="videos", params={name: str(v) for name, v in params.items() if v is not None})


def delete(video_id: str) -> Request:
    """``DELETE /videos/{id}``."""
    return Request(method="DELETE", path=_video_path(video_id))


def cancel(video_id: str) -> Request:
    """``POST /videos/{id}/cancel``."""
    return Request(method="POST", path=f"{_video_path(video_id)}/cancel")


def models() -> Request:
    """``GET /models``."""
    return Request(method="GET", path="models")


def content(video_id: str, variant: str, *, offset: int = 0, etag: str | None = None) -> Request:
    """``GET /videos/{id}/content``, from ``offset`` on if the file still has the ETag ``etag``."""
    headers = {"accept-encoding": "identity", **range_headers(offset, etag)}
    return Request(method="GET", path=f"{_video_path(video_id)}/content", params={"variant": variant}, headers=headers)


def range_headers(offset: int, etag: str | None) -> dict[str, str]:
    """Return the headers for a file from ``offset`` on, valid while it has the ETag ``etag``."""
    return {"range": f"bytes={offset}-", "if-range": f'"{etag}"'} if offset and etag else {}


def encode_image_input(image: ImageInput) -> FilePart | Mapping[str, str]:
    """Encode an image for the wire: a file part, or an object with its URL.

    Raises:
        InvalidImage: the file cannot be read, or is neither JPEG, PNG nor WebP.
        InvalidType: the value has another type.
    """
    match image:
        case Mapping():
            return image
        case str() if image.startswith(("http://", "https://", "data:")):
            return {"image_url": image}
        case str() | os.PathLike():
            return _image_part(_read_image(Path(image)), str(image))
        case bytes():
            return _image_part(image, "these bytes")
        case _ if hasattr(image, "read"):
            return _image_part(image.read(), "this file")
    raise InvalidType("input_reference", "an image", type(image).__name__)


def encode_video_input(video: VideoInput) -> FilePart | Mapping[str, str]:
    """Encode a video for the wire: a file part, or an object with its id.

    Raises:
        InvalidVideo: the file cannot be read, or is not an MP4.
        InvalidType: the value has another type.
    """
    match video:
        case Mapping():
            return video
        case str() if video.startswith("video_") and not Path(video).is_file():
            return {"id": video}
        case str() | os.PathLike():
            return _video_part(_read_video(Path(video)), str(video))
        case bytes():
            return _video_part(video, "these bytes")
        case _ if hasattr(video, "read"):
            return _video_part(video.read(), "this file")
    raise InvalidType("video", "a video", type(video).__name__)


def _post(
    path: str, fields: Mapping[str, object], video: FilePart | Mapping[str, str] | None, idempotency_key: str | None
) -> Request:
    headers = {"idempotency-key": idempotency_key or f"fg-{secrets.token_hex(16)}"}
    values = {name: value for name, value in fields.items() if value is not None}
    if isinstance(video, FilePart):
        return Request(
            method="POST", path=path, headers=headers, form=dict(_form_fields(values)), files={"video": video}
        )
    if video is not None:
        values["video"] = dict(video)
    return Request(method="POST", path=path, headers=headers, json=values)


def _read_video(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidVideo(f"{path}: {error.strerror}.", param="video") from error


def _video_part(content: bytes, source: str) -> FilePart:
    if content[4:8] != b"ftyp":
        raise InvalidVideo(f"{source}: not an MP4.", param="video")
    return FilePart(content, "video/mp4", "film.mp4")


def _read_image(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidImage(f"{path}: {error.strerror}.", param="input_reference") from error


def _image_part(content: bytes, source: str) -> FilePart:
    media_type = next((name for name, fits in _IMAGE_SIGNATURES if fits(content[:12])), None)
    if media_type is None:
        raise InvalidImage(f"{source}: neither JPEG, PNG nor WebP.", param="input_reference")
    return FilePart(content, media_type)


def _form_fields(fields: Mapping[str, object]) -> list[tuple[str, str | list[str]]]:
    """Flatten fields for a form: ``metadata[key]`` for a mapping, ``characters[][id]`` for a list of them."""
    flat: list[tuple[str, str | list[str]]] = []
    for name, value in fields.items():
        if isinstance(value, Mapping):
            flat += [(f"{name}[{key}]", str(inner)) for key, inner in value.items()]
        elif isinstance(value, list):
            flat.append((f"{name}[][id]", [item["id"] for item in value]))
        else:
            flat.append((name, str(value)))
    return flat


def _video_path(video_id: str) -> str:
    return f"videos/{quote(video_id, safe='')}"
