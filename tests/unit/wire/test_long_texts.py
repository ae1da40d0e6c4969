"""Bodies of megabytes: data URLs pass around the decoder, and nothing else is that large."""

from __future__ import annotations

import json
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filmgate.errors import BodyTooLarge, MalformedBody
from filmgate.wire import fields, long_texts
from filmgate.wire.fields import from_json
from filmgate.wire.long_texts import MAX_JSON_BYTES

MEGABYTE = 1024 * 1024
URL = "data:image/png;base64," + "A+/b" * (MEGABYTE // 2)


@pytest.mark.parametrize("url", [URL, URL.upper(), URL * 2, URL + "é"[:0]])
@pytest.mark.parametrize("slash", ["/", "\\/"])
def test_a_data_url_is_not_decoded_as_json(url: str, slash: str) -> None:
    """The decoder sees a few hundred bytes; the value is the same, with escaped slashes too."""
    seen: list[int] = []

    def decode(text: str) -> object:
        seen.append(len(text))
        return json.loads(text)

    request = {"prompt": 'a "dog"', "input_reference": {"image_url": url}, "tail": [url, "x"]}
    body = json.dumps(request).replace("/", slash).encode()
    with patch.object(fields, "_decode", decode):
        assert from_json(body) == request
    assert max(seen) < 1000


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"prompt": "a" * 20 * MEGABYTE}),
        json.dumps({"prompt": "data:" + "é" * 3 * MEGABYTE}, ensure_ascii=False),
        json.dumps({"prompt": "\n" * 5 * MEGABYTE}),
        '{"seed": ' + "1" * 20 * MEGABYTE + "}",
        '{"seed": ' + " " * 20 * MEGABYTE + "1}",
        json.dumps({"metadata": {f"k{number}": "v" * 900 for number in range(10_000)}}),
    ],
    ids=lambda body: body[:12],
)
def test_everything_else_is_small(body: str) -> None:
    """More than 4 MiB beside data URLs is refused before anything is decoded."""
    with patch.object(fields, "_decode", side_effect=AssertionError), pytest.raises(BodyTooLarge):
        from_json(body.encode())


@pytest.mark.parametrize(
    "body",
    [
        b"{" + b",".join(b'"k%d":1' % number for number in range(30_000)) + b"}",
        b'{"a":[' + b",".join([b"1"] * 120_000) + b"]}",
        b'{"a":' + b"[" * 120_000,
        b'{"prompt":"' + b"A" * MEGABYTE,
    ],
    ids=["keys", "numbers", "brackets", "no end"],
)
def test_many_values_are_refused(body: bytes) -> None:
    """Counted, before they are made."""
    with pytest.raises(MalformedBody):
        from_json(body)


@given(
    st.recursive(
        st.one_of(st.integers(), st.text(max_size=3), st.sampled_from([URL, "data:" + "x" * 200_000, 'q"' * 99_999])),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=3,
    ),
    st.booleans(),
)
def test_the_values_are_those_of_json(value: object, ensure_ascii: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever surrounds a data URL, quotes and escapes included."""
    text = json.dumps({"a": value, "b": "\\"}, ensure_ascii=ensure_ascii)
    short, put_back = long_texts.cut_data_urls(text.encode())
    assert len(short) <= MAX_JSON_BYTES
    assert put_back(json.loads(short)) == json.loads(text)
