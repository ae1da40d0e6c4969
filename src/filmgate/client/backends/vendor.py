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
from filmgate.client.backends.filmgate import ContentRequest
from filmgate.client.effects import ApiResponse, Effect, FilePart, Procedure, Request, Send, Sleep, TransportFailure
from filmgate.client.polling import merge_video_data, parse_page, poll_once, rejection_error
from filmgate.client.requests import ImageInput
from filmgate.client.responses import VideoData, VideoPage
from filmgate.client.retrying import ClientState, backoff, register_id, send_with_retries, submission_unknown
from filmgate.domain import Size, Status
from filmgate.errors import ConnectionFailed, InvalidValue, Unsupported
from filmgate.wire.upstream import HttpCall, JobReport, JobRequest, ReferenceImage, ReplyKind, Upstream

__all__ = ["VendorBackend", "build_job_request", "read_reference_image", "submit_once", "to_request"]

_SUPPORTED_FIELDS = ("prompt", "model", "seconds", "size")


class VendorBackend(filmgate.BaseVendorBackend):
    """A vendor of the videos API.

    Args:
        upstream: its dialect.
        min_poll_gap: least seconds between two looks.
        seconds: a film's length where nobody says.
    """

    def __init__(self, upstream: Upstream, *, min_poll_gap: float, seconds: int = 4) -> None:
        self.name = upstream.name  # type: ignore[misc]  # of this vendor among its kind
        self.min_poll_gap = min_poll_gap
        self._upstream = upstream
        self._seconds = seconds

    def create(
        self, state: ClientState, fields: Mapping[str, object], image: ImageInput | None, idempotency_key: str | None
    ) -> Procedure[VideoData]:
        """Ask for a video, once."""
        order = build_job_request(self.name, fields, image, model="sora-2", seconds=self._seconds, key=idempotency_key)
        read = self._upstream.read_create
        said, answer = yield from submit_once(
            state, to_request(self._upstream.create(order)), lambda got: read(got.status, got.headers, got.body)
        )
        asked = VideoData(
            id=said.id or "",
            model=order.model,
            status=Status.QUEUED,
            prompt=order.prompt,
            size=str(order.size),
            seconds=str(order.seconds),
        )
        register_id(state, said.id or "", order.idempotency_key)
        return merge_video_data(said, asked, answer.body)

    def poll(
        self, state: ClientState, video_id: str, hold_seconds: int = 0, *, max_retries: int | None = None
    ) -> Procedure[tuple[VideoData, ApiResponse]]:
        """How a video stands. An answer that says nothing of it is asked for again, a missing video thrice."""
        del hold_seconds

        request = msgspec.structs.replace(
            to_request(self._upstream.poll(video_id)), read_timeout=requests.POLL_READ_TIMEOUT
        )

        def read(answer: ApiResponse) -> JobReport:
            return self._upstream.read_poll(video_id, answer.status, answer.headers, answer.body)

        return poll_once(state, video_id, request, read, max_retries=max_retries)

    def content(self, video_id: str, variant: str, url: str | None) -> ContentRequest:
        """The film alone; pictures of it are a Filmgate's."""
        if variant != "video":
            self.require(variant)
        said = JobReport(kind=ReplyKind.JOB, content_url=url)
        call = self._upstream.content(video_id, said)

        def ask(*, offset: int = 0, etag: str | None = None) -> Request:
            return to_request(call, requests.range_headers(offset, etag))

        return ask

    def list_page(
        self, state: ClientState, after: str | None, limit: int | None, order: str | None
    ) -> Procedure[VideoPage]:
        """A page of the list, where the vendor has one."""
        if not self._upstream.supports_list:
            self.require("list")
        answer = yield from send_with_retries(state, requests.list_page(after, limit, order))
        return parse_page(answer, lambda video_id, row: self._upstream.read_poll(video_id, 200, {}, row))

    def delete(self, state: ClientState, video_id: str) -> Procedure[str]:
        """Can't be done."""
        del state, video_id
        self.require("delete")
        yield from ()
        raise Unsupported


def build_job_request(
    provider: str,
    fields: Mapping[str, object],
    image: ImageInput | None,
    *,
    model: str,
    seconds: int,
    key: str | None = None,
) -> JobRequest:
    """What is to be made, in a vendor's terms.

    Raises:
        Unsupported: it was asked for something that vendors don't take.
        InvalidValue: a size or length that is none.
        InvalidImage: the picture can't be read.
    """
    for name, value in fields.items():
        if value is not None and name not in _SUPPORTED_FIELDS:
            raise Unsupported(f"The provider '{provider}' takes no '{name}'.")
    size, length = str(fields.get("size") or "720x1280"), str(fields.get("seconds") or seconds)
    parsed = Size.parse(size)
    if parsed is None:
        raise InvalidValue(f"Invalid value: '{size}'. A size is WxH, like 1280x720.", param="size")
    if not length.isdecimal():
        raise InvalidValue(f"Invalid value: '{length}'. A length is a number of seconds.", param="seconds")
    return JobRequest(
        model=str(fields.get("model") or model),
        prompt=str(fields["prompt"]),
        size=parsed,
        seconds=int(length),
        reference=None if image is None else read_reference_image(provider, image),
        idempotency_key=key,
    )


def read_reference_image(provider: str, image: ImageInput) -> ReferenceImage:
    """The reference picture as bytes.

    Raises:
        InvalidImage: it can't be read.
        Unsupported: it is an address; vendors take files.
    """
    found = requests.encode_image_input(image)
    if isinstance(found, FilePart):
        return ReferenceImage(found.content, found.media_type)
    head, _, data = str(found.get("image_url", "")).partition(";base64,")
    try:
        part = requests.encode_image_input(base64.b64decode(data, validate=True)) if head.startswith("data:") else None
    except binascii.Error:
        part = None
    if not isinstance(part, FilePart):
        raise Unsupported(f"The provider '{provider}' takes a picture as a file, not by its address.")
    return ReferenceImage(part.content, part.media_type)


def to_request(call: HttpCall, headers: Mapping[str, str] | None = None) -> Request:
    """A call of a dialect, to be sent."""
    named = {name.lower(): value for name, value in {**call.headers, **(headers or {})}.items()}
    return Request(method=call.method, path=call.path, url=call.url, headers=named, body=call.body or None)


def submit_once(
    state: ClientState,
    request: Request,
    read: Callable[[ApiResponse], JobReport],
    make_effect: Callable[[Request], Effect] = Send,
) -> Procedure[tuple[JobReport, ApiResponse]]:
    """Submit, and again only where it was certainly not accepted.

    Raises:
        SubmissionUnknown: it may have been.
        ConnectionFailed: the vendor could not be reached.
        FilmgateError: why it was refused.
    """
    for tried in itertools.count():
        waits: float | None = None
        try:
            answer: ApiResponse = yield make_effect(request)
        except TransportFailure as fault:
            if fault.sent:
                raise submission_unknown(request, f"the connection broke before the answer came ({fault})") from fault
            if tried >= state.max_retries:
                raise ConnectionFailed(f"The vendor could not be reached: {fault}.") from fault
        else:
            if state.on_response is not None:
                state.on_response(request, answer)
            said = read(answer)
            if said.kind is ReplyKind.JOB:
                return said, answer
            if said.kind is ReplyKind.AMBIGUOUS:
                raise submission_unknown(request, f"the answer ({answer.status}) does not say", answer)
            if said.kind is not ReplyKind.TRANSIENT or tried >= state.max_retries:
                raise rejection_error(said, answer)
            waits = said.retry_after
        yield Sleep(backoff(state, tried) if waits is None else waits + state.jitter() / 4)
    raise AssertionError
