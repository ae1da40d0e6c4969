"""Vendors called directly in their own dialects (``filmgate.wire.upstream``), without a server between.

How a vendor treats an Idempotency-Key is unknown, so a create is sent again only if its response, or the lack of a
connection, shows that it was not accepted. Every other failure is a :class:`SubmissionUnknown`.
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
        min_poll_gap: least seconds between two polls.
        seconds: default length of a video.
    """

    def __init__(self, upstream: Upstream, *, min_poll_gap: float, seconds: int = 4) -> None:
        self.name = upstream.name  # type: ignore[misc]  # one class serves several vendors
        self.min_poll_gap = min_poll_gap
        self._upstream = upstream
        self._seconds = seconds

    def create(
        self, state: ClientState, fields: Mapping[str, object], image: ImageInput | None, idempotency_key: str | None
    ) -> Procedure[VideoData]:
        """Submit a video, once."""
        job = build_job_request(self.name, fields, image, model="sora-2", seconds=self._seconds, key=idempotency_key)
        read = self._upstream.read_create
        report, response = yield from submit_once(
            state,
            to_request(self._upstream.create(job)),
            lambda created: read(created.status, created.headers, created.body),
        )
        requested = VideoData(
            id=report.id or "",
            model=job.model,
            status=Status.QUEUED,
            prompt=job.prompt,
            size=str(job.size),
            seconds=str(job.seconds),
        )
        register_id(state, report.id or "", job.idempotency_key)
        return merge_video_data(report, requested, response.body)

    def poll(
        self, state: ClientState, video_id: str, hold_seconds: int = 0, *, max_retries: int | None = None
    ) -> Procedure[tuple[VideoData, ApiResponse]]:
        """Poll a video; repeat while the response does not describe it. A missing video is confirmed three times."""
        del hold_seconds

        request = msgspec.structs.replace(
            to_request(self._upstream.poll(video_id)), read_timeout=requests.POLL_READ_TIMEOUT
        )

        def read(answer: ApiResponse) -> JobReport:
            return self._upstream.read_poll(video_id, answer.status, answer.headers, answer.body)

        return poll_once(state, video_id, request, read, max_retries=max_retries)

    def content(self, video_id: str, variant: str, url: str | None) -> ContentRequest:
        """Request the video file; only a Filmgate has images of it."""
        if variant != "video":
            self.require(variant)
        report = JobReport(kind=ReplyKind.JOB, content_url=url)
        call = self._upstream.content(video_id, report)

        def make_request(*, offset: int = 0, etag: str | None = None) -> Request:
            return to_request(call, requests.range_headers(offset, etag))

        return make_request

    def list_page(
        self, state: ClientState, after: str | None, limit: int | None, order: str | None
    ) -> Procedure[VideoPage]:
        """Return a page of the list, if the vendor has one."""
        if not self._upstream.supports_list:
            self.require("list")
        response = yield from send_with_retries(state, requests.list_page(after, limit, order))
        return parse_page(response, lambda video_id, row: self._upstream.read_poll(video_id, 200, {}, row))

    def delete(self, state: ClientState, video_id: str) -> Procedure[str]:
        """Raise ``Unsupported``."""
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
    """Translate a request to a vendor's job.

    Raises:
        Unsupported: vendors do not take one of the fields.
        InvalidValue: an invalid size or length.
        InvalidImage: the image cannot be read.
    """
    for name, value in fields.items():
        if value is not None and name not in _SUPPORTED_FIELDS:
            raise Unsupported(f"The provider '{provider}' does not support '{name}'.")
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
    """Return the reference image as bytes.

    Raises:
        InvalidImage: it cannot be read.
        Unsupported: it is a URL; vendors take files.
    """
    encoded = requests.encode_image_input(image)
    if isinstance(encoded, FilePart):
        return ReferenceImage(encoded.content, encoded.media_type)
    head, _, data = str(encoded.get("image_url", "")).partition(";base64,")
    try:
        part = requests.encode_image_input(base64.b64decode(data, validate=True)) if head.startswith("data:") else None
    except binascii.Error:
        part = None
    if not isinstance(part, FilePart):
        raise Unsupported(f"The provider '{provider}' takes an image as a file, not as a URL.")
    return ReferenceImage(part.content, part.media_type)


def to_request(call: HttpCall, headers: Mapping[str, str] | None = None) -> Request:
    """Translate a dialect's call to a request."""
    merged_headers = {name.lower(): value for name, value in {**call.headers, **(headers or {})}.items()}
    return Request(method=call.method, path=call.path, url=call.url, headers=merged_headers, body=call.body or None)


def submit_once(
    state: ClientState,
    request: Request,
    read: Callable[[ApiResponse], JobReport],
    make_effect: Callable[[Request], Effect] = Send,
) -> Procedure[tuple[JobReport, ApiResponse]]:
    """Submit a job; retry only if it was certainly not accepted.

    Raises:
        SubmissionUnknown: it may have been accepted.
        ConnectionFailed: the vendor could not be reached.
        FilmgateError: the vendor rejected the job.
    """
    for attempt in itertools.count():
        delay: float | None = None
        try:
            response: ApiResponse = yield make_effect(request)
        except TransportFailure as failure:
            if failure.sent:
                raise submission_unknown(
                    request, f"the connection broke before the response arrived ({failure})"
                ) from failure
            if attempt >= state.max_retries:
                raise ConnectionFailed(f"The vendor could not be reached: {failure}.") from failure
        else:
            if state.on_response is not None:
                state.on_response(request, response)
            report = read(response)
            if report.kind is ReplyKind.JOB:
                return report, response
            if report.kind is ReplyKind.AMBIGUOUS:
                raise submission_unknown(request, f"the response ({response.status}) does not show it", response)
            if report.kind is not ReplyKind.TRANSIENT or attempt >= state.max_retries:
                raise rejection_error(report, response)
            delay = report.retry_after
        yield Sleep(backoff(state, attempt) if delay is None else delay + state.jitter() / 4)
    raise AssertionError
