"""Decodes both encodings of a request body to one mapping of fields: strict JSON, and forms with bracket names.

A body that can't be decoded raises a ``RequestError``; a field that can't be becomes ``Unreadable``. The other fields
have no duplicate, no NaN, no NUL and no lone surrogate, and are at most ``MAX_DEPTH`` deep.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NoReturn, cast

from filmgate.errors import InvalidValue, MalformedBody, RequestError, shorten
from filmgate.wire.long_texts import cut_data_urls
from filmgate.wire.params import Fields, FieldValue, FormList, FormObject, FormText, Unreadable, Upload

__all__ = ["MAX_DEPTH", "MAX_FORM_PARTS", "check", "from_form", "from_json", "from_json_text"]

MAX_DEPTH = 32
"""Maximum nesting of values, the body itself included."""

MAX_FORM_PARTS = 1_000
"""Maximum parts of a form."""

MAX_JSON_SEPARATORS = 100_000
"""Maximum brackets and commas of a JSON body, those in its texts included: bounds what decoding it can allocate."""

MAX_JSON_STRINGS = 20_000
"""Maximum keys and texts of a JSON body: each key costs a microsecond."""

MAX_NUMBER_LENGTH = 40
"""Maximum length of a number, in characters."""

MAX_NAME_LENGTH = 200
"""Maximum length of a form field's name, in characters."""

MAX_KEYS = 2
"""Maximum keys in a form field's name: ``characters[0][id]``."""


def from_json(body: bytes) -> Fields:
    """Return the fields of a JSON body; one that holds a NUL or half of a surrogate pair is ``Unreadable``.

    Raises:
        MalformedBody: it is no JSON object, or holds what no sane client sends (a key twice, NaN, a depth of 100).
        BodyTooLarge: it has more than 4 MiB beside its data URLs.
    """
    short_body, put_back = cut_data_urls(body)
    try:
        value = put_back(_decode(_utf8_text(short_body)))
        if not isinstance(value, dict):
            _reject(f"an object is expected, not {_json_type(value)}")
        return dict(_checked(name, field) for name, field in value.items())
    except _NotJson as reason:
        message = f"We could not parse the JSON body of your request: {reason}."
        raise MalformedBody(message, param=reason.key) from reason


def from_json_text(name: str, text: str) -> object:
    """Return the value that a field of a form gives as JSON, as strictly as a body.

    Raises:
        MalformedBody: it is no JSON.
        InvalidValue: a text in it holds a NUL or half of a surrogate pair.
    """
    try:
        value = _decode(text)
        _check_field(name, value)
    except _NotJson as reason:
        raise MalformedBody(f"We could not parse the JSON of '{name}': {reason}.", param=name) from reason
    return value


def from_form(pairs: Sequence[tuple[str, str | Upload | Unreadable]]) -> Fields:
    """Return the fields of a form, from its parts in their order; see ``_parse_name`` for the names.

    A field is ``Unreadable`` if it is repeated or given in two notations, if its name can't be read, or if a text of
    it holds a NUL or half of a surrogate pair.

    Raises:
        MalformedBody: a part has no name, or there are too many.
    """
    if len(pairs) > MAX_FORM_PARTS:
        raise MalformedBody(f"The form has {len(pairs)} parts; at most {MAX_FORM_PARTS} are accepted.")
    fields = FormObject()
    for name, value in pairs:
        head, problem = _printable_name(_head(name)), value if isinstance(value, Unreadable) else None
        try:
            _check_field(head, [name, value])
            if problem is None and not isinstance(fields.get(head), Unreadable):
                _insert(fields, _parse_name(name), FormText(value) if isinstance(value, str) else value, name)
        except RequestError as error:
            problem = Unreadable(error)
        if problem is not None:
            fields[head] = problem
    return cast("Fields", fields)


def check(fields: Mapping[str, object]) -> None:
    """Raise the error of the first field that can't be read: for a request whose unknown fields are ignored."""
    for value in fields.values():
        if isinstance(value, Unreadable):
            raise value.error


# ---- JSON


def _utf8_text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        _reject("it is not UTF-8")


def _decode(text: str) -> object:
    strings = (text.count('"') - text.count('\\"')) // 2
    if strings > MAX_JSON_STRINGS or sum(map(text.count, "[{,")) > MAX_JSON_SEPARATORS:
        _reject("it holds too many values")
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        _reject(f"{error.msg} at line {error.lineno}, column {error.colno}")
    except RecursionError:
        _reject("it is nested too deeply")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    decoded = dict(pairs)
    if len(decoded) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                _reject(f"'{_printable_name(key)}' appears twice", key=_printable_name(key))
            seen.add(key)
    return decoded


def _integer(text: str) -> int:
    if len(text) > MAX_NUMBER_LENGTH:
        _reject(f"a number has {len(text)} digits")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        _reject(f"the number {shorten(text)} is too large")
    return value


def _constant(text: str) -> NoReturn:
    _reject(f"{text} is no JSON")


class _NotJson(Exception):
    """Why a text is not accepted as JSON."""

    def __init__(self, reason: str, key: str | None = None) -> None:
        self.key = key  # a key that appears twice
        super().__init__(reason)


def _reject(reason: str, key: str | None = None) -> NoReturn:
    raise _NotJson(reason, key)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)

# Characters that an HTTP message can carry but no text may hold: they can't be stored, encoded or printed.
_UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")


def _checked(name: str, value: FieldValue) -> tuple[str, FieldValue]:
    try:
        _check_field(name, value)
    except InvalidValue as error:
        return _printable_name(name), Unreadable(error)
    return name, value


def _check_field(field: str, value: object) -> None:
    """Reject texts that can't be stored or printed, and nesting beyond ``MAX_DEPTH``, anywhere below a field."""
    for text in (field, *_texts(value, MAX_DEPTH - 1)):
        is_plain = text.isascii() and "\x00" not in text  # a hundred times as fast as the pattern, for long data URLs
        if not is_plain and _UNPRINTABLE.search(text):
            what = "a NUL character" if "\x00" in text else "half of a surrogate pair"
            raise InvalidValue(
                f"Invalid value for '{_printable_name(field)}': it holds {what}.", param=_printable_name(field)
            )


def _texts(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        if depth == 1:
            _reject("it is nested too deeply")
        if isinstance(value, dict):
            yield from value
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part, depth - 1)


def _printable_name(name: str) -> str:
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", shorten(name))


def _json_type(value: object) -> str:
    return {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}.get(type(value), "a number")


# ---- forms

_HEAD = re.compile(r"[^\[\].{}]+")
_KEYS = re.compile(r"\[([^\[\]]*)\]|\.([^\[\].]+)")


def _head(name: str) -> str:
    match = _HEAD.match(name)
    if match is None:
        _reject_name(name)
    return match[0]


def _parse_name(name: str) -> list[str]:
    """Split a name into the field and at most two keys; "" appends to an array.

    ``characters[][id]`` (OpenAI's SDKs, Rails), ``characters[0][id]`` (PHP, jQuery, axios), ``characters[0].id``
    (.NET), ``characters.0.id``, ``input_reference.image_url``, and axios' ``metadata{}``, whose value is JSON.
    """
    head = _head(name)
    rest = name[len(head) :].removesuffix("{}")
    found = list(_KEYS.finditer(rest)) if len(name) <= MAX_NAME_LENGTH else []
    keys = [match[1] or match[2] or "" for match in found]
    if len(name) > MAX_NAME_LENGTH or len(keys) > MAX_KEYS or "" in keys[1:] or "".join(m[0] for m in found) != rest:
        _reject_name(name)
    return [head, *keys]


def _reject_name(name: str) -> NoReturn:
    raise MalformedBody(f"The form has a field whose name can't be read: '{_printable_name(name)}'.")


def _insert(target: FormObject, path: list[str], value: object, name: str) -> None:
    head, *rest = path
    kind = (FormObject if rest[0] else FormList) if rest else None
    if target.get(head) == "":
        del target[head]  # an empty one is not given
    elif kind is None and head in target and value == "":
        return
    if head in target and (kind is None or not isinstance(target[head], kind)):
        _reject_repetition(target[head], kind, name)
    if kind is None:
        target[head] = value
    elif isinstance(inner := target.setdefault(head, kind()), FormObject):
        _insert(inner, rest, value, name)
    else:
        _append(cast("FormList", inner), rest[1:], value)


def _append(items: FormList, path: list[str], value: object) -> None:
    # A repeated key begins the next element.
    if not path:
        items.append(value)
        return
    last = items[-1] if items else None
    if not isinstance(last, FormObject) or path[0] in last:
        items.append(FormObject({path[0]: value}))
    else:
        last[path[0]] = value


def _reject_repetition(earlier: object, kind: type | None, name: str) -> NoReturn:
    text = _printable_name(name)
    if kind is None and not isinstance(earlier, FormObject | FormList):
        raise MalformedBody(f"The form holds '{text}' twice.", param=text)
    raise MalformedBody(f"The form gives '{_head(text)}' in two notations, the second as '{text}'.", param=_head(text))
