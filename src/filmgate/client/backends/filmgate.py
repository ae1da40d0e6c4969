"""Backend: the calls of one API. Here Filmgate's own; vendors in :mod:`filmgate.client.backends.vendor`."""

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
    """Makes the request for a file, from ``offset`` on if the file still has the ETag ``etag``."""

    def __call__(self, *, offset: int = 0, etag: str | None = None) -> Request:
        """Make the request."""


class Backend:
    """A Filmgate, or a server with a compatible API. Other APIs override what differs."""

    name: ClassVar[str] = "filmgate"
    auth_prefix: str = "Bearer "  # precedes the key in its header
    min_poll_gap: float = 0.0  # least seconds between two polls
    supports_sse: bool = True  # long polls and event streams
    resumable: bool = True  # whether a video can be polled by its id, now and later
    ready_retries: int = 3  # retries while the file of a completed video is not ready

    def create(
        self, state: ClientState, fields: Mapping[str, object], image: ImageInput | None, idempotency_key: str | None
    ) -> Procedure[VideoData]:
        """Submit a video; for fields and errors see :func:`filmgate.client.operations.create`."""
        reference = None if image is None else requests.encode_image_input(image)
        request = requests.create(fields, reference, idempotency_key)
        video = parse_created(request, (yield from send_with_retries(state, request)), fields)
        register_id(state, video.id, idempotency_key)
        return video

    def poll(
        self, state: ClientState, video_id: str, hold_seconds: int = 0, *, max_retries: int | None = None
    ) -> Procedure[tuple[VideoData, ApiResponse]]:
        """Poll a video; ``hold_seconds``: seconds for which the server may hold its response until a change."""

        def read(answer: ApiResponse) -> JobReport:
            return OPENAI.read_poll(video_id, answer.status, answer.headers, answer.body)

        confirmations = CONFIRMATIONS if max_retries else 1
        return poll_once(
            state,
            video_id,
            requests.retrieve(video_id, hold_seconds),
            read,
            max_retries=max_retries,
            confirmations=confirmations,
        )

    def content(self, video_id: str, variant: str, url: str | None) -> ContentRequest:
        """Return how to request one of its files; ``url``: the file's address from the last poll, if any."""
        del url

        def make_request(*, offset: int = 0, etag: str | None = None) -> Request:
            return requests.content(video_id, variant, offset=offset, etag=etag)

        return make_request

    def list_page(
        self, state: ClientState, after: str | None, limit: int | None, order: str | None
    ) -> Procedure[VideoPage]:
        """Return a page of the list."""
        response = yield from send_with_retries(state, requests.list_page(after, limit, order))
        return parse_page(response, lambda video_id, row: OPENAI.read_poll(video_id, 200, {}, row))

    def delete(self, state: ClientState, video_id: str) -> Procedure[str]:
        """Delete a video; return its id."""
        return parse_deleted((yield from send_with_retries(state, requests.delete(video_id))))

    def cancel(self, state: ClientState, video_id: str) -> Procedure[VideoData]:
        """Cancel a video."""
        return parse_video((yield from send_with_retries(state, requests.cancel(video_id))))

    def is_not_ready(self, response: ApiResponse) -> bool:
        """Whether the file of a completed video may only be late."""
        return response.status == 404 and type(error_from_response(response)) in {NotFound, VideoNotFound}  # noqa: PLR2004 - Not Found

    def require(self, feature: str) -> None:
        """Check that the API has a feature; a Filmgate has all.

        Raises:
            Unsupported: the API has no such feature.
        """


class BaseVendorBackend(Backend):
    """Base of the vendors: without the features that only a Filmgate has."""

    supports_sse = False
    ready_retries = 6

    def cancel(self, state: ClientState, video_id: str) -> Procedure[VideoData]:
        """Raise ``Unsupported``."""
        del state, video_id
        self.require("cancel")
        yield from ()
        raise Unsupported

    def is_not_ready(self, response: ApiResponse) -> bool:
        """Decide by the status: error texts differ between vendors."""
        return response.status in _NOT_READY_STATUSES

    def require(self, feature: str) -> None:
        """Raise ``Unsupported``: a supported call overrides its method."""
        raise Unsupported(
            f"The provider '{self.name}' has no {feature}; a Filmgate in front of it may have: run `filmgate serve` "
            "with an engine for that provider."
        )


FILMGATE = Backend()
"""A Filmgate."""
