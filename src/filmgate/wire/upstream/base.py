"""A vendor's API from the client's side: requests and responses as data, pure in both directions.

An :class:`Upstream` is one dialect, or one model server's flavour of it. It turns a :class:`JobRequest` into an
:class:`HttpCall`, and a response (HTTP status, headers, body) into a :class:`JobReport`. Nothing here raises for what
an upstream sends; the caller decides by :attr:`JobReport.kind`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote, urlencode

from msgspec import Struct

from filmgate.domain import ParameterRange, Size, Status, VideoError
from filmgate.wire.upstream import parsing, status_codes
from filmgate.wire.upstream.encoding import FormFile, encode_form, encode_json
from filmgate.wire.upstream.error_text import parse_error
from filmgate.wire.upstream.status_codes import ReplyKind

__all__ = [
    "DEFAULT_FAILURE",
    "DEFAULT_REJECTION",
    "HttpCall",
    "JobReport",
    "JobRequest",
    "ListedJob",
    "ReferenceImage",
    "Upstream",
    "standard_fields",
    "status_table",
]

DEFAULT_FAILURE = VideoError("engine_error", "The engine could not make the video.")
DEFAULT_REJECTION = VideoError("engine_rejected", "The engine refused the request.")

PAGE_SIZE = 100
"""Jobs per page of the list."""


class ReferenceImage(Struct, frozen=True):
    """A reference image."""

    content: bytes
    media_type: str  # image/png, image/jpeg or image/webp


class JobRequest(Struct, frozen=True, kw_only=True):
    """The job to submit, in the upstream's own terms."""

    model: str  # the upstream's name for it
    prompt: str
    size: Size
    seconds: int
    reference: ReferenceImage | None = None
    seed: int | None = None
    fps: int | None = None  # of a model server's profile
    frames: int | None = None
    parameters: Mapping[str, str] = {}  # those of ``PARAMETER_RANGES`` that the client gave and the upstream takes
    extra: Mapping[str, str] = {}  # constant fields set by the operator, never by a client
    idempotency_key: str | None = None


class HttpCall(Struct, frozen=True, kw_only=True):
    """A request as data. The sender adds credentials, and to the upstream's own origin only."""

    method: str
    path: str = ""  # below the base URL, encoded
    url: str | None = None  # instead of the path: a whole URL that the upstream gave
    headers: Mapping[str, str] = {}
    body: bytes = b""


class JobReport(Struct, frozen=True, kw_only=True):
    """What a response says about a job."""

    kind: ReplyKind
    id: str | None = None
    status: Status | None = None  # None: an unknown word, or none
    status_word: str | None = None  # the word itself, for the log
    progress: float | None = None  # percent, 0 to 100
    error: VideoError | None = None  # with FAILED, and with every kind but JOB; redacted
    content_url: str | None = None  # where the video file is, if not at its usual path
    poll_after: float | None = None  # seconds, as the upstream requests
    retry_after: float | None = None  # seconds, the same

    @property
    def not_found(self) -> bool:
        """Whether the upstream has no such job."""
        return self.kind is ReplyKind.GONE


class ListedJob(Struct, frozen=True, kw_only=True, gc=False):
    """A job in the upstream's list; None for what its dialect does not report."""

    id: str
    created_at: float | None = None
    prompt: str | None = None
    size: str | None = None
    seconds: str | None = None
    status: Status | None = None
    progress: float | None = None  # percent, 0 to 100

    def could_match(self, request: JobRequest, submitted_after: float) -> bool:
        """Return whether this job may come from ``request``, submitted at or after ``submitted_after``.

        A false match is better than a miss: an upstream may rename a model, truncate a prompt and round a length, and
        a job that is overlooked is paid for twice.
        """
        if self.created_at is not None and self.created_at < submitted_after:
            return False
        size, seconds = Size.parse((self.size or "").lower()), parsing.parse_number(self.seconds)
        return (
            _starts_with(request.prompt, self.prompt)
            and (size is None or size == request.size)
            and (not seconds or abs(seconds - request.seconds) < 1)
        )


def _starts_with(full_text: str, prefix: str | None) -> bool:
    """Return whether ``prefix`` is all of a text or its beginning, whatever the white space."""
    start = " ".join((prefix or "").split()).rstrip("….").rstrip()
    return " ".join(full_text.split()).startswith(start)


def standard_fields(request: JobRequest) -> dict[str, str]:
    """Return the fields of the contract, all text."""
    return {
        "model": request.model,
        "prompt": request.prompt,
        "size": str(request.size),
        "seconds": str(request.seconds),
    }


def status_table(**statuses: str) -> dict[str, Status]:
    """Return a table of statuses: ``status_table(queued="queued pending", …)``."""
    return {word: Status(status) for status, words in statuses.items() for word in words.split()}


class Upstream(Struct, frozen=True, kw_only=True):
    """One variant of the API."""

    name: str
    statuses: Mapping[str, Status]  # every word it is known to use, see ``parsing.normalize_status``
    failure_words: Mapping[str, VideoError] = {}  # words that mean failed, each with its error
    auth_scheme: str = "Bearer"  # of Authorization; "": the bare key
    text_as_json: bool = False  # whether a create without an image is JSON
    fields: Callable[[JobRequest], dict[str, str]] = standard_fields
    envelopes: Sequence[str] = ()  # keys under which the job may be nested
    id_keys: Sequence[str] = ("id",)
    error_keys: Sequence[str] = ("error",)
    url_keys: Sequence[str] = ()  # where it reports the video file's URL; empty: only at its usual path
    url_in_refusal: bool = False  # a content request may be rejected with the file's URL in the text
    cancel_call: Callable[[str], HttpCall] | None = None  # where a cancel really stops the work
    supports_list: bool = True  # whether GET /videos works
    max_running: int | None = None  # concurrent jobs that its vendor allows
    creates_per_minute: int | None = None  # submissions per minute that its vendor allows
    parameters: Mapping[str, ParameterRange] = {}  # of ``PARAMETER_RANGES``, those it takes under the same names

    # ---- requests

    def auth_headers(self, key: str | None) -> dict[str, str]:
        """Return the headers that carry the key."""
        return {"Authorization": f"{self.auth_scheme} {key}".strip()} if key else {}

    def create(self, request: JobRequest) -> HttpCall:
        """Return the submission: only the fields of this dialect, and never a client's file name."""
        fields = {**request.parameters, **self.fields(request), **request.extra}
        if self.text_as_json and request.reference is None:
            media_type, body = encode_json(fields)
        else:
            media_type, body = encode_form(fields, _files(request.reference))
        headers = {"Content-Type": media_type}
        if request.idempotency_key:
            headers["Idempotency-Key"] = request.idempotency_key
        return HttpCall(method="POST", path="videos", headers=headers, body=body)

    def poll(self, ticket: str) -> HttpCall:
        """Return the call that polls a job."""
        return HttpCall(method="GET", path=video_path(ticket))

    def content(self, ticket: str, report: JobReport | None = None) -> HttpCall:
        """Return the call that downloads the file of a completed job, from where the last poll located it."""
        headers = {"Accept-Encoding": "identity"}
        if report is not None and report.content_url is not None:
            return HttpCall(method="GET", url=report.content_url, headers=headers)
        return HttpCall(method="GET", path=f"{video_path(ticket)}/content", headers=headers)

    def cancel(self, ticket: str) -> HttpCall | None:
        """Return the call that cancels a job; None where nothing would stop."""
        return self.cancel_call(ticket) if self.cancel_call else None

    def list_jobs(self, after: str | None = None) -> HttpCall:
        """Return the call for a page of the latest jobs, newest first."""
        query = {"limit": str(PAGE_SIZE), "order": "desc"} | ({"after": after} if after else {})
        return HttpCall(method="GET", path=f"videos?{urlencode(query)}")

    def models(self) -> HttpCall:
        """Return the call that lists the models."""
        return HttpCall(method="GET", path="models")

    # ---- responses

    def read_create(self, status: int, headers: Mapping[str, str], body: bytes) -> JobReport:
        """Read the response to a submission: a JOB with its id, or why there is none (``status_codes``)."""
        record = self._job(body)
        ticket = self._id(record)
        if ticket and (status_codes.is_success(status) or self._status(record) is not None):
            return self._build_report(record, ticket, headers)
        error = self._error(record, DEFAULT_REJECTION)
        if status_codes.is_success(status):
            rejected = self._has_error(record) and all(record.get(key) is None for key in self.id_keys)
            kind = ReplyKind.TERMINAL if rejected else ReplyKind.AMBIGUOUS
        else:
            kind = status_codes.classify_submit(status, headers, error.code)
        error = status_codes.public_rejection(status, error)
        return JobReport(kind=kind, error=error, retry_after=parsing.retry_after(headers))

    def read_poll(self, ticket: str, status: int, headers: Mapping[str, str], body: bytes) -> JobReport:
        """Read the response to a poll. A failed job counts whatever its HTTP status, if the id is ours."""
        record = self._job(body)
        report = self._build_report(record, ticket, headers)
        if status_codes.is_success(status) and "status" in record:
            return report
        if report.status is Status.FAILED and self._id(record) == ticket:
            return report
        kind = status_codes.classify_poll(status, readable=bool(record))
        return JobReport(kind=kind, retry_after=parsing.retry_after(headers))

    def read_content_error(self, status: int, body: bytes) -> str | None:
        """Return the URL that a rejected content request names instead."""
        if not self.url_in_refusal or status != 400:  # noqa: PLR2004 - the status of such a rejection
            return None
        match = re.search(rb"https?://[^\s\"'<>\\]+", body[: parsing.MAX_BODY_BYTES])
        return parsing.parse_web_url(match[0].decode("ascii", "replace").rstrip(".,;)")) if match else None

    def read_list(self, body: bytes) -> tuple[list[ListedJob], bool] | None:
        """Return the jobs of a list and whether more follow; None if it is no list, or holds what can't be read."""
        payload = parsing.parse_object(body) or {}
        rows = payload.get("data")
        if not isinstance(rows, list):
            return None
        jobs = [self._parse_listed(row) for row in rows]
        readable = [row for row in jobs if row is not None]
        # An unreadable row may be the job that is looked for.
        more = payload.get("has_more", len(rows) == PAGE_SIZE)
        return (readable, more is True) if len(readable) == len(jobs) else None

    # ---- helpers

    def _job(self, body: bytes) -> Mapping[str, object]:
        payload = parsing.parse_object(body) or {}
        for key in self.envelopes:
            inner = payload.get(key)
            if isinstance(inner, dict) and "status" in inner:
                return inner
        return payload

    def _id(self, record: Mapping[str, object]) -> str | None:
        return next((ticket for key in self.id_keys if (ticket := parsing.parse_id(record.get(key)))), None)

    def _status(self, record: Mapping[str, object]) -> Status | None:
        word = parsing.normalize_status(record.get("status")) or ""
        return Status.FAILED if word in self.failure_words else self.statuses.get(word)

    def _build_report(self, record: Mapping[str, object], ticket: str, headers: Mapping[str, str]) -> JobReport:
        status = self._status(record)
        default = self.failure_words.get(parsing.normalize_status(record.get("status")) or "", DEFAULT_FAILURE)
        return JobReport(
            kind=ReplyKind.JOB,
            id=ticket,
            status=status,
            status_word=parsing.normalize_status(record.get("status")),
            progress=parsing.parse_percent(record.get("progress")),
            error=self._error(record, default, ticket) if status is Status.FAILED else None,
            content_url=self._url(record),
            poll_after=parsing.parse_seconds(parsing.find_header(headers, "openai-poll-after-ms"), unit=0.001),
        )

    def _has_error(self, record: Mapping[str, object]) -> bool:
        return any(record.get(key) for key in self.error_keys)

    def _error(self, record: Mapping[str, object], default: VideoError, *redacted: str) -> VideoError:
        value = next((record[key] for key in self.error_keys if record.get(key)), None)
        if value is None and not record.get("status"):
            value = {key: record[key] for key in ("message", "detail", "code") if key in record}
        return parse_error(value, default, redacted)

    def _url(self, record: Mapping[str, object]) -> str | None:
        return next((url for key in self.url_keys if (url := parsing.parse_web_url(_nested_value(record, key)))), None)

    def _parse_listed(self, row: object) -> ListedJob | None:
        ticket = self._id(row) if isinstance(row, dict) else None
        if ticket is None or not isinstance(row, dict):
            return None
        texts = {name: value for name in ("prompt", "size") if isinstance(value := row.get(name), str)}
        seconds, created_at = row.get("seconds"), parsing.parse_number(row.get("created_at"))
        return ListedJob(
            id=ticket,
            created_at=created_at if created_at is not None and 0 < created_at < _MAX_TIMESTAMP else None,
            seconds=None if seconds is None else str(seconds)[:16],
            status=self._status(row),
            progress=parsing.parse_percent(row.get("progress")),
            **texts,
        )


_MAX_TIMESTAMP = 1e11  # seconds: far beyond any year; larger values are milliseconds, or no time at all


def video_path(ticket: str) -> str:
    """Return the path of a job below the base URL."""
    return f"videos/{quote(ticket, safe='')}"


def _files(image: ReferenceImage | None) -> list[FormFile]:
    if image is None:
        return []
    suffix = image.media_type.rpartition("/")[2].replace("jpeg", "jpg")
    return [
        FormFile(
            field="input_reference",
            content=image.content,
            media_type=image.media_type,
            filename=f"reference.{suffix}",
        )
    ]


def _nested_value(record: Mapping[str, object], path: str) -> object:
    """Return the value at ``a.b``."""
    value: object = record
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
