"""Parses the requests about an existing video (remix, edit, extension) and about a character.

The fields are the contract's in every dialect; the dialect decides how the response is spelled.
"""

from __future__ import annotations

from typing import Final

from filmgate.domain import Character, Operation
from filmgate.errors import InvalidType, InvalidValue, MissingParameter
from filmgate.wire.create import read_parameter
from filmgate.wire.objects import CharacterObject
from filmgate.wire.params import (
    CharacterParams,
    Fields,
    FileId,
    FormText,
    RevisionParams,
    Upload,
    VideoId,
    VideoReference,
)
from filmgate.wire.readers import (
    json_type_of,
    read_fields,
    read_keys,
    read_nonempty,
    read_reference,
    read_seconds,
    read_text,
)

__all__ = [
    "CHARACTER_NAME_MAX",
    "EXTENSION_SECONDS",
    "FILE_FIELDS",
    "parse_character",
    "parse_edit",
    "parse_extension",
    "parse_remix",
    "render_character",
]

FILE_FIELDS: Final = frozenset({"video"})
"""Form parts that are files, with or without a filename."""

EXTENSION_SECONDS: Final = (4, 8, 12, 16, 20)
"""Seconds that an extension may add."""

CHARACTER_NAME_MAX: Final = 80
"""Maximum characters of a character's name."""


def parse_remix(fields: Fields, video_id: str) -> RevisionParams:
    """Return the parameters of ``POST /videos/{id}/remix``.

    Raises:
        RequestError: as :func:`filmgate.wire.create.parse` does.
    """
    read = read_fields(fields, {"prompt": read_text, "user": read_parameter}, ("prompt",))
    return RevisionParams(operation=Operation.REMIX, video=VideoId(video_id), **read)


def parse_edit(fields: Fields) -> RevisionParams:
    """Return the parameters of ``POST /videos/edits``.

    Raises:
        RequestError: as :func:`filmgate.wire.create.parse` does.
    """
    readers = {"prompt": read_text, "video": _video_reference, "model": read_text, "user": read_parameter}
    return RevisionParams(operation=Operation.EDIT, **read_fields(fields, readers, ("prompt", "video")))


def parse_extension(fields: Fields) -> RevisionParams:
    """Return the parameters of ``POST /videos/extensions``.

    Raises:
        RequestError: as :func:`filmgate.wire.create.parse` does; or the new segment's length is not supported.
    """
    readers = {
        "prompt": read_text,
        "video": _video_reference,
        "model": read_text,
        "seconds": _extension_seconds,
        "user": read_parameter,
    }
    return RevisionParams(operation=Operation.EXTEND, **read_fields(fields, readers, ("prompt", "seconds", "video")))


def parse_character(fields: Fields) -> CharacterParams:
    """Return the parameters of ``POST /videos/characters``.

    Raises:
        RequestError: as :func:`filmgate.wire.create.parse` does; or the name is too long or blank.
    """
    return CharacterParams(**read_fields(fields, {"name": _name, "video": _character_video}, ("name", "video")))


def render_character(character: Character) -> CharacterObject:
    """Render the character as in the contract."""
    return CharacterObject(id=character.id, name=character.name, created_at=int(character.created_at))


def _video_reference(name: str, value: object) -> VideoReference | None:
    reference = read_reference(name, value)
    if reference is None or isinstance(reference, Upload):
        return reference
    keys = read_keys(name, reference, ("id", "file_id"))
    if len(keys) > 1:
        raise InvalidValue(f"Invalid '{name}': give exactly one of a file, 'id' and 'file_id'.", param=name)
    if "file_id" in keys:
        return FileId(read_nonempty(f"{name}.file_id", keys["file_id"]))
    if "id" not in keys:
        raise MissingParameter(f"{name}.id")
    return VideoId(read_nonempty(f"{name}.id", keys["id"]))


def _character_video(name: str, value: object) -> Upload | FileId | None:
    reference = read_reference(name, value) if isinstance(value, FormText | list | dict) else value
    if reference is None or isinstance(reference, Upload):
        return reference
    if not isinstance(reference, dict) or not reference.get("file_id"):
        raise InvalidType(name, "a file", json_type_of(reference))
    keys = read_keys(name, reference, ("file_id",))
    return FileId(read_nonempty(f"{name}.file_id", keys["file_id"]))


def _extension_seconds(name: str, value: object) -> int:
    seconds = read_seconds(name, value)
    if seconds not in map(str, EXTENSION_SECONDS):
        raise InvalidValue.unsupported(name, seconds, EXTENSION_SECONDS)
    return int(seconds)


def _name(name: str, value: object) -> str:
    text = read_text(name, value)
    if not text.strip() or len(text) > CHARACTER_NAME_MAX:
        raise InvalidValue(
            f"Invalid '{name}': expected 1 to {CHARACTER_NAME_MAX} characters, not only white space.", param=name
        )
    return text
