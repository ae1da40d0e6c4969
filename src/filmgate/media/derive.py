"""The pictures that come with a film: thumbnail, spritesheet, preview.

Each is made from an MP4, or from RGB frames that somebody holds already, evenly spaced over the film (``sample``
gives as many as all three need, and decodes the film once).

**Spritesheet**: a JPEG of 4 columns and 4 rows, read like a page. Tile k of 0 to 15 shows the frame at k/16 of the
film's length. All tiles are of one size, with the film's proportions, 320 pixels on the long side, without gaps: a
player finds a tile by dividing the picture by four.
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
from filmgate.media.probe import opened, video_track

__all__ = [
    "PREVIEW_FRAMES",
    "SHEET_SIDE",
    "THUMBNAIL_SAMPLE",
    "THUMBNAIL_SIDE",
    "TILE_SIDE",
    "Source",
    "fitted",
    "preview",
    "sample",
    "scaled",
    "spritesheet",
    "thumbnail",
]

SHEET_SIDE = 4
"""Tiles in a row and in a column of a spritesheet."""

PREVIEW_FRAMES = 24
"""Pictures of a preview: three seconds at eight a second, whatever the film's length."""

SAMPLES = 48
"""Frames that serve all three pictures."""

THUMBNAIL_SAMPLE = SAMPLES // 3
"""Which of them the thumbnail shows."""

THUMBNAIL_SIDE = 640
"""Pixels of a thumbnail's long side."""

TILE_SIDE = 320
"""Pixels of a spritesheet tile's long side; the preview's frames are no larger."""

_PREVIEW_SIDE = 320
_PREVIEW_MS = 125
_BT709 = 1
_UNSPECIFIED = 2

RGB = NDArray[np.uint8]

Source: TypeAlias = Path | Sequence[RGB]
"""An MP4, or frames of shape (height, width, 3) at full range, evenly spaced over the film."""


def thumbnail(source: Source, out: Path) -> None:
    """One picture from a third of the way in: WebP, the film's proportions, 640 pixels on the long side.

    Raises:
        BadArtifact: the film can't be decoded.
    """
    if isinstance(source, Path):
        (frame,) = _decoded(source, [1], 3, THUMBNAIL_SIDE)
    else:
        frame = _frames(source, 3, THUMBNAIL_SIDE)[len(source) // 3]
    picture = _resized(frame, THUMBNAIL_SIDE)
    picture.save(out, "WEBP", quality=82, method=4)


def spritesheet(source: Source, out: Path) -> None:
    """Sixteen pictures in a grid: JPEG, its geometry as the module says.

    Raises:
        BadArtifact: the film can't be decoded.
    """
    tiles = [_resized(frame, TILE_SIDE) for frame in _spaced(_frames(source, SHEET_SIDE**2, TILE_SIDE), SHEET_SIDE**2)]
    width, height = tiles[0].size
    sheet = Image.new("RGB", (SHEET_SIDE * width, SHEET_SIDE * height))
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (number % SHEET_SIDE * width, number // SHEET_SIDE * height))
    sheet.save(out, "JPEG", quality=85, subsampling="4:2:0", optimize=True)


def preview(source: Source, out: Path) -> None:
    """The film in three seconds, over and over: animated WebP, 320 pixels on the long side.

    Raises:
        BadArtifact: the film can't be decoded.
    """
    frames = _spaced(_frames(source, PREVIEW_FRAMES, _PREVIEW_SIDE), PREVIEW_FRAMES)
    first, *others = (_resized(frame, _PREVIEW_SIDE) for frame in frames)
    first.save(out, "WEBP", save_all=True, append_images=others, duration=_PREVIEW_MS, loop=0, quality=60, method=2)


def sample(film: Path, count: int = SAMPLES, side: int = THUMBNAIL_SIDE) -> list[RGB]:
    """Frames of an MP4 at k/``count`` of its length, scaled down to ``side`` pixels on the long side.

    Raises:
        BadArtifact: the film can't be decoded.
    """
    return _decoded(film, range(count), count, side)


def fitted(size: Size, side: int) -> Size:
    """``size`` scaled down, proportions kept, to ``side`` pixels on its long side; never up, never to nothing."""
    scale = min(1.0, side / max(size.width, size.height))
    return Size(max(1, round(size.width * scale)), max(1, round(size.height * scale)))


def _decoded(film: Path, which: Sequence[int], count: int, side: int) -> list[RGB]:
    """The frames at k/``count`` of the film's length, for each k of ``which``."""
    with opened(film) as container:
        stream = video_track(container)
        stream.thread_type, stream.codec_context.thread_count = "AUTO", 2
        total = stream.frames or sum(1 for packet in container.demux(stream) if packet.size)
        container.seek(0)
        wanted = [number * total // count for number in which]
        shown: dict[int, RGB] = {}
        for number, frame in enumerate(container.decode(stream)):
            if number in wanted:
                shown[number] = scaled(frame, side)
            if number >= wanted[-1]:
                break
    if not shown:
        raise BadArtifact("The film can't be decoded.")
    # A header that promises more frames than there are: the last one stands for those that are missing.
    return [shown.get(number, shown[max(shown)]) for number in wanted]


def _frames(source: Source, count: int, side: int) -> Sequence[RGB]:
    frames = sample(source, count, side) if isinstance(source, Path) else source
    if not len(frames):
        raise ValueError("a picture is made from at least one frame")
    return frames


def _spaced(frames: Sequence[RGB], count: int) -> list[RGB]:
    return [frames[number * len(frames) // count] for number in range(count)]


def _resized(frame: RGB, side: int) -> Image.Image:
    height, width = frame.shape[:2]
    to = fitted(Size(width, height), side)
    picture = Image.fromarray(frame)
    return (
        picture
        if picture.size == (to.width, to.height)
        else picture.resize((to.width, to.height), Image.Resampling.BOX)
    )


def scaled(frame: VideoFrame, side: int = THUMBNAIL_SIDE) -> RGB:
    """A frame as RGB, scaled down to ``side`` pixels on the long side."""
    to = fitted(Size(frame.width, frame.height), side)
    picture = frame.reformat(
        width=to.width,
        height=to.height,
        format="rgb24",
        src_colorspace=_BT709 if frame.colorspace == _UNSPECIFIED else None,
        interpolation=Interpolation.AREA,
    )
    return np.asarray(picture.to_ndarray(), np.uint8)
