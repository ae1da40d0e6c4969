"""All plates and sprites of a shot in one packed buffer."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from filmgate.engines.scene.kernels.jit import F32, I32, U32
from filmgate.engines.scene.kernels.plates import row_spans

__all__ = ["Atlas", "Sprite", "cropped", "pack"]


class Sprite(Struct, frozen=True):
    """A picture in the atlas, and its anchor: the pixel that is put where it is drawn."""

    offset: int
    width: int
    height: int
    span: int
    anchor_x: float = 0.0
    anchor_y: float = 0.0


def pack(pixels: F32) -> U32:
    """Premultiplied float RGBA (h, w, 4) as one uint32 a pixel, dithered so that gradients don't band."""
    noise = np.random.default_rng(7).random(pixels.shape[:2], dtype=np.float32)[..., None]
    values = pixels * 255
    values = np.clip(values + noise * ((values > 0.2) & (values < 254.5)), 0, 255).astype(np.uint32)
    return values[..., 0] | (values[..., 1] << 8) | (values[..., 2] << 16) | (values[..., 3] << 24)


def cropped(pixels: F32) -> tuple[F32, int, int]:
    """The part that is not empty, with a pixel around it, and where it begins."""
    used = pixels.max(2) > 1 / 512
    rows, columns = np.flatnonzero(used.any(1)), np.flatnonzero(used.any(0))
    if not len(rows):
        return pixels[:2, :2], 0, 0
    y0, y1 = max(0, rows[0] - 1), min(pixels.shape[0], rows[-1] + 2)
    x0, x1 = max(0, columns[0] - 1), min(pixels.shape[1], columns[-1] + 2)
    return pixels[y0:y1, x0:x1], int(x0), int(y0)


class Atlas:
    """Grows while a shot is prepared; ``close`` makes it one array."""

    def __init__(self) -> None:
        self._parts: list[U32] = []
        self._spans: list[I32] = []
        self._size = 0
        self._rows = 0
        self.pixels: U32 = np.zeros(16, np.uint32)
        self.spans: I32 = np.zeros((1, 2), np.int32)

    def add(self, pixels: F32, anchor_x: float = 0.0, anchor_y: float = 0.0, *, crop: bool = True) -> Sprite:
        """Put a premultiplied float picture in."""
        if crop:
            pixels, x0, y0 = cropped(pixels)
            anchor_x, anchor_y = anchor_x - x0, anchor_y - y0
        packed = np.ascontiguousarray(pack(pixels))
        sprite = Sprite(self._size, packed.shape[1], packed.shape[0], self._rows, anchor_x, anchor_y)
        self._parts.append(packed.ravel())
        self._spans.append(row_spans(packed))
        self._size += packed.size
        self._rows += packed.shape[0]
        return sprite

    def close(self) -> None:
        """Make everything one array; nothing can be added afterwards."""
        self.pixels = np.concatenate([*self._parts, np.zeros(16, np.uint32)])
        self.spans = np.concatenate([*self._spans, np.zeros((1, 2), np.int32)])
        self._parts.clear()
        self._spans.clear()
