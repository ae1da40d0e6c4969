"""Parses create requests: one reader per field, which names its field in errors.

``parse`` follows the contract (the ``openai`` dialect); other dialects parse the same fields and require more of
them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from types import UnionType
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from filmgate.domain import Fit
from filmgate.errors import InvalidType, InvalidValue, MissingParameter, UnknownParameter, shorten
from filmgate.wire.params import CreateParams, Fields, FileId, ImageReference, ImageUrl, Upload

__all__ = [
    "CHARACTERS_MAX",
    "FIELD_READERS",
    "SEED_MAX",
    "json_type_of",
    "parse",
    "read_nonempty",
    "read_seconds",
    "read_text",
]

SEED_MAX: Final = 2**63 - 1
"""The largest seed."""

CHARACTERS_MAX: Final = 2
"""Maximum number of characters that a video may show."""

IMAGE_URL_MAX: Final = 20_971_520
"""Maximum length of an image URL, in characters; data URLs get this long."""

CALLBACK_URL_MAX: Final = 2_048
"""Maximum length of a callback URL, in characters."""

METADATA_PAIRS_MAX, METADATA_KEY_MAX, METADATA_VALUE_MAX = 16, 64, 512
"""Maximum pairs of metadata, and maximum length of a key and of a value, in characters."""


def parse(fields: Fields, required: Collection[str] = ("prompt",)) -> CreateParams:
    """Return the parameters of a create request; a null counts as absent.

    Raises:
        UnknownParameter: a field, or a key of ``input_reference`` or ``characters``, does not exist.
        MissingParameter: one of ``required`` is absent.
        InvalidType: a value has the wrong type.
        InvalidValue: no model accepts a value.
    """
    for name in fields:
        if name not in FIELD_READERS:
            raise UnknownParameter(shorten(name))
    for name in required:
        if fields.get(name) is None:
            raise MissingParameter(name)
    read: dict[str, Any] = {
        name: FIELD_READERS[name](name, value) for name, value in fields.items() if value is not None
    }
    return CreateParams(**read)


# ---- one reader per field


def read_text(name: str, value: object) -> str:
    """Read a string."""
    return _require_type(name, value, str, "a string")


def read_seconds(name: str, value: object) -> str:
    """Read a length, as digits or as a number."""
    # Older SDKs send a number; the contract has a string. The catalogue checks which lengths exist.
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise InvalidType(name, "a string", json_type_of(value))
    return str(value)


def _reference(name: str, value: object) -> ImageReference:
    if isinstance(value, Upload):
        return value
    if not isinstance(value, dict):
        raise InvalidType(name, "a file", json_type_of(value))
    keys = _known_keys(name, value, ("image_url", "file_id"))
    if len(keys) != 1:
        raise InvalidValue(f"Invalid '{name}': give exactly one of a file, 'image_url' and 'file_id'.", param=name)
    if "file_id" in keys:
        return FileId(read_nonempty(f"{name}.file_id", keys["file_id"]))
    return ImageUrl(_image_url(f"{name}.image_url", keys["image_url"]))


def _image_url(name: str, value: object) -> str:
    url = _check_length(name, read_text(name, value), IMAGE_URL_MAX)
    if url[:11].lower().startswith("data:image/"):
        return url
    return _web_url(name, url, "an http(s) URL or a data URL of an image")


def _characters(name: str, value: object) -> tuple[str, ...]:
    items = _require_type(name, value, list, "an array")
    if len(items) > CHARACTERS_MAX:
        raise InvalidValue(
            f"Invalid '{name}': array too long. Expected an array with maximum length {CHARACTERS_MAX}, "
            f"but got an array with length {len(items)} instead.",
            param=name,
        )
    return tuple(_character(f"{name}[{index}]", item) for index, item in enumerate(items))


def _character(name: str, value: object) -> str:
    keys = _known_keys(name, _require_type(name, value, dict, "an object"), ("id",))
    if "id" not in keys:
        raise MissingParameter(f"{name}.id")
    return read_nonempty(f"{name}.id", keys["id"])


def _seed(name: str, value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value) if len(value) <= len(str(SEED_MAX)) else SEED_MAX + 1
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON has one kind of number: 7.0 is an integer
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidType(name, "an integer", json_type_of(value))
    if not 0 <= value <= SEED_MAX:
        raise InvalidValue(f"Invalid '{name}': expected an integer between 0 and {SEED_MAX}.", param=name)
    return value


def _fit(name: str, value: object) -> Fit:
    text = read_text(name, value)
    if text not in list(Fit):
        raise InvalidValue.unsupported(name, text, list(Fit))
    return Fit(text)


def _callback_url(name: str, value: object) -> str:
    return _web_url(name, _check_length(name, read_text(name, value), CALLBACK_URL_MAX), "an http(s) URL")


def _metadata(name: str, value: object) -> dict[str, str]:
    pairs = _require_type(name, value, dict, "an object")
    if len(pairs) > METADATA_PAIRS_MAX:
        raise InvalidValue(
            f"Invalid '{name}': at most {METADATA_PAIRS_MAX} pairs are accepted, not {len(pairs)}.", param=name
        )
    for key, text in pairs.items():
        if not 1 <= len(key) <= METADATA_KEY_MAX:
            raise InvalidValue(f"Invalid '{name}': a key has 1 to {METADATA_KEY_MAX} characters.", param=name)
        _check_length(f"{name}.{key}", read_text(f"{name}.{key}", text), METADATA_VALUE_MAX)
    return pairs


FIELD_READERS: Final[dict[str, Callable[[str, object], object]]] = {
    "prompt": read_text,
    "model": read_text,
    "seconds": read_seconds,
    "size": read_text,
    "input_reference": _reference,
    "characters": _characters,
    "seed": _seed,
    "fit": _fit,
    "callback_url": _callback_url,
    "metadata": _metadata,
}
"""The reader of every field of a create request."""


# ---- shared by the readers

_T = TypeVar("_T")

_JSON_TYPES: Final[tuple[tuple[type | UnionType, str], ...]] = (
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a number"),
    (str, "a string"),
    (list, "an array"),
    (dict, "an object"),
    (Upload, "a file"),
)


def json_type_of(value: object) -> str:
    """Return the JSON type of a value, as error messages name it."""
    return next((words for kind, words in _JSON_TYPES if isinstance(value, kind)), "null")


def _require_type(name: str, value: object, kind: type[_T], expected: str) -> _T:
    if not isinstance(value, kind):
        raise InvalidType(name, expected, json_type_of(value))
    return value


def _known_keys(name: str, value: dict[str, object], known: Collection[str]) -> dict[str, object]:
    for key in value:
        if key not in known:
            raise UnknownParameter(f"{name}.{shorten(key)}")
    return {key: part for key, part in value.items() if part is not None}


def read_nonempty(name: str, value: object) -> str:
    """Read a short string that is not empty."""
    text = read_text(name, value)
    if not text or len(text) > METADATA_VALUE_MAX:
        raise InvalidValue(f"Invalid '{name}': expected 1 to {METADATA_VALUE_MAX} characters.", param=name)
    return text


def _check_length(name: str, text: str, limit: int) -> str:
    if len(text) > limit:
        raise InvalidValue(
            f"Invalid '{name}': string too long. Expected a string with maximum length {limit}, "
            f"but got a string with length {len(text)} instead.",
            param=name,
        )
    return text


def _web_url(name: str, text: str, expected: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise InvalidValue(f"Invalid '{name}': expected {expected}.", param=name)
    return text
