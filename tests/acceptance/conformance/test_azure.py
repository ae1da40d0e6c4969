"""The official SDK's Azure client, and clients of Azure's older jobs, with only their endpoint and key changed."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx2
import openai
import pytest
from PIL import Image
from tests.support.polling import until

if TYPE_CHECKING:
    from tests.support.served import Served

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")

JOBS = "/openai/v1/video/generations/jobs"
VERSION = "2025-04-01-preview"

CLIENTS: dict[str, Callable[[Served], openai.OpenAI]] = {
    "/openai/videos": lambda served: openai.AzureOpenAI(
        azure_endpoint=served.url, api_key=served.key, api_version=VERSION
    ),
    "/openai/videos with a deployment": lambda served: openai.AzureOpenAI(
        azure_endpoint=served.url, azure_deployment="sora-2", api_key=served.key, api_version=VERSION
    ),
    "/openai/videos with a token": lambda served: openai.AzureOpenAI(
        azure_endpoint=served.url, azure_ad_token=served.key, api_version=VERSION
    ),
    "/openai/deployments/sora-2/videos": lambda served: openai.AzureOpenAI(
        base_url=f"{served.url}/openai/deployments/sora-2", api_key=served.key, api_version=VERSION
    ),
    "/openai/v1/videos": lambda served: openai.OpenAI(base_url=f"{served.url}/openai/v1/", api_key=served.key),
}
"""Every way to construct the client, by the path that it then calls."""


@pytest.fixture(params=CLIENTS)
def client(served: Served, request: pytest.FixtureRequest) -> Iterator[openai.OpenAI]:
    """One of them; its calls go where its name says."""
    paths: list[str] = []
    with CLIENTS[request.param](served) as sdk:
        sdk._client.event_hooks["request"].append(lambda sent: paths.append(sent.url.path))
        yield sdk
    expected = request.param.split()[0]
    assert paths
    assert all(path.startswith(expected) for path in paths), paths


def test_every_operation_of_the_azure_client_works(client: openai.OpenAI) -> None:
    """The polls end, the content is a video, and a day later it is gone."""
    video = client.videos.create_and_poll(prompt="a dog", model="sora-2", size="1280x720", seconds="4")
    assert (video.status, video.size, video.model) == ("completed", "1280x720", "sora-2")
    assert video.completed_at is not None
    assert video.expires_at == video.completed_at + 86400
    assert client.videos.retrieve(video.id) == video
    assert video.id in [each.id for each in client.videos.list(limit=100)]
    assert client.videos.download_content(video.id).read()[4:8] == b"ftyp"
    assert client.videos.remix(video.id, prompt="a cat").remixed_from_video_id == video.id
    assert client.videos.delete(video.id).deleted


def test_errors_become_the_azure_clients_exceptions(client: openai.OpenAI) -> None:
    """With Azure's type."""
    with pytest.raises(openai.BadRequestError) as caught:
        client.videos.create(prompt="x", model="sora-2", size="5x5")  # type: ignore[arg-type] # that is the point
    assert (caught.value.type, caught.value.param) == ("video_generation_user_error", "size")
    with pytest.raises(openai.AuthenticationError):
        client.videos.list(extra_headers={"api-key": "wrong", "Authorization": "Bearer wrong"})


def _run_job(http: httpx2.Client, **request: Any) -> dict[str, Any]:
    """Do as the clients of jobs do: create, look every few seconds until the status is final."""
    created = http.post(JOBS, params={"api-version": "preview"}, **request)
    assert created.is_success, created.text
    url = f"{JOBS}/{created.json()['id']}"

    def look() -> dict[str, Any] | None:
        job: dict[str, Any] = http.get(url, params={"api-version": "preview"}).raise_for_status().json()
        return job if job["status"] in {"succeeded", "failed", "cancelled"} else None

    return until(look)


def test_a_job_is_run_to_its_download(served: Served) -> None:
    """A JSON body, the key in Azure's header, numbers as texts as some clients send them."""
    body = {"model": "sora-2", "prompt": "a dog", "width": "1280", "height": "720", "n_seconds": "4", "n_variants": "1"}
    with httpx2.Client(base_url=served.url, headers={"Api-key": served.key}, timeout=60) as http:
        job = _run_job(http, json=body)
        assert (job["status"], job["failure_reason"], job["width"], job["n_seconds"]) == ("succeeded", None, 1280, 4)
        generation = job["generations"][0]["id"]
        video = http.get(f"/openai/v1/video/generations/{generation}/content/video", params={"api-version": "preview"})
        assert video.content[4:8] == b"ftyp"
        thumbnail = http.get(f"/openai/v1/video/generations/{generation}/content/thumbnail")
        assert thumbnail.headers["content-type"] == "image/webp"


def test_a_job_with_an_image_is_a_form(served: Served) -> None:
    """The image in ``files``, where it goes in ``inpaint_items``."""
    data = {
        "model": "sora-2",
        "prompt": "a dog",
        "width": "1280",
        "height": "720",
        "n_seconds": "4",
        "inpaint_items": '[{"frame_index":0,"type":"image","file_name":"dog.png"}]',
    }
    with httpx2.Client(base_url=served.url, headers={"api-key": served.key}, timeout=60) as http:
        job = _run_job(http, data=data, files={"files": ("dog.png", _png(), "image/png")})
        assert job["status"] == "succeeded"


def _png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(out, "png")
    return out.getvalue()
