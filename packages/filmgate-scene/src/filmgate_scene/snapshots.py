"""A video's still images (thumbnail, previews), taken from the frames as they are drawn: nothing is decoded again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from filmgate.domain import AssetKind
from filmgate.media import derive
from filmgate.media.encode import YuvFrame

__all__ = ["Snapshots"]

_SUFFIXES = {AssetKind.THUMBNAIL: ".webp", AssetKind.SPRITESHEET: ".jpg", AssetKind.PREVIEW: ".webp"}
_MAKERS: dict[AssetKind, Callable[[Sequence[NDArray[np.uint8]], Path], None]] = {
    AssetKind.THUMBNAIL: derive.thumbnail,
    AssetKind.SPRITESHEET: derive.spritesheet,
    AssetKind.PREVIEW: derive.preview,
}


class Snapshots:
    """Keeps small copies of the evenly spaced frames that the images need, and writes the images beside the video.

    A context manager: an exception removes all images.

    Args:
        video: path of the video, beside which the images are written.
        frames: the video's number of frames.
    """

    def __init__(self, video: Path, frames: int) -> None:
        samples = [number * frames // derive.SAMPLE_COUNT for number in range(derive.SAMPLE_COUNT)]
        self._video, self._sample_numbers = video, samples
        self._size = samples[derive.THUMBNAIL_SAMPLE]
        self._taken: dict[int, NDArray[np.uint8]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for asset in _SUFFIXES:
                self._path(asset).unlink(missing_ok=True)

    def capture(self, number: int, frame: YuvFrame) -> bool:
        """Copy the frame ``number`` if an image needs it; return whether it was the last one needed."""
        if number not in self._sample_numbers or number in self._taken:
            return False
        side = derive.THUMBNAIL_SIDE if number == self._size else derive.TILE_SIDE
        self._taken[number] = derive.scale_frame(frame.video, side)
        return number == self._sample_numbers[-1]

    def save(self) -> dict[AssetKind, Path]:
        """Write the images after the last frame is captured."""
        frames = [self._taken[number] for number in self._sample_numbers]
        images: dict[AssetKind, Path] = {}
        for kind, make in _MAKERS.items():
            images[kind] = self._path(kind)
            make(frames, images[kind])
        return images

    def _path(self, kind: AssetKind) -> Path:
        return self._video.with_name(f"{self._video.stem}.{kind}{_SUFFIXES[kind]}")
