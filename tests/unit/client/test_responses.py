"""Responses become values or errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate import errors
from filmgate.client.effects import ApiResponse
from filmgate.client.responses import error_from_response, failed_video_error, parse_event, parse_video, retry_after

if TYPE_CHECKING:
    from tests.unit.client.conftest import HttpStub


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "invalid_value", errors.InvalidValue),
        (400, "missing_required_parameter", errors.MissingParameter),
        (400, "unknown_parameter", errors.UnknownParameter),
        (400, "something_new", errors.RequestError),
        (401, "invalid_api_key", errors.InvalidKey),
        (403, "insufficient_quota", errors.InsufficientQuota),
        (404, "video_not_found", errors.VideoNotFound),
        (404, "video_expired", errors.VideoExpired),
        (429, "rate_limit_exceeded", errors.TooManyRequests),
        (500, "server_error", errors.ServerError),
        (503, "unavailable", errors.Unavailable),
    ],
)
def test_an_error_has_the_class_of_its_code_or_status(
    http_stub: HttpStub, status: int, code: str, expected: type[errors.FilmgateError]
) -> None:
    """The status decides for an unknown code; message, parameter and request id are kept."""
    error = error_from_response(http_stub.response(http_stub.error(code, "Why.", "size"), status, x_request_id="req_1"))
    assert type(error) is expected
    assert (error.message, error.param, error.code, error.request_id) == ("Why.", "size", code, "req_1")


def test_a_rate_limit_error_has_its_retry_after(http_stub: HttpStub) -> None:
    """In seconds, at most two minutes."""
    error = error_from_response(http_stub.response(http_stub.error("rate_limit_exceeded"), 429, retry_after="7"))
    assert isinstance(error, errors.TooManyRequests)
    assert error.retry_after == 7.0
    assert retry_after(ApiResponse(429, {"retry-after": "9999"})) == 120.0
    assert retry_after(ApiResponse(429, {"retry-after-ms": "250"})) == 0.25
    assert retry_after(ApiResponse(429, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"})) is None
    assert retry_after(ApiResponse(429, {"retry-after": "nan"})) is None


@pytest.mark.parametrize("status", [200, 301, 404])
def test_html_is_an_unexpected_response(status: int) -> None:
    """With any status; the error names the content type."""
    page = ApiResponse(status, {"content-type": "text/html; charset=utf-8", "x-request-id": "req_1"}, b"<html>")
    with pytest.raises(errors.UnexpectedAnswer, match=r"text/html.*base URL") as caught:
        parse_video(page)
    assert caught.value.request_id == "req_1"


def test_a_gateway_error_is_a_server_error() -> None:
    """A proxy's 502 page may be retried."""
    error = error_from_response(ApiResponse(502, {"content-type": "text/html"}, b"<html>"))
    assert isinstance(error, errors.ServerError)
    assert error.retryable


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'{"id":1}', b'{"id":"video_1","model":"m","status":"done"}'])
def test_json_that_is_not_a_video_is_rejected(body: bytes) -> None:
    """Missing fields and unknown statuses raise."""
    with pytest.raises(errors.UnexpectedAnswer):
        parse_video(ApiResponse(200, {"content-type": "application/json"}, body))


def test_unknown_fields_are_ignored(http_stub: HttpStub) -> None:
    """A server may send more fields."""
    assert parse_video(http_stub.response(http_stub.video(new_field=1))).id == "video_1"
    assert parse_event(b'{"id":"v","model":"m","status":"queued","position":2,"eta_seconds":1.5}').position == 2


def test_a_failed_video_is_an_error_with_its_reason(http_stub: HttpStub) -> None:
    """Moderation has its own class; the error has the video's id."""
    reason = {"code": "moderation_blocked", "message": "Blocked."}
    error = failed_video_error(parse_video(http_stub.response(http_stub.video("failed", error=reason))), "req_1")
    assert isinstance(error, errors.VideoModerated)
    assert (error.message, error.video_id, error.request_id) == ("Blocked.", "video_1", "req_1")
    assert (
        type(failed_video_error(parse_video(http_stub.response(http_stub.video("failed"))), None)) is errors.VideoFailed
    )
    assert failed_video_error(parse_video(http_stub.response(http_stub.video("completed", 100))), None) is None
