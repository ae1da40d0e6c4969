"""What can be done, each thing once: machines that the blocking and the asynchronous classes only drive.

``V`` is the kind of video that the caller holds (:class:`~filmgate.client.Video` or its asynchronous sibling).
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

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

__all__ = ["DownloadedContent", "ModelsResource", "Variant", "VideoHandle", "VideosResource"]

T = TypeVar("T")
V = TypeVar("V", bound="VideoHandle")

_REQUEST_FIELDS = frozenset({"model", "prompt", "size", "seconds", "created_at"})

Variant = Literal["video", "thumbnail", "spritesheet", "preview"]


class DownloadedContent(Struct, frozen=True):
    """A file of a video, in memory and verified."""

    content: bytes
    media_type: str

    def read(self) -> bytes:
        """The bytes."""
        return self.content

    def write_to_file(self, file: str | os.PathLike[str]) -> None:
        """Write them, over whatever is there."""
        Path(file).write_bytes(self.content)


class VideoHandle:
    """A video as this program last saw it. Its methods look again, wait, fetch and remove."""

    id: str
    model: str
    status: Status
    progress: int  # 0 to 100
    created_at: int  # Unix seconds, as all times here
    completed_at: int | None
    expires_at: int | None  # None: it is kept until it is deleted
    prompt: str | None
    size: str
    seconds: str
    remixed_from_video_id: str | None
    error: VideoError | None  # why it failed
    url: str | None  # where the film lies; only some vendors say so
    position: int | None  # in the queue, 1: next; only events say so
    eta_seconds: float | None  # until it is completed, by experience; only events say so

    def __init__(self, resource: VideosResource[Any], data: VideoData) -> None:
        self.resource = resource
        self._max_progress = 0  # some servers count back
        self.update(data)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.status} {self.progress}%>"

    @property
    def finished(self) -> bool:
        """Whether its status will not change any more."""
        return self.status in TERMINAL

    def to_dict(self) -> dict[str, object]:
        """What the server said of it, in plain values."""
        return {name: getattr(self, name) for name in VideoData.__struct_fields__ if name != "error"} | {
            "error": {"code": self.error.code, "message": self.error.message} if self.error else None
        }

    def update(self, data: VideoData) -> None:
        """Take over what the server said; of what was asked for, vendors don't repeat all."""
        for name in VideoData.__struct_fields__:
            value = getattr(data, name)
            if value or name not in _REQUEST_FIELDS or not hasattr(self, name):
                setattr(self, name, value)
        self.progress = self._max_progress = max(self._max_progress, data.progress)


class VideosResource(ABC, Generic[V]):
    """The videos of one API.

    Args:
        state: clock, jitter, retries.
        backend: how it is spoken to.
    """

    def __init__(self, state: ClientState, backend: Backend = FILMGATE) -> None:
        self.client_state = state
        self.backend = backend

    @abstractmethod
    def video(self, data: VideoData) -> V:
        """What the caller holds of what the server said."""


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
) -> Procedure[V]:
    """Ask for a video; it is queued when this returns.

    Args:
        videos: the API's videos.
        prompt: what the film shows, 1 to 32,000 characters.
        model: a name that ``models.list()`` gives; the server has a default.
        seconds: how long it is.
        size: ``WxH`` in pixels.
        input_reference: the first frame: a path, bytes, an open file, an http(s) or data URL, or the object forms.
        seed: the same seed and parameters give the same film, where the engine can.
        fit: what happens to a picture of another size.
        metadata: at most 16 pairs of your own.
        characters: ids of at most two characters; the prompt mentions them by name.
        idempotency_key: the same key asks for the same video however often it is sent; a fresh one by default.

    Raises:
        RequestError: a parameter can't be used; says which.
        InsufficientQuota, TooManyRequests: not now, or not with this key.
        ConnectionFailed: it was certainly not accepted.
        SubmissionUnknown: the reply got lost; it may have been accepted.
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
) -> Procedure[V]:
    """:func:`create`, then :func:`poll`: the video once it has ended, as ``completed`` or as ``failed``."""
    video = yield from create(videos, prompt, model=model, seconds=seconds, size=size, input_reference=input_reference)
    return (yield from poll(videos, video.id, poll_interval_ms=poll_interval_ms))


def remix(videos: VideosResource[V], video_id: str, prompt: str, *, idempotency_key: str | None = None) -> Procedure[V]:
    """Ask for a completed video once more, with the prompt changed; its seed, size and length stay.

    Raises:
        VideoNotFound: there is no such video.
        RequestError: it is not completed, or its model can't be asked for this; else as :func:`create`.
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
    """Ask for a film to be changed as the prompt says.

    Args:
        videos: the API's videos.
        prompt: what is to be different.
        video: the id of a completed video, or an MP4: a path, bytes, an open file.
        model: of an uploaded film; a video of ours keeps its own.
        idempotency_key: as for :func:`create`; raises as that.
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
    """Ask for a film to go on from its last frame: the new video is the whole, stitched.

    Args:
        videos: the API's videos.
        prompt: what happens next.
        seconds: of the new segment: 4, 8, 12, 16 or 20.
        video: the id of a completed video, or an MP4: a path, bytes, an open file.
        model: of an uploaded film; a video of ours keeps its own.
        idempotency_key: as for :func:`create`; raises as that.
    """
    videos.backend.require("extend")
    fields = {"prompt": prompt, "seconds": str(seconds), "model": model}
    request = requests.extend(fields, requests.encode_video_input(video), idempotency_key)
    return (yield from _submit_revision(videos, request))


def create_character(
    videos: VideosResource[Any], name: str, *, video: VideoInput, idempotency_key: str | None = None
) -> Procedure[CharacterData]:
    """Keep somebody or something for videos to show; ``video`` is an MP4 of it: a path, bytes, an open file."""
    videos.backend.require("create_character")
    request = requests.create_character(name, requests.encode_video_input(video), idempotency_key)
    return parse_character((yield from send_with_retries(videos.client_state, request)))


def get_character(videos: VideosResource[Any], character_id: str) -> Procedure[CharacterData]:
    """A character; raises ``CharacterNotFound``."""
    videos.backend.require("get_character")
    return (yield from _send_and_parse(videos.client_state, requests.retrieve_character(character_id), parse_character))


def retrieve(videos: VideosResource[V], video_id: str) -> Procedure[V]:
    """A video as it stands; raises ``VideoNotFound``."""
    data, _ = yield from _with_video_id(video_id, videos.backend.poll(videos.client_state, video_id))
    return videos.video(data)


def list_(
    videos: VideosResource[V],
    *,
    after: str | None = None,
    limit: int | None = None,
    order: Literal["asc", "desc"] | None = None,
) -> Emitter[V]:
    """All your videos, page after page as they are asked for.

    Args:
        videos: the API's videos.
        after: begin after this id.
        limit: videos a page, at most 100; not how many there are in all.
        order: ``desc``, newest first, unless said otherwise.
    """
    more = True
    while more:
        page = yield from videos.backend.list_page(videos.client_state, after, limit, order)
        for data in page.data:
            yield Emit(videos.video(data))
        after = page.data[-1].id if page.data else None
        more = page.has_more and after is not None


def delete(videos: VideosResource[V], video_id: str) -> Procedure[str]:
    """Remove a finished video and its files; returns its id. Raises ``VideoNotFound``, ``VideoNotDeletable``."""
    return (yield from _with_video_id(video_id, videos.backend.delete(videos.client_state, video_id)))


def cancel(videos: VideosResource[V], video_id: str) -> Procedure[V]:
    """Ask for a running video to be stopped: it ends as failed, free of charge. Raises ``VideoNotDeletable``."""
    data = yield from _with_video_id(video_id, videos.backend.cancel(videos.client_state, video_id))
    return videos.video(data)


def poll(videos: VideosResource[V], video_id: str, *, poll_interval_ms: int | None = None) -> Procedure[V]:
    """Wait until the video has ended, as ``completed`` or as ``failed``, and return it.

    Args:
        videos: the API's videos.
        video_id: which one.
        poll_interval_ms: a fixed interval, for those who want one.
    """
    last: list[VideoData] = []

    def see(data: VideoData, _request_id: str | None) -> Procedure[None]:
        last[:] = [data]
        yield from ()

    interval = None if poll_interval_ms is None else poll_interval_ms / 1000
    yield from _with_video_id(
        video_id,
        waiting.poll_until_finished(videos.client_state, video_id, see, interval=interval, backend=videos.backend),
    )
    return videos.video(last[0])


def download_content(
    videos: VideosResource[V], video_id: str, *, variant: Variant = "video"
) -> Procedure[DownloadedContent]:
    """A file of a completed video, in memory; :func:`save` is for films. Raises as that."""
    answer = yield from _with_video_id(
        video_id, downloading.download_bytes(videos.client_state, video_id, variant, backend=videos.backend)
    )
    return DownloadedContent(answer.body, answer.media_type)


def refresh(video: V) -> Procedure[V]:
    """Look at it again."""
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
    """Wait until it is completed.

    Args:
        video: which one; it is brought up to date.
        timeout: seconds; None: as long as it takes.
        on_progress: called with the video at every change.
        poll_interval: fixed seconds between looks, for those who want them.

    Raises:
        VideoFailed, VideoModerated: it ended without a film; says why.
        WaitTimeout: the time is over, the video goes on.
    """
    said_by: list[str | None] = []

    def see(data: VideoData, request_id: str | None) -> Procedure[None]:
        video.update(data)
        said_by[:] = [request_id]
        if on_progress is not None:
            on_progress(video)
        yield from ()

    watching = waiting.poll_until_finished(
        _client_state(video), video.id, see, timeout=timeout, interval=poll_interval, backend=video.resource.backend
    )
    yield from _with_video_id(video.id, watching)
    if failed := failed_video_error(_data(video), said_by[-1]):
        raise failed
    return video


def events(video: V) -> Emitter[V]:
    """The video, brought up to date, at every change until it has ended; with its place in the queue and its ETA."""

    def show(data: VideoData) -> V:
        video.update(data)
        return video

    yield from _with_video_id(
        video.id, waiting.events(_client_state(video), video.id, show, backend=video.resource.backend)
    )


def save(
    video: V,
    path: str | os.PathLike[str],
    *,
    variant: Variant = "video",
    force: bool = False,
    on_bytes: OnBytes | None = None,
) -> Procedure[Path]:
    """Bring the film (or another file of it) to ``path``: there it is whole and verified, or not at all.

    A download that broke off is taken up where it stopped, now or by the next call. Wait for the video first.

    Args:
        video: which one.
        path: the file; its folder is made.
        variant: the film, or one of its pictures.
        force: replace what is there.
        on_bytes: called with the bytes that are here, and of how many.

    Raises:
        VideoNotReady, VideoExpired, VideoNotFound: there is nothing to fetch.
        OutputExists: the file is there and ``force`` was not given.
        IntegrityError: what arrived is not what the server says it has.
        OSError: the disk refused.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    machine = downloading.save(
        _client_state(video),
        video.id,
        target,
        variant=variant,
        force=force,
        on_bytes=on_bytes,
        url=video.url,
        backend=video.resource.backend,
    )
    return (yield from _with_video_id(video.id, machine))


def cancel_video(video: V) -> Procedure[V]:
    """Ask for it to be stopped: it ends as failed, free of charge. Raises ``VideoNotDeletable`` once it has ended."""
    data = yield from _with_video_id(video.id, video.resource.backend.cancel(_client_state(video), video.id))
    video.update(data)
    return video


def delete_video(video: V) -> Procedure[str]:
    """Remove it and its files. Raises ``VideoNotDeletable`` while it is being made."""
    return (yield from _with_video_id(video.id, video.resource.backend.delete(_client_state(video), video.id)))


def models(resource: ModelsResource) -> Procedure[list[ModelData]]:
    """What can be asked for."""
    return (yield from _send_and_parse(resource.client_state, requests.models(), parse_models))


def _send_and_parse(state: ClientState, request: Request, parse: Callable[[Any], T]) -> Procedure[T]:
    return parse((yield from send_with_retries(state, request)))


def _submit_revision(videos: VideosResource[V], request: Request) -> Procedure[V]:
    answer = yield from send_with_retries(videos.client_state, request)
    return videos.video(parse_created(request, answer, request.json))


def _with_video_id(video_id: str, procedure: Procedure[T]) -> Procedure[T]:
    """The machine, with the video's id on whatever it raises."""
    try:
        return (yield from procedure)
    except FilmgateError as error:
        error.video_id = video_id
        raise


def _client_state(video: VideoHandle) -> ClientState:
    return video.resource.client_state


def _data(video: VideoHandle) -> VideoData:
    return VideoData(**{name: getattr(video, name) for name in VideoData.__struct_fields__})
