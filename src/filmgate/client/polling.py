"""What an answer says of a video, whoever gave it: read by a dialect of ``filmgate.wire.upstream``, never guessed."""

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
"""Tries within one look, so that a server may restart while somebody waits (about 40 s)."""

CONFIRMATIONS = 3
"""Times in a row that a server must say that there is no such video, or no such key, to somebody who waits: the
machines behind an address don't always agree at once."""

MAX_PAGE_BYTES = 32 * 1024 * 1024
"""Bytes of a list: a hundred videos with the longest of prompts, escaped."""

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
    """How a video stands. An answer that says nothing of it is asked for again; so is one that says it is not there.

    Args:
        state: its jitter and patience.
        video_id: which one.
        request: what asks for it.
        read: the dialect.
        max_retries: of each request, instead of the session's.
        confirmations: times in a row that it must not be there, or the key not be good, before that is believed.

    Raises:
        VideoNotFound: there is no such video.
        FilmgateError: what was answered all the time.
    """
    denied = 0
    for tried in itertools.count():
        answer = yield from send_with_retries(state, request, max_retries=max_retries)
        said = read(answer)
        if said.kind is ReplyKind.JOB:
            return merge_video_data(
                said, VideoData(id=video_id, model="", status=Status.IN_PROGRESS), answer.body
            ), answer
        denied = denied + 1 if said.not_found or answer.status in _DENIED_STATUSES else 0
        if denied >= confirmations or (not denied and tried >= OUTAGE_RETRIES):
            raise _not_found(video_id, answer) if said.not_found else error_from_response(answer)
        yield Sleep(said.retry_after or backoff(state, min(tried, 2)))
    raise AssertionError


def parse_created(
    request: Request, response: ApiResponse, request_fields: Mapping[str, object] | None = None
) -> VideoData:
    """The video that a create, remix, edit or extend began.

    Args:
        request: what was sent.
        response: what came of it.
        request_fields: what it asked for, where the answer does not repeat it.

    Raises:
        SubmissionUnknown: it may have been accepted.
        FilmgateError: why it was refused.
    """
    said = OPENAI.read_create(response.status, response.headers, response.body)
    if said.kind is ReplyKind.AMBIGUOUS:
        what = response.media_type or "no content type"
        raise submission_unknown(
            request, f"the answer ({response.status}, {what}) does not say; is the base URL right?", response
        )
    if said.kind is not ReplyKind.JOB:
        raise rejection_error(said, response)
    known = {
        name: str(value) for name, value in (request_fields or {}).items() if name in _FIELD_TYPES and value is not None
    }
    facts: dict[str, Any] = {"model": "", **known, "id": said.id or "", "status": Status.QUEUED}
    return merge_video_data(said, VideoData(**facts), response.body)


def rejection_error(report: JobReport, response: ApiResponse) -> FilmgateError:
    """Why nothing was accepted."""
    if response.status // 100 != 2:
        return error_from_response(response)
    error = report.error
    return error_from_code(error.code if error else None, error.message if error else None, response.request_id)


def merge_video_data(report: JobReport, known: VideoData, body: bytes = b"") -> VideoData:
    """A video as it is shown, over what is known of it."""
    found = parse_object(body) or {}
    facts = {name: found[name] for name, kind in _FIELD_TYPES.items() if _has_type(found.get(name), kind)}
    if "seconds" in facts:
        facts["seconds"] = str(facts["seconds"])
    status = report.status or (Status.IN_PROGRESS if known.status is Status.QUEUED else known.status)
    progress = int(max(report.progress or 0, known.progress))
    told = {"status": status, "progress": progress, "error": report.error, "url": report.content_url}
    return msgspec.structs.replace(known, **facts, **told)


def parse_page(response: ApiResponse, read: Callable[[str, bytes], JobReport]) -> VideoPage:
    """A page of a list; rows that can't be read are left out.

    Args:
        response: what came.
        read: the dialect: from an id and the JSON of a row to what it says.

    Raises:
        FilmgateError: it is no list; what it is instead.
    """
    found = parse_object(response.body, MAX_PAGE_BYTES) if response.status == 200 else None
    rows = found.get("data") if found else None
    if found is None or not isinstance(rows, list):
        raise error_from_response(response)
    data = [video for row in rows if isinstance(row, dict) and (video := _parse_row(row, read))]
    return VideoPage(data=data, has_more=found.get("has_more") is True)


def _parse_row(row: Mapping[str, object], read: Callable[[str, bytes], JobReport]) -> VideoData | None:
    video_id, body = parse_id(row.get("id")), msgspec.json.encode(row)
    said = read(video_id, body) if video_id else None
    if said is None or said.kind is not ReplyKind.JOB:
        return None
    return merge_video_data(said, VideoData(id=video_id or "", model="", status=Status.IN_PROGRESS), body)


def _not_found(video_id: str, response: ApiResponse) -> FilmgateError:
    """In the server's own words, where it has any: an expired video is none that never was."""
    error = error_from_response(response)
    return VideoNotFound(video_id) if type(error) in {NotFound, RequestError} else error


def _has_type(value: object, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
