"""Vendor backends: a video from submission to file, what is never sent twice, and unsupported calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from filmgate import Client, errors
from filmgate.client.endpoint import BARE_KEY_PROVIDERS
from filmgate.wire.providers import PROVIDERS
from filmgate.wire.upstream import DIALECTS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.client.conftest import HttpStub

VIDEO_PROVIDERS = [name for name in PROVIDERS if name != "chat"]

Handler = Callable[[httpx2.Request], httpx2.Response]


class Vendor:
    """Returns scripted responses; records requests and its clients' sleeps."""

    def __init__(self, *responses: httpx2.Response | Exception) -> None:
        self.slept: list[float] = []
        self._responses = iter(responses)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request."""
        self.requests.append(request)
        response = next(self._responses)
        if isinstance(response, Exception):
            raise response
        return response

    def client(self, provider: str = "dmxapi", **options: Any) -> Client:
        """Build a client of it."""
        client = Client(
            base_url="http://v",
            api_key="sk-1",
            provider=provider,
            transport=httpx2.MockTransport(self),
            environ={},
            **options,
        )
        client._driver._sleep = self.slept.append
        return client


def _json(body: object, status: int = 200, **headers: str) -> httpx2.Response:
    return httpx2.Response(status, json=body, headers={name.replace("_", "-"): text for name, text in headers.items()})


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "outcome",
    [
        httpx2.ReadError("reset"),
        httpx2.ReadTimeout("late"),
        httpx2.Response(502, text="bad gateway"),
        httpx2.Response(503, text="no hint"),
        httpx2.Response(200, text="<html>"),
        httpx2.Response(500, json={"error": {"message": "oops"}}),
    ],
)
def test_a_create_that_may_have_been_accepted_is_never_sent_again(provider: str, outcome: Any) -> None:
    """A lost response raises SubmissionUnknown after one request."""
    vendor = Vendor(outcome)
    with vendor.client(provider) as client, pytest.raises(errors.SubmissionUnknown):
        client.generate("a koi pond")
    assert len(vendor.requests) == 1
    assert "idempotency-key" not in vendor.requests[0].headers


@pytest.mark.parametrize(
    "outcome", [httpx2.ConnectError("refused"), httpx2.Response(429, headers={"retry-after-ms": "1"})]
)
def test_a_create_that_was_not_accepted_is_sent_again(http_stub: HttpStub, outcome: Any) -> None:
    """After a refused connection or a 429."""
    vendor = Vendor(outcome, _json(http_stub.video()))
    with vendor.client() as client:
        assert client.generate("a koi pond").id == "video_1"
    assert len(vendor.requests) == 2


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (_json({"error": {"message": "No.", "code": "invalid_api_key"}}, 401), errors.InvalidKey),
        (_json({"error": {"message": "No.", "code": "insufficient_quota"}}, 403), errors.InsufficientQuota),
        (_json({"error": {"message": "No.", "code": "invalid_value"}}, 400), errors.InvalidValue),
        (_json({"error": {"message": "No.", "code": "strange"}}), errors.RequestError),
        (httpx2.Response(404, text="<html>", headers={"content-type": "text/html"}), errors.UnexpectedAnswer),
    ],
)
def test_a_rejected_create_raises_the_error_of_its_code(outcome: httpx2.Response, error: type[Exception]) -> None:
    """One request; the vendor's code and status decide."""
    vendor = Vendor(outcome)
    with vendor.client() as client, pytest.raises(error):
        client.generate("a koi pond")
    assert len(vendor.requests) == 1


def test_each_vendor_gets_its_key_in_its_own_form(http_stub: HttpStub, tmp_path: Path) -> None:
    """Bare, or after Bearer; never sent to another host."""
    assert {name for name, dialect in DIALECTS.items() if not dialect.auth_scheme} == set(BARE_KEY_PROVIDERS)
    for provider in VIDEO_PROVIDERS:
        vendor = Vendor(
            _json(http_stub.video()),
            _json(http_stub.video("completed", 100, url="http://cdn.example/video.mp4")),
            httpx2.Response(302, headers={"location": "http://cdn.example/video.mp4"})
            if provider != "apiyi-async"
            else httpx2.Response(200, content=http_stub.mp4, headers={"content-type": "video/mp4"}),
            httpx2.Response(200, content=http_stub.mp4, headers={"content-type": "video/mp4"}),
        )
        with vendor.client(provider) as client:
            video = client.generate("a koi pond").wait(poll_interval=0)
            video.save(tmp_path / f"{provider}.mp4")
        expected = "sk-1" if provider in BARE_KEY_PROVIDERS else "Bearer sk-1"
        assert vendor.requests[0].headers["authorization"] == expected
        assert vendor.requests[-1].url.host == "cdn.example"
        assert "authorization" not in vendor.requests[-1].headers


def test_unsupported_calls_raise_without_a_request(http_stub: HttpStub) -> None:
    """The error names the provider."""
    vendor = Vendor()
    with vendor.client() as client:
        for call in (
            lambda: client.videos.remix("video_1", "at night"),
            lambda: client.videos.edit("snow", video="video_1"),
            lambda: client.videos.extend("on", seconds=4, video="video_1"),
            lambda: client.videos.cancel("video_1"),
            lambda: client.videos.delete("video_1"),
            lambda: client.videos.get_character("char_1"),
            lambda: client.videos.download_content("video_1", variant="thumbnail"),
            lambda: client.generate("a koi pond", seed=7),
            lambda: client.generate("a koi pond", metadata={"a": "b"}),
            lambda: client.generate("a koi pond", input_reference="https://example.com/p.png"),
        ):
            with pytest.raises(errors.Unsupported, match="dmxapi"):
                call()
    with vendor.client("chat") as client:
        with pytest.raises(errors.Unsupported):
            client.videos.retrieve("video_1")
        with pytest.raises(errors.Unsupported):
            list(client.videos.list())
    assert vendor.requests == []
    assert http_stub.mp4


def test_a_poll_without_usable_data_is_repeated(http_stub: HttpStub) -> None:
    """A proxy may return HTML, and a status may be unknown: the video is still running."""
    vendor = Vendor(
        _json(http_stub.video()),
        httpx2.Response(200, text="<html>"),
        _json({"error": {"message": "gone"}}, 404),
        _json(http_stub.video("polishing", 250)),
        _json(http_stub.video("completed", 80)),
    )
    seen: list[tuple[str, int]] = []
    with vendor.client(max_retries=0) as client:
        video = client.generate("a koi pond")
        video.wait(on_progress=lambda video: seen.append((video.status, video.progress)), poll_interval=0)
    assert seen == [("in_progress", 99), ("completed", 100)]


def test_a_video_is_missing_after_three_polls() -> None:
    """A vendor's machines are not always in agreement."""
    vendor = Vendor(*[_json({"error": {"message": "no such video"}}, 404)] * 3)
    with vendor.client() as client, pytest.raises(errors.VideoNotFound) as caught:
        client.videos.retrieve("video_9")
    assert (len(vendor.requests), caught.value.video_id) == (3, "video_9")


def test_a_download_waits_for_a_file_that_is_not_ready(http_stub: HttpStub, tmp_path: Path) -> None:
    """The video is completed, its file not yet available."""
    vendor = Vendor(
        _json(http_stub.video("completed", 100)),
        _json({"error": {"message": "Video is not ready yet"}}, 404),
        httpx2.Response(200, content=http_stub.mp4, headers={"content-type": "video/mp4"}),
    )
    with vendor.client() as client:
        client.videos.retrieve("video_1").save(tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == http_stub.mp4


def test_a_vendors_list_is_read(http_stub: HttpStub) -> None:
    """Unreadable rows are left out."""
    rows = [http_stub.video("processing", 5), {"id": 7}, http_stub.video("completed", 100) | {"id": "video_2"}]
    vendor = Vendor(_json({"object": "list", "data": rows, "has_more": False}))
    with vendor.client("openai") as client:
        assert [(video.id, video.status) for video in client.videos.list()] == [
            ("video_1", "in_progress"),
            ("video_2", "completed"),
        ]


def _chat_stream(*pieces: str, end: bool = True) -> httpx2.Response:
    lines = [f"data: {json.dumps({'id': 'c-1', 'choices': [{'delta': {'content': piece}}]})}\n\n" for piece in pieces]
    lines += ["data: [DONE]\n\n"] if end else []
    return httpx2.Response(200, text="".join(lines), headers={"content-type": "text/event-stream"})


def test_a_broken_chat_stream_is_not_submitted_again() -> None:
    """Every call is charged: the outcome is unknown, and the error has the video's id."""
    vendor = Vendor(_chat_stream("ID: task_1234\n", "进度 42..", end=False))
    with vendor.client("chat") as client:
        video = client.generate("a koi pond")
        with pytest.raises(errors.SubmissionUnknown) as caught:
            video.wait(poll_interval=0)
    assert (video.id, caught.value.video_id, len(vendor.requests)) == ("task_1234", "task_1234", 1)


def test_a_failed_chat_raises_the_vendors_reason() -> None:
    """In the text of the stream, or as an error before it."""
    vendor = Vendor(_chat_stream("ID: task_1234\n", "❌ 生成失败：内容违规\n"))
    with vendor.client("chat") as client, pytest.raises(errors.VideoModerated):
        client.generate("a koi pond").wait()
    body = 'data: {"error":{"message":"Too busy.","code":"busy"}}\n\n'
    vendor = Vendor(httpx2.Response(200, text=body, headers={"content-type": "text/event-stream"}))
    with vendor.client("chat") as client, pytest.raises(errors.RequestError, match="Too busy"):
        client.generate("a koi pond")


def test_the_length_selects_the_chat_model() -> None:
    """The orientation goes into the prompt."""
    vendor = Vendor(_chat_stream("ID: task_1234\n"), _chat_stream("ID: task_1235\n"))
    with vendor.client("chat") as client:
        client.generate("a koi pond", seconds=10, size="1280x720")
        client.generate("锦鲤池", input_reference="https://example.com/p.png")
        with pytest.raises(errors.InvalidValue, match="'10' and '15'"):
            client.generate("a koi pond", seconds=8)
    first, second = (json.loads(request.content) for request in vendor.requests)
    assert (first["model"], first["messages"][0]["content"]) == ("sora-2-hd-10s-chat", "16:9 a koi pond")
    assert second["model"] == "sora-2-hd-15s-chat"
    assert second["messages"][0]["content"][1]["image_url"]["url"] == "https://example.com/p.png"
