"""What a film is, and whether it is the one that was asked for. Nothing here trusts a name or a content type."""

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
"""Seconds by which a film may be longer or shorter than asked for."""

MAX_SIDE = 16_384
"""Pixels of a side; nothing larger is ever handed to a decoder."""

_MAGICS = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"RIFF": "a WebP picture or an AVI film",
    b"\x1aE\xdf\xa3": "a WebM film",
    b"\x1f\x8b": "a gzip archive",
    b"PK\x03\x04": "a ZIP archive",
    b"%PDF": "a PDF document",
    b"#EXTM3U": "a playlist",
}
_TEXTS = {b"<": "HTML or XML", b"{": "JSON", b"[": "JSON"}

_LENIENT_OPTIONS: Mapping[str, Any] = {"metadata_errors": "replace"} if av.__version__.startswith("18.") else {}
"""Titles that are no UTF-8 are no fault of the film's; from 19 on PyAV sees to it by itself."""


class Probe(Struct, frozen=True, kw_only=True):
    """What a film's header says."""

    size: Size
    seconds: float  # of the video track
    fps: float
    frames: int
    video_codec: str  # "h264"
    audio_codec: str | None  # "aac"
    faststart: bool  # the index comes before the data
    bytes: int


def probe(path: Path) -> Probe:
    """Read a film's header, without decoding.

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
    """Make sure that a file is a whole, playable film of that size and length.

    Args:
        path: the file.
        size: the pixels it must have, exactly.
        seconds: the length it must have.
        tolerance: seconds by which the length may differ.

    Raises:
        BadArtifact: it is not, and why, in words that the video's owner may read.
    """
    found = probe(path)
    if found.size != size:
        raise BadArtifact(f"The film is {found.size} pixels, not {size}.")
    if not abs(found.seconds - seconds) <= tolerance:  # NaN is no length either
        raise BadArtifact(f"The film is {found.seconds:.2f} s long, not {seconds:g} s.")
    with open_video(path) as container:
        _read_all(container)
    with open_video(path) as container:
        _decode_first(container, size)
    return found


def rotation(path: Path) -> int:
    """Degrees by which a player turns the film's pictures before it shows them.

    Raises:
        BadArtifact: the film can't be decoded.
    """
    with open_video(path) as container:
        first = next(container.decode(video_track(container)), None)
        return 0 if first is None else first.rotation


@contextmanager
def open_video(path: Path) -> Iterator[InputContainer]:
    """An MP4, open for reading; whatever the libraries say about its content becomes a BadArtifact.

    Only as MP4: left to guess, they would follow a playlist's references into our files and our network.
    """
    try:
        with av.open(os.fspath(path), format="mp4", **_LENIENT_OPTIONS) as container:
            yield container
    except (av.FFmpegError, ValueError, OverflowError, MemoryError) as error:
        raise BadArtifact("The film can't be decoded.") from error


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
    """The first video track, of a kind and size that can be decoded.

    Raises:
        BadArtifact: there is none.
    """
    if not container.streams.video:
        raise BadArtifact("The film has no video track.")
    stream = container.streams.video[0]
    if _codec(stream) is None:
        raise BadArtifact("The film's pictures are in a format that nobody knows.")
    if not (0 < stream.width <= MAX_SIDE and 0 < stream.height <= MAX_SIDE):
        raise BadArtifact(f"The film's size of {stream.width}x{stream.height} pixels is none.")
    return stream


def _codec(stream: VideoStream | AudioStream) -> str | None:
    """The name of a track's codec, None for one without a decoder: then it has no context, whatever its type says."""
    context: CodecContext | None = stream.codec_context
    return context.name if context else None


def _seconds(container: InputContainer, stream: VideoStream) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / av.time_base


def _read_all(container: InputContainer) -> None:
    """Every packet that the index names must be there: an open-ended box hides where a file was cut."""
    stream = video_track(container)
    packets = [packet for packet in container.demux(stream) if packet.size]
    if any(packet.is_corrupt for packet in packets) or len(packets) < stream.frames or not packets:
        raise BadArtifact(f"The film is cut short: {len(packets)} of {stream.frames} pictures are there.")


def _decode_first(container: InputContainer, size: Size) -> None:
    first = next(container.decode(video_track(container)), None)
    if first is None:
        raise BadArtifact("The film's first picture can't be decoded.")
    if (first.width, first.height) != (size.width, size.height):
        raise BadArtifact(f"The film's first picture is {first.width}x{first.height} pixels, not {size}.")
