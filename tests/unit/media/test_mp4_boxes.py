"""Walking an MP4's boxes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filmgate.errors import BadArtifact
from filmgate.media.mp4_boxes import Box, is_faststart, walk, walk_video

if TYPE_CHECKING:
    from pathlib import Path


def _box(kind: bytes, content: bytes = b"", *, size: int | None = None) -> bytes:
    return struct.pack(">I4s", 8 + len(content) if size is None else size, kind) + content


def _large(kind: bytes, content: bytes = b"", *, size: int | None = None) -> bytes:
    return struct.pack(">I4sQ", 1, kind, 16 + len(content) if size is None else size) + content


def _walk(tmp_path: Path, data: bytes) -> list[Box]:
    path = tmp_path / "file"
    path.write_bytes(data)
    return walk(path)


def test_boxes_are_contiguous(tmp_path: Path) -> None:
    """Each starts where the one before ends, for every notation of its size."""
    data = _box(b"ftyp", b"isom") + _large(b"moov", b"12345") + _box(b"mdat", b"123", size=0)
    assert _walk(tmp_path, data) == [Box("ftyp", 0, 12), Box("moov", 12, 21), Box("mdat", 33, 11)]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\0\0\0\x08fty", "cut short"),
        (_box(b"ftyp") + b"\0\0", "cut short"),
        (_box(b"ftyp", b"isom")[:-1], "cut short"),
        (_large(b"mdat", b"data")[:12], "cut short"),
        (_large(b"mdat", b"data")[:-1], "cut short"),
        (_large(b"mdat", size=2**64 - 1), "cut short"),
        (_large(b"mdat", size=8), "smaller than its own header"),
        (_box(b"ftyp", size=7), "smaller than its own header"),
        (b"\x00\x01\x02\x03\x04\x05\x06\x07\x08", "no box at byte 0"),
        (_box(b"ftyp") + bytes(16), "no box at byte 8"),
        (_box(b"free") * 100_001, "too many"),
    ],
)
def test_an_incomplete_file_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    """Each way in which a file can fail to be a sequence of boxes has its own error text."""
    with pytest.raises(BadArtifact, match=words):
        _walk(tmp_path, data)


@given(data=st.binary(max_size=64))
def test_arbitrary_bytes_raise_only_bad_artifact(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """The result is either boxes that cover the file, or BadArtifact."""
    try:
        boxes = _walk(tmp_path_factory.getbasetemp(), data)
    except BadArtifact:
        return
    assert sum(box.size for box in boxes) == len(data)


def test_the_index_first_is_faststart(tmp_path: Path) -> None:
    """Only the order of moov and mdat counts."""
    ftyp, moov, mdat = _box(b"ftyp"), _box(b"moov"), _box(b"mdat")
    assert is_faststart(_walk(tmp_path, ftyp + moov + mdat))
    assert is_faststart(_walk(tmp_path, ftyp + moov))
    assert not is_faststart(_walk(tmp_path, ftyp + mdat + moov))
    assert not is_faststart(_walk(tmp_path, ftyp + mdat))


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        (["ftyp", "moov", "mdat"], None),
        (["ftyp", "mdat", "free", "moov"], None),
        (["free", "moov", "mdat"], "does not begin with its type"),
        (["ftyp", "mdat"], "no index"),
        (["ftyp", "moov", "moov", "mdat"], "more than one index"),
        (["ftyp", "moov"], "no data"),
    ],
)
def test_a_whole_video_has_a_type_one_index_and_data(tmp_path: Path, kinds: list[str], reason: str | None) -> None:
    """Server and SDK refuse a file that lacks one of them."""
    path = tmp_path / "file"
    path.write_bytes(b"".join(_box(kind.encode()) for kind in kinds))
    if reason is None:
        assert [box.kind for box in walk_video(path)] == kinds
    else:
        with pytest.raises(BadArtifact, match=reason):
            walk_video(path)
