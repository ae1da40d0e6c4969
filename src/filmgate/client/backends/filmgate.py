"""What an API is like that the machines talk to: a Filmgate here; vendors in :mod:`filmgate.client.backends.vendor`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol

from filmgate.client import requests
from filmgate.client.effects import Answer, Machine, Request
from filmgate.client.polling import SURE, accepted, looked, page_of
from filmgate.client.requests import ImageInput
from filmgate.client.responses import VideoData, VideoPage, error_of, parse_deleted, parse_video
from filmgate.client.retrying import Session, exchange, fresh
from filmgate.errors import NotFound, Unsupported, VideoNotFound
from filmgate.wire.upstream import Said
from filmgate.wire.upstream.openai import OPENAI

__all__ = ["OWN", "Api", "Ask"]

_NOT_YET = frozenset({400, 404, 409, 425})


class Ask(Protocol):
    """Makes the request for a file's bytes, from ``offset`` on if it is still the one that ``etag`` names."""

    def __call__(self, *, offset: int = 0, etag: str | None = None) -> Request:
        """Make it."""


class Api:
    """A Filmgate, or whoever speaks as it does. Other APIs override what they do otherwise, or not at all."""

    name: ClassVar[str] = "filmgate"
    scheme: str = "Bearer "  # stands before the key in its header
    gap: float = 0.0  # least seconds between two looks
    streams: bool = True  # whether it holds looks back on request, and has event streams
    lasting: bool = True  # whether a video can be asked about by its id, now and later
    late: int = 3  # times that a completed film may not be there yet

    def create(
        self, session: Session, fields: Mapping[str, object], image: ImageInput | None, key: str | None
    ) -> Machine[VideoData]:
        """Ask for a video; for fields and errors see :func:`filmgate.client.operations.create`."""
        reference = None if image is None else requests.reference_of(image)
        request = requests.create(fields, reference, key)
        video = accepted(request, (yield from exchange(session, request)), fields)
        fresh(session, video.id, key)
        return video

    def look(
        self, session: Session, video_id: str, asked: int = 0, *, retries: int | None = None
    ) -> Machine[tuple[VideoData, Answer]]:
        """How a video stands; ``asked``: seconds to hold the answer back until something changes."""

        def read(answer: Answer) -> Said:
            return OPENAI.read_look(video_id, answer.status, answer.headers, answer.body)

        sure = SURE if retries else 1
        return looked(session, video_id, requests.retrieve(video_id, asked), read, retries=retries, sure=sure)

    def content(self, video_id: str, variant: str, url: str | None) -> Ask:
        """How to ask for one of its files; ``url``: where the last look said that the film lies."""
        del url

        def ask(*, offset: int = 0, etag: str | None = None) -> Request:
            return requests.content(video_id, variant, offset=offset, etag=etag)

        return ask

    def page(self, session: Session, after: str | None, limit: int | None, order: str | None) -> Machine[VideoPage]:
        """A page of the list."""
        answer = yield from exchange(session, requests.page(after, limit, order))
        return page_of(answer, lambda video_id, row: OPENAI.read_look(video_id, 200, {}, row))

    def delete(self, session: Session, video_id: str) -> Machine[str]:
        """Remove a video; returns its id."""
        return parse_deleted((yield from exchange(session, requests.delete(video_id))))

    def cancel(self, session: Session, video_id: str) -> Machine[VideoData]:
        """Stop a video."""
        return parse_video((yield from exchange(session, requests.cancel(video_id))))

    def early(self, answer: Answer) -> bool:
        """Whether a film that was seen completed may only not be there yet."""
        return answer.status == 404 and type(error_of(answer)) in {NotFound, VideoNotFound}  # noqa: PLR2004 - HTTP's

    def needs(self, what: str) -> None:
        """Nothing, where the API has it.

        Raises:
            Unsupported: the API has no such thing.
        """


class Vendor(Api):
    """What all vendors lack beside a Filmgate."""

    streams = False
    late = 6

    def cancel(self, session: Session, video_id: str) -> Machine[VideoData]:
        """Can't be done."""
        del session, video_id
        self.needs("cancel")
        yield from ()
        raise Unsupported

    def early(self, answer: Answer) -> bool:
        """By the status: each has words of its own."""
        return answer.status in _NOT_YET

    def needs(self, what: str) -> None:
        """Raise: what isn't overridden is not there."""
        raise Unsupported(
            f"The provider '{self.name}' has no {what}; a Filmgate in front of it may: `filmgate serve` with an engine "
            "for that provider."
        )


OWN = Api()
"""A Filmgate."""
