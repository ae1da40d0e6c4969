"""Bodies to fields: every encoding that real clients send, and what hostile ones might."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from filmgate.errors import InvalidValue, MalformedBody, RequestError
from filmgate.wire.fields import MAX_FORM_PARTS, check, from_form, from_json
from filmgate.wire.params import Upload

UPLOAD = Upload(Path("staged"), 3, "00")


def test_plain_json_is_read() -> None:
    """Values keep their types: an int stays an int, an object stays an object."""
    body = (
        b'\xef\xbb\xbf{"prompt":"\\ud83d\\udc36 \xe7\x8b\x97","seconds":8,"input_reference":{"image_url":"x"},"a":null}'
    )
    assert from_json(body) == {"prompt": "🐶 狗", "seconds": 8, "input_reference": {"image_url": "x"}, "a": None}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "line 1, column 1"),
        (b"nonsense", "line 1, column 1"),
        (b'{"prompt":"x"', "line 1"),
        (b'{"prompt":"x"} {}', "Extra data"),
        (b'{"prompt":"x","prompt":"y"}', "'prompt' appears twice"),
        (b'{"m":{"k":1,"k":2}}', "'k' appears twice"),
        (b'{"seed":NaN}', "NaN is no JSON"),
        (b'{"seed":-Infinity}', "-Infinity is no JSON"),
        (b'{"seed":1e999}', "too large"),
        (b'{"seed":' + b"9" * 100_000 + b"}", "100000 digits"),
        (b'{"a":' * 10_000, "nested too deeply"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "nested too deeply"),
        (b"[" * 1_000_000, "too many values"),
        (b'{"a":[' + b"1," * 300_000 + b"1]}", "too many values"),
        (b"[]", "not an array"),
        (b'"text"', "not a string"),
        (b"null", "not null"),
        (b"12", "not a number"),
        (b"true", "not a boolean"),
        (b'{"prompt":"\xff"}', "not UTF-8"),
        (b'{"prompt":"\x00"}', "line 1"),
        ('{"prompt":"x"}'.encode("utf-16"), "not UTF-8"),
    ],
)
def test_malformed_json_is_rejected(body: bytes, reason: str) -> None:
    """The error is one sentence of bounded length."""
    with pytest.raises(MalformedBody) as caught:
        from_json(body)
    assert caught.value.message.startswith("We could not parse the JSON body of your request: ")
    assert reason in caught.value.message
    assert len(caught.value.message) < 250


@pytest.mark.parametrize(
    "body", [b'{"prompt":"a\\u0000b"}', b'{"prompt":"\\ud83d"}', b'{"prompt":{"a":["\\udc00"]}}', b'{"\\ud83d":1}']
)
def test_unprintable_text_in_json_is_rejected(body: bytes) -> None:
    """A NUL or half of a surrogate pair is an invalid value of its field, and the error itself can be encoded."""
    with pytest.raises(InvalidValue) as caught:
        check(from_json(body))
    assert caught.value.message.encode()
    assert (caught.value.param or "").encode()


@pytest.mark.parametrize(
    ("pairs", "fields"),
    [
        ([("prompt", "x"), ("seconds", "4")], {"prompt": "x", "seconds": "4"}),
        ([("input_reference", UPLOAD)], {"input_reference": UPLOAD}),
        ([("input_reference[image_url]", "u")], {"input_reference": {"image_url": "u"}}),
        ([("video[id]", "v")], {"video": {"id": "v"}}),
        ([("name[]", "a"), ("name[]", "b")], {"name": ["a", "b"]}),
        ([("characters[][id]", "a"), ("characters[][id]", "b")], {"characters": [{"id": "a"}, {"id": "b"}]}),
        ([("c[][id]", "a"), ("c[][n]", "1"), ("c[][id]", "b")], {"c": [{"id": "a", "n": "1"}, {"id": "b"}]}),
        ([("metadata[k]", "v"), ("metadata[id]", "w")], {"metadata": {"k": "v", "id": "w"}}),
        ([("a[b][c]", "x")], {"a": {"b": {"c": "x"}}}),
        (
            [("c[0][id]", "a"), ("c[1].id", "b"), ("c.2.id", "d")],
            {"c": {"0": {"id": "a"}, "1": {"id": "b"}, "2": {"id": "d"}}},
        ),
        ([("a.b", "x"), ("m[k.l]", "y"), ("n{}", "{}")], {"a": {"b": "x"}, "m": {"k.l": "y"}, "n": "{}"}),
        ([("a", ""), ("a", "x"), ("a", "")], {"a": "x"}),
        ([("a", ""), ("a[b]", ""), ("a[c]", "x"), ("a", "")], {"a": {"b": "", "c": "x"}}),
        ([], {}),
    ],
)
def test_bracket_names_are_read(pairs: list[tuple[str, str | Upload]], fields: dict[str, object]) -> None:
    """The names that official SDKs make of objects and arrays are decoded."""
    assert from_form(pairs) == fields


@pytest.mark.parametrize(
    "names",
    [
        ["prompt", "prompt"],
        ["a[b]", "a[b]"],
        ["a", "a[b]"],
        ["a[b]", "a"],
        ["a", "a[]"],
        ["a[]", "a[b]"],
        ["a[b]", "a[]"],
        ["a[]", "a"],
        ["", "b"],
        ["[]"],
        ["[a]"],
        ["a["],
        ["a]"],
        ["a[b]c"],
        ["a[[b]]"],
        ["a[][]"],
        ["a[b][]"],
        ["a[b][c][d]"],
        ["a.b.c.d"],
        ["a[0]", "a[]"],
        ["a.b", "a[b]"],
        ["a{}", "a"],
        ["a."],
        [".a"],
        ["a..b"],
        ["a{}b"],
        ["a" + "[b]" * 10_000],
        ["x" * 201],
    ],
)
def test_hostile_names_are_rejected(names: list[str]) -> None:
    """A repeated field, or a name that no client sends, is a clear 400."""
    with pytest.raises(MalformedBody) as caught:
        check(from_form([(name, "x") for name in names]))
    assert len(caught.value.message) < 250


def test_too_many_parts_are_rejected() -> None:
    """The form is rejected before anything is built from it."""
    with pytest.raises(MalformedBody, match="at most 1000 are accepted"):
        from_form([(f"f{number}", "x") for number in range(MAX_FORM_PARTS + 1)])


def test_a_nul_in_a_form_is_rejected() -> None:
    """A NUL in a text part is an invalid value of its field."""
    with pytest.raises(InvalidValue) as caught:
        check(from_form([("metadata[k]", "a\x00b")]))
    assert caught.value.param == "metadata"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(), max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON)
@example({"prompt": "\ud800"})
def test_any_json_is_parsed_or_rejected(value: object) -> None:
    """Any JSON gives fields or a request error."""
    with contextlib.suppress(RequestError):
        fields = from_json(json.dumps(value).encode())
        check(fields)
        assert json.dumps(fields, ensure_ascii=False).encode()


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_rejected(body: bytes) -> None:
    """Any bytes raise nothing but a request error."""
    with contextlib.suppress(RequestError):
        from_json(body)


NAMES = st.text(st.sampled_from("ab[]\x00\ud800é"), max_size=12) | st.sampled_from(["characters[][id]", "prompt"])


@given(st.lists(st.tuples(NAMES, st.text(st.characters(), max_size=5) | st.just(UPLOAD)), max_size=8))
def test_any_form_is_parsed_or_rejected(pairs: list[tuple[str, str | Upload]]) -> None:
    """Any names and values raise nothing but a request error, and it can be encoded."""
    try:
        check(from_form(pairs))
    except RequestError as error:
        error.message.encode()
