"""The official SDK against this server, over a real socket, with nothing changed but its base URL and key."""

from __future__ import annotations

import hashlib
import io
import warnings
from typing import TYPE_CHECKING, Any

import openai
import pytest
from PIL import Image

from filmgate.media.probe import probe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from openai.types import Video
    from tests.support.served import Served

MAGIC = {"video": b"ftyp", "thumbnail": b"WEBP", "spritesheet": b"\xff\xd8\xff"}


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


def _make(client: openai.OpenAI, **params: Any) -> Video:
    video = client.videos.create_and_poll(prompt="a dog on a beach", **params)
    assert video.status == "completed", video.error
    return video


def _picture(width: int, height: int) -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "png")
    out.seek(0)
    return out


def test_from_prompt_to_file(client: openai.OpenAI, tmp_path: Path) -> None:
    """Create, poll and download give the film that was asked for."""
    video = _make(client, model="sora-2", seconds="4", size="1280x720")
    assert (video.progress, video.size, video.seconds, video.model) == (100, "1280x720", "4", "sora-2")
    assert video.completed_at is not None
    assert video.prompt == "a dog on a beach"
    assert client.videos.retrieve(video.id) == video
    client.videos.download_content(video.id).write_to_file(tmp_path / "film.mp4")
    film = probe(tmp_path / "film.mp4")
    assert (str(film.size), round(film.seconds)) == ("1280x720", 4)


def test_every_variant(client: openai.OpenAI) -> None:
    """Film, thumbnail and spritesheet are what they are called, and their ETag is their digest."""
    video = _make(client)
    for variant, magic in MAGIC.items():
        response = client.videos.with_raw_response.download_content(video.id, variant=variant)  # type: ignore[arg-type]
        content = response.content
        assert magic in content[:12]
        assert response.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'
        assert int(response.headers["content-length"]) == len(content)
        assert response.headers["x-request-id"].startswith("req_")


def test_auto_paging(served: Served) -> None:
    """Iterating over the list walks all pages, each video once, in either order."""
    with openai.OpenAI(base_url=served.base_url, api_key=served.key, max_retries=0) as client:
        made = [client.videos.create(prompt=f"number {number}").id for number in range(5)]
        newest = [video.id for video in client.videos.list(limit=2, order="desc")]
        oldest = [video.id for video in client.videos.list(limit=2, order="asc")]
    assert newest == oldest[::-1]
    assert len(set(newest)) == len(newest)
    assert [video_id for video_id in oldest if video_id in made] == made


def test_delete(client: openai.OpenAI) -> None:
    """A deleted video is gone, and so is its content."""
    video = _make(client)
    deleted = client.videos.delete(video.id)
    assert (deleted.id, deleted.deleted, deleted.object) == (video.id, True, "video.deleted")
    with pytest.raises(openai.NotFoundError) as caught:
        client.videos.retrieve(video.id)
    assert caught.value.code == "video_not_found"
    with pytest.raises(openai.NotFoundError):
        client.videos.download_content(video.id)


def test_reference_file(client: openai.OpenAI) -> None:
    """A picture of the video's size is taken as its first frame; another is refused by name."""
    assert _make(client, size="720x1280", input_reference=_picture(720, 1280)).size == "720x1280"
    with pytest.raises(openai.BadRequestError) as caught:
        client.videos.create(prompt="x", size="720x1280", input_reference=_picture(64, 64))
    assert (caught.value.code, caught.value.param) == ("invalid_image_size", "input_reference")
    assert "Inpaint image must match the requested width and height" in caught.value.message


def test_extensions_through_extra_body(client: openai.OpenAI) -> None:
    """What the SDK does not know goes through its extra_body."""
    extra = {"seed": 7, "fit": "crop", "metadata": {"id": "mine"}}
    video = client.videos.create(prompt="x", input_reference=_picture(64, 64), extra_body=extra)
    assert video.status in {"queued", "in_progress", "completed"}


@pytest.mark.parametrize(
    ("params", "kind", "code", "param"),
    [
        ({"seconds": "5"}, openai.BadRequestError, "invalid_value", "seconds"),
        ({"size": "1x1"}, openai.BadRequestError, "invalid_value", "size"),
        ({"model": "sora-9"}, openai.BadRequestError, "model_not_found", "model"),
        ({"prompt": ""}, openai.BadRequestError, "invalid_value", "prompt"),
        ({"extra_body": {"duration": 4}}, openai.BadRequestError, "unknown_parameter", "duration"),
    ],
)
def test_refusals(
    client: openai.OpenAI, params: dict[str, Any], kind: type[openai.APIStatusError], code: str, param: str
) -> None:
    """A refused parameter is the SDK's own exception, with code and parameter."""
    with pytest.raises(kind) as caught:
        client.videos.create(**({"prompt": "x"} | params))
    assert (caught.value.code, caught.value.param, caught.value.type) == (code, param, "invalid_request_error")
    assert caught.value.request_id is not None


def test_wrong_key(served: Served) -> None:
    """A wrong key is an authentication error that does not repeat the key."""
    wrong = "sk-a-key-that-nobody-ever-had"
    with openai.OpenAI(base_url=served.base_url, api_key=wrong, max_retries=0) as client:
        with pytest.raises(openai.AuthenticationError) as caught:
            client.videos.list()
        assert caught.value.code == "invalid_api_key"
        assert wrong not in caught.value.message


def test_unfinished_content(client: openai.OpenAI) -> None:
    """Content before completion is the vendor's 404, word for word."""
    video = client.videos.create(prompt="x", model="sora-2-pro", seconds="12", size="1792x1024")
    with pytest.raises(openai.NotFoundError) as caught:
        client.videos.download_content(video.id)
    said = "Video is not ready yet, use GET /v1/videos/{video_id} to check status."
    client.post(f"/videos/{video.id}/cancel", cast_to=object)
    assert caught.value.body["message"] == said  # type: ignore[index]  # the SDK types no body


def test_models(client: openai.OpenAI) -> None:
    """The models list has what can be asked for."""
    names = {model.id for model in client.models.list()}
    assert {"sora-2", "sora-2-pro"} <= names
    assert client.models.retrieve("sora-2").owned_by == "filmgate"


async def test_asynchronous(served: Served) -> None:
    """The asynchronous client does the same."""
    async with openai.AsyncOpenAI(base_url=served.base_url, api_key=served.key, max_retries=0) as client:
        video = await client.videos.create_and_poll(prompt="x")
        content = await client.videos.download_content(video.id)
        assert content.content[4:8] == b"ftyp"
