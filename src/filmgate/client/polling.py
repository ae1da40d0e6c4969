"""What an answer says of a video, whoever gave it: read by a dialect of ``filmgate.wire.upstream``, never guessed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

import msgspec

from filmgate.client.effects import Answer, Machine, Request, Sleep
from filmgate.client.responses import VideoData, VideoPage, error_named, error_of
from filmgate.client.retrying import Session, backoff, exchange, unknown
from filmgate.domain import Status
from filmgate.errors import FilmgateError, NotFound, RequestError, VideoNotFound
from filmgate.wire.upstream import Meaning, Said
from filmgate.wire.upstream.openai import OPENAI
from filmgate.wire.upstream.parsing import identifier, record

__all__ = ["OUTAGE", "accepted", "data_of", "looked", "page_of", "refusal"]

OUTAGE = 8
"""Tries within one look, so that a server may restart while somebody waits (about 40 s)."""

SURE = 3
"""Times in a row that a server must say that there is no such video, or no such key, to somebody who waits: the
machines behind an address don't always agree at once."""

PAGE_LIMIT = 32 * 1024 * 1024
"""Bytes of a list: a hundred videos with the longest of prompts, escaped."""

_REFUSED = frozenset({401, 403})

_FACTS: dict[str, type | tuple[type, ...]] = {
    "model": str,
    "prompt": str,
    "size": str,
    "seconds": (str, int),
    "created_at": int,
    "completed_at": int,
    "expires_at": int,
    "remixed_from_video_id": str,
}


def looked(
    session: Session,
    video_id: str,
    request: Request,
    read: Callable[[Answer], Said],
    *,
    retries: int | None = None,
    sure: int = SURE,
) -> Machine[tuple[VideoData, Answer]]:
    """How a video stands. An answer that says nothing of it is asked for again; so is one that says it is not there.

    Args:
        session: its jitter and patience.
        video_id: which one.
        request: what asks for it.
        read: the dialect.
        retries: of each request, instead of the session's.
        sure: times in a row that it must not be there, or the key not be good, before that is believed.

    Raises:
        VideoNotFound: there is no such video.
        FilmgateError: what was answered all the time.
    """
    denied = 0
    for tried in itertools.count():
        answer = yield from exchange(session, request, retries=retries)
        said = read(answer)
        if said.meaning is Meaning.JOB:
            return data_of(said, VideoData(id=video_id, model="", status=Status.IN_PROGRESS), answer.body), answer
        denied = denied + 1 if said.gone or answer.status in _REFUSED else 0
        if denied >= sure or (not denied and tried >= OUTAGE):
            raise _not_found(video_id, answer) if said.gone else error_of(answer)
        yield Sleep(said.retry_after or backoff(session, min(tried, 2)))
    raise AssertionError


def accepted(request: Request, answer: Answer, asked: Mapping[str, object] | None = None) -> VideoData:
    """The video that a create, remix, edit or extend began.

    Args:
        request: what was sent.
        answer: what came of it.
        asked: what it asked for, where the answer does not repeat it.

    Raises:
        SubmissionUnknown: it may have been accepted.
        FilmgateError: why it was refused.
    """
    said = OPENAI.read_created(answer.status, answer.headers, answer.body)
    if said.meaning is Meaning.AMBIGUOUS:
        what = answer.media_type or "no content type"
        raise unknown(request, f"the answer ({answer.status}, {what}) does not say; is the base URL right?", answer)
    if said.meaning is not Meaning.JOB:
        raise refusal(said, answer)
    known = {name: str(value) for name, value in (asked or {}).items() if name in _FACTS and value is not None}
    return data_of(said, VideoData(**{"model": "", **known, "id": said.id or "", "status": Status.QUEUED}), answer.body)  # type: ignore[arg-type]  # the facts are texts


def refusal(said: Said, answer: Answer) -> FilmgateError:
    """Why nothing was accepted."""
    if answer.status // 100 != 2:  # noqa: PLR2004 - the class of success
        return error_of(answer)
    error = said.error
    return error_named(error.code if error else None, error.message if error else None, answer.request_id)


def data_of(said: Said, known: VideoData, body: bytes = b"") -> VideoData:
    """A video as it is shown, over what is known of it."""
    found = record(body) or {}
    facts = {name: found[name] for name, kind in _FACTS.items() if _is(found.get(name), kind)}
    if "seconds" in facts:
        facts["seconds"] = str(facts["seconds"])
    status = said.status or (Status.IN_PROGRESS if known.status is Status.QUEUED else known.status)
    progress = int(max(said.progress or 0, known.progress))
    told = {"status": status, "progress": progress, "error": said.error, "url": said.content_url}
    return msgspec.structs.replace(known, **facts, **told)


def page_of(answer: Answer, read: Callable[[str, bytes], Said]) -> VideoPage:
    """A page of a list; rows that can't be read are left out.

    Args:
        answer: what came.
        read: the dialect: from an id and the JSON of a row to what it says.

    Raises:
        FilmgateError: it is no list; what it is instead.
    """
    found = record(answer.body, PAGE_LIMIT) if answer.status == 200 else None  # noqa: PLR2004 - the wire's success
    rows = found.get("data") if found else None
    if found is None or not isinstance(rows, list):
        raise error_of(answer)
    data = [video for row in rows if isinstance(row, dict) and (video := _row(row, read))]
    return VideoPage(data=data, has_more=found.get("has_more") is True)


def _row(row: Mapping[str, object], read: Callable[[str, bytes], Said]) -> VideoData | None:
    video_id, body = identifier(row.get("id")), msgspec.json.encode(row)
    said = read(video_id, body) if video_id else None
    if said is None or said.meaning is not Meaning.JOB:
        return None
    return data_of(said, VideoData(id=video_id or "", model="", status=Status.IN_PROGRESS), body)


def _not_found(video_id: str, answer: Answer) -> FilmgateError:
    """In the server's own words, where it has any: an expired video is none that never was."""
    error = error_of(answer)
    return VideoNotFound(video_id) if type(error) in {NotFound, RequestError} else error


def _is(value: object, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
