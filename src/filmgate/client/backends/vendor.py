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

from filmgate.client import requests
from filmgate.client.backends import filmgate
from filmgate.client.backends.filmgate import Ask
from filmgate.client.effects import Action, Answer, Fault, FilePart, Machine, Request, Send, Sleep
from filmgate.client.polling import data_of, looked, page_of, refusal
from filmgate.client.requests import ImageInput
from filmgate.client.responses import VideoData, VideoPage
from filmgate.client.retrying import Session, backoff, exchange, fresh, unknown
from filmgate.domain import Size, Status
from filmgate.errors import ConnectionFailed, InvalidValue, Unsupported
from filmgate.wire.upstream import Call, Meaning, Order, Picture, Said, Upstream

__all__ = ["Vendor", "order_of", "picture_of", "request_of", "submitted"]

_TAKEN = ("prompt", "model", "seconds", "size")


class Vendor(filmgate.Vendor):
    """A vendor of the videos API.

    Args:
        upstream: its dialect.
        gap: least seconds between two looks.
        seconds: a film's length where nobody says.
    """

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
        fresh(session, said.id or "", order.idempotency_key)
        return data_of(said, asked, answer.body)

    def look(
        self, session: Session, video_id: str, asked: int = 0, *, retries: int | None = None
    ) -> Machine[tuple[VideoData, Answer]]:
        """How a video stands. An answer that says nothing of it is asked for again, a missing video thrice."""
        del asked

        request = msgspec.structs.replace(request_of(self._upstream.look(video_id)), silence=requests.LOOK_SILENCE)

        def read(answer: Answer) -> Said:
            return self._upstream.read_look(video_id, answer.status, answer.headers, answer.body)

        return looked(session, video_id, request, read, retries=retries)

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
        return page_of(answer, lambda video_id, row: self._upstream.read_look(video_id, 200, {}, row))

    def delete(self, session: Session, video_id: str) -> Machine[str]:
        """Can't be done."""
        del session, video_id
        self.needs("delete")
        yield from ()
        raise Unsupported


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
                raise unknown(request, f"the connection broke before the answer came ({fault})") from fault
            if tried >= session.retries:
                raise ConnectionFailed(f"The vendor could not be reached: {fault}.") from fault
        else:
            if session.observe is not None:
                session.observe(request, answer)
            said = read(answer)
            if said.meaning is Meaning.JOB:
                return said, answer
            if said.meaning is Meaning.AMBIGUOUS:
                raise unknown(request, f"the answer ({answer.status}) does not say", answer)
            if said.meaning is not Meaning.TRANSIENT or tried >= session.retries:
                raise refusal(said, answer)
            waits = said.retry_after
        yield Sleep(backoff(session, tried) if waits is None else waits + session.jitter() / 4)
    raise AssertionError
