"""Decodes both encodings of a request body to one mapping of fields: strict JSON, and forms with bracket names.

Every mistake of a client here raises a ``RequestError``; the result has no duplicate, no NaN, no NUL and no lone
surrogate, and is at most ``MAX_DEPTH`` deep.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import NoReturn, cast

from filmgate.errors import InvalidValue, MalformedBody, shorten
from filmgate.wire.params import Fields, FieldValue, Upload

__all__ = ["MAX_DEPTH", "MAX_FORM_PARTS", "from_form", "from_json"]

MAX_DEPTH = 32
"""Maximum nesting of values, the body itself included."""

MAX_FORM_PARTS = 1_000
"""Maximum parts of a form."""

MAX_JSON_SEPARATORS = 200_000
"""Maximum brackets and commas of a JSON body: bounds what decoding it can allocate."""

MAX_NUMBER_LENGTH = 40
"""Maximum length of a number, in characters."""

MAX_NAME_LENGTH = 200
"""Maximum length of a form field's name, in characters."""


def from_json(body: bytes) -> Fields:
    """Return the fields of a JSON body.

    Raises:
        MalformedBody: it is no JSON object, or holds what no sane client sends (a key twice, NaN, a depth of 100).
        InvalidValue: a text holds a NUL or half of a surrogate pair.
    """
    if sum(map(body.count, (b"[", b"{", b","))) > MAX_JSON_SEPARATORS:
        _reject_json("it holds too many values")
    try:
        value = _DECODER.decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        _reject_json("it is not UTF-8")
    except json.JSONDecodeError as error:
        _reject_json(f"{error.msg} at line {error.lineno}, column {error.colno}")
    except RecursionError:
        _reject_json("it is nested too deeply")
    if not isinstance(value, dict):
        _reject_json(f"an object is expected, not {_json_type(value)}")
    for name, field in value.items():
        _check_field(name, field)
    return cast("Fields", value)


def from_form(pairs: Sequence[tuple[str, str | Upload]]) -> Fields:
    """Return the fields of a form, from its parts in their order.

    Names follow the official SDKs: ``prompt``, ``input_reference[image_url]``, ``metadata[k]``, ``name[]`` and
    ``characters[][id]``, where a repeated key begins the next element.

    Raises:
        MalformedBody: a field is repeated, a name can't be read, or there are too many parts.
        InvalidValue: a text holds a NUL or half of a surrogate pair.
    """
    if len(pairs) > MAX_FORM_PARTS:
        raise MalformedBody(f"The form has {len(pairs)} parts; at most {MAX_FORM_PARTS} are accepted.")
    fields: dict[str, FieldValue] = {}
    for name, value in pairs:
        head, *rest = _parse_name(name)
        _check_field(head, value)
        _insert(cast("dict[str, object]", fields), [head, *rest], value, name)
    return fields


# ---- JSON


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    decoded = dict(pairs)
    if len(decoded) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                _reject_json(f"'{_printable_name(key)}' appears twice", param=_printable_name(key))
            seen.add(key)
    return decoded


def _integer(text: str) -> int:
    if len(text) > MAX_NUMBER_LENGTH:
        _reject_json(f"a number has {len(text)} digits")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        _reject_json(f"the number {shorten(text)} is too large")
    return value


def _constant(text: str) -> NoReturn:
    _reject_json(f"{text} is no JSON")


def _reject_json(reason: str, param: str | None = None) -> NoReturn:
    raise MalformedBody(f"We could not parse the JSON body of your request: {reason}.", param=param)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)

# Characters that an HTTP message can carry but no text may hold: they can't be stored, encoded or printed.
_UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")


def _check_field(field: str, value: object) -> None:
    """Reject texts that can't be stored or printed, and nesting beyond ``MAX_DEPTH``, anywhere below a field."""
    for text in (field, *_texts(value, MAX_DEPTH - 1)):
        if _UNPRINTABLE.search(text):
            what = "a NUL character" if "\x00" in text else "half of a surrogate pair"
            raise InvalidValue(
                f"Invalid value for '{_printable_name(field)}': it holds {what}.", param=_printable_name(field)
            )


def _texts(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        if depth == 1:
            _reject_json("it is nested too deeply")
        if isinstance(value, dict):
            yield from value
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part, depth - 1)


def _printable_name(name: str) -> str:
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", shorten(name))


def _json_type(value: object) -> str:
    return {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}.get(type(value), "a number")


# ---- forms

_BRACKETS = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\]){0,2})")


def _parse_name(name: str) -> list[str]:
    """Split ``characters[][id]`` into ``["characters", "", "id"]``."""
    match = _BRACKETS.fullmatch(name) if len(name) <= MAX_NAME_LENGTH else None
    if match is None or match[2].endswith("[][]") or (match[2].endswith("[]") and match[2] != "[]"):
        raise MalformedBody(f"The form has a field whose name can't be read: '{_printable_name(name)}'.")
    return [match[1], *match[2][1:-1].split("][")] if match[2] else [match[1]]


def _insert(target: dict[str, object], path: list[str], value: object, name: str) -> None:
    head, *rest = path
    if not rest:
        if head in target:
            _reject_duplicate(name)
        target[head] = value
    elif rest[0]:
        inner = target.setdefault(head, {})
        if not isinstance(inner, dict):
            _reject_duplicate(name)
        _insert(inner, rest, value, name)
    else:
        items = target.setdefault(head, [])
        if not isinstance(items, list):
            _reject_duplicate(name)
        _append(items, rest[1:], value)


def _append(items: list[object], path: list[str], value: object) -> None:
    if not path:
        items.append(value)
        return
    last = items[-1] if items else None
    if not isinstance(last, dict) or path[0] in last:
        items.append({path[0]: value})
    else:
        last[path[0]] = value


def _reject_duplicate(name: str) -> NoReturn:
    raise MalformedBody(f"The form holds '{_printable_name(name)}' twice.", param=_printable_name(name))
