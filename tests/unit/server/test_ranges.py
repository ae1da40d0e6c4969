"""Which byte range of a file a request gets."""

from __future__ import annotations

import pytest

from filmgate.errors import RangeNotSatisfiable
from filmgate.server.ranges import ByteRange, is_not_modified, select_range

ETAG = '"abc"'


@pytest.mark.parametrize(
    ("header", "byte_range"),
    [
        ("bytes=0-0", ByteRange(0, 1)),
        ("bytes=0-99", ByteRange(0, 100)),
        ("bytes=10-", ByteRange(10, 90)),
        ("bytes=90-1000000000000", ByteRange(90, 10)),
        ("bytes=-1", ByteRange(99, 1)),
        ("bytes=-500", ByteRange(0, 100)),
        ("BYTES = 1-2 ", ByteRange(1, 2)),
    ],
)
def test_a_single_range_is_selected(header: str, byte_range: ByteRange) -> None:
    """A range is clipped to the end of the file."""
    assert select_range(100, ETAG, header, None) == byte_range


@pytest.mark.parametrize(
    "header",
    [None, "", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=0-1,5-6", "bytes=a-b", "items=0-1", "bytes=٣-٤"],
)
def test_anything_but_a_single_range_selects_the_whole_file(header: str | None) -> None:
    """Several ranges, another unit and bad syntax are ignored, as RFC 9110 allows."""
    assert select_range(100, ETAG, header, None) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=999999999999999999-"])
def test_a_range_after_the_end_is_rejected(header: str) -> None:
    """A range without a single byte of the file can't be satisfied."""
    with pytest.raises(RangeNotSatisfiable):
        select_range(100, ETAG, header, None)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-5"])
def test_an_empty_file_has_no_ranges(header: str) -> None:
    """No range of an empty file can be satisfied."""
    with pytest.raises(RangeNotSatisfiable):
        select_range(0, ETAG, header, None)


@pytest.mark.parametrize(
    ("if_range", "byte_range"),
    [
        (ETAG, ByteRange(0, 5)),
        (f" {ETAG} ", ByteRange(0, 5)),
        ('W/"abc"', None),
        ('"xyz"', None),
        ("Sat, 21 Nov 2026", None),
    ],
)
def test_if_range_requires_the_strong_etag(if_range: str, byte_range: ByteRange | None) -> None:
    """A resumed download continues only if the file is certainly the same; else it gets the whole file again."""
    assert select_range(100, ETAG, "bytes=0-4", if_range) == byte_range


@pytest.mark.parametrize(
    ("header", "unchanged"),
    [(None, False), (ETAG, True), ("*", True), ('W/"abc"', True), ('"x", "abc"', True), ('"x"', False)],
)
def test_if_none_match_compares_etags(header: str | None, *, unchanged: bool) -> None:
    """A client that has this file gets no second copy."""
    assert is_not_modified(ETAG, header) is unchanged


def test_content_range_names_the_last_byte() -> None:
    """``Content-Range`` counts inclusively."""
    assert ByteRange(10, 5).content_range(100) == "bytes 10-14/100"
