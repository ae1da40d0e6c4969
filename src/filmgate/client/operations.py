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
from filmgate.client.backends.filmgate import OWN, Api
from filmgate.client.downloading import OnBytes
from filmgate.client.effects import Emit, Emitter, Machine, Request
from filmgate.client.polling import accepted
from filmgate.client.requests import FilmInput, ImageInput
from filmgate.client.responses import CharacterData, Model, VideoData, failure, parse_character, parse_models
from filmgate.client.retrying import Session, exchange
from filmgate.domain import TERMINAL, Status, VideoError
from filmgate.errors import FilmgateError

__all__ = ["Content", "ModelResource", "Resource", "Variant", "VideoHandle"]

T = TypeVar("T")
V = TypeVar("V", bound="VideoHandle")

_ASKED = frozenset({"model", "prompt", "size", "seconds", "created_at"})

Variant = Literal["video", "thumbnail", "spritesheet", "preview"]


class Content(Struct, frozen=True):
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

    def __init__(self, resource: Resource[Any], data: VideoData) -> None:
        self.resource = resource
        self._furthest = 0  # some servers count back
        self.show(data)

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

    def show(self, data: VideoData) -> None:
        """Take over what the server said; of what was asked for, vendors don't repeat all."""
        for name in VideoData.__struct_fields__:
            value = getattr(data, name)
            if value or name not in _ASKED or not hasattr(self, name):
                setattr(self, name, value)
        self.progress = self._furthest = max(self._furthest, data.progress)


class Resource(ABC, Generic[V]):
    """The videos of one API.

    Args:
        session: clock, jitter, retries.
        api: how it is spoken to.
    """

    def __init__(self, session: Session, api: Api = OWN) -> None:
        self.session = session
        self.api = api

    @abstractmethod
    def video(self, data: VideoData) -> V:
        """What the caller holds of what the server said."""


class ModelResource:
    """The models of one API.

    Args:
        session: clock, jitter, retries.
    """

    def __init__(self, session: Session) -> None:
        self.session = session


def create(
    videos: Resource[V],
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
) -> Machine[V]:
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
    return videos.video((yield from videos.api.create(videos.session, fields, input_reference, idempotency_key)))


def create_and_poll(
    videos: Resource[V],
    prompt: str,
    *,
    model: str | None = None,
    seconds: int | str | None = None,
    size: str | None = None,
    input_reference: ImageInput | None = None,
    poll_interval_ms: int | None = None,
) -> Machine[V]:
    """:func:`create`, then :func:`poll`: the video once it has ended, as ``completed`` or as ``failed``."""
    video = yield from create(videos, prompt, model=model, seconds=seconds, size=size, input_reference=input_reference)
    return (yield from poll(videos, video.id, poll_interval_ms=poll_interval_ms))


def remix(videos: Resource[V], video_id: str, prompt: str, *, idempotency_key: str | None = None) -> Machine[V]:
    """Ask for a completed video once more, with the prompt changed; its seed, size and length stay.

    Raises:
        VideoNotFound: there is no such video.
        RequestError: it is not completed, or its model can't be asked for this; else as :func:`create`.
    """
    videos.api.needs("remix")
    return (yield from _about(video_id, _begun(videos, requests.remix(video_id, prompt, idempotency_key))))


def edit(
    videos: Resource[V], prompt: str, *, video: FilmInput, model: str | None = None, idempotency_key: str | None = None
) -> Machine[V]:
    """Ask for a film to be changed as the prompt says.

    Args:
        videos: the API's videos.
        prompt: what is to be different.
        video: the id of a completed video, or an MP4: a path, bytes, an open file.
        model: of an uploaded film; a video of ours keeps its own.
        idempotency_key: as for :func:`create`; raises as that.
    """
    videos.api.needs("edit")
    request = requests.edit({"prompt": prompt, "model": model}, requests.film_of(video), idempotency_key)
    return (yield from _begun(videos, request))


def extend(
    videos: Resource[V],
    prompt: str,
    *,
    seconds: int | str,
    video: FilmInput,
    model: str | None = None,
    idempotency_key: str | None = None,
) -> Machine[V]:
    """Ask for a film to go on from its last frame: the new video is the whole, stitched.

    Args:
        videos: the API's videos.
        prompt: what happens next.
        seconds: of the new segment: 4, 8, 12, 16 or 20.
        video: the id of a completed video, or an MP4: a path, bytes, an open file.
        model: of an uploaded film; a video of ours keeps its own.
        idempotency_key: as for :func:`create`; raises as that.
    """
    videos.api.needs("extend")
    fields = {"prompt": prompt, "seconds": str(seconds), "model": model}
    request = requests.extend(fields, requests.film_of(video), idempotency_key)
    return (yield from _begun(videos, request))


def create_character(
    videos: Resource[Any], name: str, *, video: FilmInput, idempotency_key: str | None = None
) -> Machine[CharacterData]:
    """Keep somebody or something for videos to show; ``video`` is an MP4 of it: a path, bytes, an open file."""
    videos.api.needs("create_character")
    request = requests.create_character(name, requests.film_of(video), idempotency_key)
    return parse_character((yield from exchange(videos.session, request)))


def get_character(videos: Resource[Any], character_id: str) -> Machine[CharacterData]:
    """A character; raises ``CharacterNotFound``."""
    videos.api.needs("get_character")
    return (yield from _parsed(videos.session, requests.character(character_id), parse_character))


def retrieve(videos: Resource[V], video_id: str) -> Machine[V]:
    """A video as it stands; raises ``VideoNotFound``."""
    data, _ = yield from _about(video_id, videos.api.look(videos.session, video_id))
    return videos.video(data)


def list_(
    videos: Resource[V],
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
        page = yield from videos.api.page(videos.session, after, limit, order)
        for data in page.data:
            yield Emit(videos.video(data))
        after = page.data[-1].id if page.data else None
        more = page.has_more and after is not None


def delete(videos: Resource[V], video_id: str) -> Machine[str]:
    """Remove a finished video and its files; returns its id. Raises ``VideoNotFound``, ``VideoNotDeletable``."""
    return (yield from _about(video_id, videos.api.delete(videos.session, video_id)))


def cancel(videos: Resource[V], video_id: str) -> Machine[V]:
    """Ask for a running video to be stopped: it ends as failed, free of charge. Raises ``VideoNotDeletable``."""
    data = yield from _about(video_id, videos.api.cancel(videos.session, video_id))
    return videos.video(data)


def poll(videos: Resource[V], video_id: str, *, poll_interval_ms: int | None = None) -> Machine[V]:
    """Wait until the video has ended, as ``completed`` or as ``failed``, and return it.

    Args:
        videos: the API's videos.
        video_id: which one.
        poll_interval_ms: a fixed interval, for those who want one.
    """
    last: list[VideoData] = []

    def see(data: VideoData, _request_id: str | None) -> Machine[None]:
        last[:] = [data]
        yield from ()

    interval = None if poll_interval_ms is None else poll_interval_ms / 1000
    yield from _about(video_id, waiting.watch(videos.session, video_id, see, interval=interval, api=videos.api))
    return videos.video(last[0])


def download_content(videos: Resource[V], video_id: str, *, variant: Variant = "video") -> Machine[Content]:
    """A file of a completed video, in memory; :func:`save` is for films. Raises as that."""
    answer = yield from _about(video_id, downloading.fetch(videos.session, video_id, variant, api=videos.api))
    return Content(answer.body, answer.media_type)


def refresh(video: V) -> Machine[V]:
    """Look at it again."""
    data, _ = yield from _about(video.id, video.resource.api.look(_session(video), video.id))
    video.show(data)
    return video


def wait(
    video: V,
    timeout: float | None = None,
    on_progress: Callable[[V], object] | None = None,
    *,
    poll_interval: float | None = None,
) -> Machine[V]:
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

    def see(data: VideoData, request_id: str | None) -> Machine[None]:
        video.show(data)
        said_by[:] = [request_id]
        if on_progress is not None:
            on_progress(video)
        yield from ()

    watching = waiting.watch(
        _session(video), video.id, see, timeout=timeout, interval=poll_interval, api=video.resource.api
    )
    yield from _about(video.id, watching)
    if failed := failure(_data(video), said_by[-1]):
        raise failed
    return video


def events(video: V) -> Emitter[V]:
    """The video, brought up to date, at every change until it has ended; with its place in the queue and its ETA."""

    def show(data: VideoData) -> V:
        video.show(data)
        return video

    yield from _about(video.id, waiting.events(_session(video), video.id, show, api=video.resource.api))


def save(
    video: V,
    path: str | os.PathLike[str],
    *,
    variant: Variant = "video",
    force: bool = False,
    on_bytes: OnBytes | None = None,
) -> Machine[Path]:
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
        _session(video),
        video.id,
        target,
        variant=variant,
        force=force,
        on_bytes=on_bytes,
        url=video.url,
        api=video.resource.api,
    )
    return (yield from _about(video.id, machine))


def stop(video: V) -> Machine[V]:
    """Ask for it to be stopped: it ends as failed, free of charge. Raises ``VideoNotDeletable`` once it has ended."""
    data = yield from _about(video.id, video.resource.api.cancel(_session(video), video.id))
    video.show(data)
    return video


def remove(video: V) -> Machine[str]:
    """Remove it and its files. Raises ``VideoNotDeletable`` while it is being made."""
    return (yield from _about(video.id, video.resource.api.delete(_session(video), video.id)))


def models(resource: ModelResource) -> Machine[list[Model]]:
    """What can be asked for."""
    return (yield from _parsed(resource.session, requests.models(), parse_models))


def _parsed(session: Session, request: Request, parse: Callable[[Any], T]) -> Machine[T]:
    return parse((yield from exchange(session, request)))


def _begun(videos: Resource[V], request: Request) -> Machine[V]:
    answer = yield from exchange(videos.session, request)
    return videos.video(accepted(request, answer, request.json))


def _about(video_id: str, machine: Machine[T]) -> Machine[T]:
    """The machine, with the video's id on whatever it raises."""
    try:
        return (yield from machine)
    except FilmgateError as error:
        error.video_id = video_id
        raise


def _session(video: VideoHandle) -> Session:
    return video.resource.session


def _data(video: VideoHandle) -> VideoData:
    return VideoData(**{name: getattr(video, name) for name in VideoData.__struct_fields__})
