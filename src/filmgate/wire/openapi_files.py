"""Uploaded files in the OpenAPI document."""

from __future__ import annotations

from typing import Final

import msgspec

from filmgate import errors
from filmgate.wire import files
from filmgate.wire.files import FileDeleted, FileList, FileObject
from filmgate.wire.openapi import (
    _BODY_ERRORS,
    _ID,
    Schema,
    _headers,
    _json_content,
    _operation,
    _query,
    _ref,
    _success,
)

__all__ = ["paths", "schemas"]

_OBJECTS: Final = (FileObject, FileList, FileDeleted)
_NOT_FOUND_ERRORS: Final = (errors.UploadedFileNotFound, errors.UnknownUrl)
_TYPES: Final = ("image/png", "image/jpeg", "image/webp", "video/mp4")


def schemas() -> Schema:
    """Return the schemas of the bodies and responses, by name."""
    _, components = msgspec.json.schema_components(_OBJECTS, ref_template="#/components/schemas/{name}")
    for schema in components.values():
        schema["required"] = list(schema["properties"])
    return components | {"CreateFileForm": _form()}


def paths() -> Schema:
    """Return the endpoints, each with its methods."""
    return {
        "/v1/files": {"get": _list(), "post": _create()},
        "/v1/files/{id}": {"parameters": [_ID], "get": _retrieve(), "delete": _delete()},
        "/v1/files/{id}/content": {"parameters": [_ID], "get": _content()},
    }


def _form() -> Schema:
    shortest, longest = files.EXPIRES_AFTER
    text = f"{shortest} to {longest}."
    seconds = {"type": "string", "pattern": "^[1-9][0-9]{3,6}$", "description": text}
    file = {
        "type": "string",
        "format": "binary",
        "contentMediaType": "application/octet-stream",
        "description": "A PNG, JPEG, WebP or MP4.",
    }
    fields = {"file": file, "purpose": {"enum": [*files.PURPOSES], "type": "string"}}
    expiry = {"expires_after[anchor]": {"const": "created_at", "type": "string"}, "expires_after[seconds]": seconds}
    return {
        "anyOf": [
            {"type": "object", "properties": each, "required": [*each], "additionalProperties": False}
            for each in (fields, fields | expiry)
        ]
    }


def _create() -> Schema:
    return _operation(
        "createFile",
        "Upload an image or a video, for requests to refer to.",
        _success("The file is stored.", _json_content("FileObject")),
        errors.FileQuotaExceeded,
        *_BODY_ERRORS,
        parameters=[{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 255}}],
        requestBody={"required": True, "content": {"multipart/form-data": {"schema": _ref("CreateFileForm")}}},
    )


def _list() -> Schema:
    limit = {"type": "integer", "minimum": 0, "maximum": 10_000, "default": 10_000}
    return _operation(
        "listFiles",
        "List the account's files.",
        _success("A page of at most 100 files.", _json_content("FileList")),
        errors.InvalidValue,
        parameters=[
            _query("after", {"type": "string"}, "The last id of the previous page."),
            _query("limit", limit, "Files per page."),
            _query("order", {"enum": ["asc", "desc"], "type": "string", "default": "desc"}, "By creation time."),
            _query("purpose", {"type": "string"}, "Only files with this purpose."),
        ],
    )


def _retrieve() -> Schema:
    ok = _success("The file.", _json_content("FileObject"))
    return _operation("retrieveFile", "Retrieve a file.", ok, *_NOT_FOUND_ERRORS)


def _delete() -> Schema:
    ok = _success("The file is deleted; videos made from it are not.", _json_content("FileDeleted"))
    return _operation("deleteFile", "Delete a file.", ok, *_NOT_FOUND_ERRORS)


def _content() -> Schema:
    types = {name: {"schema": {"type": "string", "format": "binary"}} for name in _TYPES}
    operation = _operation(
        "downloadFile",
        "Download a file, whole or in part.",
        _success("The whole file.", types, "etag"),
        *_NOT_FOUND_ERRORS,
        errors.RangeNotSatisfiable,
    )
    operation["responses"] |= {
        "206": _success("The part that Range requests.", types, "etag", "content-range"),
        "304": {"description": "The file that If-None-Match names.", "headers": _headers("etag")},
    }
    return operation
