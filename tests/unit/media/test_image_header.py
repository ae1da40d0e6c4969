"""Image headers, read without an image library: type and size equal Pillow's."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from filmgate.domain import Size
from filmgate.media.image_header import read_header


def _saved(kind: str, size: tuple[int, int], mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 90).save(out, kind, **options)
    return out.getvalue()


CASES = {
    "png": _saved("PNG", (31, 17)),
    "grey png": _saved("PNG", (1, 300), "L"),
    "jpeg": _saved("JPEG", (31, 17)),
    "progressive jpeg": _saved("JPEG", (1280, 720), progressive=True),
    "jpeg with metadata": _saved("JPEG", (40, 30), exif=b"Exif\0\0" + bytes(60_000), icc_profile=bytes(200_000)),
    "lossy webp": _saved("WEBP", (33, 19)),
    "lossless webp": _saved("WEBP", (33, 19), lossless=True),
    "webp with alpha": _saved("WEBP", (300, 5), "RGBA"),
    "webp with metadata": _saved("WEBP", (16, 16), icc_profile=bytes(1000)),
}


@pytest.mark.parametrize("data", CASES.values(), ids=CASES.keys())
def test_type_and_size_equal_those_of_pillow(data: bytes) -> None:
    """This holds for each type and each notation of its size."""
    with Image.open(io.BytesIO(data)) as image:
        expected = (image.format or "").lower(), Size(*image.size)
    header = read_header(io.BytesIO(data))
    assert header is not None
    assert (header.type.lower(), header.size) == expected


@given(kind=st.sampled_from(["PNG", "JPEG", "WEBP"]), width=st.integers(1, 2000), height=st.integers(1, 9))
def test_any_size_is_read(kind: str, width: int, height: int) -> None:
    """The numbers are read in the right byte order."""
    header = read_header(io.BytesIO(_saved(kind, (width, height))))
    assert header is not None
    assert header.size == Size(width, height)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF....WAVE", b"text"])
def test_other_bytes_have_no_header(data: bytes) -> None:
    """Other and truncated files give None."""
    assert read_header(io.BytesIO(data)) is None


@given(data=st.binary(max_size=200), name=st.sampled_from(sorted(CASES)), cut=st.integers(0, 200))
def test_damage_never_raises(data: bytes, name: str, cut: int) -> None:
    """A damaged header gives a size or None."""
    header = read_header(io.BytesIO(CASES[name][:cut] + data))
    assert header is None or header.size.width > 0
