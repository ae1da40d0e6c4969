"""The SDK's operations, each implemented once: procedures that the blocking and the asynchronous classes run.

``V`` is the caller's video class (:class:`~filmgate.client.Video` or :class:`~filmgate.client.AsyncVideo`).
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Literal, TypedDict, TypeVar, Unpack

from msgspec import Struct

from filmgate.client import downloading, requests, waiting
from filmgate.client.backends.filmgate import FILMGATE, Backend
from filmgate.client.downloading import OnBytes
from filmgate.client.effects import Emit, Emitter, Procedure, Request
from filmgate.client.polling import parse_created
from filmgate.client.requests import ImageInput, VideoInput
from filmgate.client.responses import (
    CharacterData,
    ModelData,
    VideoData,
    failed_video_error,
    parse_character,
    parse_models,
)
from filmgate.client.retrying import ClientState, send_with_retries
from filmgate.domain import TERMINAL, Status, VideoError
from filmgate.errors import FilmgateError

__all__ = ["DownloadedContent", "EngineArguments", "ModelsResource", "Variant", "VideoHandle", "VideosResource"]

T = TypeVar("T")
V = TypeVar("V", bound="VideoHandle")

_REQUEST_FIELDS = frozenset({"model", "prompt", "size", "seconds", "created_at"})

Variant = Literal["video", "thumbnail", "spritesheet", "preview"]


class EngineArguments(TypedDict, total=False):
    """Arguments that only some engines take; ``models.list()`` says which model takes which, and in what range."""

    fps: int | None  # frames a second
    num_frames: int | None  # of the whole video; with ``fps``
    num_inference_steps: int | None
    guidance_scale: float | None
    negative_prompt: str | None
    user: str | None  # your own id of your user; ignored by engines that don't take it


class DownloadedContent(Struct, frozen=True):
    """A file of a video, in memory and verified."""

    content: bytes
    media_type: str

    def read(self) -> bytes:
        """Return the bytes."""
        return self.content

    def write_to_file(self, file: str | os.PathLike[str]) -> None:
        """Write the bytes; an existing file is replaced."""
        Path(file).write_bytes(self.content)


class VideoHandle:
    """A video in its last known state. Its methods poll, wait, download and delete."""

    id: str
    model: str
    status: Status
    progress: int  # 0 to 100
    created_at: int  # Unix seconds, as all times here
    completed_at: int | None
    expires_at: int | None  # None: kept until deleted
    prompt: str | None
    size: str
    seconds: str
    remixed_from_video_id: str | None
    error: VideoError | None  # why it failed
    url: str | None  # where the video file is; only some vendors send it
    position: int | None  # in the queue, 1: next; only events have it
    eta_seconds: float | None  # estimate until completion; only events have it

    def __init__(self, resource: VideosResource[Any], data: VideoData) -> None:
        self.resource = resource
        self._max_progress = 0  # some servers report less than before
        self.update(data)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.status} {self.progress}%>"

    @property
    def finished(self) -> bool:
        """Whether the status is terminal."""
        return self.status in TERMINAL

    def to_dict(self) -> dict[str, object]:
        """Return the fields as plain values."""
        return {name: getattr(self, name) for name in VideoData.__struct_fields__ if name != "error"} | {
            "error": {"code": self.error.code, "message": self.error.message} if self.error else None
        }

    def update(self, data: VideoData) -> None:
        """Take over a response's fields; requested values stay where the vendor does not repeat them."""
        for name in VideoData.__struct_fields__:
            value = getattr(data, name)
            if value or name not in _REQUEST_FIELDS or not hasattr(self, name):
                setattr(self, name, value)
        self.progress = self._max_progress = max(self._max_progress, data.progress)


class VideosResource(ABC, Generic[V]):
    """The videos of one API.

    Args:
        state: clock, jitter, retries.
        backend: the API's calls.
    """

    def __init__(self, state: ClientState, backend: Backend = FILMGATE) -> None:
        self.client_state = state
        self.backend = backend

    @abstractmethod
    def video(self, data: VideoData) -> V:
        """Wrap a response's data in the caller's video class."""


class ModelsResource:
    """The models of one API.

    Args:
        state: clock, jitter, retries.
    """

    def __init__(self, state: ClientState) -> None:
        self.client_state = state


def create(
    videos: VideosResource[V],
    prompt: str,
    *,
    model: str | None = None,
    seconds: int | str | None = None,
    size: str | None = None,
    input_reference: ImageInput | None = None,
    seed: int | None = None,
    fit: Literal["error", "crop", "pad"] | None = None,
    metadata: Mapping[str, str] | None = None,
    characters: Sequence[str] = (),
    idempotency_key: str | None = None,
    **parameters: Unpack[EngineArguments],
) -> Procedure[V]:
    """Submit a video; it is queued when this returns.

    Args:
        videos: the API's videos.
        prompt: describes the video, 1 to 32,000 characters.
        model: a name from ``models.list()``; the server has a default.
        seconds: length of the video.
        size: ``WxH`` in pixels.
        input_reference: the first frame: a path, bytes, an open file, an http(s) or data URL, or the object forms.
        seed: the same seed and parameters give the same video, if the engine supports it.
        fit: what to do with an image of another size.
        metadata: at most 16 key-value pairs.
        characters: ids of at most two characters; the prompt mentions them by name.
        idempotency_key: repeated submissions under one key return one video; default: a new key.
        parameters: those of :class:`EngineArguments`.

    Raises:
        RequestError: a parameter is invalid, or the model's engines don't take it; the message names it.
        InsufficientQuota, TooManyRequests: the key's balance or rate limit is exhausted.
        ConnectionFailed: it was certainly not accepted.
        SubmissionUnknown: the response was lost; it may have been accepted.
    """
    fields: dict[str, object] = {
        "prompt": prompt,
        "model": model,
        "seconds": None if seconds is None else str(seconds),
        "size": size,
        "seed": seed,
        "fit": fit,
        "metadata": dict(metadata) if metadata else None,
        "characters": [{"id": character_id} for character_id in characters] or None,
        **parameters,
    }
    return videos.video(
        (yield from videos.backend.create(videos.client_state, fields, input_reference, idempotency_key))
    )


def create_and_poll(
    videos: VideosResource[V],
    prompt: str,
    *,
    model: str | None = None,
    seconds: int | str | None = None,
    size: str | None = None,
    input_reference: ImageInput | None = None,
    poll_interval_ms: int | None = None,
    **parameters: Unpack[EngineArguments],
) -> Procedure[V]:
    """:func:`create`, then :func:`poll`: return the video once it is ``completed`` or ``failed``."""
    video = yield from create(
        videos, prompt, model=model, seconds=seconds, size=size, input_reference=input_reference, **parameters
    )
    return (yield from poll(videos, video.id, poll_interval_ms=poll_interval_ms))


def remix(videos: VideosResource[V], video_id: str, prompt: str, *, idempotency_key: str | None = None) -> Procedure[V]:
    """Make a completed video again with another prompt; seed, size and length stay the same.

    Raises:
        VideoNotFound: the video does not exist.
        RequestError: it is not completed, or its model does not support remix; further errors as for :func:`create`.
    """
    videos.backend.require("remix")
    return (
        yield from _with_video_id(video_id, _submit_revision(videos, requests.remix(video_id, prompt, idempotency_key)))
    )


def edit(
    videos: VideosResource[V],
    prompt: str,
    *,
    video: VideoInput,
    model: str | None = None,
    idempotency_key: str | None = None,
) -> Procedure[V]:
    """Make a changed version of a video.

    Args:
        videos: the API's videos.
        prompt: the change.
        video: the id of a completed video, or an MP4: a path, bytes, an open file.
        model: for an uploaded file; a video of this API keeps its own.
        idempotency_key: as for :func:`create`; the errors are the same.
    """
    videos.backend.require("edit")
    request = requests.edit({"prompt": prompt, "model": model}, requests.encode_video_input(video), idempotency_key)
    return (yield from _submit_revision(videos, request))


def extend(
    videos: VideosResource[V],
    prompt: str,
    *,
    seconds: int | str,
    video: VideoInput,
    model: str | None = None,
    idempotency_key: str | None = None,
) -> Procedure[V]:
    """Continue a video from its last frame; the new video is the source plus the new segment.

    Args:
        videos: the API's videos.
        prompt: what happens next.
        seconds: length of the new segment: 4, 8, 12, 16 or 20.
        video: the id of a completed video, or an MP4: a path, bytes, an open file.
        model: for an uploaded file; a video of this API keeps its own.
        idempotency_key: as for :func:`create`; the errors are the same.
    """
    videos.backend.require("extend")
    fields = {"prompt": prompt, "seconds": str(seconds), "model": model}
    request = requests.extend(fields, requests.encode_video_input(video), idempotency_key)
    return (yield from _submit_revision(videos, request))


def create_character(
    videos: VideosResource[Any], name: str, *, video: VideoInput, idempotency_key: str | None = None
) -> Procedure[CharacterData]:
    """Create a character that videos may show; ``video`` is an MP4 of it: a path, bytes, an open file."""
    videos.backend.require("create_character")
    request = requests.create_character(name, requests.encode_video_input(video), idempotency_key)
    return parse_character((yield from send_with_retries(videos.client_state, request)))


def get_character(videos: VideosResource[Any], character_id: str) -> Procedure[CharacterData]:
    """Return a character; raises ``CharacterNotFound``."""
    videos.backend.require("get_character")
    return (yield from _send_and_parse(videos.client_state, requests.retrieve_character(character_id), parse_character))


def retrieve(videos: VideosResource[V], video_id: str) -> Procedure[V]:
    """Return a video in its current state; raises ``VideoNotFound``."""
    data, _ = yield from _with_video_id(video_id, videos.backend.poll(videos.client_state, video_id))
    return videos.video(data)


def list_(
    videos: VideosResource[V],
    *,
    after: str | None = None,
    limit: int | None = None,
    order: Literal["asc", "desc"] | None = None,
) -> Emitter[V]:
    """Iterate over all videos of the key; each page is requested when it is needed.

    Args:
        videos: the API's videos.
        after: start after this id.
        limit: page size, at most 100; not the total number.
        order: ``desc`` (default), newest first, or ``asc``.
    """
    more = True
    while more:
        page = yield from videos.backend.list_page(videos.client_state, after, limit, order)
        for data in page.data:
            yield Emit(videos.video(data))
        after = page.data[-1].id if page.data else None
        more = page.has_more and after is not None


def delete(videos: VideosResource[V], video_id: str) -> Procedure[str]:
    """Delete a finished video and its files; return its id. Raises ``VideoNotFound``, ``VideoNotDeletable``."""
    return (yield from _with_video_id(video_id, videos.backend.delete(videos.client_state, video_id)))


def cancel(videos: VideosResource[V], video_id: str) -> Procedure[V]:
    """Cancel a running video: it fails and is not charged. Raises ``VideoNotDeletable``."""
    data = yield from _with_video_id(video_id, videos.backend.cancel(videos.client_state, video_id))
    return videos.video(data)


def poll(videos: VideosResource[V], video_id: str, *, poll_interval_ms: int | None = None) -> Procedure[V]:
    """Wait until the video is ``completed`` or ``failed``, and return it.

    Args:
        videos: the API's videos.
        video_id: the video's id.
        poll_interval_ms: fixed interval in milliseconds; default: adaptive.
    """
    last: list[VideoData] = []

    def on_change(data: VideoData, _request_id: str | None) -> Procedure[None]:
        last[:] = [data]
        yield from ()

    interval = None if poll_interval_ms is None else poll_interval_ms / 1000
    yield from _with_video_id(
        video_id,
        waiting.poll_until_finished(
            videos.client_state, video_id, on_change, interval=interval, backend=videos.backend
        ),
    )
    return videos.video(last[0])


def download_content(
    videos: VideosResource[V], video_id: str, *, variant: Variant = "video"
) -> Procedure[DownloadedContent]:
    """Return a file of a completed video in memory; for large files use :func:`save`, whose errors this raises."""
    response = yield from _with_video_id(
        video_id, downloading.download_bytes(videos.client_state, video_id, variant, backend=videos.backend)
    )
    return DownloadedContent(response.body, response.media_type)


def refresh(video: V) -> Procedure[V]:
    """Update the video with one poll."""
    data, _ = yield from _with_video_id(video.id, video.resource.backend.poll(_client_state(video), video.id))
    video.update(data)
    return video


def wait(
    video: V,
    timeout: float | None = None,
    on_progress: Callable[[V], object] | None = None,
    *,
    poll_interval: float | None = None,
) -> Procedure[V]:
    """Wait until the video is completed.

    Args:
        video: the video; it is updated in place.
        timeout: seconds; None: no limit.
        on_progress: called with the video at every change.
        poll_interval: fixed seconds between polls; default: adaptive.

    Raises:
        VideoFailed, VideoModerated: the video failed; the message says why.
        WaitTimeout: the timeout has passed; the video continues on the server.
    """
    request_ids: list[str | None] = []

    def on_change(data: VideoData, request_id: str | None) -> Procedure[None]:
        video.update(data)
        request_ids[:] = [request_id]
        if on_progress is not None:
            on_progress(video)
        yield from ()

    procedure = waiting.poll_until_finished(
        _client_state(video),
        video.id,
        on_change,
        timeout=timeout,
        interval=poll_interval,
        backend=video.resource.backend,
    )
    yield from _with_video_id(video.id, procedure)
    if error := failed_video_error(_data(video), request_ids[-1]):
        raise error
    return video


def events(video: V) -> Emitter[V]:
    """Yield the updated video at every change until it has ended, with its queue position and ETA."""

    def convert(data: VideoData) -> V:
        video.update(data)
        return video

    yield from _with_video_id(
        video.id, waiting.events(_client_state(video), video.id, convert, backend=video.resource.backend)
    )


def save(
    video: V,
    path: str | os.PathLike[str],
    *,
    variant: Variant = "video",
    force: bool = False,
    on_bytes: OnBytes | None = None,
) -> Procedure[Path]:
    """Download a file of the video to ``path``: it appears whole and verified, or not at all.

    A broken download is resumed, in this call or the next one. The video must be completed: call :func:`wait` first.

    Args:
        video: the video.
        path: the target; its folder is created.
        variant: the video file, or one of its images.
        force: replace an existing file.
        on_bytes: called with the bytes received so far and the total size.

    Raises:
        VideoNotReady, VideoExpired, VideoNotFound: there is no file to download.
        OutputExists: the file exists and ``force`` is false.
        IntegrityError: the received bytes are not the ones the server declares.
        OSError: the disk failed.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    procedure = downloading.save(
        _client_state(video),
        video.id,
        target,
        variant=variant,
        force=force,
        on_bytes=on_bytes,
        url=video.url,
        backend=video.resource.backend,
    )
    return (yield from _with_video_id(video.id, procedure))


def cancel_video(video: V) -> Procedure[V]:
    """Cancel the video: it fails and is not charged. Raises ``VideoNotDeletable`` once it has ended."""
    data = yield from _with_video_id(video.id, video.resource.backend.cancel(_client_state(video), video.id))
    video.update(data)
    return video


def delete_video(video: V) -> Procedure[str]:
    """Delete the video and its files. Raises ``VideoNotDeletable`` while it is running."""
    return (yield from _with_video_id(video.id, video.resource.backend.delete(_client_state(video), video.id)))


def models(resource: ModelsResource) -> Procedure[list[ModelData]]:
    """Return the API's models."""
    return (yield from _send_and_parse(resource.client_state, requests.models(), parse_models))


def _send_and_parse(state: ClientState, request: Request, parse: Callable[[Any], T]) -> Procedure[T]:
    return parse((yield from send_with_retries(state, request)))


def _submit_revision(videos: VideosResource[V], request: Request) -> Procedure[V]:
    response = yield from send_with_retries(videos.client_state, request)
    return videos.video(parse_created(request, response, request.json))


def _with_video_id(video_id: str, procedure: Procedure[T]) -> Procedure[T]:
    """Run the procedure and set the video's id on the error it raises."""
    try:
        return (yield from procedure)
    except FilmgateError as error:
        error.video_id = video_id
        raise


def _client_state(video: VideoHandle) -> ClientState:
    return video.resource.client_state


def _data(video: VideoHandle) -> VideoData:
    return VideoData(**{name: getattr(video, name) for name in VideoData.__struct_fields__})
