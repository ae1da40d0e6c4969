"""Single values of an upstream's response: parsed, or None."""

from __future__ import annotations

import json

import pytest

from filmgate.wire.upstream import parsing


@pytest.mark.parametrize(
    ("value", "percent"),
    [
        (45, 45.0),
        (45.5, 45.5),
        ("45%", 45.0),
        (" 45 % ", 45.0),
        ("45", 45.0),
        (".5", 0.5),
        (250, 100.0),
        (-5, 0.0),
        ("-5%", 0.0),
        (10**400, None),
        (float("nan"), None),
        (float("inf"), None),
        (None, None),
        (True, None),
        ("", None),
        ("soon", None),
        ("4" * 500, None),
        ("nan", None),
        ("1e3", None),
        ([45], None),
        ({"value": 45}, None),
    ],
)
def test_progress_is_read_in_any_shape(value: object, percent: float | None) -> None:
    """A number between 0 and 100, or None."""
    assert parsing.parse_percent(value) == percent


@pytest.mark.parametrize("value", ["video_1", "x" * 256, "abc:channel1547", "a.b~c", "cgt-2026", "%2e", "q?x#y"])
def test_an_opaque_id_is_kept_unchanged(value: str) -> None:
    """Its characters have no meaning here."""
    assert parsing.parse_id(value) == value


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        True,
        "",
        "..",
        ".",
        "../x",
        "a..b",
        "a/b",
        "a\\b",
        "a b",
        "a\nb",
        "a\x00b",
        "vidéo",
        "x" * 257,
        "x" * 10_000_000,
        ["video_1"],
        {"id": "video_1"},
    ],
)
def test_an_id_that_can_not_be_in_a_path_is_none(value: object) -> None:
    """It must be safe in our requests and in every file system."""
    assert parsing.parse_id(value) is None


@pytest.mark.parametrize("value", ["in_progress", "IN_PROGRESS", "In Progress", "in-progress", " in_progress\n"])
def test_a_status_has_one_spelling(value: str) -> None:
    """Case, blanks and hyphens do not matter."""
    assert parsing.normalize_status(value) == "in_progress"


@pytest.mark.parametrize("value", [None, 2, 2.0, True, ["queued"], {}, "x" * 1000])
def test_a_status_that_is_no_text_is_none(value: object) -> None:
    """Nothing is guessed from a number."""
    assert parsing.normalize_status(value) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"7",
        b'"x"',
        b"[]",
        b"<html>",
        b'{"a":',
        b"\xff\xfe{}",
        b'{"a":' * 100_000,
        b"[" * 3_000_000,
        b'{"a": "' + b"x" * parsing.MAX_BODY_BYTES + b'"}',
        b'{"a": 1' + b"0" * 10_000 + b"}",
    ],
)
def test_a_body_that_is_no_object_is_none(body: bytes) -> None:
    """Cut off, too deep, too long, or something else: no exception is raised."""
    assert parsing.parse_object(body) is None


def test_an_object_may_have_a_byte_order_mark_nan_and_duplicates() -> None:
    """None of them is a reason to lose a job."""
    assert parsing.parse_object(b'\xef\xbb\xbf{"a": 1, "a": 2}') == {"a": 2}
    assert parsing.parse_object(json.dumps({"id": "x", "progress": float("nan")}).encode()) is not None


_DATE = "Thu, 01 Jan 2026 00:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"RETRY-AFTER": "-3"}, 0.0),
        ({"Retry-After": "999999999"}, 86_400.0),
        ({"retry-after-ms": "1500", "Retry-After": "9"}, 1.5),
        ({"retry-after-ms": "soon", "Retry-After": "9"}, 9.0),
        ({"Retry-After": "Thu, 01 Jan 2026 00:01:00 GMT", "Date": _DATE}, 60.0),
        ({"Retry-After": "Thursday, 01-Jan-26 00:01:00 GMT", "Date": _DATE}, 60.0),
        ({"Retry-After": "Wed, 31 Dec 2025 00:00:00 GMT", "Date": _DATE}, 0.0),
        ({"Retry-After": "Thu, 01 Jan 2026 00:01:00 GMT"}, None),
        ({"Retry-After": "Thu, 01 Jan 2026 00:01:00 GMT", "Date": "today"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "1m30s"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"Retry-After": "Fri, 99 Foo 9999 99:99:99 GMT", "Date": _DATE}, None),
        ({}, None),
    ],
)
def test_every_form_of_retry_after_is_read(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds, dates by the response's own clock; garbage is None."""
    assert parsing.retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("https://cdn.example/a%2Fb?x=1&y=%20", "https://cdn.example/a%2Fb?x=1&y=%20"),
        ("http://127.0.0.1/video", "http://127.0.0.1/video"),
        ("ftp://cdn.example/", None),
        ("/videos/1.mp4", None),
        ("https://cdn.example/a b", None),
        ("https://cdn.example/\n", None),
        ("https://cdn.example/" + "x" * 9000, None),
        (None, None),
        (7, None),
    ],
)
def test_a_url_is_kept_as_it_is_spelled(value: object, url: str | None) -> None:
    """A signature may depend on its spelling; the URL guard decides whether it may be fetched."""
    assert parsing.parse_web_url(value) == url
