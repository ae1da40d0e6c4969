"""Parsing of remixes, edits, extensions and characters."""

from __future__ import annotations

from pathlib import Path

import pytest

from filmgate.domain import Asset, AssetKind, Character, Operation
from filmgate.errors import InvalidType, InvalidValue, MissingParameter, UnknownParameter
from filmgate.wire import revision
from filmgate.wire.fields import from_form, from_json
from filmgate.wire.objects import encode
from filmgate.wire.params import Fields, FileId, Upload, VideoId

UPLOAD = Upload(Path("staged"), 3, "00")


@pytest.mark.parametrize(
    "fields",
    [
        from_json(b'{"prompt":"On","seconds":"8","video":{"id":"video_a"}}'),
        from_json(b'{"prompt":"On","seconds":8,"video":{"id":"video_a"}}'),
        from_form([("prompt", "On"), ("seconds", "8"), ("video[id]", "video_a")]),
    ],
)
def test_every_encoding_means_the_same(fields: Fields) -> None:
    """JSON, a number instead of a string, and the SDKs' brackets are one request."""
    params = revision.parse_extension(fields)
    assert (params.operation, params.prompt, params.seconds) == (Operation.EXTEND, "On", 8)
    assert params.video == VideoId("video_a")


def test_a_video_may_be_uploaded() -> None:
    """A file part is the source video, and then a model may be given."""
    params = revision.parse_edit(from_form([("prompt", "On"), ("video", UPLOAD), ("model", "sora-2-pro")]))
    assert (params.video, params.model, params.operation) == (UPLOAD, "sora-2-pro", Operation.EDIT)


def test_a_video_may_be_an_uploaded_file() -> None:
    """By its id, in both encodings; a video and a file at once are refused."""
    read = revision.parse_edit(from_form([("prompt", "On"), ("video[file_id]", "file-1")]))
    assert read == revision.parse_edit({"prompt": "On", "video": {"file_id": "file-1"}})
    assert read.video == FileId("file-1")
    with pytest.raises(InvalidValue, match="exactly one of a file, 'id' and 'file_id'"):
        revision.parse_edit({"prompt": "On", "video": {"id": "video_a", "file_id": "file-1"}})


def test_a_remix_uses_the_video_in_its_path() -> None:
    """Its body holds the prompt and nothing else."""
    assert revision.parse_remix({"prompt": "x"}, "video_a").video == VideoId("video_a")
    with pytest.raises(UnknownParameter, match="'seconds'"):
        revision.parse_remix({"prompt": "x", "seconds": "4"}, "video_a")


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"video": UPLOAD}, MissingParameter, "'prompt'"),
        ({"prompt": "x"}, MissingParameter, "'video'"),
        ({"prompt": "x", "video": {}}, MissingParameter, "'video.id'"),
        ({"prompt": "x", "video": {"id": None}}, MissingParameter, "'video.id'"),
        ({"prompt": "x", "video": {"id": ""}}, MissingParameter, "'video.id'"),
        ({"prompt": "x", "video": {"url": "http://a"}}, UnknownParameter, "'video.url'"),
        ({"prompt": "x", "video": "video_a"}, InvalidType, "expected an object, but got a string"),
        ({"prompt": 5, "video": UPLOAD}, InvalidType, "expected a string"),
        ({"prompt": "x", "video": UPLOAD, "size": "1x1"}, UnknownParameter, "'size'"),
    ],
)
def test_invalid_fields_are_rejected(fields: Fields, error: type[Exception], message: str) -> None:
    """Each error names its field."""
    with pytest.raises(error, match=message):
        revision.parse_edit(fields)


@pytest.mark.parametrize("seconds", ["5", "0", "-4", "4.5", "24", 10, 8.5, True])
def test_a_segment_has_one_of_five_lengths(seconds: str | int) -> None:
    """Other lengths are rejected with a list of the valid ones."""
    with pytest.raises((InvalidValue, InvalidType), match=r"16|a string"):
        revision.parse_extension({"prompt": "x", "video": UPLOAD, "seconds": seconds})


@pytest.mark.parametrize("name", ["", "  ", "x" * 81])
def test_a_character_needs_a_name(name: str) -> None:
    """1 to 80 characters, not only white space."""
    with pytest.raises(InvalidValue, match="1 to 80"):
        revision.parse_character({"name": name, "video": UPLOAD})


def test_a_character_needs_an_upload() -> None:
    """Or an uploaded file; a video's id is not accepted instead."""
    assert revision.parse_character({"name": "x", "video": {"file_id": "file-1"}}).video == FileId("file-1")
    assert revision.parse_character({"name": "x" * 80, "video": UPLOAD}).video == UPLOAD
    with pytest.raises(InvalidType, match="expected a file, but got an object"):
        revision.parse_character({"name": "x", "video": {"id": "video_a"}})


def test_a_character_has_four_keys() -> None:
    """Compact, and without its files."""
    asset = Asset(kind=AssetKind.SOURCE, key="k", media_type="video/mp4", bytes=1, sha256="0", width=2, height=2)
    character = Character(id="char_1", account_id="a", name="Mossy", created_at=12.9, picture=asset, film=asset)
    expected = b'{"id":"char_1","object":"character","name":"Mossy","created_at":12}'
    assert encode(revision.render_character(character)) == expected
