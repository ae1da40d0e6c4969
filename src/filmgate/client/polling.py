"""Video data from server responses, read by the dialects of ``filmgate.wire.upstream``."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from filmgate.client.effects import ApiResponse, Procedure, Request, Sleep
from filmgate.client.responses import VideoData, VideoPage, error_from_code, error_from_response
from filmgate.client.retrying import ClientState, backoff, send_with_retries, submission_unknown
from filmgate.domain import Status
from filmgate.errors import FilmgateError, NotFound, RequestError, VideoNotFound
from filmgate.wire.upstream import JobReport, ReplyKind
from filmgate.wire.upstream.openai import OPENAI
from filmgate.wire.upstream.parsing import parse_id, parse_object

__all__ = ["OUTAGE_RETRIES", "merge_video_data", "parse_created", "parse_page", "poll_once", "rejection_error"]

OUTAGE_RETRIES = 8
"""Retries within one poll, so that a waiting client survives a server restart (about 40 s)."""

CONFIRMATIONS = 3
"""Consecutive responses without the video, or with the key rejected, before a waiting client fails: the machines
behind an address are not always in agreement.
"""

MAX_PAGE_BYTES = 32 * 1024 * 1024
"""Largest list response in bytes: a hundred videos with the longest prompts, escaped."""

_DENIED_STATUSES = frozenset({401, 403})

_FIELD_TYPES: dict[str, type | tuple[type, ...]] = {
    "model": str,
    "prompt": str,
    "size": str,
    "seconds": (str, int),
    "created_at": int,
    "completed_at": int,
    "expires_at": int,
    "remixed_from_video_id": str,
}


def poll_once(
    state: ClientState,
    video_id: str,
    request: Request,
    read: Callable[[ApiResponse], JobReport],
    *,
    max_retries: int | None = None,
    confirmations: int = CONFIRMATIONS,
) -> Procedure[tuple[VideoData, ApiResponse]]:
    """Poll a video; repeat while the response does not describe it or says that it does not exist.

    Args:
        state: jitter and retries.
        video_id: the video's id.
        request: the poll.
        read: the dialect's reader.
        max_retries: retries of each request, instead of the client's.
        confirmations: consecutive responses without the video, or with the key rejected, after which the poll fails.

    Raises:
        VideoNotFound: the video does not exist.
        FilmgateError: the last of the server's errors.
    """
    denials = 0
    for attempt in itertools.count():
        response = yield from send_with_retries(state, request, max_retries=max_retries)
        report = read(response)
        if report.kind is ReplyKind.JOB:
            return merge_video_data(
                report, VideoData(id=video_id, model="", status=Status.IN_PROGRESS), response.body
            ), response
        denials = denials + 1 if report.not_found or response.status in _DENIED_STATUSES else 0
        if denials >= confirmations or (not denials and attempt >= OUTAGE_RETRIES):
            raise _not_found(video_id, response) if report.not_found else error_from_response(response)
        yield Sleep(report.retry_after or backoff(state, min(attempt, 2)))
    raise AssertionError


def parse_created(
    request: Request, response: ApiResponse, request_fields: Mapping[str, object] | None = None
) -> VideoData:
    """Return the video that a create, remix, edit or extend started.

    Args:
        request: what was sent.
        response: the server's response.
        request_fields: the requested values, used where the response does not repeat them.

    Raises:
        SubmissionUnknown: it may have been accepted.
        FilmgateError: the server rejected the request.
    """
    report = OPENAI.read_create(response.status, response.headers, response.body)
    if report.kind is ReplyKind.AMBIGUOUS:
        media_type = response.media_type or "no content type"
        raise submission_unknown(
            request,
            f"the response ({response.status}, {media_type}) does not show it; is the base URL right?",
            response,
        )
    if report.kind is not ReplyKind.JOB:
        raise rejection_error(report, response)
    requested = {
        name: str(value) for name, value in (request_fields or {}).items() if name in _FIELD_TYPES and value is not None
    }
    values: dict[str, Any] = {"model": "", **requested, "id": report.id or "", "status": Status.QUEUED}
    return merge_video_data(report, VideoData(**values), response.body)


def rejection_error(report: JobReport, response: ApiResponse) -> FilmgateError:
    """Return the error of a rejected request."""
    if response.status // 100 != 2:  # noqa: PLR2004 - 2xx: success
        return error_from_response(response)
    error = report.error
    return error_from_code(error.code if error else None, error.message if error else None, response.request_id)


def merge_video_data(report: JobReport, known: VideoData, body: bytes = b"") -> VideoData:
    """Return a video with the report's and the body's fields; missing ones come from ``known``."""
    body_fields = parse_object(body) or {}
    fields = {name: body_fields[name] for name, kind in _FIELD_TYPES.items() if _has_type(body_fields.get(name), kind)}
    if "seconds" in fields:
        fields["seconds"] = str(fields["seconds"])
    status = report.status or (Status.IN_PROGRESS if known.status is Status.QUEUED else known.status)
    progress = int(max(report.progress or 0, known.progress))
    updates = {"status": status, "progress": progress, "error": report.error, "url": report.content_url}
    return msgspec.structs.replace(known, **fields, **updates)


def parse_page(response: ApiResponse, read: Callable[[str, bytes], JobReport]) -> VideoPage:
    """Parse a page of a list; unreadable rows are left out.

    Args:
        response: the server's response.
        read: the dialect's reader: an id and the JSON of a row to a report.

    Raises:
        FilmgateError: the response is not a list.
    """
    page = parse_object(response.body, MAX_PAGE_BYTES) if response.status == 200 else None  # noqa: PLR2004 - OK
    rows = page.get("data") if page else None
    if page is None or not isinstance(rows, list):
        raise error_from_response(response)
    data = [video for row in rows if isinstance(row, dict) and (video := _parse_row(row, read))]
    return VideoPage(data=data, has_more=page.get("has_more") is True)


def _parse_row(row: Mapping[str, object], read: Callable[[str, bytes], JobReport]) -> VideoData | None:
    video_id, body = parse_id(row.get("id")), msgspec.json.encode(row)
    report = read(video_id, body) if video_id else None
    if report is None or report.kind is not ReplyKind.JOB:
        return None
    return merge_video_data(report, VideoData(id=video_id or "", model="", status=Status.IN_PROGRESS), body)


def _not_found(video_id: str, response: ApiResponse) -> FilmgateError:
    """Return the server's error if it is specific (an expired video is not an unknown one), else VideoNotFound."""
    error = error_from_response(response)
    return VideoNotFound(video_id) if type(error) in {NotFound, RequestError} else error


def _has_type(value: object, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
