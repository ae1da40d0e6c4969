"""Remix, edit, extend and characters: what the SDK sends, and what it makes of the answers."""

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


def test_a_remix_is_a_prompt() -> None:
    """The id goes into the path, quoted, and every request has a key of its own."""
    first, second = (requests.remix("video_a/b", "At night", None) for _ in range(2))
    assert (first.method, first.path, first.json) == ("POST", "videos/video_a%2Fb/remix", {"prompt": "At night"})
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


def test_a_film_of_ours_is_an_id() -> None:
    """An extension of a video of ours is JSON; what was not given is not sent."""
    request = requests.extend(
        {"prompt": "On", "seconds": "8", "model": None}, requests.encode_video_input("video_a"), "k"
    )
    assert request.json == {"prompt": "On", "seconds": "8", "video": {"id": "video_a"}}
    assert request.headers == {"idempotency-key": "k"}


def test_an_uploaded_film_is_a_part(tmp_path: Path) -> None:
    """A path, bytes and an open file are the same form."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(MP4)
    made = [
        requests.edit({"prompt": "Rain"}, requests.encode_video_input(film), "k")
        for film in (path, MP4, io.BytesIO(MP4))
    ]
    part = FilePart(MP4, "video/mp4", "film.mp4")
    same = Request(
        method="POST",
        path="videos/edits",
        headers={"idempotency-key": "k"},
        form={"prompt": "Rain"},
        files={"video": part},
    )
    assert made == [same, same, same]


def test_what_is_no_film_is_not_sent(tmp_path: Path) -> None:
    """A picture, a missing file and a number are told before anything leaves."""
    for film in (b"\x89PNG\r\n\x1a\n and more", tmp_path / "none.mp4"):
        with pytest.raises(InvalidVideo):
            requests.encode_video_input(film)
    number: Any = 5
    with pytest.raises(InvalidType):
        requests.encode_video_input(number)


def test_characters_go_along_with_a_picture() -> None:
    """In a form they are spelled as the official SDKs spell them."""
    picture = FilePart(b"", "image/png")
    request = requests.create({"prompt": "x", "characters": [{"id": "char_a"}, {"id": "char_b"}]}, picture, "k")
    assert request.form == {"prompt": "x", "characters[][id]": ["char_a", "char_b"]}


def test_a_character_is_looked_up_by_its_id() -> None:
    """The id is quoted."""
    assert requests.retrieve_character("char_a b").path == "videos/characters/char_a%20b"
    assert requests.create_character("Mossy", FilePart(MP4, "video/mp4"), "k").form == {"name": "Mossy"}
