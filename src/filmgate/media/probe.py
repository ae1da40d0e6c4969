"""Inspects and verifies video files; file names and content types are not trusted."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.codec.context import CodecContext
from av.container import InputContainer
from av.video.stream import VideoStream
from msgspec import Struct

from filmgate.domain import Size
from filmgate.errors import BadArtifact
from filmgate.media import mp4_boxes

__all__ = ["Probe", "open_video", "probe", "rotation", "verify", "video_track"]

TOLERANCE = 0.5
"""Maximum difference between the actual and the requested length, in seconds."""

MAX_SIDE = 16_384
"""Maximum side in pixels; larger videos are not decoded."""

_MAGICS = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"RIFF": "a WebP image or an AVI video",
    b"\x1aE\xdf\xa3": "a WebM video",
    b"\x1f\x8b": "a gzip archive",
    b"PK\x03\x04": "a ZIP archive",
    b"%PDF": "a PDF document",
    b"#EXTM3U": "a playlist",
}
_TEXTS = {b"<": "HTML or XML", b"{": "JSON", b"[": "JSON"}

_LENIENT_OPTIONS: Mapping[str, Any] = {"metadata_errors": "replace"} if av.__version__.startswith("18.") else {}
"""Titles that are not UTF-8 must not make a video unreadable; PyAV handles this itself from 19 on."""


class Probe(Struct, frozen=True, kw_only=True):
    """The properties in a video's header."""

    size: Size
    seconds: float  # of the video track
    fps: float
    frames: int
    video_codec: str  # "h264"
    audio_codec: str | None  # "aac"
    faststart: bool  # the index comes before the data
    bytes: int


def probe(path: Path) -> Probe:
    """Read a video's header, without decoding.

    Raises:
        BadArtifact: it is no whole MP4 with a video track.
    """
    _sniff(path)
    boxes = mp4_boxes.walk_video(path)
    with open_video(path) as container:
        stream = video_track(container)
        audio = container.streams.audio
        return Probe(
            size=Size(stream.width, stream.height),
            seconds=_seconds(container, stream),
            fps=float(stream.average_rate or 0),
            frames=stream.frames,
            video_codec=stream.codec_context.name,
            audio_codec=_codec(audio[0]) if audio else None,
            faststart=mp4_boxes.is_faststart(boxes),
            bytes=sum(box.size for box in boxes),
        )


def verify(path: Path, size: Size, seconds: float, tolerance: float = TOLERANCE) -> Probe:
    """Verify that a file is a whole, playable video of that size and length.

    Args:
        path: the file.
        size: the exact size in pixels.
        seconds: the expected length.
        tolerance: maximum difference of the length, in seconds.

    Raises:
        BadArtifact: it is not; the text gives the reason and may be shown to the video's owner.
    """
    probed = probe(path)
    if probed.size != size:
        raise BadArtifact(f"The video has {probed.size} pixels, not {size}.")
    if not abs(probed.seconds - seconds) <= tolerance:  # rejects NaN too
        raise BadArtifact(f"The video is {probed.seconds:.2f} s long, not {seconds:g} s.")
    with open_video(path) as container:
        _read_all(container)
    with open_video(path) as container:
        _decode_first(container, size)
    return probed


def rotation(path: Path) -> int:
    """Return the rotation in degrees that a player applies to the video's frames.

    Raises:
        BadArtifact: the video can't be decoded.
    """
    with open_video(path) as container:
        first = next(container.decode(video_track(container)), None)
        return 0 if first is None else first.rotation


@contextmanager
def open_video(path: Path) -> Iterator[InputContainer]:
    """Open an MP4 for reading; errors that the libraries raise about its content become a BadArtifact.

    The format is fixed: with format detection, the libraries would follow a playlist's references into our files and
    our network.
    """
    try:
        with av.open(os.fspath(path), format="mp4", **_LENIENT_OPTIONS) as container:
            yield container
    except (av.FFmpegError, ValueError, OverflowError, MemoryError) as error:
        raise BadArtifact("The video can't be decoded.") from error


def _sniff(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        raise BadArtifact("The file is empty.")
    if head[4:8] == b"ftyp":
        return
    for magics, text in ((_MAGICS, head), (_TEXTS, head.removeprefix(b"\xef\xbb\xbf").lstrip())):
        for magic, kind in magics.items():
            if text.startswith(magic):
                raise BadArtifact(f"The file is no MP4, it looks like {kind}.")
    raise BadArtifact("The file is no MP4.")


def video_track(container: InputContainer) -> VideoStream:
    """Return the first video track, of a codec and size that can be decoded.

    Raises:
        BadArtifact: there is none.
    """
    if not container.streams.video:
        raise BadArtifact("The video has no video track.")
    stream = container.streams.video[0]
    if _codec(stream) is None:
        raise BadArtifact("The video's codec is not supported.")
    if not (0 < stream.width <= MAX_SIDE and 0 < stream.height <= MAX_SIDE):
        raise BadArtifact(f"The video's size of {stream.width}x{stream.height} pixels is not supported.")
    return stream


def _codec(stream: VideoStream | AudioStream) -> str | None:
    """Return the name of a track's codec; None without a decoder: then it has no context, whatever its type says."""
    context: CodecContext | None = stream.codec_context
    return context.name if context else None


def _seconds(container: InputContainer, stream: VideoStream) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / av.time_base


MAX_FRAMES = 100_000
"""Maximum frames of a video: ten minutes at more than a hundred a second."""


def _read_all(container: InputContainer) -> None:
    """Check that every packet of the index exists: an open-ended box hides where a file was cut."""
    stream = video_track(container)
    count = 0
    for packet in container.demux(stream):
        count += bool(packet.size)
        if count > MAX_FRAMES:
            raise BadArtifact(f"The video has more than {MAX_FRAMES} frames.")
        if packet.is_corrupt:
            break
    else:
        if count >= max(1, stream.frames):
            return
    raise BadArtifact(f"The video is cut short: it has {count} of {stream.frames} frames.")


def _decode_first(container: InputContainer, size: Size) -> None:
    first = next(container.decode(video_track(container)), None)
    if first is None:
        raise BadArtifact("The video's first frame can't be decoded.")
    if (first.width, first.height) != (size.width, size.height):
        raise BadArtifact(f"The video's first frame is {first.width}x{first.height} pixels, not {size}.")
