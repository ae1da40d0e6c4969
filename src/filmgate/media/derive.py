"""Images derived from a video: thumbnail, spritesheet, preview.

Each is made from an MP4, or from RGB frames in memory, evenly spaced over the video (:func:`sample_frames` returns
enough for all three and decodes the video once).

**Spritesheet**: a JPEG of 4 columns and 4 rows, in reading order. Tile k of 0 to 15 shows the frame at k/16 of the
video's length. All tiles have the same size, the video's proportions, 320 pixels on the long side, and no gaps: a
player finds a tile by dividing the image by four.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from numpy.typing import NDArray
from PIL import Image

from filmgate.domain import Size
from filmgate.errors import BadArtifact
from filmgate.media.probe import open_video, video_track

__all__ = [
    "PREVIEW_FRAMES",
    "SHEET_SIDE",
    "THUMBNAIL_SAMPLE",
    "THUMBNAIL_SIDE",
    "TILE_SIDE",
    "FrameSource",
    "fit_within",
    "preview",
    "sample_frames",
    "scale_frame",
    "spritesheet",
    "thumbnail",
]

SHEET_SIDE = 4
"""Tiles in a row and in a column of a spritesheet."""

PREVIEW_FRAMES = 24
"""Frames of a preview: three seconds at eight frames a second, whatever the video's length."""

SAMPLE_COUNT = 48
"""Number of frames that is enough for all three images."""

THUMBNAIL_SAMPLE = SAMPLE_COUNT // 3
"""Index of the sampled frame that the thumbnail shows."""

THUMBNAIL_SIDE = 640
"""Pixels of a thumbnail's long side."""

TILE_SIDE = 320
"""Pixels of a spritesheet tile's long side; the preview's frames are no larger."""

_PREVIEW_SIDE = 320
_PREVIEW_MS = 125
_BT709 = 1
_UNSPECIFIED = 2

RGB = NDArray[np.uint8]

FrameSource: TypeAlias = Path | Sequence[RGB]
"""An MP4, or full-range frames of shape (height, width, 3), evenly spaced over the video."""


def thumbnail(source: FrameSource, out: Path) -> None:
    """Write the frame at a third of the length: WebP, the video's proportions, 640 pixels on the long side.

    Raises:
        BadArtifact: the video can't be decoded.
    """
    if isinstance(source, Path):
        (frame,) = _decode_frames(source, [1], 3, THUMBNAIL_SIDE)
    else:
        frame = _source_frames(source, 3, THUMBNAIL_SIDE)[len(source) // 3]
    image = _resize(frame, THUMBNAIL_SIDE)
    image.save(out, "WEBP", quality=82, method=4)


def spritesheet(source: FrameSource, out: Path) -> None:
    """Write sixteen frames in a grid: JPEG, laid out as the module describes.

    Raises:
        BadArtifact: the video can't be decoded.
    """
    tiles = [
        _resize(frame, TILE_SIDE)
        for frame in _pick_evenly(_source_frames(source, SHEET_SIDE**2, TILE_SIDE), SHEET_SIDE**2)
    ]
    width, height = tiles[0].size
    sheet = Image.new("RGB", (SHEET_SIDE * width, SHEET_SIDE * height))
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (number % SHEET_SIDE * width, number // SHEET_SIDE * height))
    sheet.save(out, "JPEG", quality=85, subsampling="4:2:0", optimize=True)


def preview(source: FrameSource, out: Path) -> None:
    """Write the video in three seconds, looped: animated WebP, 320 pixels on the long side.

    Raises:
        BadArtifact: the video can't be decoded.
    """
    frames = _pick_evenly(_source_frames(source, PREVIEW_FRAMES, _PREVIEW_SIDE), PREVIEW_FRAMES)
    first, *others = (_resize(frame, _PREVIEW_SIDE) for frame in frames)
    first.save(out, "WEBP", save_all=True, append_images=others, duration=_PREVIEW_MS, loop=0, quality=60, method=2)


def sample_frames(path: Path, count: int = SAMPLE_COUNT, side: int = THUMBNAIL_SIDE) -> list[RGB]:
    """Return the frames of an MP4 at k/``count`` of its length, scaled down to ``side`` pixels on the long side.

    Raises:
        BadArtifact: the video can't be decoded.
    """
    return _decode_frames(path, range(count), count, side)


def fit_within(size: Size, side: int) -> Size:
    """Scale ``size`` down to ``side`` pixels on its long side, proportions kept; never up, and never to zero."""
    scale = min(1.0, side / max(size.width, size.height))
    return Size(max(1, round(size.width * scale)), max(1, round(size.height * scale)))


def _decode_frames(path: Path, indexes: Sequence[int], count: int, side: int) -> list[RGB]:
    """Return the frames at k/``count`` of the video's length, for each k of ``indexes``."""
    with open_video(path) as container:
        stream = video_track(container)
        stream.thread_type, stream.codec_context.thread_count = "AUTO", 2
        total = stream.frames or sum(1 for packet in container.demux(stream) if packet.size)
        container.seek(0)
        positions = [number * total // count for number in indexes]
        decoded: dict[int, RGB] = {}
        for number, frame in enumerate(container.decode(stream)):
            if number in positions:
                decoded[number] = scale_frame(frame, side)
            if number >= positions[-1]:
                break
    if not decoded:
        raise BadArtifact("The video can't be decoded.")
    # The header may promise more frames than there are: the last frame replaces the missing ones.
    return [decoded.get(number, decoded[max(decoded)]) for number in positions]


def _source_frames(source: FrameSource, count: int, side: int) -> Sequence[RGB]:
    frames = sample_frames(source, count, side) if isinstance(source, Path) else source
    if not len(frames):
        raise ValueError("an image needs at least one frame")
    return frames


def _pick_evenly(frames: Sequence[RGB], count: int) -> list[RGB]:
    return [frames[number * len(frames) // count] for number in range(count)]


def _resize(frame: RGB, side: int) -> Image.Image:
    height, width = frame.shape[:2]
    target = fit_within(Size(width, height), side)
    image = Image.fromarray(frame)
    return (
        image
        if image.size == (target.width, target.height)
        else image.resize((target.width, target.height), Image.Resampling.BOX)
    )


def scale_frame(frame: VideoFrame, side: int = THUMBNAIL_SIDE) -> RGB:
    """Return a frame as RGB, scaled down to ``side`` pixels on the long side."""
    target = fit_within(Size(frame.width, frame.height), side)
    scaled = frame.reformat(
        width=target.width,
        height=target.height,
        format="rgb24",
        src_colorspace=_BT709 if frame.colorspace == _UNSPECIFIED else None,
        interpolation=Interpolation.AREA,
    )
    return np.asarray(scaled.to_ndarray(), np.uint8)
