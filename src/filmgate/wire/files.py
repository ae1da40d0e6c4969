"""Uploaded files as in OpenAI's Files API: parses the upload, renders the objects."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from filmgate.domain import UploadedFile
from filmgate.errors import InvalidType, InvalidValue, MissingParameter
from filmgate.wire.params import Fields, FileParams, Upload
from filmgate.wire.readers import json_type_of, read_fields, read_integer, read_keys, read_object, read_text

__all__ = [
    "EXPIRES_AFTER",
    "FILE_FIELDS",
    "PURPOSES",
    "FileDeleted",
    "FileList",
    "FileObject",
    "parse_create",
    "render_file",
    "render_list",
]

FILE_FIELDS: Final = frozenset({"file"})
"""Form parts that are files, with or without a filename."""

PURPOSES: Final = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
"""The contract's purposes. They change nothing here, but a list can be filtered by them."""

EXPIRES_AFTER: Final = (3_600, 2_592_000)
"""The shortest and the longest life of a file that expires, in seconds."""


class FileObject(Struct, frozen=True, kw_only=True):
    """An uploaded file. Times are Unix seconds."""

    id: str
    object: Literal["file"] = "file"
    bytes: int
    created_at: int
    expires_at: int | None
    filename: str
    purpose: str
    status: Literal["processed"] = "processed"
    status_details: None = None


class FileList(Struct, frozen=True, kw_only=True):
    """A page of files: all five keys, always."""

    object: Literal["list"] = "list"
    data: list[FileObject]
    first_id: str | None
    last_id: str | None
    has_more: bool


class FileDeleted(Struct, frozen=True, kw_only=True):
    """The response to a DELETE."""

    id: str
    object: Literal["file"] = "file"
    deleted: bool = True


def parse_create(fields: Fields) -> FileParams:
    """Return the parameters of ``POST /v1/files``.

    Raises:
        RequestError: as :func:`filmgate.wire.create.parse` does.
    """
    readers = {"file": _file, "purpose": _purpose, "expires_after": _expires_after}
    return FileParams(**read_fields(fields, readers, ("file", "purpose")))


def render_file(file: UploadedFile) -> FileObject:
    """Render a file as in the contract."""
    return FileObject(
        id=file.id,
        bytes=file.bytes,
        created_at=int(file.created_at),
        expires_at=None if file.expires_at is None else int(file.expires_at),
        filename=file.filename,
        purpose=file.purpose,
    )


def render_list(files: list[UploadedFile], *, has_more: bool) -> FileList:
    """Render a page of files."""
    first_id, last_id = (files[0].id, files[-1].id) if files else (None, None)
    return FileList(data=[render_file(file) for file in files], first_id=first_id, last_id=last_id, has_more=has_more)


def _file(name: str, value: object) -> Upload:
    if not isinstance(value, Upload):
        raise InvalidType(name, "a file", json_type_of(value))
    return value


def _purpose(name: str, value: object) -> str:
    text = read_text(name, value)
    if text not in PURPOSES:
        raise InvalidValue.unsupported(name, text, PURPOSES)
    return text


def _expires_after(name: str, value: object) -> int:
    keys = read_keys(name, read_object(name, value), ("anchor", "seconds"))
    for key in ("anchor", "seconds"):
        if key not in keys:
            raise MissingParameter(f"{name}.{key}")
    if keys["anchor"] != "created_at":
        raise InvalidValue.unsupported(f"{name}.anchor", keys["anchor"], ["created_at"])
    return read_integer(f"{name}.seconds", keys["seconds"], *EXPIRES_AFTER)
