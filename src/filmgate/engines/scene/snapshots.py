"""The pictures of a film, taken from the frames as they pass by: nothing is decoded again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filmgate.media import derive
from filmgate.media.encode import Frame
from filmgate.video import AssetKind

__all__ = ["Snapshots"]

_SUFFIXES = {AssetKind.THUMBNAIL: ".webp", AssetKind.SPRITESHEET: ".jpg", AssetKind.PREVIEW: ".webp"}
_MAKERS: dict[AssetKind, Callable[[Sequence[NDArray[np.uint8]], Path], None]] = {
    AssetKind.THUMBNAIL: derive.thumbnail,
    AssetKind.SPRITESHEET: derive.spritesheet,
    AssetKind.PREVIEW: derive.preview,
}


class Snapshots:
    """Keeps small copies of as many evenly spaced frames as all the pictures need."""

    def __init__(self, frames: int) -> None:
        self._wanted = [number * frames // derive.SAMPLES for number in range(derive.SAMPLES)]
        self._taken: dict[int, NDArray[np.uint8]] = {}

    def take(self, number: int, frame: Frame) -> None:
        """Look at the frame of that number, and keep a copy if it is one of them."""
        if number in self._wanted and number not in self._taken:
            self._taken[number] = derive.scaled(frame.video)

    def save(self, film: Path, cancelled: Callable[[], bool]) -> dict[AssetKind, Path]:
        """Write the pictures beside the film; none once it is cancelled."""
        frames = [self._taken[number] for number in self._wanted]
        made: dict[AssetKind, Path] = {}
        for kind, make in _MAKERS.items():
            if not cancelled():
                made[kind] = film.with_name(f"{film.stem}.{kind}{_SUFFIXES[kind]}")
                make(frames, made[kind])
        return made
