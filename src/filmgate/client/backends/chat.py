"""Vendors that make videos in a chat completion: one charged call, whose stream is the only source of the result."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from filmgate.client import requests
from filmgate.client.backends import filmgate
from filmgate.client.backends.filmgate import ContentRequest
from filmgate.client.backends.vendor import build_job_request, submit_once, to_request
from filmgate.client.effects import ApiResponse, Attach, Detach, Open, Procedure, Read, Request, TransportFailure
from filmgate.client.polling import merge_video_data
from filmgate.client.requests import ImageInput
from filmgate.client.responses import VideoData, VideoPage, error_from_code
from filmgate.client.retrying import ClientState
from filmgate.domain import TERMINAL, Status
from filmgate.errors import InvalidValue, SubmissionUnknown, Unsupported
from filmgate.wire.chat import detect_orientation
from filmgate.wire.upstream import HttpCall, JobReport, JobRequest, ReplyKind, chat

__all__ = ["ChatBackend"]

MAX_SILENCE = 900.0
"""Seconds that the vendor may send nothing while it works."""


class _ChatJob(Struct):
    """A video whose stream is being read."""

    reader: chat.ChatReader
    data: VideoData
    body: object  # the driver's handle to the open stream


class ChatBackend(filmgate.BaseVendorBackend):
    """A vendor with chat completions. Only the client that submitted a video can follow it."""

    name = "chat"
    resumable = False

    def __init__(self) -> None:
        self._jobs: dict[str, _ChatJob] = {}

    def create(
        self, state: ClientState, fields: Mapping[str, object], image: ImageInput | None, idempotency_key: str | None
    ) -> Procedure[VideoData]:
        """Submit a video, once; the stream stays open for polls."""
        del idempotency_key
        job, image_url = _build_job_request(fields, image)
        request = to_request(chat.create(job, image_url))
        request = msgspec.structs.replace(request, hold_seconds=MAX_SILENCE)
        yield from submit_once(state, request, _read_response, Open)
        reader = chat.ChatReader()
        yield from _read_until_identified(reader)
        body = None if reader.report.status in TERMINAL else (yield Detach())
        video_id = reader.report.id or reader.completion_id or "chat"
        requested = VideoData(
            id=video_id,
            model=job.model,
            status=Status.QUEUED,
            prompt=job.prompt,
            size=str(job.size),
            seconds=str(job.seconds),
        )
        self._jobs[video_id] = _ChatJob(reader, merge_video_data(reader.report, requested), body)
        return self._jobs[video_id].data

    def poll(
        self, state: ClientState, video_id: str, hold_seconds: int = 0, *, max_retries: int | None = None
    ) -> Procedure[tuple[VideoData, ApiResponse]]:
        """Read the next chunk of the stream. Raises :class:`SubmissionUnknown` if it ends before the video does."""
        del state, hold_seconds, max_retries
        job = self._jobs.get(video_id)
        if job is None:
            raise Unsupported("A video that is made in a chat can only be followed by the program that submitted it.")
        if job.data.status not in TERMINAL:
            yield from _read_more(job)
            job.data = merge_video_data(job.reader.report, job.data)
        return job.data, ApiResponse(200, {"openai-poll-after-ms": "0"})

    def content(self, video_id: str, variant: str, url: str | None) -> ContentRequest:
        """Request the video file at the URL from the stream."""
        job = self._jobs.get(video_id)
        content_url = url or (job.data.url if job else None)
        if variant != "video" or content_url is None:
            self.require(variant if variant != "video" else "content other than a finished video's")
        call = HttpCall(method="GET", url=content_url, headers={"accept-encoding": "identity"})

        def make_request(*, offset: int = 0, etag: str | None = None) -> Request:
            return to_request(call, requests.range_headers(offset, etag))

        return make_request

    def list_page(
        self, state: ClientState, after: str | None, limit: int | None, order: str | None
    ) -> Procedure[VideoPage]:
        """Raise ``Unsupported``."""
        del state, after, limit, order
        self.require("list")
        yield from ()
        raise Unsupported

    def delete(self, state: ClientState, video_id: str) -> Procedure[str]:
        """Raise ``Unsupported``."""
        del state, video_id
        self.require("delete")
        yield from ()
        raise Unsupported


def _build_job_request(fields: Mapping[str, object], image: ImageInput | None) -> tuple[JobRequest, str | None]:
    """Return the job, and the image's URL if it is one. The model sets the length, the prompt the orientation."""
    image_url = None
    if image is not None:
        encoded = requests.encode_image_input(image)
        image_url = encoded.get("image_url") if isinstance(encoded, Mapping) else None
    length = str(fields.get("seconds") or "")
    models = {str(seconds): name for seconds, name in chat.MODEL_BY_SECONDS.items()}
    if length and not fields.get("model") and length not in models:
        raise InvalidValue.unsupported("seconds", length, sorted(models))
    size = fields.get("size") or str(chat.output_size(detect_orientation(str(fields["prompt"]))))
    job_fields = {**fields, "size": size}
    job = build_job_request(
        "chat",
        job_fields,
        None if image_url else image,
        model=models.get(length, chat.MODEL_BY_SECONDS[15]),
        seconds=15,
    )
    return job, image_url


def _read_response(response: ApiResponse) -> JobReport:
    if response.status == 200:  # noqa: PLR2004 - OK; the stream holds the outcome
        return JobReport(kind=ReplyKind.JOB)
    return chat.read_error_response(response.status, response.headers, response.body)


def _read_until_identified(reader: chat.ChatReader) -> Procedure[None]:
    """Read until the video has an id, or is in progress, or the stream has ended."""
    while not (reader.report.id or reader.ended or reader.report.status is not Status.QUEUED):
        try:
            chunk: bytes = yield Read()
        except TransportFailure as failure:
            raise _outcome_unknown(f"the stream broke ({failure})") from failure
        if not chunk:
            reader.finish()
            break
        reader.feed(chunk)
    if not (reader.completion_id or reader.text or reader.report.error):
        raise _outcome_unknown("the response was not a stream")
    if reader.report.status is Status.FAILED and not reader.text:
        error = reader.report.error
        raise error_from_code(error.code if error else None, error.message if error else None, None)


def _read_more(job: _ChatJob) -> Procedure[None]:
    yield Attach(job.body)
    try:
        chunk: bytes = yield Read()
    except TransportFailure as failure:
        if job.reader.finish().status not in TERMINAL:
            raise _outcome_unknown(f"the stream broke ({failure})") from failure
        return
    if chunk:
        job.reader.feed(chunk)
    elif job.reader.finish().status not in TERMINAL:
        raise _outcome_unknown("the stream ended early")
    if job.reader.report.status not in TERMINAL:
        job.body = yield Detach()


def _outcome_unknown(reason: str) -> SubmissionUnknown:
    return SubmissionUnknown(
        f"The outcome of the video is unknown: {reason}. It was not submitted again, because every call is charged; "
        "check your account at the vendor."
    )
