"""What an answer says of a video, and where the SDK may be led."""

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

STEADY = ClientState(jitter=lambda: 0.5)
CREATE = requests.create({"prompt": "a dog"}, None, "key-1")


@pytest.mark.parametrize(("word", "status"), [("SUCCEEDED", "completed"), ("pending", "queued"), (7, "in_progress")])
def test_a_status_is_read_however_it_is_spelt(drive: Driver, http_stub: HttpStub, word: object, status: str) -> None:
    """Words of servers that nobody named; one that nobody knows means: it goes on."""
    video, _ = drive(
        FILMGATE.poll(STEADY, "video_1"), lambda _: http_stub.answer(http_stub.video() | {"status": word})
    ).result
    assert video.status == status


@pytest.mark.parametrize(("status", "times"), [(404, 3), (401, 3)])
def test_who_waits_is_told_thrice(drive: Driver, http_stub: HttpStub, status: int, times: int) -> None:
    """Machines behind one address don't always agree; a single look believes the first."""
    refused = http_stub.answer(http_stub.error("video_not_found" if status == 404 else "invalid_api_key"), status)
    asked: list[Effect] = []

    def reply(action: Effect) -> ApiResponse:
        asked.append(action)
        return refused

    with pytest.raises(errors.FilmgateError):
        drive(FILMGATE.poll(STEADY, "video_1", max_retries=8), reply)
    assert len(asked) == times
    with pytest.raises(errors.FilmgateError):
        drive(FILMGATE.poll(STEADY, "video_1"), reply)
    assert len(asked) == times + 1


def test_a_list_leaves_out_what_can_not_be_read(drive: Driver, http_stub: HttpStub) -> None:
    """One odd row does not hide the others."""
    rows = [http_stub.video("in_progress", 250), {"id": "../1"}, 7, http_stub.video("completed") | {"id": "video_2"}]
    page = drive(
        FILMGATE.list_page(STEADY, None, None, None), lambda _: http_stub.answer({"data": rows, "has_more": True})
    ).result
    assert [(video.id, video.progress) for video in page.data] == [("video_1", 99), ("video_2", 100)]
    assert page.has_more


@pytest.mark.parametrize(
    ("status", "body"), [(200, b""), (200, b"<html>"), (200, b'{"id":null}'), (500, b"{}"), (503, b"{}"), (408, b"{}")]
)
def test_a_create_whose_answer_does_not_say_is_unknown(status: int, body: bytes) -> None:
    """It may have been accepted, and charged: the error tells the key to ask with."""
    with pytest.raises(errors.SubmissionUnknown, match="key-1"):
        parse_created(CREATE, ApiResponse(status, {"content-type": "application/json"}, body))


def test_an_id_stands_for_one_video() -> None:
    """The same key finds the same video again; another wish must not."""
    register_id(STEADY, "video_7", "key-1")
    register_id(STEADY, "video_7", "key-1")
    for key in ("key-2", None):
        with pytest.raises(errors.SubmissionUnknown, match="video_7"):
            register_id(STEADY, "video_7", key)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"detail": "No such\x1b[31m model.\r\n"}, "No such [31m model."),
        ({"error": "Busy."}, "Busy."),
        ({"error": {"message": "<html><script>alert(1)</script>", "code": "x"}}, "The request can't be used."),
    ],
)
def test_what_a_server_says_is_one_plain_line(http_stub: HttpStub, body: object, message: str) -> None:
    """In whatever shape it says so, nothing of it steers a terminal."""
    assert error_from_response(http_stub.answer(body, 400)).message == message


NAMES = {
    "v.example": ["93.184.216.34"],
    "cdn.example": ["93.184.216.35"],
    "lan.example": ["10.0.0.7"],
    "localhost": ["127.0.0.1"],
}


@pytest.mark.parametrize(
    ("home", "there", "asked"),
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
def test_a_server_leads_nobody_into_a_closed_net(
    drive: Driver, http_stub: HttpStub, tmp_path: Path, home: str, there: str, *, asked: bool
) -> None:
    """A redirect goes into the open, to the server's own host, or within the net that it is in itself."""
    session = ClientState(jitter=lambda: 0.5, api_address=home, resolve_host=NAMES.__getitem__)
    went: list[str | None] = []

    def reply(action: Effect) -> ApiResponse | TransportFailure | bytes:
        request = getattr(action, "request", None)
        if request is None:
            return b""
        went.append(request.url)
        if request.url is None:
            return ApiResponse(302, {"location": there})
        return ApiResponse(410, {"content-type": "application/json"}, b'{"error":{"message":"Gone."}}')

    with pytest.raises(errors.FilmgateError):
        drive(save(session, "video_1", tmp_path / "f.mp4"), reply)
    assert went == ([None, there] if asked else [None])
    assert http_stub.film
