"""Remix, edit, extend and characters, by the official SDK over a real socket."""

from __future__ import annotations

import hashlib
import json
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
    from pathlib import Path

    from openai.types import Video
    from tests.support.served import Served


pytestmark = pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")


@pytest.fixture(scope="module")
def source(client: openai.OpenAI) -> Video:
    """A completed video of four seconds."""
    return _poll_completed(client, client.videos.create(prompt="A paper boat", seconds="4", size="1280x720"))


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    """A video file that was not made by this server."""
    path = tmp_path / "clip.mp4"
    encode(Job(token="", video_id="", model="", prompt="x", size=Size(720, 1280), seconds=3, seed=0), path)
    return path


def _source_arguments(source: Video | str) -> dict[str, Any]:
    """Arguments for a source by id; the SDK's own argument takes files only, whatever its type says."""
    return {"video": openai.omit, "extra_body": {"video": {"id": source if isinstance(source, str) else source.id}}}


def _poll_completed(client: openai.OpenAI, video: Video) -> Video:
    ended = client.videos.poll(video.id, poll_interval_ms=50)
    assert ended.status == "completed", ended
    return ended


def _download(client: openai.OpenAI, video: Video, folder: Path) -> Path:
    path = folder / f"{video.id}.mp4"
    client.videos.download_content(video.id).write_to_file(path)
    return path


def _brightness(path: Path) -> list[float]:
    """Return the mean brightness of each decoded frame."""
    with av.open(str(path)) as container:
        return [float(frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)]


def test_a_remix_keeps_model_size_and_length(client: openai.OpenAI, source: Video) -> None:
    """It names its source and has the new prompt."""
    remixed = _poll_completed(client, client.videos.remix(source.id, prompt="A paper boat at night"))
    assert remixed.remixed_from_video_id == source.id
    assert (remixed.model, remixed.size, remixed.seconds) == (source.model, source.size, source.seconds)
    assert remixed.prompt == "A paper boat at night"
    again = _poll_completed(client, client.videos.remix(remixed.id, prompt="And rain"))
    assert again.remixed_from_video_id == remixed.id


def test_an_edit_takes_a_video_by_id(client: openai.OpenAI, source: Video) -> None:
    """The result is not a remix."""
    edited = _poll_completed(client, client.videos.edit(prompt="Make it rain", **_source_arguments(source)))
    assert edited.remixed_from_video_id is None
    assert (edited.size, edited.seconds) == (source.size, source.seconds)


def test_an_edit_takes_an_uploaded_video(client: openai.OpenAI, upload: Path) -> None:
    """The file determines size and length; a model may be given."""
    edited = _poll_completed(
        client, client.videos.edit(prompt="Rain", video=upload.read_bytes(), extra_body={"model": "sora-2-pro"})
    )
    assert (edited.model, edited.size, edited.seconds) == ("sora-2-pro", "720x1280", "3")


def test_an_extension_continues_its_source(client: openai.OpenAI, source: Video, tmp_path: Path) -> None:
    """The source's frames, one second of its last frame, then new frames, each decoded."""
    extended = client.videos.extend(prompt="It sails on", seconds="8", **_source_arguments(source))
    assert extended.seconds == "12"
    completed = _poll_completed(client, extended)
    before = _brightness(_download(client, source, tmp_path))
    after = _brightness(_download(client, completed, tmp_path))
    assert len(after) == 12 * FPS
    assert after[: len(before)] == before
    bridge = after[len(before) : len(before) + FPS]
    assert np.abs(np.array(bridge) - before[-1]).max() < 2


def test_an_uploaded_video_is_extended(client: openai.OpenAI, upload: Path) -> None:
    """Three seconds of upload and four new ones make seven."""
    extended = client.videos.extend(prompt="Go on", seconds="4", video=upload)
    assert (extended.seconds, extended.size) == ("7", "720x1280")
    _poll_completed(client, extended)


def test_a_source_may_be_deleted_during_its_extension(client: openai.OpenAI, tmp_path: Path) -> None:
    """The extension is completed."""
    source = _poll_completed(client, client.videos.create(prompt="A kite"))
    extended = client.videos.extend(prompt="Higher", seconds="4", **_source_arguments(source))
    client.videos.delete(source.id)
    assert len(_brightness(_download(client, _poll_completed(client, extended), tmp_path))) == 8 * FPS


def test_characters_are_stored_and_used(client: openai.OpenAI, upload: Path) -> None:
    """Created from a video, retrieved, and mentioned in a create."""
    character = client.videos.create_character(name="Mossy", video=upload.read_bytes())
    assert character.id
    assert character.name == "Mossy"
    assert client.videos.get_character(character.id).model_dump() == character.model_dump()
    video = client.videos.create(prompt="Mossy dances", extra_body={"characters": [{"id": character.id}]})
    _poll_completed(client, video)
    with pytest.raises(openai.BadRequestError, match="No such character"):
        client.videos.create(prompt="Mossy dances", extra_body={"characters": [{"id": "char_none"}]})
    with pytest.raises(openai.NotFoundError, match="char_none"):
        client.videos.get_character("char_none")


def test_invalid_sources_are_rejected(client: openai.OpenAI, source: Video) -> None:
    """An unknown source is not found; an unsupported length and a wrong file are bad requests."""
    with pytest.raises(openai.NotFoundError):
        client.videos.remix("video_none", prompt="x")
    with pytest.raises(openai.NotFoundError):
        client.videos.edit(prompt="x", **_source_arguments("video_none"))
    with pytest.raises(openai.BadRequestError, match="'4', '8', '12', '16', and '20'"):
        client.videos.extend(prompt="x", seconds=cast("Literal['4']", "5"), **_source_arguments(source))
    with pytest.raises(openai.BadRequestError, match="MP4"):
        client.videos.edit(prompt="x", video=b"\x89PNG\r\n\x1a\n and so on and on")


def test_a_repeated_extension_is_one_video(served: Served, source: Video) -> None:
    """Under one Idempotency-Key; with other parameters it is rejected."""
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
