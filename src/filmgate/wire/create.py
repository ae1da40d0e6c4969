"""Parses create requests: one reader per field, which names its field in errors.

``parse`` follows the contract (the ``openai`` dialect); other dialects parse the same fields and require more of
them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import urlsplit

from filmgate.domain import PARAMETER_RANGES, EngineParameters, Fit
from filmgate.errors import InvalidValue, MissingParameter
from filmgate.wire.params import CreateParams, Fields, FileId, ImageReference, ImageUrl, Upload
from filmgate.wire.readers import (
    Reader,
    read_array,
    read_fields,
    read_integer,
    read_keys,
    read_nonempty,
    read_number,
    read_object,
    read_reference,
    read_seconds,
    read_text,
)

__all__ = [
    "CHARACTERS_MAX",
    "FIELD_READERS",
    "SEED_MAX",
    "parse",
    "read_parameter",
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


def parse(
    fields: Fields, required: Collection[str] = ("prompt",), readers: Mapping[str, Reader] | None = None
) -> CreateParams:
    """Return the parameters of a create request.

    Args:
        fields: of the request.
        required: the names of the fields that must be given.
        readers: a dialect's own, in place of those of ``FIELD_READERS`` with the same names.

    Raises:
        UnknownParameter: a field, or a key of ``input_reference`` or ``characters``, does not exist.
        MissingParameter: one of ``required`` is absent.
        InvalidType: a value has the wrong type.
        InvalidValue: no model accepts a value.
    """
    read = read_fields(fields, {**FIELD_READERS, **(readers or {})}, required)
    parameters = {name: read.pop(name) for name in PARAMETER_RANGES if name in read}
    return CreateParams(**read, parameters=EngineParameters(**parameters))


# ---- one reader per field


def _reference(name: str, value: object) -> ImageReference | None:
    reference = read_reference(name, value)
    if reference is None or isinstance(reference, Upload):
        return reference
    keys = read_keys(name, reference, ("image_url", "file_id"))
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
    items = read_array(name, value)
    if len(items) > CHARACTERS_MAX:
        raise InvalidValue(
            f"Invalid '{name}': array too long. Expected an array with maximum length {CHARACTERS_MAX}, "
            f"but got an array with length {len(items)} instead.",
            param=name,
        )
    return tuple(_character(f"{name}[{index}]", item) for index, item in enumerate(items))


def _character(name: str, value: object) -> str:
    keys = read_keys(name, read_object(name, value), ("id",))
    if "id" not in keys:
        raise MissingParameter(f"{name}.id")
    return read_nonempty(f"{name}.id", keys["id"])


def _seed(name: str, value: object) -> int:
    return read_integer(name, value, 0, SEED_MAX)


def read_parameter(name: str, value: object) -> float | str:
    """Read a parameter of ``PARAMETER_RANGES``; which ones a model takes is checked later."""
    limits = PARAMETER_RANGES[name]
    if limits.kind == "integer":
        return read_integer(name, value, int(limits.minimum), int(limits.maximum))
    if limits.kind == "number":
        return read_number(name, value, limits.minimum, limits.maximum)
    return _check_length(name, read_text(name, value), int(limits.maximum))


def _fit(name: str, value: object) -> Fit:
    text = read_text(name, value)
    if text not in list(Fit):
        raise InvalidValue.unsupported(name, text, list(Fit))
    return Fit(text)


def _callback_url(name: str, value: object) -> str:
    return _web_url(name, _check_length(name, read_text(name, value), CALLBACK_URL_MAX), "an http(s) URL")


def _metadata(name: str, value: object) -> dict[str, str]:
    pairs = {key: text for key, text in read_object(name, value).items() if text is not None}
    if len(pairs) > METADATA_PAIRS_MAX:
        raise InvalidValue(
            f"Invalid '{name}': at most {METADATA_PAIRS_MAX} pairs are accepted, not {len(pairs)}.", param=name
        )
    return {key: _metadata_text(name, key, text) for key, text in pairs.items()}


def _metadata_text(name: str, key: str, value: object) -> str:
    if not 1 <= len(key) <= METADATA_KEY_MAX:
        raise InvalidValue(f"Invalid '{name}': a key has 1 to {METADATA_KEY_MAX} characters.", param=name)
    return _check_length(f"{name}.{key}", read_text(f"{name}.{key}", value), METADATA_VALUE_MAX)


FIELD_READERS: Final[dict[str, Reader]] = {
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
    **dict.fromkeys(PARAMETER_RANGES, read_parameter),
}
"""The reader of every field of a create request."""


# ---- shared by the readers


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
