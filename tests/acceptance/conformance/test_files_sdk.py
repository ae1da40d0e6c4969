"""Uploaded files, by the official SDK over a real socket."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any

import openai
import pytest
from PIL import Image

from filmgate.domain import Size
from filmgate.engines.base import Job
from filmgate.engines.testcard import encode

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")


def _png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (1280, 720), "teal").save(out, "png")
    return out.getvalue()


def _poll(client: openai.OpenAI, video_id: str) -> str:
    return client.videos.poll(video_id).status


def test_a_file_is_uploaded_listed_downloaded_and_deleted(client: openai.OpenAI) -> None:
    """Every method of ``client.files``, typed results included; a page is fetched after its files were deleted."""
    ids = set()
    for number in range(3):
        upload = (f"shot {number}.png", _png(), "image/png")
        expires_after: Any = {"anchor": "created_at", "seconds": 3600}
        file = client.files.create(file=upload, purpose="vision", expires_after=expires_after)
        assert (file.object, file.status, file.filename) == ("file", "processed", f"shot {number}.png")
        assert file.expires_at == pytest.approx(time.time() + 3600, abs=600)
        ids.add(file.id)
    assert client.files.retrieve(file.id) == file
    assert client.files.wait_for_processing(file.id) == file
    assert client.files.content(file.id).read() == _png()
    deleted = [client.files.delete(each.id) for each in client.files.list(limit=1, purpose="vision")]
    assert ids <= {each.id for each in deleted if each.deleted}
    with pytest.raises(openai.NotFoundError) as caught:
        client.files.retrieve(file.id)
    assert caught.value.code == "file_not_found"


def test_a_file_is_the_first_frame(client: openai.OpenAI) -> None:
    """As JSON through ``extra_body``, and as the SDK's own argument; the file is deleted before the video is made."""
    file = client.files.create(file=("frame.png", _png()), purpose="vision")
    reference: Any = {"file_id": file.id}
    raw = client.post(
        "/videos",
        cast_to=dict[str, Any],
        body={"prompt": "The waves begin to move", "size": "1280x720", "input_reference": reference},
    )
    by_form = client.videos.create(prompt="On", size="1280x720", extra_body={"input_reference": reference})
    assert client.files.delete(file.id).deleted
    assert _poll(client, str(raw["id"])) == "completed"
    assert _poll(client, by_form.id) == "completed"
    with pytest.raises(openai.BadRequestError, match=f"No such file: '{file.id}'") as caught:
        client.videos.create(prompt="On", size="1280x720", extra_body={"input_reference": reference})
    assert caught.value.param == "input_reference"


def test_a_file_is_edited_and_extended(client: openai.OpenAI, tmp_path: Path) -> None:
    """A video that was uploaded once is the source of both."""
    clip = tmp_path / "clip.mp4"
    encode(Job(token="", video_id="", model="", prompt="x", size=Size(1280, 720), seconds=3, seed=0), clip)
    file = client.files.create(file=clip, purpose="user_data")
    source: Any = {"file_id": file.id}
    edited = client.post("/videos/edits", cast_to=dict[str, Any], body={"prompt": "Rain", "video": source})
    extension = {"prompt": "On", "seconds": "4", "video": source}
    extended = client.post("/videos/extensions", cast_to=dict[str, Any], body=extension)
    assert extended["seconds"] == "7"
    assert _poll(client, str(edited["id"])) == _poll(client, str(extended["id"])) == "completed"
