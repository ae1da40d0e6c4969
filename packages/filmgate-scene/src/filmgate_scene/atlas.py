"""The texture atlas: all plates and sprites of a shot in one packed buffer."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from filmgate_scene.kernels.declare import F32, I32, U32
from filmgate_scene.kernels.plates import extent, pack, row_spans

__all__ = ["Atlas", "Sprite", "crop_to_content"]


class Sprite(Struct, frozen=True):
    """An image in the atlas, and its anchor: the pixel that is placed at the drawing position."""

    offset: int
    width: int
    height: int
    span: int
    anchor_x: float = 0.0
    anchor_y: float = 0.0


def crop_to_content(pixels: F32) -> tuple[F32, int, int]:
    """Crop to the non-empty part plus a border of one pixel; return it and its offset."""
    x0, y0, x1, y1 = extent(pixels, 1 / 512)
    if x1 <= x0:
        return pixels[:2, :2], 0, 0
    x0, y0 = max(0, x0 - 1), max(0, y0 - 1)
    return pixels[y0 : y1 + 1, x0 : x1 + 1], x0, y0


class Atlas:
    """Collects images while a shot is prepared; ``freeze`` packs them into one array."""

    def __init__(self) -> None:
        self._chunks: list[U32] = []
        self._spans: list[I32] = []
        self._size = 0
        self._rows = 0
        self.pixels: U32 = np.zeros(16, np.uint32)
        self.spans: I32 = np.zeros((1, 3), np.int32)

    def add(self, pixels: F32, anchor_x: float = 0.0, anchor_y: float = 0.0, *, crop: bool = True) -> Sprite:
        """Add a premultiplied float image."""
        if crop:
            pixels, x0, y0 = crop_to_content(np.ascontiguousarray(pixels, np.float32))
            anchor_x, anchor_y = anchor_x - x0, anchor_y - y0
        packed = pack(np.ascontiguousarray(pixels, np.float32))
        sprite = Sprite(self._size, packed.shape[1], packed.shape[0], self._rows, anchor_x, anchor_y)
        self._chunks.append(packed.ravel())
        self._spans.append(row_spans(packed))
        self._size += packed.size
        self._rows += packed.shape[0]
        return sprite

    def freeze(self) -> None:
        """Pack all images into one array; nothing can be added afterwards."""
        self.pixels = np.concatenate([*self._chunks, np.zeros(16, np.uint32)])
        self.spans = np.concatenate([*self._spans, np.zeros((1, 3), np.int32)])
        self._chunks.clear()
        self._spans.clear()
