"""What an API is like that the machines talk to: a Filmgate here; vendors in :mod:`filmgate.client.provider`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol

from filmgate.client import requests
from filmgate.client.actions import Answer, Machine, Request
from filmgate.client.answers import VideoData, VideoPage, parse_deleted, parse_page, parse_video
from filmgate.client.exchange import Session, exchange
from filmgate.client.requests import ImageInput
from filmgate.errors import Unsupported

__all__ = ["OUTAGE", "OWN", "Api", "Ask", "api_of"]

OUTAGE = 8
"""Tries within one look, so that a server may restart while somebody waits (about 40 s)."""


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
    late: int = 0  # times that a completed film may not be there yet

    def create(
        self, session: Session, fields: Mapping[str, object], image: ImageInput | None, key: str | None
    ) -> Machine[VideoData]:
        """Ask for a video; for fields and errors see :func:`filmgate.client.resources.create`."""
        reference = None if image is None else requests.reference_of(image)
        answer = yield from exchange(session, requests.create(fields, reference, key))
        return parse_video(answer)

    def look(
        self, session: Session, video_id: str, asked: int = 0, *, retries: int | None = None
    ) -> Machine[tuple[VideoData, Answer]]:
        """How a video stands; ``asked``: seconds to hold the answer back until something changes."""
        answer = yield from exchange(session, requests.retrieve(video_id, asked), retries=retries)
        return parse_video(answer), answer

    def content(self, video_id: str, variant: str, url: str | None) -> Ask:
        """How to ask for one of its files; ``url``: where the last look said that the film lies."""
        del url

        def ask(*, offset: int = 0, etag: str | None = None) -> Request:
            return requests.content(video_id, variant, offset=offset, etag=etag)

        return ask

    def page(self, session: Session, after: str | None, limit: int | None, order: str | None) -> Machine[VideoPage]:
        """A page of the list."""
        return parse_page((yield from exchange(session, requests.page(after, limit, order))))

    def delete(self, session: Session, video_id: str) -> Machine[str]:
        """Remove a video; returns its id."""
        return parse_deleted((yield from exchange(session, requests.delete(video_id))))

    def cancel(self, session: Session, video_id: str) -> Machine[VideoData]:
        """Stop a video."""
        return parse_video((yield from exchange(session, requests.cancel(video_id))))

    def needs(self, what: str) -> None:
        """Nothing, where the API has it.

        Raises:
            Unsupported: the API has no such thing.
        """


class Vendor(Api):
    """What all vendors lack beside a Filmgate."""

    streams = False

    def cancel(self, session: Session, video_id: str) -> Machine[VideoData]:
        """Can't be done."""
        del session, video_id
        self.needs("cancel")
        yield from ()
        raise Unsupported

    def needs(self, what: str) -> None:
        """Raise: what isn't overridden is not there."""
        raise Unsupported(
            f"The provider '{self.name}' has no {what}; a Filmgate in front of it may: `filmgate serve` with an engine "
            "for that provider."
        )


OWN = Api()
"""A Filmgate."""


def api_of(provider: str | None) -> Api:
    """The API of that name; None: a Filmgate."""
    if provider is None:
        return OWN
    from filmgate.client.provider import PROVIDERS  # noqa: PLC0415 - vendors' dialects, for those who use them

    return PROVIDERS[provider]()
