"""Remix, edit, extension and characters, by the official SDK over a real socket."""

from __future__ import annotations

import hashlib
import json
import warnings
from typing import TYPE_CHECKING, Any, Literal, cast

import av
import httpx2
import numpy as np
import openai
import pytest

from filmgate.domain import Size
from filmgate.engines.base import Job
from filmgate.engines.testcard import FPS, encode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from openai.types import Video
    from tests.support.served import Served


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[openai.OpenAI]:
    """The SDK, as anybody would set it up."""
    with openai.OpenAI(base_url=served.base_url, api_key=served.key, max_retries=0) as made:
        yield made


@pytest.fixture(autouse=True)
def _deprecated() -> Iterator[None]:
    """The SDK says at every call that the vendor's service is gone; that is why we are here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@pytest.fixture(scope="module")
def source(client: openai.OpenAI) -> Video:
    """A finished film of four seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return _done(client, client.videos.create(prompt="A paper boat", seconds="4", size="1280x720"))


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    """A film that this server has never seen."""
    path = tmp_path / "clip.mp4"
    encode(Job(token="", video_id="", model="", prompt="x", size=Size(720, 1280), seconds=3, seed=0), path)
    return path


def _of(source: Video | str) -> dict[str, Any]:
    """A film of ours as a source; the SDK's own argument takes files only, whatever its type says."""
    return {"video": openai.omit, "extra_body": {"video": {"id": source if isinstance(source, str) else source.id}}}


def _done(client: openai.OpenAI, video: Video) -> Video:
    ended = client.videos.poll(video.id, poll_interval_ms=50)
    assert ended.status == "completed", ended
    return ended


def _download(client: openai.OpenAI, video: Video, folder: Path) -> Path:
    path = folder / f"{video.id}.mp4"
    client.videos.download_content(video.id).write_to_file(path)
    return path


def _frames(film: Path) -> list[float]:
    """The grey of every frame's upper left corner and how bright it is on the whole; every frame is decoded."""
    with av.open(str(film)) as container:
        return [float(frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)]


def test_a_remix_keeps_what_its_source_was(client: openai.OpenAI, source: Video) -> None:
    """A remix names its source and keeps its model, size and length, under the new prompt."""
    remixed = _done(client, client.videos.remix(source.id, prompt="A paper boat at night"))
    assert remixed.remixed_from_video_id == source.id
    assert (remixed.model, remixed.size, remixed.seconds) == (source.model, source.size, source.seconds)
    assert remixed.prompt == "A paper boat at night"
    again = _done(client, client.videos.remix(remixed.id, prompt="And rain"))
    assert again.remixed_from_video_id == remixed.id


def test_an_edit_takes_a_film_of_ours(client: openai.OpenAI, source: Video) -> None:
    """An edit by id is a video of its own and no remix."""
    edited = _done(client, client.videos.edit(prompt="Make it rain", **_of(source)))
    assert edited.remixed_from_video_id is None
    assert (edited.size, edited.seconds) == (source.size, source.seconds)


def test_an_edit_takes_an_uploaded_film(client: openai.OpenAI, upload: Path) -> None:
    """An uploaded film gives size and length; a model may be named."""
    edited = _done(
        client, client.videos.edit(prompt="Rain", video=upload.read_bytes(), extra_body={"model": "sora-2-pro"})
    )
    assert (edited.model, edited.size, edited.seconds) == ("sora-2-pro", "720x1280", "3")


def test_an_extension_plays_through(client: openai.OpenAI, source: Video, tmp_path: Path) -> None:
    """The stitched film has the source's frames, then one second of its last one, then new ones, each decoded."""
    extended = client.videos.extend(prompt="It sails on", seconds="8", **_of(source))
    assert extended.seconds == "12"
    ended = _done(client, extended)
    before = _frames(_download(client, source, tmp_path))
    after = _frames(_download(client, ended, tmp_path))
    assert len(after) == 12 * FPS
    assert after[: len(before)] == before
    seam = after[len(before) : len(before) + FPS]
    assert np.abs(np.array(seam) - before[-1]).max() < 2


def test_an_uploaded_film_is_extended(client: openai.OpenAI, upload: Path) -> None:
    """An upload of three seconds and four new ones make seven."""
    extended = client.videos.extend(prompt="Go on", seconds="4", video=upload)
    assert (extended.seconds, extended.size) == ("7", "720x1280")
    _done(client, extended)


def test_a_source_may_be_deleted(client: openai.OpenAI, tmp_path: Path) -> None:
    """Deleting a film right after asking for its extension does the extension no harm."""
    source = _done(client, client.videos.create(prompt="A kite"))
    extended = client.videos.extend(prompt="Higher", seconds="4", **_of(source))
    client.videos.delete(source.id)
    assert len(_frames(_download(client, _done(client, extended), tmp_path))) == 8 * FPS


def test_characters_are_kept_and_shown(client: openai.OpenAI, upload: Path) -> None:
    """A character is made from a film, can be looked up, and is named in a create."""
    made = client.videos.create_character(name="Mossy", video=upload.read_bytes())
    assert made.id
    assert made.name == "Mossy"
    assert client.videos.get_character(made.id).model_dump() == made.model_dump()
    video = client.videos.create(prompt="Mossy dances", extra_body={"characters": [{"id": made.id}]})
    _done(client, video)
    with pytest.raises(openai.BadRequestError, match="No such character"):
        client.videos.create(prompt="Mossy dances", extra_body={"characters": [{"id": "char_none"}]})
    with pytest.raises(openai.NotFoundError, match="char_none"):
        client.videos.get_character("char_none")


def test_what_can_not_be_used_is_refused(client: openai.OpenAI, source: Video) -> None:
    """Unknown sources are not found, odd lengths, texts and files are bad requests."""
    with pytest.raises(openai.NotFoundError):
        client.videos.remix("video_none", prompt="x")
    with pytest.raises(openai.NotFoundError):
        client.videos.edit(prompt="x", **_of("video_none"))
    with pytest.raises(openai.BadRequestError, match="'4', '8', '12', '16', and '20'"):
        client.videos.extend(prompt="x", seconds=cast("Literal['4']", "5"), **_of(source))
    with pytest.raises(openai.BadRequestError, match="no MP4"):
        client.videos.edit(prompt="x", video=b"\x89PNG\r\n\x1a\n and so on and on")


def test_a_repeated_extension_is_one_video(served: Served, source: Video) -> None:
    """The same Idempotency-Key gives the same video; with other parameters it is refused."""
    headers = {
        "Authorization": f"Bearer {served.key}",
        "Idempotency-Key": hashlib.sha256(source.id.encode()).hexdigest(),
    }
    body = {"prompt": "On", "seconds": 4, "video": {"id": source.id}}
    with httpx2.Client(base_url=served.base_url, headers=headers) as http:
        first, second = (http.post("/videos/extensions", json=body) for _ in range(2))
        assert first.json()["id"] == second.json()["id"]
        other = http.post("/videos/extensions", json={**body, "seconds": 8})
    assert (other.status_code, json.loads(other.text)["error"]["code"]) == (400, "idempotency_key_reuse")
