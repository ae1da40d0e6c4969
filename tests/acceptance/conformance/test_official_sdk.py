"""The official SDK against this server, over a real socket, with only base URL and key changed."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any

import openai
import pytest
from PIL import Image

from filmgate.media.probe import probe

if TYPE_CHECKING:
    from pathlib import Path

    from openai.types import Video
    from tests.support.served import Served

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")

SIGNATURES = {"video": b"ftyp", "thumbnail": b"WEBP", "spritesheet": b"\xff\xd8\xff"}


def _make(client: openai.OpenAI, **params: Any) -> Video:
    video = client.videos.create_and_poll(prompt="a dog on a beach", **params)
    assert video.status == "completed", video.error
    return video


def _image(width: int, height: int) -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "png")
    out.seek(0)
    return out


def test_a_video_is_created_polled_and_downloaded(client: openai.OpenAI, tmp_path: Path) -> None:
    """The file has the requested size and length."""
    video = _make(client, model="sora-2", seconds="4", size="1280x720")
    assert (video.progress, video.size, video.seconds, video.model) == (100, "1280x720", "4", "sora-2")
    assert video.completed_at is not None
    assert video.prompt == "a dog on a beach"
    assert client.videos.retrieve(video.id) == video
    client.videos.download_content(video.id).write_to_file(tmp_path / "video.mp4")
    probed = probe(tmp_path / "video.mp4")
    assert (str(probed.size), round(probed.seconds)) == ("1280x720", 4)


def test_every_variant_has_its_type_and_digest(client: openai.OpenAI) -> None:
    """Video, thumbnail and spritesheet; the ETag is the SHA-256."""
    video = _make(client)
    for variant, signature in SIGNATURES.items():
        response = client.videos.with_raw_response.download_content(video.id, variant=variant)  # type: ignore[arg-type]
        content = response.content
        assert signature in content[:12]
        assert response.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'
        assert int(response.headers["content-length"]) == len(content)
        assert response.headers["x-request-id"].startswith("req_")


def test_lists_are_paged_automatically(served: Served) -> None:
    """Each video once, in either order."""
    with openai.OpenAI(base_url=served.base_url, api_key=served.key, max_retries=0) as client:
        created = [client.videos.create(prompt=f"number {number}").id for number in range(5)]
        newest = [video.id for video in client.videos.list(limit=2, order="desc")]
        oldest = [video.id for video in client.videos.list(limit=2, order="asc")]
    assert newest == oldest[::-1]
    assert len(set(newest)) == len(newest)
    assert [video_id for video_id in oldest if video_id in created] == created


def test_a_deleted_video_is_not_found(client: openai.OpenAI) -> None:
    """Nor its content."""
    video = _make(client)
    deleted = client.videos.delete(video.id)
    assert (deleted.id, deleted.deleted, deleted.object) == (video.id, True, "video.deleted")
    with pytest.raises(openai.NotFoundError) as caught:
        client.videos.retrieve(video.id)
    assert caught.value.code == "video_not_found"
    with pytest.raises(openai.NotFoundError):
        client.videos.download_content(video.id)


def test_a_reference_file_must_have_the_videos_size(client: openai.OpenAI) -> None:
    """It is the first frame; the error names the parameter."""
    assert _make(client, size="720x1280", input_reference=_image(720, 1280)).size == "720x1280"
    with pytest.raises(openai.BadRequestError) as caught:
        client.videos.create(prompt="x", size="720x1280", input_reference=_image(64, 64))
    assert (caught.value.code, caught.value.param) == ("invalid_image_size", "input_reference")
    assert "Inpaint image must match the requested width and height" in caught.value.message


def test_extra_body_reaches_the_extensions(client: openai.OpenAI) -> None:
    """For parameters that the SDK does not have."""
    extra = {"seed": 7, "fit": "crop", "metadata": {"id": "mine"}}
    video = client.videos.create(prompt="x", input_reference=_image(64, 64), extra_body=extra)
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
def test_invalid_parameters_raise_the_sdks_exceptions(
    client: openai.OpenAI, params: dict[str, Any], kind: type[openai.APIStatusError], code: str, param: str
) -> None:
    """With code, parameter and request id."""
    with pytest.raises(kind) as caught:
        client.videos.create(**({"prompt": "x"} | params))
    assert (caught.value.code, caught.value.param, caught.value.type) == (code, param, "invalid_request_error")
    assert caught.value.request_id is not None


def test_an_invalid_key_is_an_authentication_error(served: Served) -> None:
    """The message does not contain the key."""
    invalid_key = "sk-a-key-that-never-existed"
    with openai.OpenAI(base_url=served.base_url, api_key=invalid_key, max_retries=0) as client:
        with pytest.raises(openai.AuthenticationError) as caught:
            client.videos.list()
        assert caught.value.code == "invalid_api_key"
        assert invalid_key not in caught.value.message


def test_content_before_completion_is_the_vendors_error(client: openai.OpenAI) -> None:
    """A 404 with OpenAI's exact message."""
    video = client.videos.create(prompt="x", model="sora-2-pro", seconds="12", size="1792x1024")
    with pytest.raises(openai.NotFoundError) as caught:
        client.videos.download_content(video.id)
    message = "Video is not ready yet, use GET /v1/videos/{video_id} to check status."
    client.post(f"/videos/{video.id}/cancel", cast_to=object)
    assert caught.value.body["message"] == message  # type: ignore[index]  # the SDK types no body


def test_models_are_listed(client: openai.OpenAI) -> None:
    """And retrieved by name."""
    names = {model.id for model in client.models.list()}
    assert {"sora-2", "sora-2-pro"} <= names
    assert client.models.retrieve("sora-2").owned_by == "filmgate"


async def test_the_asynchronous_client_works(served: Served) -> None:
    """It creates, polls and downloads a video."""
    async with openai.AsyncOpenAI(base_url=served.base_url, api_key=served.key, max_retries=0) as client:
        video = await client.videos.create_and_poll(prompt="x")
        content = await client.videos.download_content(video.id)
        assert content.content[4:8] == b"ftyp"
