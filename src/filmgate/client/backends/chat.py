"""Vendors that make films in a chat: one call, charged for, whose stream is all that is ever said of the film."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from filmgate.client import requests
from filmgate.client.backends import filmgate
from filmgate.client.backends.filmgate import Ask
from filmgate.client.backends.vendor import order_of, request_of, submitted
from filmgate.client.effects import Answer, Fault, Keep, Machine, Open, Read, Request, Resume
from filmgate.client.polling import data_of
from filmgate.client.requests import ImageInput
from filmgate.client.responses import VideoData, VideoPage, error_named
from filmgate.client.retrying import Session
from filmgate.domain import TERMINAL, Status
from filmgate.errors import InvalidValue, SubmissionUnknown, Unsupported
from filmgate.wire.chat import orientation_of
from filmgate.wire.upstream import Call, Meaning, Order, Said, chat

__all__ = ["Chat"]

PATIENCE = 900.0
"""Seconds that a vendor may be silent for while it works."""


class _Story(Struct):
    """A film whose story is being told."""

    reader: chat.ChatReader
    data: VideoData
    body: object  # the stream, as the driver keeps it


class Chat(filmgate.Vendor):
    """A vendor of the chat kind. Only the client that asked for a film can follow it."""

    name = "chat"
    lasting = False

    def __init__(self) -> None:
        self._stories: dict[str, _Story] = {}

    def create(
        self, session: Session, fields: Mapping[str, object], image: ImageInput | None, key: str | None
    ) -> Machine[VideoData]:
        """Ask for a film, once; the stream stays open behind the id."""
        del key
        order, picture_url = _order(fields, image)
        request = request_of(chat.create(order, picture_url))
        request = msgspec.structs.replace(request, patience=PATIENCE)
        yield from submitted(session, request, _read, Open)
        reader = chat.ChatReader()
        yield from _until_named(reader)
        body = None if reader.said.status in TERMINAL else (yield Keep())
        video_id = reader.said.id or reader.name or "chat"
        asked = VideoData(
            id=video_id,
            model=order.model,
            status=Status.QUEUED,
            prompt=order.prompt,
            size=str(order.size),
            seconds=str(order.seconds),
        )
        self._stories[video_id] = _Story(reader, data_of(reader.said, asked), body)
        return self._stories[video_id].data

    def look(
        self, session: Session, video_id: str, asked: int = 0, *, retries: int | None = None
    ) -> Machine[tuple[VideoData, Answer]]:
        """Read on. Raises :class:`SubmissionUnknown` where the stream ends before the film does."""
        del session, asked, retries
        story = self._stories.get(video_id)
        if story is None:
            raise Unsupported(
                "A film that is made in a chat can be followed by the program that asked for it, and by no other."
            )
        if story.data.status not in TERMINAL:
            yield from _read_on(story)
            story.data = data_of(story.reader.said, story.data)
        return story.data, Answer(200, {"openai-poll-after-ms": "0"})

    def content(self, video_id: str, variant: str, url: str | None) -> Ask:
        """The film, from the address that the story ended with."""
        story = self._stories.get(video_id)
        address = url or (story.data.url if story else None)
        if variant != "video" or address is None:
            self.needs(variant if variant != "video" else "content but a finished film's")
        call = Call(method="GET", url=address, headers={"accept-encoding": "identity"})

        def ask(*, offset: int = 0, etag: str | None = None) -> Request:
            return request_of(call, requests.onward(offset, etag))

        return ask

    def page(self, session: Session, after: str | None, limit: int | None, order: str | None) -> Machine[VideoPage]:
        """Can't be done."""
        del session, after, limit, order
        self.needs("list")
        yield from ()
        raise Unsupported

    def delete(self, session: Session, video_id: str) -> Machine[str]:
        """Can't be done."""
        del session, video_id
        self.needs("delete")
        yield from ()
        raise Unsupported


def _order(fields: Mapping[str, object], image: ImageInput | None) -> tuple[Order, str | None]:
    """What is asked for, and the picture's address if it is one. The length is the model's, the frame the prompt's."""
    address = None
    if image is not None:
        found = requests.reference_of(image)
        address = found.get("image_url") if isinstance(found, Mapping) else None
    length = str(fields.get("seconds") or "")
    models = {str(seconds): name for seconds, name in chat.MODELS.items()}
    if length and not fields.get("model") and length not in models:
        raise InvalidValue.unsupported("seconds", length, sorted(models))
    size = fields.get("size") or str(chat.size_of(orientation_of(str(fields["prompt"]))))
    known = {**fields, "size": size}
    order = order_of("chat", known, None if address else image, model=models.get(length, chat.MODELS[15]), seconds=15)
    return order, address


def _read(answer: Answer) -> Said:
    if answer.status == 200:  # noqa: PLR2004 - the wire's success; what it holds is yet to be read
        return Said(meaning=Meaning.JOB)
    return chat.read_refused(answer.status, answer.headers, answer.body)


def _until_named(reader: chat.ChatReader) -> Machine[None]:
    """Read until the film has an id, or is being made, or the stream has ended."""
    while not (reader.said.id or reader.ended or reader.said.status is not Status.QUEUED):
        try:
            chunk: bytes = yield Read()
        except Fault as fault:
            raise _lost(f"the stream broke ({fault})") from fault
        if not chunk:
            reader.finish()
            break
        reader.feed(chunk)
    if not (reader.name or reader.text or reader.said.error):
        raise _lost("the answer was no stream")
    if reader.said.status is Status.FAILED and not reader.text:
        error = reader.said.error
        raise error_named(error.code if error else None, error.message if error else None, None)


def _read_on(story: _Story) -> Machine[None]:
    yield Resume(story.body)
    try:
        chunk: bytes = yield Read()
    except Fault as fault:
        if story.reader.finish().status not in TERMINAL:
            raise _lost(f"the stream broke ({fault})") from fault
        return
    if chunk:
        story.reader.feed(chunk)
    elif story.reader.finish().status not in TERMINAL:
        raise _lost("the stream ended early")
    if story.reader.said.status not in TERMINAL:
        story.body = yield Keep()


def _lost(why: str) -> SubmissionUnknown:
    return SubmissionUnknown(
        f"It is not known what became of the film: {why}. It was not asked for again, for every call is charged; "
        "look into your account at the vendor."
    )
