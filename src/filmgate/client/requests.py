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
    "FilmInput",
    "ImageInput",
    "cancel",
    "character",
    "content",
    "create",
    "create_character",
    "delete",
    "edit",
    "events",
    "extend",
    "film_of",
    "models",
    "onward",
    "page",
    "reference_of",
    "remix",
    "retrieve",
]

ImageInput = str | os.PathLike[str] | bytes | BinaryIO | Mapping[str, str]
"""A picture: a path, its bytes, an open file, an http(s) or data URL, ``{"image_url": …}`` or ``{"file_id": …}``."""

FilmInput = str | os.PathLike[str] | bytes | BinaryIO | Mapping[str, str]
"""A film: the id of a video, a path, its bytes, an open file, or ``{"id": …}``."""

LOOK_SILENCE = 15.0
"""Seconds without a byte after which a look is given up: it costs nothing to look again."""

_MAGIC: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("image/jpeg", lambda head: head.startswith(b"\xff\xd8\xff")),
    ("image/png", lambda head: head.startswith(b"\x89PNG\r\n\x1a\n")),
    ("image/webp", lambda head: head.startswith(b"RIFF") and head[8:12] == b"WEBP"),
)


def create(
    fields: Mapping[str, object], reference: FilePart | Mapping[str, str] | None, idempotency_key: str | None
) -> Request:
    """``POST /videos``: JSON, or a form where a file goes along. Fields that are None are left out."""
    headers = {"idempotency-key": idempotency_key or f"fg-{secrets.token_hex(16)}"}
    given = {name: value for name, value in fields.items() if value is not None}
    if isinstance(reference, FilePart):
        form = dict(_form(given))
        return Request(method="POST", path="videos", headers=headers, form=form, files={"input_reference": reference})
    if reference is not None:
        given["input_reference"] = dict(reference)
    return Request(method="POST", path="videos", headers=headers, json=given)


def remix(video_id: str, prompt: str, idempotency_key: str | None) -> Request:
    """``POST /videos/{id}/remix``."""
    return _post(f"{_path(video_id)}/remix", {"prompt": prompt}, None, idempotency_key)


def edit(fields: Mapping[str, object], film: FilePart | Mapping[str, str], idempotency_key: str | None) -> Request:
    """``POST /videos/edits``."""
    return _post("videos/edits", fields, film, idempotency_key)


def extend(fields: Mapping[str, object], film: FilePart | Mapping[str, str], idempotency_key: str | None) -> Request:
    """``POST /videos/extensions``."""
    return _post("videos/extensions", fields, film, idempotency_key)


def create_character(name: str, film: FilePart | Mapping[str, str], idempotency_key: str | None) -> Request:
    """``POST /videos/characters``."""
    return _post("videos/characters", {"name": name}, film, idempotency_key)


def character(character_id: str) -> Request:
    """``GET /videos/characters/{id}``."""
    return Request(method="GET", path=f"videos/characters/{quote(character_id, safe='')}")


def retrieve(video_id: str, wait: int = 0) -> Request:
    """``GET /videos/{id}``, asking the server to answer only when something changed, at most ``wait`` seconds later."""
    params = {"wait": str(wait)} if wait else {}
    return Request(method="GET", path=_path(video_id), params=params, patience=wait, silence=LOOK_SILENCE)


def events(video_id: str) -> Request:
    """``GET /videos/{id}/events``."""
    return Request(method="GET", path=f"{_path(video_id)}/events", headers={"accept": "text/event-stream"})


def page(after: str | None, limit: int | None, order: str | None) -> Request:
    """``GET /videos``."""
    given = {"after": after, "limit": limit, "order": order}
    return Request(method="GET", path="videos", params={name: str(v) for name, v in given.items() if v is not None})


def delete(video_id: str) -> Request:
    """``DELETE /videos/{id}``."""
    return Request(method="DELETE", path=_path(video_id))


def cancel(video_id: str) -> Request:
    """``POST /videos/{id}/cancel``."""
    return Request(method="POST", path=f"{_path(video_id)}/cancel")


def models() -> Request:
    """``GET /models``."""
    return Request(method="GET", path="models")


def content(video_id: str, variant: str, *, offset: int = 0, etag: str | None = None) -> Request:
    """``GET /videos/{id}/content``, from ``offset`` on if the file is still the one that ``etag`` names."""
    headers = {"accept-encoding": "identity", **onward(offset, etag)}
    return Request(method="GET", path=f"{_path(video_id)}/content", params={"variant": variant}, headers=headers)


def onward(offset: int, etag: str | None) -> dict[str, str]:
    """The headers that ask for a file from ``offset`` on, if it is still the one that ``etag`` names."""
    return {"range": f"bytes={offset}-", "if-range": f'"{etag}"'} if offset and etag else {}


def reference_of(image: ImageInput) -> FilePart | Mapping[str, str]:
    """What a picture is on the wire: a file part, or an object with its address.

    Raises:
        InvalidImage: the file can't be read, or is neither JPEG, PNG nor WebP.
        InvalidType: it is none of the things that a picture may be.
    """
    match image:
        case Mapping():
            return image
        case str() if image.startswith(("http://", "https://", "data:")):
            return {"image_url": image}
        case str() | os.PathLike():
            return _part(_read(Path(image)), str(image))
        case bytes():
            return _part(image, "these bytes")
        case _ if hasattr(image, "read"):
            return _part(image.read(), "this file")
    raise InvalidType("input_reference", "a picture", type(image).__name__)


def film_of(film: FilmInput) -> FilePart | Mapping[str, str]:
    """What a film is on the wire: a file part, or an object with its id.

    Raises:
        InvalidVideo: the file can't be read, or is no MP4.
        InvalidType: it is none of the things that a film may be.
    """
    match film:
        case Mapping():
            return film
        case str() if film.startswith("video_") and not Path(film).is_file():
            return {"id": film}
        case str() | os.PathLike():
            return _film_part(_read_film(Path(film)), str(film))
        case bytes():
            return _film_part(film, "these bytes")
        case _ if hasattr(film, "read"):
            return _film_part(film.read(), "this file")
    raise InvalidType("video", "a film", type(film).__name__)


def _post(
    path: str, fields: Mapping[str, object], film: FilePart | Mapping[str, str] | None, idempotency_key: str | None
) -> Request:
    headers = {"idempotency-key": idempotency_key or f"fg-{secrets.token_hex(16)}"}
    given = {name: value for name, value in fields.items() if value is not None}
    if isinstance(film, FilePart):
        return Request(method="POST", path=path, headers=headers, form=dict(_form(given)), files={"video": film})
    if film is not None:
        given["video"] = dict(film)
    return Request(method="POST", path=path, headers=headers, json=given)


def _read_film(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidVideo(f"{path}: {error.strerror}.", param="video") from error


def _film_part(content: bytes, source: str) -> FilePart:
    if content[4:8] != b"ftyp":
        raise InvalidVideo(f"{source}: no MP4.", param="video")
    return FilePart(content, "video/mp4", "film.mp4")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidImage(f"{path}: {error.strerror}.", param="input_reference") from error


def _part(content: bytes, source: str) -> FilePart:
    media_type = next((name for name, fits in _MAGIC if fits(content[:12])), None)
    if media_type is None:
        raise InvalidImage(f"{source}: neither JPEG, PNG nor WebP.", param="input_reference")
    return FilePart(content, media_type)


def _form(fields: Mapping[str, object]) -> list[tuple[str, str | list[str]]]:
    """The fields as a form spells them: ``metadata[key]`` for a mapping, ``characters[][id]`` for a list of them."""
    flat: list[tuple[str, str | list[str]]] = []
    for name, value in fields.items():
        if isinstance(value, Mapping):
            flat += [(f"{name}[{key}]", str(inner)) for key, inner in value.items()]
        elif isinstance(value, list):
            flat.append((f"{name}[][id]", [item["id"] for item in value]))
        else:
            flat.append((name, str(value)))
    return flat


def _path(video_id: str) -> str:
    return f"videos/{quote(video_id, safe='')}"
