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
from filmgate.wire.upstream.encoding import File, encode_form, encode_json
from filmgate.wire.upstream.error_text import reason
from filmgate.wire.upstream.status_codes import Meaning

__all__ = [
    "FAILED",
    "NOT_ACCEPTED",
    "Call",
    "Listed",
    "Order",
    "Picture",
    "Said",
    "Upstream",
    "standard_fields",
    "words",
]

FAILED = VideoError("engine_error", "The engine could not make the video.")
NOT_ACCEPTED = VideoError("engine_rejected", "The engine refused the request.")

PAGE = 100
"""Jobs of a page of the list."""


class Picture(Struct, frozen=True):
    """A reference image."""

    content: bytes
    media_type: str  # image/png, image/jpeg or image/webp


class Order(Struct, frozen=True, kw_only=True):
    """What is to be made, in the upstream's own terms."""

    model: str  # the upstream's name of it
    prompt: str
    size: Size
    seconds: int
    reference: Picture | None = None
    seed: int | None = None
    fps: int | None = None  # of a model server's profile
    frames: int | None = None
    extra: Mapping[str, str] = {}  # constant fields of the operator's, never a client's
    idempotency_key: str | None = None


class Call(Struct, frozen=True, kw_only=True):
    """A request as data. Credentials are added by whoever sends it, and to the upstream's own origin only."""

    method: str
    path: str = ""  # below the base URL, encoded
    url: str | None = None  # instead of the path: a whole address that the upstream gave
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Said(Struct, frozen=True, kw_only=True):
    """What an answer says of a job."""

    meaning: Meaning
    id: str | None = None
    status: Status | None = None  # None: a word that its table does not know, or none
    word: str | None = None  # which word it was, for the log
    progress: float | None = None  # percent, 0 to 100
    error: VideoError | None = None  # with FAILED, and with every meaning but JOB; cleaned
    content_url: str | None = None  # where the film lies, if not at its usual place
    look_after: float | None = None  # seconds, as it asked for
    retry_after: float | None = None  # seconds, the same

    @property
    def gone(self) -> bool:
        """Whether there is no such job."""
        return self.meaning is Meaning.GONE


class Listed(Struct, frozen=True, kw_only=True, gc=False):
    """A job in the upstream's list; what its dialect does not say is None."""

    id: str
    created_at: float | None = None
    prompt: str | None = None
    size: str | None = None
    seconds: str | None = None
    status: Status | None = None
    progress: float | None = None  # percent, 0 to 100

    def may_be(self, order: Order, since: float) -> bool:
        """Whether nothing that it says speaks against its having come of that order, sent at or after ``since``.

        Rather once too often: an upstream may rename a model, cut a prompt short and round a length, and a job that is
        overlooked is paid for twice.
        """
        if self.created_at is not None and self.created_at < since:
            return False
        size, seconds = Size.parse((self.size or "").lower()), parsing.number(self.seconds)
        return (
            _begins(order.prompt, self.prompt)
            and (size is None or size == order.size)
            and (not seconds or abs(seconds - order.seconds) < 1)
        )


def _begins(whole: str, shown: str | None) -> bool:
    """Whether ``shown`` is all of a text or its beginning, however its blanks are spelt."""
    start = " ".join((shown or "").split()).rstrip("….").rstrip()
    return " ".join(whole.split()).startswith(start)


def standard_fields(order: Order) -> dict[str, str]:
    """The fields of the contract, all text."""
    return {"model": order.model, "prompt": order.prompt, "size": str(order.size), "seconds": str(order.seconds)}


def words(**statuses: str) -> dict[str, Status]:
    """A table of statuses: ``words(queued="queued pending", …)``."""
    return {spelt: Status(status) for status, spellings in statuses.items() for spelt in spellings.split()}


class Upstream(Struct, frozen=True, kw_only=True):
    """One way to speak the API."""

    name: str
    statuses: Mapping[str, Status]  # every word it is known to use, see ``reading.word``
    endings: Mapping[str, VideoError] = {}  # words that mean failed, and in which words
    scheme: str = "Bearer"  # of Authorization; "": the bare key
    text_as_json: bool = False  # a create without a picture
    fields: Callable[[Order], dict[str, str]] = standard_fields
    envelopes: Sequence[str] = ()  # keys under which the job may lie instead of at the top
    id_keys: Sequence[str] = ("id",)
    error_keys: Sequence[str] = ("error",)
    url_keys: Sequence[str] = ()  # where it says where the film lies; empty: only at its usual place
    url_in_refusal: bool = False  # a content request may be refused with the film's address in the text
    cancel_call: Callable[[str], Call] | None = None  # where a cancel really ends the work
    lists: bool = True  # GET /videos answers
    running: int | None = None  # jobs at once that its vendor allows
    creates_a_minute: int | None = None  # the same, of submissions

    # ---- what is sent

    def auth(self, key: str | None) -> dict[str, str]:
        """The headers that carry the key."""
        return {"Authorization": f"{self.scheme} {key}".strip()} if key else {}

    def create(self, order: Order) -> Call:
        """Submit; only the fields of this dialect, and no name of any file of a client's."""
        fields = {**self.fields(order), **order.extra}
        if self.text_as_json and order.reference is None:
            media_type, body = encode_json(fields)
        else:
            media_type, body = encode_form(fields, _files(order.reference))
        headers = {"Content-Type": media_type}
        if order.idempotency_key:
            headers["Idempotency-Key"] = order.idempotency_key
        return Call(method="POST", path="videos", headers=headers, body=body)

    def look(self, ticket: str) -> Call:
        """Ask how a job stands."""
        return Call(method="GET", path=video_path(ticket))

    def content(self, ticket: str, said: Said | None = None) -> Call:
        """Fetch the film of a completed job, from where the last look said it lies."""
        headers = {"Accept-Encoding": "identity"}
        if said is not None and said.content_url is not None:
            return Call(method="GET", url=said.content_url, headers=headers)
        return Call(method="GET", path=f"{video_path(ticket)}/content", headers=headers)

    def cancel(self, ticket: str) -> Call | None:
        """Stop a job; None where nothing would stop."""
        return self.cancel_call(ticket) if self.cancel_call else None

    def listing(self, after: str | None = None) -> Call:
        """Ask for a page of the latest jobs, newest first."""
        given = {"limit": str(PAGE), "order": "desc"} | ({"after": after} if after else {})
        return Call(method="GET", path=f"videos?{urlencode(given)}")

    def models(self) -> Call:
        """Ask what it serves."""
        return Call(method="GET", path="models")

    # ---- what comes back

    def read_created(self, status: int, headers: Mapping[str, str], body: bytes) -> Said:
        """What the answer to a submission says: a JOB with its id, or why there is none (``verdicts``)."""
        found = self._job(body)
        ticket = self._id(found)
        if ticket and (status_codes.ok(status) or self._status(found) is not None):
            return self._said(found, ticket, headers)
        error = self._error(found, NOT_ACCEPTED)
        if status_codes.ok(status):
            refused = self._complains(found) and all(found.get(key) is None for key in self.id_keys)
            meaning = Meaning.TERMINAL if refused else Meaning.AMBIGUOUS
        else:
            meaning = status_codes.of_submit(status, headers, error.code)
        error = status_codes.refusal(status, error)
        return Said(meaning=meaning, error=error, retry_after=parsing.retry_after(headers))

    def read_look(self, ticket: str, status: int, headers: Mapping[str, str], body: bytes) -> Said:
        """What the answer to a look says. A failed job counts whatever HTTP status it came with, if it is ours."""
        found = self._job(body)
        said = self._said(found, ticket, headers)
        if status_codes.ok(status) and "status" in found:
            return said
        if said.status is Status.FAILED and self._id(found) == ticket:
            return said
        meaning = status_codes.of_look(status, readable=bool(found))
        return Said(meaning=meaning, retry_after=parsing.retry_after(headers))

    def read_refused_content(self, status: int, body: bytes) -> str | None:
        """The address that a refused content request names instead."""
        if not self.url_in_refusal or status != 400:  # noqa: PLR2004 - what it answers then
            return None
        match = re.search(rb"https?://[^\s\"'<>\\]+", body[: parsing.BODY_LIMIT])
        return parsing.web_url(match[0].decode("ascii", "replace").rstrip(".,;)")) if match else None

    def read_listing(self, body: bytes) -> tuple[list[Listed], bool] | None:
        """The jobs of a list and whether more follow; None if it is no list, or holds what can't be read."""
        found = parsing.record(body) or {}
        rows = found.get("data")
        if not isinstance(rows, list):
            return None
        listed = [self._listed(row) for row in rows]
        whole = [row for row in listed if row is not None]
        # One that can't be read may be the one that is looked for.
        more = found.get("has_more", len(rows) == PAGE)
        return (whole, more is True) if len(whole) == len(listed) else None

    # ---- its parts

    def _job(self, body: bytes) -> Mapping[str, object]:
        found = parsing.record(body) or {}
        for key in self.envelopes:
            inner = found.get(key)
            if isinstance(inner, dict) and "status" in inner:
                return inner
        return found

    def _id(self, found: Mapping[str, object]) -> str | None:
        return next((ticket for key in self.id_keys if (ticket := parsing.identifier(found.get(key)))), None)

    def _status(self, found: Mapping[str, object]) -> Status | None:
        word = parsing.word(found.get("status")) or ""
        return Status.FAILED if word in self.endings else self.statuses.get(word)

    def _said(self, found: Mapping[str, object], ticket: str, headers: Mapping[str, str]) -> Said:
        status = self._status(found)
        default = self.endings.get(parsing.word(found.get("status")) or "", FAILED)
        return Said(
            meaning=Meaning.JOB,
            id=ticket,
            status=status,
            word=parsing.word(found.get("status")),
            progress=parsing.percent(found.get("progress")),
            error=self._error(found, default, ticket) if status is Status.FAILED else None,
            content_url=self._url(found),
            look_after=parsing.duration(parsing.header(headers, "openai-poll-after-ms"), unit=0.001),
        )

    def _complains(self, found: Mapping[str, object]) -> bool:
        return any(found.get(key) for key in self.error_keys)

    def _error(self, found: Mapping[str, object], default: VideoError, *private: str) -> VideoError:
        said = next((found[key] for key in self.error_keys if found.get(key)), None)
        if said is None and not found.get("status"):
            said = {key: found[key] for key in ("message", "detail", "code") if key in found}
        return reason(said, default, private)

    def _url(self, found: Mapping[str, object]) -> str | None:
        return next((url for key in self.url_keys if (url := parsing.web_url(_reach(found, key)))), None)

    def _listed(self, row: object) -> Listed | None:
        ticket = self._id(row) if isinstance(row, dict) else None
        if ticket is None or not isinstance(row, dict):
            return None
        texts = {name: value for name in ("prompt", "size") if isinstance(value := row.get(name), str)}
        seconds, made = row.get("seconds"), parsing.number(row.get("created_at"))
        return Listed(
            id=ticket,
            created_at=made if made is not None and 0 < made < _LATEST else None,
            seconds=None if seconds is None else str(seconds)[:16],
            status=self._status(row),
            progress=parsing.percent(row.get("progress")),
            **texts,
        )


_LATEST = 1e11  # seconds: far beyond any year; more are milliseconds, or no time at all


def video_path(ticket: str) -> str:
    """Where a job lies below the base URL."""
    return f"videos/{quote(ticket, safe='')}"


def _files(picture: Picture | None) -> list[File]:
    if picture is None:
        return []
    suffix = picture.media_type.rpartition("/")[2].replace("jpeg", "jpg")
    return [
        File(
            field="input_reference",
            content=picture.content,
            media_type=picture.media_type,
            filename=f"reference.{suffix}",
        )
    ]


def _reach(found: Mapping[str, object], path: str) -> object:
    """The value under ``a.b``."""
    value: object = found
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
