"""Vendors, spoken to in their own dialects with no server between; the dialects are ``filmgate.wire.upstream``.

What a vendor does with an Idempotency-Key is not known, so a create is sent again only where its answer, or the lack
of a connection, says that nothing was done with it. Whatever else happens to it is :class:`SubmissionUnknown`.
"""

from __future__ import annotations

import base64
import binascii
import itertools
from collections.abc import Callable, Mapping

import msgspec

from filmgate.client import api, requests
from filmgate.client.actions import Action, Answer, Fault, FilePart, Machine, Request, Send, Sleep
from filmgate.client.answers import VideoData, VideoPage, error_named, error_of
from filmgate.client.api import OUTAGE, Ask
from filmgate.client.exchange import Session, backoff, exchange
from filmgate.client.requests import ImageInput
from filmgate.errors import ConnectionFailed, FilmgateError, InvalidValue, SubmissionUnknown, Unsupported, VideoNotFound
from filmgate.video import Size, Status
from filmgate.wire.upstream import DIALECTS, Call, Meaning, Order, Picture, Said, Upstream
from filmgate.wire.upstream.reading import record

__all__ = ["PROVIDERS", "Vendor", "data_of", "order_of", "picture_of", "request_of", "submitted"]

GONE = 3
"""Times in a row that a vendor must say that there is no such job: its machines don't always agree at once."""

UNFINISHED = 99
"""Progress of a film that is not there yet, whatever the vendor says."""

_TAKEN = ("prompt", "model", "seconds", "size")
_FACTS: dict[str, type | tuple[type, ...]] = {
    "model": str,
    "prompt": str,
    "size": str,
    "seconds": (str, int),
    "created_at": int,
    "completed_at": int,
    "expires_at": int,
}


class Vendor(api.Vendor):
    """A vendor of the videos API.

    Args:
        upstream: its dialect.
        gap: least seconds between two looks.
        seconds: a film's length where nobody says.
    """

    late = 6

    def __init__(self, upstream: Upstream, *, gap: float, seconds: int = 4) -> None:
        self.name = upstream.name  # type: ignore[misc]  # of this vendor among its kind
        self.gap = gap
        self._upstream = upstream
        self._seconds = seconds

    def create(
        self, session: Session, fields: Mapping[str, object], image: ImageInput | None, key: str | None
    ) -> Machine[VideoData]:
        """Ask for a video, once."""
        order = order_of(self.name, fields, image, model="sora-2", seconds=self._seconds, key=key)
        read = self._upstream.read_created
        said, answer = yield from submitted(
            session, request_of(self._upstream.create(order)), lambda got: read(got.status, got.headers, got.body)
        )
        asked = VideoData(
            id=said.id or "",
            model=order.model,
            status=Status.QUEUED,
            prompt=order.prompt,
            size=str(order.size),
            seconds=str(order.seconds),
        )
        return data_of(said, asked, answer.body)

    def look(
        self, session: Session, video_id: str, asked: int = 0, *, retries: int | None = None
    ) -> Machine[tuple[VideoData, Answer]]:
        """How a video stands. An answer that says nothing of it is asked for again, a missing video thrice."""
        del asked
        gone = 0
        for tried in itertools.count():
            request = request_of(self._upstream.look(video_id))
            answer = yield from exchange(session, request, retries=retries)
            said = self._upstream.read_look(video_id, answer.status, answer.headers, answer.body)
            if said.meaning is Meaning.JOB:
                return data_of(said, VideoData(id=video_id, model="", status=Status.IN_PROGRESS), answer.body), answer
            gone = gone + 1 if said.gone else 0
            if gone >= GONE:
                raise VideoNotFound(video_id)
            if not said.gone and (tried >= OUTAGE or answer.status in {401, 403}):
                raise error_of(answer)
            yield Sleep(said.retry_after or backoff(session, min(tried, 2)))
        raise AssertionError

    def content(self, video_id: str, variant: str, url: str | None) -> Ask:
        """The film alone; pictures of it are a Filmgate's."""
        if variant != "video":
            self.needs(variant)
        said = Said(meaning=Meaning.JOB, content_url=url)
        call = self._upstream.content(video_id, said)

        def ask(*, offset: int = 0, etag: str | None = None) -> Request:
            return request_of(call, requests.onward(offset, etag))

        return ask

    def page(self, session: Session, after: str | None, limit: int | None, order: str | None) -> Machine[VideoPage]:
        """A page of the list, where the vendor has one."""
        if not self._upstream.lists:
            self.needs("list")
        answer = yield from exchange(session, requests.page(after, limit, order))
        found = record(answer.body) if answer.status == 200 else None  # noqa: PLR2004 - the wire's success
        rows = found.get("data") if found else None
        if found is None or not isinstance(rows, list):
            raise error_of(answer)
        data = [video for row in rows if isinstance(row, dict) and (video := self._row(row))]
        return VideoPage(data=data, has_more=found.get("has_more") is True)

    def delete(self, session: Session, video_id: str) -> Machine[str]:
        """Can't be done."""
        del session, video_id
        self.needs("delete")
        yield from ()
        raise Unsupported

    def _row(self, row: Mapping[str, object]) -> VideoData | None:
        body = msgspec.json.encode(row)
        video_id = row.get("id")
        if not isinstance(video_id, str):
            return None
        said = self._upstream.read_look(video_id, 200, {}, body)
        if said.meaning is not Meaning.JOB:
            return None
        return data_of(said, VideoData(id=video_id, model="", status=Status.IN_PROGRESS), body)


def order_of(
    provider: str,
    fields: Mapping[str, object],
    image: ImageInput | None,
    *,
    model: str,
    seconds: int,
    key: str | None = None,
) -> Order:
    """What is to be made, in a vendor's terms.

    Raises:
        Unsupported: it was asked for something that vendors don't take.
        InvalidValue: a size or length that is none.
        InvalidImage: the picture can't be read.
    """
    for name, value in fields.items():
        if value is not None and name not in _TAKEN:
            raise Unsupported(f"The provider '{provider}' takes no '{name}'.")
    size, length = str(fields.get("size") or "720x1280"), str(fields.get("seconds") or seconds)
    parsed = Size.parse(size)
    if parsed is None:
        raise InvalidValue(f"Invalid value: '{size}'. A size is WxH, like 1280x720.", param="size")
    if not length.isdecimal():
        raise InvalidValue(f"Invalid value: '{length}'. A length is a number of seconds.", param="seconds")
    return Order(
        model=str(fields.get("model") or model),
        prompt=str(fields["prompt"]),
        size=parsed,
        seconds=int(length),
        reference=None if image is None else picture_of(provider, image),
        idempotency_key=key,
    )


def picture_of(provider: str, image: ImageInput) -> Picture:
    """The reference picture as bytes.

    Raises:
        InvalidImage: it can't be read.
        Unsupported: it is an address; vendors take files.
    """
    found = requests.reference_of(image)
    if isinstance(found, FilePart):
        return Picture(found.content, found.media_type)
    head, _, data = str(found.get("image_url", "")).partition(";base64,")
    try:
        part = requests.reference_of(base64.b64decode(data, validate=True)) if head.startswith("data:") else None
    except binascii.Error:
        part = None
    if not isinstance(part, FilePart):
        raise Unsupported(f"The provider '{provider}' takes a picture as a file, not by its address.")
    return Picture(part.content, part.media_type)


def request_of(call: Call, headers: Mapping[str, str] | None = None) -> Request:
    """A call of a dialect, to be sent."""
    named = {name.lower(): value for name, value in {**call.headers, **(headers or {})}.items()}
    return Request(method=call.method, path=call.path, url=call.url, headers=named, body=call.body or None)


def submitted(
    session: Session,
    request: Request,
    read: Callable[[Answer], Said],
    action: Callable[[Request], Action] = Send,
) -> Machine[tuple[Said, Answer]]:
    """Submit, and again only where it was certainly not accepted.

    Raises:
        SubmissionUnknown: it may have been.
        ConnectionFailed: the vendor could not be reached.
        FilmgateError: why it was refused.
    """
    for tried in itertools.count():
        waits: float | None = None
        try:
            answer: Answer = yield action(request)
        except Fault as fault:
            if fault.sent:
                raise _unknown(f"the connection broke before the answer came ({fault})") from fault
            if tried >= session.retries:
                raise ConnectionFailed(f"The vendor could not be reached: {fault}.") from fault
        else:
            if session.observe is not None:
                session.observe(request, answer)
            said = read(answer)
            if said.meaning is Meaning.JOB:
                return said, answer
            if said.meaning is Meaning.AMBIGUOUS:
                raise _unknown(f"the answer ({answer.status}) does not say", answer.request_id)
            if said.meaning is not Meaning.TRANSIENT or tried >= session.retries:
                raise _refusal(said, answer)
            waits = said.retry_after
        yield Sleep(backoff(session, tried) if waits is None else waits + session.jitter() / 4)
    raise AssertionError


def data_of(said: Said, known: VideoData, body: bytes = b"") -> VideoData:
    """A video as the vendor shows it, over what is known of it."""
    found = record(body) or {}
    facts = {name: found[name] for name, kind in _FACTS.items() if _is(found.get(name), kind)}
    if "seconds" in facts:
        facts["seconds"] = str(facts["seconds"])
    status = said.status or (Status.IN_PROGRESS if known.status is Status.QUEUED else known.status)
    done = status is Status.COMPLETED
    progress = 100 if done else min(UNFINISHED, int(max(said.progress or 0, known.progress)))
    told = {"status": status, "progress": progress, "error": said.error, "url": said.content_url}
    return msgspec.structs.replace(known, **facts, **told)


def _is(value: object, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _unknown(why: str, request_id: str | None = None) -> SubmissionUnknown:
    error = SubmissionUnknown(
        f"It is not known whether the vendor accepted the video: {why}. It was not sent again, for that may be "
        "charged twice; look into your account there first."
    )
    error.request_id = request_id
    return error


def _refusal(said: Said, answer: Answer) -> FilmgateError:
    if answer.status // 100 != 2:  # noqa: PLR2004 - the class of success
        return error_of(answer)
    error = said.error
    return error_named(error.code if error else None, error.message if error else None, answer.request_id)


def _chat() -> api.Api:
    from filmgate.client.chat import Chat  # noqa: PLC0415 - it is built on this module

    return Chat()


PROVIDERS: dict[str, Callable[[], api.Api]] = {
    "chat": _chat,
    "openai": lambda: Vendor(DIALECTS["openai"], gap=2.0),
    "dmxapi": lambda: Vendor(DIALECTS["dmxapi"], gap=5.0),
    "apiyi": lambda: Vendor(DIALECTS["apiyi"], gap=5.0),
    "apiyi-async": lambda: Vendor(DIALECTS["apiyi-async"], gap=5.0, seconds=10),
}
"""How each provider is spoken to."""
