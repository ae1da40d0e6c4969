"""Single frames of a video: its first and its last frame as PNG, and conversion between frame formats."""

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
from filmgate.media.encode import YuvFrame, planes
from filmgate.media.probe import open_video, video_track

__all__ = ["copy_to_frame", "read_first_frame", "save_first_frame", "save_last_frame", "to_rgb"]

_BT709 = 1
_UNSPECIFIED = 2
_LIMITED = 1
_FULL = 2
_BLACK = (16, 128, 128)  # Y, Cb, Cr


def save_first_frame(path: Path, out: Path) -> Size:
    """Write a video's first frame to ``out`` as PNG and return its size.

    Raises:
        BadArtifact: the video can't be decoded.
    """
    with open_video(path) as container:
        return _save_png(next(container.decode(video_track(container)), None), out)


def read_first_frame(path: Path) -> NDArray[np.uint8]:
    """Return a video's first frame, RGB of shape (height, width, 3).

    Raises:
        BadArtifact: the video can't be decoded.
    """
    with open_video(path) as container:
        return to_rgb(_require_frame(next(container.decode(video_track(container)), None)))


def save_last_frame(path: Path, out: Path) -> Size:
    """Write a video's last frame to ``out`` as PNG; return its size. Decodes only from the last key frame on.

    Raises:
        BadArtifact: the video can't be decoded.
    """
    with open_video(path) as container:
        stream = video_track(container)
        return _save_png(_last_shown(_decode_tail(container, stream)), out)


def copy_to_frame(decoded: VideoFrame, frame: YuvFrame) -> None:
    """Fill a frame of the encoder from a decoded one of any format and colour space.

    A frame of another size is fitted into it, padded with black.
    """
    matrix = int(decoded.colorspace)
    height, width = frame.y.shape
    inner = _fit_even(Size(decoded.width, decoded.height), Size(width, height))
    scaled = decoded.reformat(
        width=inner.width,
        height=inner.height,
        format="yuv420p",
        src_colorspace=_BT709 if matrix == _UNSPECIFIED else matrix,
        dst_colorspace=_BT709,
        dst_color_range=_LIMITED,
        threads=1,
    )
    left, top = (width - inner.width) // 4 * 2, (height - inner.height) // 4 * 2
    for into, plane, black, share in zip((frame.y, frame.u, frame.v), planes(scaled), _BLACK, (1, 2, 2), strict=True):
        rows, columns = plane.shape
        if plane.shape != into.shape:
            into[:] = black
        into[top // share : top // share + rows, left // share : left // share + columns] = plane


def to_rgb(frame: VideoFrame) -> NDArray[np.uint8]:
    """Return a frame as full-range RGB of shape (height, width, 3)."""
    matrix = int(frame.colorspace)
    rgb = frame.reformat(
        format="rgb24",
        src_colorspace=_BT709 if matrix == _UNSPECIFIED else matrix,
        dst_color_range=_FULL,
        threads=1,
    )
    return np.asarray(rgb.to_ndarray(), np.uint8)


def _fit_even(original: Size, bounds: Size) -> Size:
    """Return the largest even size of the same proportions that fits."""
    if original == bounds:
        return bounds
    scale = min(bounds.width / original.width, bounds.height / original.height)
    return Size(*(max(2, round(side * scale / 2) * 2) for side in (original.width, original.height)))


def _decode_tail(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Decode the frames from the last key frame to the end."""
    container.seek(max(0, (stream.duration or 0) - 1), stream=stream, backward=True)
    return container.decode(stream)


def _last_shown(frames: Iterator[VideoFrame]) -> VideoFrame | None:
    last = None
    for frame in frames:
        if last is None or frame.pts is None or last.pts is None or frame.pts >= last.pts:
            last = frame
    return last


def _save_png(frame: VideoFrame | None, out: Path) -> Size:
    rgb = to_rgb(_require_frame(frame))
    # Light compression: the file is read once, and a request waits while it is written.
    Image.fromarray(rgb).save(out, "PNG", compress_level=1)
    return Size(rgb.shape[1], rgb.shape[0])


def _require_frame(frame: VideoFrame | None) -> VideoFrame:
    if frame is None:
        raise BadArtifact("The video has no frame that can be decoded.")
    return frame
