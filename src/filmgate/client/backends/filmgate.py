"""What an API is like that the machines talk to: a Filmgate here; vendors in :mod:`filmgate.client.backends.vendor`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol

from filmgate.client import requests
from filmgate.client.effects import ApiResponse, Procedure, Request
from filmgate.client.polling import CONFIRMATIONS, parse_created, parse_page, poll_once
from filmgate.client.requests import ImageInput
from filmgate.client.responses import VideoData, VideoPage, error_from_response, parse_deleted, parse_video
from filmgate.client.retrying import ClientState, register_id, send_with_retries
from filmgate.errors import NotFound, Unsupported, VideoNotFound
from filmgate.wire.upstream import JobReport
from filmgate.wire.upstream.openai import OPENAI

__all__ = ["FILMGATE", "Backend", "ContentRequest"]

_NOT_READY_STATUSES = frozenset({400, 404, 409, 425})


class ContentRequest(Protocol):
    """Makes the request for a file's bytes, from ``offset`` on if it is still the one that ``etag`` names."""

    def __call__(self, *, offset: int = 0, etag: str | None = None) -> Request:
        """Make it."""


class Backend:
    """A Filmgate, or whoever speaks as it does. Other APIs override what they do otherwise, or not at all."""

    name: ClassVar[str] = "filmgate"
    auth_prefix: str = "Bearer "  # stands before the key in its header
    min_poll_gap: float = 0.0  # least seconds between two looks
    supports_sse: bool = True  # whether it holds looks back on request, and has event streams
    resumable: bool = True  # whether a video can be asked about by its id, now and later
    ready_retries: int = 3  # times that a completed film may not be there yet

    def create(
        self, state: ClientState, fields: Mapping[str, object], image: ImageInput | None, idempotency_key: str | None
    ) -> Procedure[VideoData]:
        """Ask for a video; for fields and errors see :func:`filmgate.client.operations.create`."""
        reference = None if image is None else requests.encode_image_input(image)
        request = requests.create(fields, reference, idempotency_key)
        video = parse_created(request, (yield from send_with_retries(state, request)), fields)
        register_id(state, video.id, idempotency_key)
        return video

    def poll(
        self, state: ClientState, video_id: str, hold_seconds: int = 0, *, max_retries: int | None = None
    ) -> Procedure[tuple[VideoData, ApiResponse]]:
        """How a video stands; ``hold_seconds``: seconds to hold the answer back until something changes."""

        def read(answer: ApiResponse) -> JobReport:
            return OPENAI.read_poll(video_id, answer.status, answer.headers, answer.body)

        sure = CONFIRMATIONS if max_retries else 1
        return poll_once(
            state,
            video_id,
            requests.retrieve(video_id, hold_seconds),
            read,
            max_retries=max_retries,
            confirmations=sure,
        )

    def content(self, video_id: str, variant: str, url: str | None) -> ContentRequest:
        """How to ask for one of its files; ``url``: where the last look said that the film lies."""
        del url

        def ask(*, offset: int = 0, etag: str | None = None) -> Request:
            return requests.content(video_id, variant, offset=offset, etag=etag)

        return ask

    def list_page(
        self, state: ClientState, after: str | None, limit: int | None, order: str | None
    ) -> Procedure[VideoPage]:
        """A page of the list."""
        answer = yield from send_with_retries(state, requests.list_page(after, limit, order))
        return parse_page(answer, lambda video_id, row: OPENAI.read_poll(video_id, 200, {}, row))

    def delete(self, state: ClientState, video_id: str) -> Procedure[str]:
        """Remove a video; returns its id."""
        return parse_deleted((yield from send_with_retries(state, requests.delete(video_id))))

    def cancel(self, state: ClientState, video_id: str) -> Procedure[VideoData]:
        """Stop a video."""
        return parse_video((yield from send_with_retries(state, requests.cancel(video_id))))

    def is_not_ready(self, response: ApiResponse) -> bool:
        """Whether a film that was seen completed may only not be there yet."""
        return response.status == 404 and type(error_from_response(response)) in {NotFound, VideoNotFound}  # noqa: PLR2004 - HTTP's

    def require(self, feature: str) -> None:
        """Nothing, where the API has it.

        Raises:
            Unsupported: the API has no such thing.
        """


class BaseVendorBackend(Backend):
    """What all vendors lack beside a Filmgate."""

    supports_sse = False
    ready_retries = 6

    def cancel(self, state: ClientState, video_id: str) -> Procedure[VideoData]:
        """Can't be done."""
        del state, video_id
        self.require("cancel")
        yield from ()
        raise Unsupported

    def is_not_ready(self, response: ApiResponse) -> bool:
        """By the status: each has words of its own."""
        return response.status in _NOT_READY_STATUSES

    def require(self, feature: str) -> None:
        """Raise: what isn't overridden is not there."""
        raise Unsupported(
            f"The provider '{self.name}' has no {feature}; a Filmgate in front of it may: `filmgate serve` with an engine "
            "for that provider."
        )


FILMGATE = Backend()
"""A Filmgate."""
