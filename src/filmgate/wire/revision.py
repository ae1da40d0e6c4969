"""Parses the requests about an existing video (remix, edit, extension) and about a character.

The fields are the contract's in every dialect; the dialect decides how the response is spelled.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from filmgate.domain import Character, Operation
from filmgate.errors import InvalidType, InvalidValue, MissingParameter, UnknownParameter, shorten
from filmgate.wire import create
from filmgate.wire.objects import CharacterObject
from filmgate.wire.params import CharacterParams, Fields, RevisionParams, Upload, VideoId, VideoReference

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
    read = _read_fields(fields, {"prompt": create.read_text}, ("prompt",))
    return RevisionParams(operation=Operation.REMIX, video=VideoId(video_id), **read)


def parse_edit(fields: Fields) -> RevisionParams:
    """Return the parameters of ``POST /videos/edits``.

    Raises:
        RequestError: as :func:`filmgate.wire.create.parse` does.
    """
    readers = {"prompt": create.read_text, "video": _video_reference, "model": create.read_text}
    return RevisionParams(operation=Operation.EDIT, **_read_fields(fields, readers, ("prompt", "video")))


def parse_extension(fields: Fields) -> RevisionParams:
    """Return the parameters of ``POST /videos/extensions``.

    Raises:
        RequestError: as :func:`filmgate.wire.create.parse` does; or the new segment's length is not supported.
    """
    readers = {
        "prompt": create.read_text,
        "video": _video_reference,
        "model": create.read_text,
        "seconds": _extension_seconds,
    }
    return RevisionParams(operation=Operation.EXTEND, **_read_fields(fields, readers, ("prompt", "seconds", "video")))


def parse_character(fields: Fields) -> CharacterParams:
    """Return the parameters of ``POST /videos/characters``.

    Raises:
        RequestError: as :func:`filmgate.wire.create.parse` does; or the name is too long or blank.
    """
    return CharacterParams(**_read_fields(fields, {"name": _name, "video": _upload}, ("name", "video")))


def render_character(character: Character) -> CharacterObject:
    """Render the character as in the contract."""
    return CharacterObject(id=character.id, name=character.name, created_at=int(character.created_at))


def _read_fields(
    fields: Fields, readers: Mapping[str, Callable[[str, object], object]], required: Collection[str]
) -> dict[str, Any]:
    for name in fields:
        if name not in readers:
            raise UnknownParameter(shorten(name))
    for name in required:
        if fields.get(name) is None:
            raise MissingParameter(name)
    return {name: readers[name](name, value) for name, value in fields.items() if value is not None}


def _video_reference(name: str, value: object) -> VideoReference:
    if isinstance(value, Upload):
        return value
    if not isinstance(value, dict):
        raise InvalidType(name, "a file", create.json_type_of(value))
    for key in value:
        if key != "id":
            raise UnknownParameter(f"{name}.{shorten(key)}")
    if value.get("id") is None:
        raise MissingParameter(f"{name}.id")
    return VideoId(create.read_nonempty(f"{name}.id", value["id"]))


def _upload(name: str, value: object) -> Upload:
    if not isinstance(value, Upload):
        raise InvalidType(name, "a file", create.json_type_of(value))
    return value


def _extension_seconds(name: str, value: object) -> int:
    seconds = create.read_seconds(name, value)
    if seconds not in map(str, EXTENSION_SECONDS):
        raise InvalidValue.unsupported(name, seconds, EXTENSION_SECONDS)
    return int(seconds)


def _name(name: str, value: object) -> str:
    text = create.read_text(name, value)
    if not text.strip() or len(text) > CHARACTER_NAME_MAX:
        raise InvalidValue(
            f"Invalid '{name}': expected 1 to {CHARACTER_NAME_MAX} characters, not only white space.", param=name
        )
    return text
