"""Reading video data from responses, and the URLs the SDK follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate import errors
from filmgate.client import requests
from filmgate.client.backends.filmgate import FILMGATE
from filmgate.client.downloading import save
from filmgate.client.effects import ApiResponse, TransportFailure
from filmgate.client.polling import parse_created
from filmgate.client.responses import error_from_response
from filmgate.client.retrying import ClientState, register_id

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.client.conftest import Driver, HttpStub

    from filmgate.client.effects import Effect

FIXED_JITTER = ClientState(jitter=lambda: 0.5)
CREATE = requests.create({"prompt": "a dog"}, None, "key-1")


@pytest.mark.parametrize(("word", "status"), [("SUCCEEDED", "completed"), ("pending", "queued"), (7, "in_progress")])
def test_statuses_are_read_in_any_spelling(drive: Driver, http_stub: HttpStub, word: object, status: str) -> None:
    """An unknown status means that the video is running."""
    video, _ = drive(
        FILMGATE.poll(FIXED_JITTER, "video_1"), lambda _: http_stub.response(http_stub.video() | {"status": word})
    ).result
    assert video.status == status


@pytest.mark.parametrize(("status", "times"), [(404, 3), (401, 3)])
def test_a_waiting_client_confirms_a_missing_video(drive: Driver, http_stub: HttpStub, status: int, times: int) -> None:
    """Three times, because machines behind one address are not always in agreement; a single poll fails at once."""
    error = http_stub.response(http_stub.error("video_not_found" if status == 404 else "invalid_api_key"), status)
    effects: list[Effect] = []

    def reply(effect: Effect) -> ApiResponse:
        effects.append(effect)
        return error

    with pytest.raises(errors.FilmgateError):
        drive(FILMGATE.poll(FIXED_JITTER, "video_1", max_retries=8), reply)
    assert len(effects) == times
    with pytest.raises(errors.FilmgateError):
        drive(FILMGATE.poll(FIXED_JITTER, "video_1"), reply)
    assert len(effects) == times + 1


def test_a_list_leaves_out_unreadable_rows(drive: Driver, http_stub: HttpStub) -> None:
    """The other rows are returned."""
    rows = [http_stub.video("in_progress", 250), {"id": "../1"}, 7, http_stub.video("completed") | {"id": "video_2"}]
    page = drive(
        FILMGATE.list_page(FIXED_JITTER, None, None, None),
        lambda _: http_stub.response({"data": rows, "has_more": True}),
    ).result
    assert [(video.id, video.progress) for video in page.data] == [("video_1", 99), ("video_2", 100)]
    assert page.has_more


@pytest.mark.parametrize(
    ("status", "body"), [(200, b""), (200, b"<html>"), (200, b'{"id":null}'), (500, b"{}"), (503, b"{}"), (408, b"{}")]
)
def test_a_create_with_an_ambiguous_response_is_unknown(status: int, body: bytes) -> None:
    """It may have been accepted and charged: the error has the Idempotency-Key."""
    with pytest.raises(errors.SubmissionUnknown, match="key-1"):
        parse_created(CREATE, ApiResponse(status, {"content-type": "application/json"}, body))


def test_an_id_belongs_to_one_idempotency_key() -> None:
    """The same key may return a video again, another key must not."""
    register_id(FIXED_JITTER, "video_7", "key-1")
    register_id(FIXED_JITTER, "video_7", "key-1")
    for key in ("key-2", None):
        with pytest.raises(errors.SubmissionUnknown, match="video_7"):
            register_id(FIXED_JITTER, "video_7", key)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"detail": "No such\x1b[31m model.\r\n"}, "No such [31m model."),
        ({"error": "Busy."}, "Busy."),
        ({"error": {"message": "<html><script>alert(1)</script>", "code": "x"}}, "The request can't be used."),
    ],
)
def test_a_servers_message_is_one_plain_line(http_stub: HttpStub, body: object, message: str) -> None:
    """From any error format; without terminal control characters or HTML."""
    assert error_from_response(http_stub.response(body, 400)).message == message


ADDRESSES = {
    "v.example": ["93.184.216.34"],
    "cdn.example": ["93.184.216.35"],
    "lan.example": ["10.0.0.7"],
    "localhost": ["127.0.0.1"],
}


@pytest.mark.parametrize(
    ("api_url", "target_url", "allowed"),
    [
        ("https://v.example/v1", "https://cdn.example/f.mp4", True),
        ("https://v.example/v1", "https://lan.example/f.mp4", False),
        ("https://v.example/v1", "http://127.0.0.1/f.mp4", False),
        ("https://v.example/v1", "http://169.254.169.254/f.mp4", False),
        ("https://v.example/v1", "file:///etc/passwd", False),
        ("http://localhost:8000/v1", "http://lan.example/f.mp4", True),
        ("http://localhost:8000/v1", "http://169.254.169.254/f.mp4", False),
        ("http://10.0.0.7/v1", "http://10.0.0.7:9000/f.mp4", True),
    ],
)
def test_redirects_to_closed_networks_are_rejected(
    drive: Driver, http_stub: HttpStub, tmp_path: Path, api_url: str, target_url: str, *, allowed: bool
) -> None:
    """A redirect may lead to a public host, to the server's own, or within its private network."""
    state = ClientState(jitter=lambda: 0.5, api_address=api_url, resolve_host=ADDRESSES.__getitem__)
    requested_urls: list[str | None] = []

    def reply(effect: Effect) -> ApiResponse | TransportFailure | bytes:
        request = getattr(effect, "request", None)
        if request is None:
            return b""
        requested_urls.append(request.url)
        if request.url is None:
            return ApiResponse(302, {"location": target_url})
        return ApiResponse(410, {"content-type": "application/json"}, b'{"error":{"message":"Gone."}}')

    with pytest.raises(errors.FilmgateError):
        drive(save(state, "video_1", tmp_path / "f.mp4"), reply)
    assert requested_urls == ([None, target_url] if allowed else [None])
    assert http_stub.mp4
