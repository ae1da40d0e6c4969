"""What a vendor's API looks like when we are its client: requests and answers as data, pure both ways.

An :class:`Upstream` is one dialect, or one model server's flavour of it. It turns an :class:`Order` into a
:class:`Call`, and what came back (HTTP status, headers, body) into what was :class:`Said` of the job. Nothing here
raises for what an upstream says; who sends the calls decides by :attr:`Said.meaning`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote, urlencode

from msgspec import Struct

from filmgate.domain import Size, Status, VideoError
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
"""Jobs of a page of the list."""


class ReferenceImage(Struct, frozen=True):
    """A reference image."""

    content: bytes
    media_type: str  # image/png, image/jpeg or image/webp


class JobRequest(Struct, frozen=True, kw_only=True):
    """What is to be made, in the upstream's own terms."""

    model: str  # the upstream's name of it
    prompt: str
    size: Size
    seconds: int
    reference: ReferenceImage | None = None
    seed: int | None = None
    fps: int | None = None  # of a model server's profile
    frames: int | None = None
    extra: Mapping[str, str] = {}  # constant fields of the operator's, never a client's
    idempotency_key: str | None = None


class HttpCall(Struct, frozen=True, kw_only=True):
    """A request as data. Credentials are added by whoever sends it, and to the upstream's own origin only."""

    method: str
    path: str = ""  # below the base URL, encoded
    url: str | None = None  # instead of the path: a whole address that the upstream gave
    headers: Mapping[str, str] = {}
    body: bytes = b""


class JobReport(Struct, frozen=True, kw_only=True):
    """What an answer says of a job."""

    kind: ReplyKind
    id: str | None = None
    status: Status | None = None  # None: a word that its table does not know, or none
    status_word: str | None = None  # which word it was, for the log
    progress: float | None = None  # percent, 0 to 100
    error: VideoError | None = None  # with FAILED, and with every meaning but JOB; cleaned
    content_url: str | None = None  # where the film lies, if not at its usual place
    poll_after: float | None = None  # seconds, as it asked for
    retry_after: float | None = None  # seconds, the same

    @property
    def not_found(self) -> bool:
        """Whether there is no such job."""
        return self.kind is ReplyKind.GONE


class ListedJob(Struct, frozen=True, kw_only=True, gc=False):
    """A job in the upstream's list; what its dialect does not say is None."""

    id: str
    created_at: float | None = None
    prompt: str | None = None
    size: str | None = None
    seconds: str | None = None
    status: Status | None = None
    progress: float | None = None  # percent, 0 to 100

    def could_match(self, request: JobRequest, submitted_after: float) -> bool:
        """Whether nothing that it says speaks against its having come of that order, sent at or after ``submitted_after``.

        Rather once too often: an upstream may rename a model, cut a prompt short and round a length, and a job that is
        overlooked is paid for twice.
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
    """Whether ``prefix`` is all of a text or its beginning, however its blanks are spelt."""
    start = " ".join((prefix or "").split()).rstrip("….").rstrip()
    return " ".join(full_text.split()).startswith(start)


def standard_fields(request: JobRequest) -> dict[str, str]:
    """The fields of the contract, all text."""
    return {
        "model": request.model,
        "prompt": request.prompt,
        "size": str(request.size),
        "seconds": str(request.seconds),
    }


def status_table(**statuses: str) -> dict[str, Status]:
    """A table of statuses: ``words(queued="queued pending", …)``."""
    return {spelt: Status(status) for status, spellings in statuses.items() for spelt in spellings.split()}


class Upstream(Struct, frozen=True, kw_only=True):
    """One way to speak the API."""

    name: str
    statuses: Mapping[str, Status]  # every word it is known to use, see ``reading.word``
    failure_words: Mapping[str, VideoError] = {}  # words that mean failed, and in which words
    auth_scheme: str = "Bearer"  # of Authorization; "": the bare key
    text_as_json: bool = False  # a create without a picture
    fields: Callable[[JobRequest], dict[str, str]] = standard_fields
    envelopes: Sequence[str] = ()  # keys under which the job may lie instead of at the top
    id_keys: Sequence[str] = ("id",)
    error_keys: Sequence[str] = ("error",)
    url_keys: Sequence[str] = ()  # where it says where the film lies; empty: only at its usual place
    url_in_refusal: bool = False  # a content request may be refused with the film's address in the text
    cancel_call: Callable[[str], HttpCall] | None = None  # where a cancel really ends the work
    supports_list: bool = True  # GET /videos answers
    max_running: int | None = None  # jobs at once that its vendor allows
    creates_per_minute: int | None = None  # the same, of submissions

    # ---- what is sent

    def auth_headers(self, key: str | None) -> dict[str, str]:
        """The headers that carry the key."""
        return {"Authorization": f"{self.auth_scheme} {key}".strip()} if key else {}

    def create(self, request: JobRequest) -> HttpCall:
        """Submit; only the fields of this dialect, and no name of any file of a client's."""
        fields = {**self.fields(request), **request.extra}
        if self.text_as_json and request.reference is None:
            media_type, body = encode_json(fields)
        else:
            media_type, body = encode_form(fields, _files(request.reference))
        headers = {"Content-Type": media_type}
        if request.idempotency_key:
            headers["Idempotency-Key"] = request.idempotency_key
        return HttpCall(method="POST", path="videos", headers=headers, body=body)

    def poll(self, ticket: str) -> HttpCall:
        """Ask how a job stands."""
        return HttpCall(method="GET", path=video_path(ticket))

    def content(self, ticket: str, report: JobReport | None = None) -> HttpCall:
        """Fetch the film of a completed job, from where the last look said it lies."""
        headers = {"Accept-Encoding": "identity"}
        if report is not None and report.content_url is not None:
            return HttpCall(method="GET", url=report.content_url, headers=headers)
        return HttpCall(method="GET", path=f"{video_path(ticket)}/content", headers=headers)

    def cancel(self, ticket: str) -> HttpCall | None:
        """Stop a job; None where nothing would stop."""
        return self.cancel_call(ticket) if self.cancel_call else None

    def list_jobs(self, after: str | None = None) -> HttpCall:
        """Ask for a page of the latest jobs, newest first."""
        given = {"limit": str(PAGE_SIZE), "order": "desc"} | ({"after": after} if after else {})
        return HttpCall(method="GET", path=f"videos?{urlencode(given)}")

    def models(self) -> HttpCall:
        """Ask what it serves."""
        return HttpCall(method="GET", path="models")

    # ---- what comes back

    def read_create(self, status: int, headers: Mapping[str, str], body: bytes) -> JobReport:
        """What the answer to a submission says: a JOB with its id, or why there is none (``verdicts``)."""
        found = self._job(body)
        ticket = self._id(found)
        if ticket and (status_codes.is_success(status) or self._status(found) is not None):
            return self._build_report(found, ticket, headers)
        error = self._error(found, DEFAULT_REJECTION)
        if status_codes.is_success(status):
            refused = self._has_error(found) and all(found.get(key) is None for key in self.id_keys)
            meaning = ReplyKind.TERMINAL if refused else ReplyKind.AMBIGUOUS
        else:
            meaning = status_codes.classify_submit(status, headers, error.code)
        error = status_codes.public_rejection(status, error)
        return JobReport(kind=meaning, error=error, retry_after=parsing.retry_after(headers))

    def read_poll(self, ticket: str, status: int, headers: Mapping[str, str], body: bytes) -> JobReport:
        """What the answer to a look says. A failed job counts whatever HTTP status it came with, if it is ours."""
        found = self._job(body)
        said = self._build_report(found, ticket, headers)
        if status_codes.is_success(status) and "status" in found:
            return said
        if said.status is Status.FAILED and self._id(found) == ticket:
            return said
        meaning = status_codes.classify_poll(status, readable=bool(found))
        return JobReport(kind=meaning, retry_after=parsing.retry_after(headers))

    def read_content_error(self, status: int, body: bytes) -> str | None:
        """The address that a refused content request names instead."""
        if not self.url_in_refusal or status != 400:  # noqa: PLR2004 - what it answers then
            return None
        match = re.search(rb"https?://[^\s\"'<>\\]+", body[: parsing.MAX_BODY_BYTES])
        return parsing.parse_web_url(match[0].decode("ascii", "replace").rstrip(".,;)")) if match else None

    def read_list(self, body: bytes) -> tuple[list[ListedJob], bool] | None:
        """The jobs of a list and whether more follow; None if it is no list, or holds what can't be read."""
        found = parsing.parse_object(body) or {}
        rows = found.get("data")
        if not isinstance(rows, list):
            return None
        listed = [self._parse_listed(row) for row in rows]
        whole = [row for row in listed if row is not None]
        # One that can't be read may be the one that is looked for.
        more = found.get("has_more", len(rows) == PAGE_SIZE)
        return (whole, more is True) if len(whole) == len(listed) else None

    # ---- its parts

    def _job(self, body: bytes) -> Mapping[str, object]:
        found = parsing.parse_object(body) or {}
        for key in self.envelopes:
            inner = found.get(key)
            if isinstance(inner, dict) and "status" in inner:
                return inner
        return found

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
        said = next((record[key] for key in self.error_keys if record.get(key)), None)
        if said is None and not record.get("status"):
            said = {key: record[key] for key in ("message", "detail", "code") if key in record}
        return parse_error(said, default, redacted)

    def _url(self, record: Mapping[str, object]) -> str | None:
        return next((url for key in self.url_keys if (url := parsing.parse_web_url(_nested_value(record, key)))), None)

    def _parse_listed(self, row: object) -> ListedJob | None:
        ticket = self._id(row) if isinstance(row, dict) else None
        if ticket is None or not isinstance(row, dict):
            return None
        texts = {name: value for name in ("prompt", "size") if isinstance(value := row.get(name), str)}
        seconds, made = row.get("seconds"), parsing.parse_number(row.get("created_at"))
        return ListedJob(
            id=ticket,
            created_at=made if made is not None and 0 < made < _MAX_TIMESTAMP else None,
            seconds=None if seconds is None else str(seconds)[:16],
            status=self._status(row),
            progress=parsing.parse_percent(row.get("progress")),
            **texts,
        )


_MAX_TIMESTAMP = 1e11  # seconds: far beyond any year; more are milliseconds, or no time at all


def video_path(ticket: str) -> str:
    """Where a job lies below the base URL."""
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
    """The value under ``a.b``."""
    value: object = record
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
