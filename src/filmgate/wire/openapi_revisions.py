"""The operations on existing videos (remix, edit, extension) and on characters in the OpenAPI document."""

from __future__ import annotations

from typing import Final

import msgspec

from filmgate import errors
from filmgate.config.catalog import PROMPT_CHARACTERS
from filmgate.errors import FilmgateError
from filmgate.wire import create, revision
from filmgate.wire.objects import CharacterDeleted, CharacterObject
from filmgate.wire.openapi import (
    _BODY_ERRORS,
    _ID,
    _NOT_BLANK,
    Schema,
    _file_id_schema,
    _json_content,
    _operation,
    _ref,
    _success,
    _text_schema,
)

__all__ = ["PATHS", "characters_schema", "schemas"]

_IDEMPOTENCY_KEY: Final[Schema] = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 255},
    "description": "The same key with the same parameters returns the same object.",
}
_BILLED_ERRORS: Final = (errors.InsufficientQuota, errors.TooManyRunning, *_BODY_ERRORS)
_SOURCE_ERRORS: Final = (errors.VideoNotFound, errors.VideoExpired, errors.UnknownUrl)
_NAME_PATTERN: Final = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"


def schemas() -> Schema:
    """Return the schemas of the bodies and responses, by name."""
    fields: Schema = {"prompt": _text_schema(PROMPT_CHARACTERS, _NOT_BLANK)}
    seconds = {
        "enum": [*map(str, revision.EXTENSION_SECONDS), *revision.EXTENSION_SECONDS],
        "description": "Seconds of the new segment.",
    }
    form_seconds = {"enum": [*map(str, revision.EXTENSION_SECONDS)], "type": "string"}
    return {
        "RemixVideo": _object(fields, ["prompt"]),
        "EditVideo": _object(fields | {"video": _video()}, ["prompt", "video"]),
        "EditVideoForm": _form(fields, ["prompt"]),
        "ExtendVideo": _object(fields | {"seconds": seconds, "video": _video()}, ["prompt", "seconds", "video"]),
        "ExtendVideoForm": _form(fields | {"seconds": form_seconds}, ["prompt", "seconds"]),
        "CreateCharacterForm": _object(
            {"name": _text_schema(revision.CHARACTER_NAME_MAX, _NAME_PATTERN), "video": _file()}, ["name", "video"]
        ),
        "CharacterObject": msgspec.json.schema(CharacterObject)["$defs"]["CharacterObject"]
        | {"required": [*CharacterObject.__struct_fields__]},
        "CharacterDeleted": msgspec.json.schema(CharacterDeleted)["$defs"]["CharacterDeleted"]
        | {"required": [*CharacterDeleted.__struct_fields__]},
    }


def characters_schema() -> Schema:
    """Return the schema of a create's ``characters``."""
    item = _object({"id": _text_schema(create.METADATA_VALUE_MAX)}, ["id"])
    return {
        "type": ["array", "null"],
        "items": item,
        "maxItems": create.CHARACTERS_MAX,
        "description": "The characters to show; the prompt mentions them by name.",
    }


def _object(properties: Schema, required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _video() -> Schema:
    by_id = _object({"id": _text_schema(create.METADATA_VALUE_MAX)}, ["id"])
    return {
        "anyOf": [
            by_id | {"description": "A completed video of the account."},
            _object({"file_id": _file_id_schema()}, ["file_id"]),
        ]
    }


def _file() -> Schema:
    return {
        "type": "string",
        "format": "binary",
        "contentMediaType": "video/mp4",
        "description": "An MP4 of at most 120 s.",
    }


def _form(fields: Schema, required: list[str]) -> Schema:
    """Return a form with an id as the SDKs spell it, or with a file or its id and then an optional model."""
    by_id = _object(fields | {"video[id]": _text_schema(create.METADATA_VALUE_MAX)}, [*required, "video[id]"])
    model = {"type": "string", "description": "A model of the catalogue."}
    with_file = _object(fields | {"video": _file(), "model": model}, [*required, "video"])
    stored = _object(fields | {"video[file_id]": _file_id_schema(), "model": model}, [*required, "video[file_id]"])
    return {"anyOf": [by_id, with_file, stored]}


def _create_operation(name: str, summary: str, body: str, form: str | None, *kinds: type[FilmgateError]) -> Schema:
    content = _json_content(body) | ({"multipart/form-data": {"schema": _ref(form)}} if form else {})
    ok = _success(
        "Accepted: the video reaches a terminal status, whichever process crashes.",
        _json_content("VideoObject"),
        "openai-poll-after-ms",
    )
    request_body = {"required": True, "content": content}
    return _operation(
        name,
        summary,
        ok,
        *_BILLED_ERRORS,
        *_SOURCE_ERRORS,
        *kinds,
        parameters=[_IDEMPOTENCY_KEY],
        requestBody=request_body,
    )


def _create_character() -> Schema:
    ok = _success("The character is stored.", _json_content("CharacterObject"))
    request_body = {"required": True, "content": {"multipart/form-data": {"schema": _ref("CreateCharacterForm")}}}
    text = "Store a character for videos to show."
    return _operation(
        "createCharacter", text, ok, *_BODY_ERRORS, parameters=[_IDEMPOTENCY_KEY], requestBody=request_body
    )


def _retrieve_character() -> Schema:
    not_found = (errors.CharacterNotFound, errors.UnknownUrl)
    return _operation(
        "retrieveCharacter", "Retrieve a character.", _success("It.", _json_content("CharacterObject")), *not_found
    )


def _delete_character() -> Schema:
    deleted = _success("The character and its files are deleted.", _json_content("CharacterDeleted"))
    possible = (errors.CharacterNotFound, errors.UnknownUrl, errors.VideoNotDeletable)
    return _operation("deleteCharacter", "Delete a character that no unfinished video shows.", deleted, *possible)


PATHS: Final[Schema] = {
    "/v1/videos/{id}/remix": {
        "parameters": [_ID],
        "post": _create_operation("remixVideo", "Generate a video again with another prompt.", "RemixVideo", None),
    },
    "/v1/videos/edits": {
        "post": _create_operation("editVideo", "Change a video by a prompt.", "EditVideo", "EditVideoForm")
    },
    "/v1/videos/extensions": {
        "post": _create_operation(
            "extendVideo", "Continue a video from its last frame.", "ExtendVideo", "ExtendVideoForm"
        )
    },
    "/v1/videos/characters": {"post": _create_character()},
    "/v1/videos/characters/{id}": {
        "parameters": [_ID],
        "get": _retrieve_character(),
        "delete": _delete_character(),
    },
}
"""The endpoints, each with its methods."""
