"""Text as a mask, in the font that ships with the package.

Noto Sans SC Bold under the SIL Open Font License 1.1 (``OFL.txt``), subset to GB2312, kana and Latin by
``tools/build_font.py``. Characters missing from the font are left out: boxes on a sign look broken.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from filmgate_scene.kernels.declare import F32

__all__ = ["drawable", "render", "width"]

_NAME = "NotoSansSC-Bold.subset.otf"
_ABSENT = "\U0010ffff"  # a code point that no font defines: its rendering is that of every missing glyph


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    data = files(__name__).joinpath(_NAME).read_bytes()
    return ImageFont.truetype(BytesIO(data), size)


@cache
def _has(character: str) -> bool:
    """Whether the font has a glyph for it."""
    if character.isspace():
        return True
    font = _font(24)
    missing, glyph = font.getmask(_ABSENT), font.getmask(character)
    return bytes(glyph) != bytes(missing) and glyph.size[0] > 0


def drawable(text: str) -> str:
    """``text`` without characters missing from the font, with white space collapsed."""
    return " ".join("".join(c for c in text if _has(c)).split())


def width(text: str, size: float) -> float:
    """The width of a line of text, in pixels."""
    return float(_font(max(4, round(size))).getlength(drawable(text)))


def render(text: str, size: float, *, vertical: bool = False) -> F32:
    """The text's mask in 0 … 1, cropped to its bounds; vertical text runs from top to bottom."""
    line = drawable(text)
    font = _font(max(4, round(size)))
    lines = "\n".join(line.replace(" ", "")) if vertical else line
    probe = ImageDraw.Draw(Image.new("L", (1, 1)))
    spacing = size * 0.06
    left, top, right, bottom = probe.multiline_textbbox((0, 0), lines, font=font, spacing=spacing, align="center")
    image = Image.new("L", (max(1, round(right - left)), max(1, round(bottom - top))), 0)
    ImageDraw.Draw(image).multiline_text((-left, -top), lines, fill=255, font=font, spacing=spacing, align="center")
    return np.asarray(image, np.float32) / 255
