"""The pictures of a film, taken from the frames as they pass by: nothing is decoded again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filmgate.media import derive
from filmgate.media.encode import Frame
from filmgate.video import AssetKind, Size

__all__ = ["Snapshots"]

_SIDE = 640  # of the largest picture made of them
_SUFFIXES = {AssetKind.THUMBNAIL: ".webp", AssetKind.SPRITESHEET: ".jpg", AssetKind.PREVIEW: ".webp"}
_MAKERS: dict[AssetKind, Callable[[Sequence[NDArray[np.uint8]], Path], None]] = {
    AssetKind.THUMBNAIL: derive.thumbnail,
    AssetKind.SPRITESHEET: derive.spritesheet,
    AssetKind.PREVIEW: derive.preview,
}

# BT.709 in limited range to RGB: luma's gain, then what Cr and Cb add to red, green and blue.
_LUMA = 255 / 219
_RED_V, _GREEN_U, _GREEN_V, _BLUE_U = 1.792741, -0.213249, -0.532909, 2.112402


class Snapshots:
    """Keeps small copies of as many evenly spaced frames as all the pictures need."""

    def __init__(self, size: Size, frames: int) -> None:
        self._wanted = [number * frames // derive.SAMPLES for number in range(derive.SAMPLES)]
        self._step = max(1, max(size.width, size.height) // _SIDE)
        self._taken: dict[int, NDArray[np.uint8]] = {}

    def take(self, number: int, frame: Frame) -> None:
        """Look at the frame of that number, and keep a copy if it is one of them."""
        if number in self._wanted and number not in self._taken:
            self._taken[number] = _small(frame, self._step)

    def save(self, film: Path, cancelled: Callable[[], bool]) -> dict[AssetKind, Path]:
        """Write the pictures beside the film; none once it is cancelled."""
        frames = [self._taken[number] for number in self._wanted]
        made: dict[AssetKind, Path] = {}
        for kind, make in _MAKERS.items():
            if not cancelled():
                made[kind] = film.with_name(f"{film.stem}.{kind}{_SUFFIXES[kind]}")
                make(frames, made[kind])
        return made


def _small(frame: Frame, step: int) -> NDArray[np.uint8]:
    """The frame as RGB, (height / step, width / step, 3), every pixel the mean of those it stands for."""
    height, width = frame.y.shape[0] // step // 2 * 2, frame.y.shape[1] // step // 2 * 2
    y = (_mean(frame.y, step, height, width) - 16) * _LUMA
    u, v = (_mean(plane, step, height // 2, width // 2).repeat(2, 0).repeat(2, 1) - 128 for plane in (frame.u, frame.v))
    rgb = np.stack([y + _RED_V * v, y + _GREEN_U * u + _GREEN_V * v, y + _BLUE_U * u], axis=-1)
    return np.asarray(np.rint(rgb).clip(0, 255), np.uint8)


def _mean(plane: NDArray[np.uint8], step: int, height: int, width: int) -> NDArray[np.float32]:
    """Means of squares of ``step`` by ``step``."""
    squares = plane[: height * step, : width * step].reshape(height, step, width, step)
    return np.asarray(squares.mean(axis=(1, 3), dtype=np.float32), np.float32)
