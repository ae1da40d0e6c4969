"""The SDK's classes over a scripted transport: requests and results, blocking and asynchronous."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

import filmgate
from filmgate import AsyncClient, Client, errors
from filmgate import client as sdk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.client.conftest import HttpStub

Handler = Callable[[httpx2.Request], httpx2.Response]


class Server:
    """Returns scripted responses; records requests and its clients' sleeps."""

    def __init__(self, *responses: httpx2.Response) -> None:
        self._responses: Iterator[httpx2.Response] = iter(responses)
        self.slept: list[float] = []
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request."""
        self.requests.append(request)
        return next(self._responses)

    def client(self) -> Client:
        """Build a blocking client of it."""
        client = Client(base_url="http://s", api_key="fg-1", transport=httpx2.MockTransport(self), environ={})
        client._driver._sleep = self.slept.append
        return client

    def async_client(self) -> AsyncClient:
        """Build an asynchronous client of it."""
        client = AsyncClient(base_url="http://s", api_key="fg-1", transport=httpx2.MockTransport(self), environ={})
        client._driver._sleep = self._sleep
        return client

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def _json(body: object, status: int = 200, **headers: str) -> httpx2.Response:
    return httpx2.Response(status, json=body, headers={name.replace("_", "-"): text for name, text in headers.items()})


def test_the_public_names_are_sorted_and_exist() -> None:
    """Those of the package and of its client."""
    assert sorted(filmgate.__all__) == filmgate.__all__
    assert sorted(sdk.__all__) == sdk.__all__
    assert all(hasattr(sdk, name) for name in sdk.__all__)
    assert filmgate.__version__


def test_a_create_is_json_with_an_idempotency_key(http_stub: HttpStub) -> None:
    """Parameters that are None are left out; every create has its own key."""
    server = Server(_json(http_stub.video()), _json(http_stub.video(id="video_2")))
    with server.client() as client:
        client.generate("a dog", size="1280x720", seconds=4, metadata={"a": "b"}, fps=24, negative_prompt="rain")
        client.videos.create("a dog", idempotency_key="mine", input_reference={"file_id": "f"})
    first, second = server.requests
    assert first.url == "http://s/v1/videos"
    assert first.headers["authorization"] == "Bearer fg-1"
    assert first.headers["idempotency-key"].startswith("fg-")
    assert httpx2.Response(200, content=first.content).json() == {
        "prompt": "a dog",
        "size": "1280x720",
        "seconds": "4",
        "metadata": {"a": "b"},
        "fps": 24,
        "negative_prompt": "rain",
    }
    assert second.headers["idempotency-key"] == "mine"
    assert b'"input_reference":{"file_id":"f"}' in second.content


def test_an_image_file_is_sent_as_a_form(http_stub: HttpStub, tmp_path: Path) -> None:
    """A path, bytes or an open file become a part with its media type; a URL stays a URL."""
    png = b"\x89PNG\r\n\x1a\n" + bytes(20)
    (tmp_path / "p.png").write_bytes(png)
    server = Server(*(_json(http_stub.video(id=f"video_{number}")) for number in range(4)))
    with server.client() as client, (tmp_path / "p.png").open("rb") as file:
        for image in (tmp_path / "p.png", png, file):
            client.generate("a dog", input_reference=image, seed=7)
        client.generate("a dog", input_reference="https://example.com/p.png")
    for request in server.requests[:3]:
        assert request.headers["content-type"].startswith("multipart/form-data")
        assert b'name="seed"\r\n\r\n7' in request.content
        assert b"image/png" in request.content
        assert png in request.content
    assert b'"input_reference":{"image_url":"https://example.com/p.png"}' in server.requests[3].content


def test_an_invalid_image_is_rejected_without_a_request(tmp_path: Path) -> None:
    """A missing file, or another file type."""
    server = Server()
    (tmp_path / "p.txt").write_text("hello")
    with server.client() as client:
        for image in (tmp_path / "p.txt", tmp_path / "none.png", b"GIF89a"):
            with pytest.raises(errors.InvalidImage):
                client.generate("a dog", input_reference=image)
    assert server.requests == []


def test_a_video_is_generated_and_saved(http_stub: HttpStub, tmp_path: Path) -> None:
    """generate, wait with progress, save: the README's example."""
    server = Server(
        _json(http_stub.video()),
        _json(http_stub.video("in_progress", 50), openai_poll_after_ms="1"),
        _json(http_stub.video("completed", 100)),
        httpx2.Response(
            200, content=http_stub.mp4, headers={"content-type": "video/mp4", "etag": f'"{http_stub.etag}"'}
        ),
    )
    progress: list[int] = []
    with server.client() as client:
        video = client.generate("a dog").wait(timeout=60, on_progress=lambda video: progress.append(video.progress))
        path = video.save(tmp_path / "videos" / "dog.mp4")
    assert progress == [50, 100]
    assert path.read_bytes() == http_stub.mp4
    assert video.finished


async def test_a_video_is_generated_and_saved_asynchronously(http_stub: HttpStub, tmp_path: Path) -> None:
    """The asynchronous client runs the same procedures."""
    server = Server(
        _json(http_stub.video()),
        _json(http_stub.video("in_progress", 50), openai_poll_after_ms="1"),
        _json(http_stub.video("completed", 100)),
        httpx2.Response(
            200, content=http_stub.mp4, headers={"content-type": "video/mp4", "etag": f'"{http_stub.etag}"'}
        ),
    )
    async with server.async_client() as client:
        video = await client.generate("a dog")
        await video.wait(timeout=60)
        path = await video.save(tmp_path / "dog.mp4")
    assert path.read_bytes() == http_stub.mp4


def test_a_list_requests_its_pages_on_demand(http_stub: HttpStub) -> None:
    """The next page starts after the last id of the previous one."""
    first = {"data": [http_stub.video(), http_stub.video() | {"id": "video_2"}], "has_more": True}
    server = Server(_json(first), _json({"data": [http_stub.video() | {"id": "video_3"}], "has_more": False}))
    with server.client() as client:
        videos = client.videos.list(limit=2, order="asc")
        assert next(videos).id == "video_1"
        assert len(server.requests) == 1
        assert [video.id for video in videos] == ["video_2", "video_3"]
    assert dict(server.requests[1].url.params) == {"after": "video_2", "limit": "2", "order": "asc"}


async def test_a_list_is_iterated_asynchronously(http_stub: HttpStub) -> None:
    """With ``async for``."""
    server = Server(_json({"data": [http_stub.video()], "has_more": False}))
    async with server.async_client() as client:
        assert [video.id async for video in client.videos.list()] == ["video_1"]


def test_a_failed_video_raises_in_wait_and_returns_from_poll(http_stub: HttpStub) -> None:
    """``wait`` needs a video file; create_and_poll is the official SDK's and returns any finished video."""
    failed = http_stub.video("failed", 10, error={"code": "moderation_blocked", "message": "Blocked."})
    server = Server(_json(failed), _json(failed, x_request_id="req_9"), _json(http_stub.video()), _json(failed))
    with server.client() as client:
        with pytest.raises(errors.VideoModerated) as caught:
            client.videos.retrieve("video_1").wait()
        assert (caught.value.video_id, caught.value.request_id) == ("video_1", "req_9")
        assert client.videos.create_and_poll("a dog").status == "failed"


@pytest.mark.parametrize("call", ["retrieve", "delete", "cancel", "poll", "download_content"])
def test_errors_have_their_video_and_request_ids(http_stub: HttpStub, call: str) -> None:
    """Whatever the call."""
    server = Server(*[_json(http_stub.error("video_not_found"), 404, x_request_id="req_1")] * 3)
    with server.client() as client, pytest.raises(errors.VideoNotFound) as caught:
        getattr(client.videos, call)("video_/../1")
    assert (caught.value.video_id, caught.value.request_id) == ("video_/../1", "req_1")
    assert server.requests[0].url.raw_path.startswith(b"/v1/videos/video_%2F..%2F1")


def test_an_unreachable_server_is_a_failed_connection() -> None:
    """The HTTP library's exceptions do not reach the caller."""

    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    with (
        Client(base_url="http://s", max_retries=0, transport=httpx2.MockTransport(refuse), environ={}) as client,
        pytest.raises(errors.ConnectionFailed),
    ):
        client.models.list()


def test_a_video_is_retrieved_by_its_id(http_stub: HttpStub) -> None:
    """It may come from another program; ``to_dict`` returns plain values."""
    server = Server(_json(http_stub.video("completed", 100)), _json({"id": "video_1", "deleted": True}))
    with server.client() as client:
        video = sdk.Video.from_id("video_1", client)
        data: dict[str, Any] = video.to_dict()
        assert (data["id"], data["status"], data["error"]) == ("video_1", "completed", None)
        assert repr(video) == "<Video video_1 completed 100%>"
        assert video.delete() == "video_1"
