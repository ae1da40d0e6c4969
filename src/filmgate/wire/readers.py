"""Reads the fields of a request by a table of readers: one meaning of "not given", one order of errors, all spellings.

A reader gets a field's name and value and returns what the value means; None: it was not given after all. Values of
forms are marked (``FormText``, ``FormList``, ``FormObject``), for in a form only the reader knows their types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from types import UnionType
from typing import Any, Final

from filmgate.errors import (
    InvalidType,
    InvalidValue,
    MalformedBody,
    MissingParameter,
    RequestError,
    UnknownParameter,
    shorten,
)
from filmgate.wire import hints
from filmgate.wire.fields import from_json_text
from filmgate.wire.params import Fields, FormList, FormObject, FormText, Unreadable, Upload

__all__ = [
    "EMPTY_TEXTS",
    "Reader",
    "json_type_of",
    "read_array",
    "read_boolean",
    "read_fields",
    "read_integer",
    "read_keys",
    "read_nonempty",
    "read_number",
    "read_object",
    "read_reference",
    "read_seconds",
    "read_text",
    "whole_number",
]

Reader = Callable[[str, object], object]
"""Reads a value; raises a ``RequestError`` that names the field."""

NONEMPTY_MAX: Final = 512
"""Maximum length of an id, in characters."""

EMPTY_TEXTS: Final = frozenset({"prompt", "name"})
"""Fields whose empty text is a mistake that its reader or the catalogue tells; elsewhere it means: not given."""

_ERROR_ORDER: Final[tuple[tuple[type[RequestError], ...], ...]] = (
    (UnknownParameter,),
    (MissingParameter,),
    (InvalidType, MalformedBody),
    (RequestError,),
)
"""Which error of several is told: the first that has to be corrected."""


def read_fields(fields: Fields, readers: Mapping[str, Reader], required: Collection[str] = ()) -> dict[str, Any]:
    """Return what the given fields mean, by name; null, an empty text and an empty file part are not given.

    Raises:
        UnknownParameter: a field has no reader.
        MissingParameter: one of ``required`` is not given.
        RequestError: of the readers' errors an unknown key first, then a missing one, a wrong type, a wrong value;
            among equals that of the field that comes first in ``readers``.
    """
    for name in fields:
        if name not in readers:
            raise UnknownParameter(shorten(name), hints.suggest(shorten(name), readers))
    read, errors = dict[str, object](), list[RequestError]()
    for name in readers:
        try:
            read[name] = _read(readers[name], name, fields.get(name))
        except RequestError as error:
            errors.append(error)
    errors[:0] = [MissingParameter(name) for name in required if read.get(name, name) is None]
    if errors:
        raise min(errors, key=_error_rank)
    return {name: value for name, value in read.items() if value is not None}


def _read(reader: Reader, name: str, value: object) -> object:
    if isinstance(value, Unreadable):
        raise value.error
    is_given = value is not None and (value != "" or name in EMPTY_TEXTS)
    return reader(name, value) if is_given else None


def _error_rank(error: RequestError) -> int:
    return next(rank for rank, kinds in enumerate(_ERROR_ORDER) if isinstance(error, kinds))


# ---- texts and numbers


def read_text(name: str, value: object) -> str:
    """Read a string."""
    if not isinstance(value, str):
        raise InvalidType(name, "a string", json_type_of(value))
    return str(value)


def read_nonempty(name: str, value: object) -> str:
    """Read a short string that is not empty."""
    text = read_text(name, value)
    if not text or len(text) > NONEMPTY_MAX:
        raise InvalidValue(f"Invalid '{name}': expected 1 to {NONEMPTY_MAX} characters.", param=name)
    return text


_WHOLE_NUMBER = re.compile(r"\s*(-?\d+)(?:\.0+)?\s*", re.ASCII)

_MAX_DIGITS = 1_000
"""Longest text that is read as a number, in characters."""


def whole_number(value: object) -> int | None:
    """Return the integer that a number or a text stands for: 8, 8.0, "8" and " 8.0" are 8. None: it stands for none."""
    if isinstance(value, str) and len(value) <= _MAX_DIGITS and (match := _WHOLE_NUMBER.fullmatch(value)):
        return int(match[1])
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_integer(name: str, value: object, minimum: int, maximum: int) -> int:
    """Read an integer, in any spelling of :func:`whole_number`."""
    number = whole_number(value)
    if number is None:
        raise InvalidType(name, "an integer", json_type_of(value))
    if not minimum <= number <= maximum:
        raise InvalidValue(f"Invalid '{name}': expected an integer between {minimum} and {maximum}.", param=name)
    return number


_NUMBER = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*", re.ASCII)


def read_number(name: str, value: object, minimum: float, maximum: float) -> float:
    """Read a number or its text."""
    number = value
    if isinstance(value, str) and len(value) <= _MAX_DIGITS and (match := _NUMBER.fullmatch(value)):
        number = float(match[1])
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise InvalidType(name, "a number", json_type_of(value))
    if not minimum <= number <= maximum:
        raise InvalidValue(f"Invalid '{name}': expected a number between {minimum:g} and {maximum:g}.", param=name)
    return float(number)


def read_seconds(name: str, value: object) -> str:
    """Read a length as the contract's string of digits; what is no whole number is kept, and fits no model."""
    # Older SDKs send a number. The catalogue checks which lengths exist, and names them.
    number = whole_number(value)
    if number is not None:
        return str(number)
    if isinstance(value, bool) or not isinstance(value, float | str):
        raise InvalidType(name, "a string", json_type_of(value))
    return str(value)


_BOOLEANS: Final = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}
"""How JavaScript, Python, PHP and HTML forms spell a boolean."""


def read_boolean(name: str, value: object) -> bool:
    """Read a boolean or its text."""
    if isinstance(value, str) and (meant := _BOOLEANS.get(value[:8].lower())) is not None:
        return meant
    if not isinstance(value, bool):
        raise InvalidType(name, "a boolean", json_type_of(value))
    return value


# ---- objects and arrays


def read_object(name: str, value: object) -> dict[str, object]:
    """Read an object; in a form, its JSON text too."""
    value = _parsed_text(name, value)
    if not isinstance(value, dict):
        raise InvalidType(name, "an object", json_type_of(value))
    return value


def read_keys(name: str, value: dict[str, object], known: Collection[str]) -> dict[str, object]:
    """Return the given keys of an object; others than the known ones are rejected."""
    for key in value:
        if key not in known:
            raise UnknownParameter(f"{name}.{shorten(key)}", hints.suggest(shorten(key), known))
    return {key: part for key, part in value.items() if part is not None and part != ""}


def read_array(name: str, value: object) -> list[object]:
    """Read an array; in a form, ``name[]``, ``name[0]`` or its JSON text, without elements that are empty."""
    value = _parsed_text(name, value)
    if isinstance(value, FormObject):
        value = _by_index(name, value)
    if not isinstance(value, list):
        raise InvalidType(name, "an array", json_type_of(value))
    return [item for item in value if not _is_blank(item)] if isinstance(value, FormList) else value


def read_reference(name: str, value: object) -> Upload | dict[str, object] | None:
    """Read a file or an object that refers to one; in a form, an array of one is its element."""
    value = _only_element(name, value)
    if _is_blank(value):
        return None  # an HTML form's inputs that were left empty
    parsed = _parsed_text(name, value)
    if not isinstance(parsed, Upload | dict):
        raise InvalidType(name, "a file" if isinstance(parsed, FormText) else "an object", json_type_of(parsed))
    return parsed


def _only_element(name: str, value: object) -> object:
    is_indexed = isinstance(value, FormObject) and all(key.isdecimal() for key in value)
    if not (isinstance(value, FormList) or is_indexed):
        return value
    items = read_array(name, value)
    if len(items) > 1:
        raise InvalidValue(f"Invalid '{name}': expected one value, but the form has {len(items)}.", param=name)
    return items[0] if items else ""


def _parsed_text(name: str, value: object) -> object:
    if isinstance(value, FormText) and value[:32].lstrip().startswith(("{", "[")):
        return from_json_text(name, value)
    return value


def _by_index(name: str, value: FormObject) -> FormList:
    for key in value:
        if not key.isdecimal():
            raise InvalidType(name, "an array", f"the key '{shorten(key)}'")
    for index in map(str, range(len(value))):
        if index not in value:
            message = f"Invalid '{name}': the form has {len(value)} elements, but no '{name}[{index}]'."
            raise InvalidValue(message, param=name)
    return FormList(value[str(index)] for index in range(len(value)))


def _is_blank(value: object) -> bool:
    """Whether a form's value is empty all through: in a form an object exists only by the names of its keys."""
    if isinstance(value, FormObject):
        return all(map(_is_blank, value.values()))
    return all(map(_is_blank, value)) if isinstance(value, FormList) else value == ""


# ---- types

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
    if isinstance(value, Unreadable):
        raise value.error  # more to the point than its type
    return next((words for kind, words in _JSON_TYPES if isinstance(value, kind)), "null")
