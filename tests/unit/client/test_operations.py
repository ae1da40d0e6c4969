"""Remix, edit, extend and characters: the SDK's requests."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from filmgate.client import requests
from filmgate.client.effects import FilePart, Request
from filmgate.errors import InvalidType, InvalidVideo

if TYPE_CHECKING:
    from pathlib import Path

MP4 = b"\x00\x00\x00\x18ftypisom and so on"


def test_a_remix_sends_its_prompt() -> None:
    """The id is quoted in the path; every request has its own Idempotency-Key."""
    first, second = (requests.remix("video_a/b", "At night", None) for _ in range(2))
    assert (first.method, first.path, first.json) == ("POST", "videos/video_a%2Fb/remix", {"prompt": "At night"})
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


def test_a_video_of_this_api_is_sent_by_id() -> None:
    """An extension of it is JSON; parameters that are None are left out."""
    request = requests.extend(
        {"prompt": "On", "seconds": "8", "model": None}, requests.encode_video_input("video_a"), "k"
    )
    assert request.json == {"prompt": "On", "seconds": "8", "video": {"id": "video_a"}}
    assert request.headers == {"idempotency-key": "k"}


def test_an_uploaded_video_is_a_form_part(tmp_path: Path) -> None:
    """A path, bytes and an open file give the same form."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(MP4)
    requests_sent = [
        requests.edit({"prompt": "Rain"}, requests.encode_video_input(video), "k")
        for video in (path, MP4, io.BytesIO(MP4))
    ]
    part = FilePart(MP4, "video/mp4", "film.mp4")
    expected = Request(
        method="POST",
        path="videos/edits",
        headers={"idempotency-key": "k"},
        form={"prompt": "Rain"},
        files={"video": part},
    )
    assert requests_sent == [expected, expected, expected]


def test_an_invalid_video_input_is_rejected(tmp_path: Path) -> None:
    """An image, a missing file and a number fail before a request."""
    for video in (b"\x89PNG\r\n\x1a\n and more", tmp_path / "none.mp4"):
        with pytest.raises(InvalidVideo):
            requests.encode_video_input(video)
    number: Any = 5
    with pytest.raises(InvalidType):
        requests.encode_video_input(number)


def test_characters_are_form_fields_next_to_an_image() -> None:
    """In the official SDKs' notation."""
    image = FilePart(b"", "image/png")
    request = requests.create({"prompt": "x", "characters": [{"id": "char_a"}, {"id": "char_b"}]}, image, "k")
    assert request.form == {"prompt": "x", "characters[][id]": ["char_a", "char_b"]}


def test_a_character_is_retrieved_by_its_id() -> None:
    """The id is quoted in the path."""
    assert requests.retrieve_character("char_a b").path == "videos/characters/char_a%20b"
    assert requests.create_character("Mossy", FilePart(MP4, "video/mp4"), "k").form == {"name": "Mossy"}
