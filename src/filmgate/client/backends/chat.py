"""Vendors that make films in a chat: one call, charged for, whose stream is all that is ever said of the film."""

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
"""Seconds that a vendor may be silent for while it works."""


class _ChatJob(Struct):
    """A film whose story is being told."""

    reader: chat.ChatReader
    data: VideoData
    body: object  # the stream, as the driver keeps it


class ChatBackend(filmgate.BaseVendorBackend):
    """A vendor of the chat kind. Only the client that asked for a film can follow it."""

    name = "chat"
    resumable = False

    def __init__(self) -> None:
        self._jobs: dict[str, _ChatJob] = {}

    def create(
        self, state: ClientState, fields: Mapping[str, object], image: ImageInput | None, idempotency_key: str | None
    ) -> Procedure[VideoData]:
        """Ask for a film, once; the stream stays open behind the id."""
        del idempotency_key
        order, picture_url = _build_job_request(fields, image)
        request = to_request(chat.create(order, picture_url))
        request = msgspec.structs.replace(request, hold_seconds=MAX_SILENCE)
        yield from submit_once(state, request, _read_response, Open)
        reader = chat.ChatReader()
        yield from _read_until_identified(reader)
        body = None if reader.report.status in TERMINAL else (yield Detach())
        video_id = reader.report.id or reader.completion_id or "chat"
        asked = VideoData(
            id=video_id,
            model=order.model,
            status=Status.QUEUED,
            prompt=order.prompt,
            size=str(order.size),
            seconds=str(order.seconds),
        )
        self._jobs[video_id] = _ChatJob(reader, merge_video_data(reader.report, asked), body)
        return self._jobs[video_id].data

    def poll(
        self, state: ClientState, video_id: str, hold_seconds: int = 0, *, max_retries: int | None = None
    ) -> Procedure[tuple[VideoData, ApiResponse]]:
        """Read on. Raises :class:`SubmissionUnknown` where the stream ends before the film does."""
        del state, hold_seconds, max_retries
        story = self._jobs.get(video_id)
        if story is None:
            raise Unsupported(
                "A film that is made in a chat can be followed by the program that asked for it, and by no other."
            )
        if story.data.status not in TERMINAL:
            yield from _read_more(story)
            story.data = merge_video_data(story.reader.report, story.data)
        return story.data, ApiResponse(200, {"openai-poll-after-ms": "0"})

    def content(self, video_id: str, variant: str, url: str | None) -> ContentRequest:
        """The film, from the address that the story ended with."""
        story = self._jobs.get(video_id)
        address = url or (story.data.url if story else None)
        if variant != "video" or address is None:
            self.require(variant if variant != "video" else "content but a finished film's")
        call = HttpCall(method="GET", url=address, headers={"accept-encoding": "identity"})

        def ask(*, offset: int = 0, etag: str | None = None) -> Request:
            return to_request(call, requests.range_headers(offset, etag))

        return ask

    def list_page(
        self, state: ClientState, after: str | None, limit: int | None, order: str | None
    ) -> Procedure[VideoPage]:
        """Can't be done."""
        del state, after, limit, order
        self.require("list")
        yield from ()
        raise Unsupported

    def delete(self, state: ClientState, video_id: str) -> Procedure[str]:
        """Can't be done."""
        del state, video_id
        self.require("delete")
        yield from ()
        raise Unsupported


def _build_job_request(fields: Mapping[str, object], image: ImageInput | None) -> tuple[JobRequest, str | None]:
    """What is asked for, and the picture's address if it is one. The length is the model's, the frame the prompt's."""
    address = None
    if image is not None:
        found = requests.encode_image_input(image)
        address = found.get("image_url") if isinstance(found, Mapping) else None
    length = str(fields.get("seconds") or "")
    models = {str(seconds): name for seconds, name in chat.MODEL_BY_SECONDS.items()}
    if length and not fields.get("model") and length not in models:
        raise InvalidValue.unsupported("seconds", length, sorted(models))
    size = fields.get("size") or str(chat.output_size(detect_orientation(str(fields["prompt"]))))
    known = {**fields, "size": size}
    order = build_job_request(
        "chat", known, None if address else image, model=models.get(length, chat.MODEL_BY_SECONDS[15]), seconds=15
    )
    return order, address


def _read_response(response: ApiResponse) -> JobReport:
    if response.status == 200:  # noqa: PLR2004 - the wire's success; what it holds is yet to be read
        return JobReport(kind=ReplyKind.JOB)
    return chat.read_error_response(response.status, response.headers, response.body)


def _read_until_identified(reader: chat.ChatReader) -> Procedure[None]:
    """Read until the film has an id, or is being made, or the stream has ended."""
    while not (reader.report.id or reader.ended or reader.report.status is not Status.QUEUED):
        try:
            chunk: bytes = yield Read()
        except TransportFailure as fault:
            raise _outcome_unknown(f"the stream broke ({fault})") from fault
        if not chunk:
            reader.finish()
            break
        reader.feed(chunk)
    if not (reader.completion_id or reader.text or reader.report.error):
        raise _outcome_unknown("the answer was no stream")
    if reader.report.status is Status.FAILED and not reader.text:
        error = reader.report.error
        raise error_from_code(error.code if error else None, error.message if error else None, None)


def _read_more(job: _ChatJob) -> Procedure[None]:
    yield Attach(job.body)
    try:
        chunk: bytes = yield Read()
    except TransportFailure as fault:
        if job.reader.finish().status not in TERMINAL:
            raise _outcome_unknown(f"the stream broke ({fault})") from fault
        return
    if chunk:
        job.reader.feed(chunk)
    elif job.reader.finish().status not in TERMINAL:
        raise _outcome_unknown("the stream ended early")
    if job.reader.report.status not in TERMINAL:
        job.body = yield Detach()


def _outcome_unknown(reason: str) -> SubmissionUnknown:
    return SubmissionUnknown(
        f"It is not known what became of the film: {reason}. It was not asked for again, for every call is charged; "
        "look into your account at the vendor."
    )
