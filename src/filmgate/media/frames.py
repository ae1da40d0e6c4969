"""Single pictures out of a film: its first and its last frame, as PNG."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image

from filmgate.domain import Size
from filmgate.errors import BadArtifact
from filmgate.media.encode import Frame, planes
from filmgate.media.probe import opened, video_track

__all__ = ["copy_into", "first_frame", "first_picture", "last_frame", "to_rgb"]

_BT709 = 1
_UNSPECIFIED = 2
_LIMITED = 1
_FULL = 2
_BLACK = (16, 128, 128)  # Y, Cb, Cr


def first_frame(film: Path, out: Path) -> Size:
    """Write a film's first frame to ``out`` as PNG; returns its size.

    Raises:
        BadArtifact: the film can't be decoded.
    """
    with opened(film) as container:
        return _save(next(container.decode(video_track(container)), None), out)


def first_picture(film: Path) -> NDArray[np.uint8]:
    """A film's first frame, RGB of shape (height, width, 3).

    Raises:
        BadArtifact: the film can't be decoded.
    """
    with opened(film) as container:
        return to_rgb(_some(next(container.decode(video_track(container)), None)))


def last_frame(film: Path, out: Path) -> Size:
    """Write a film's last frame to ``out`` as PNG; returns its size. Decodes only what follows the last key frame.

    Raises:
        BadArtifact: the film can't be decoded.
    """
    with opened(film) as container:
        stream = video_track(container)
        return _save(_latest(_tail(container, stream)), out)


def copy_into(decoded: VideoFrame, frame: Frame) -> None:
    """Fill a frame of the encoder's from a decoded one, whatever its format and colours.

    One of another size is fitted into it, with black around it.
    """
    matrix = int(decoded.colorspace)
    height, width = frame.y.shape
    inner = _fitted(Size(decoded.width, decoded.height), Size(width, height))
    picture = decoded.reformat(
        width=inner.width,
        height=inner.height,
        format="yuv420p",
        src_colorspace=_BT709 if matrix == _UNSPECIFIED else matrix,
        dst_colorspace=_BT709,
        dst_color_range=_LIMITED,
        threads=1,
    )
    left, top = (width - inner.width) // 4 * 2, (height - inner.height) // 4 * 2
    for into, plane, black, share in zip((frame.y, frame.u, frame.v), planes(picture), _BLACK, (1, 2, 2), strict=True):
        rows, columns = plane.shape
        if plane.shape != into.shape:
            into[:] = black
        into[top // share : top // share + rows, left // share : left // share + columns] = plane


def to_rgb(frame: VideoFrame) -> NDArray[np.uint8]:
    """A frame as full-range RGB of shape (height, width, 3)."""
    matrix = int(frame.colorspace)
    rgb = frame.reformat(
        format="rgb24",
        src_colorspace=_BT709 if matrix == _UNSPECIFIED else matrix,
        dst_color_range=_FULL,
        threads=1,
    )
    return np.asarray(rgb.to_ndarray(), np.uint8)


def _fitted(given: Size, room: Size) -> Size:
    """The largest even size of the same shape that fits."""
    if given == room:
        return room
    scale = min(room.width / given.width, room.height / given.height)
    return Size(*(max(2, round(side * scale / 2) * 2) for side in (given.width, given.height)))


def _tail(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Frames that end with the last one."""
    container.seek(max(0, (stream.duration or 0) - 1), stream=stream, backward=True)
    return container.decode(stream)


def _latest(frames: Iterator[VideoFrame]) -> VideoFrame | None:
    last = None
    for frame in frames:
        if last is None or frame.pts is None or last.pts is None or frame.pts >= last.pts:
            last = frame
    return last


def _save(frame: VideoFrame | None, out: Path) -> Size:
    picture = to_rgb(_some(frame))
    # Compressed lightly: it is read once, and written while somebody waits.
    Image.fromarray(picture).save(out, "PNG", compress_level=1)
    return Size(picture.shape[1], picture.shape[0])


def _some(frame: VideoFrame | None) -> VideoFrame:
    if frame is None:
        raise BadArtifact("The film has no picture that can be decoded.")
    return frame
