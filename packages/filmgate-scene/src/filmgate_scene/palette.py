"""Colours: display-referred red, green, blue in 0 … 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

__all__ = ["COLOURS", "Colour", "mix", "rgb", "scale", "times"]

Colour: TypeAlias = tuple[float, float, float]


def rgb(code: str) -> Colour:
    """Parse ``"#rrggbb"``."""
    return int(code[1:3], 16) / 255, int(code[3:5], 16) / 255, int(code[5:7], 16) / 255


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """Blend ``a`` with a share of ``b``."""
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share


def scale(a: Colour, factor: float) -> Colour:
    """A brighter or darker ``a``."""
    return a[0] * factor, a[1] * factor, a[2] * factor


def times(a: Colour, b: Colour) -> Colour:
    """``a`` lit by light of colour ``b``."""
    return a[0] * b[0], a[1] * b[1], a[2] * b[2]


COLOURS: Mapping[str, Colour] = {
    "red": rgb("#c8322c"),
    "orange": rgb("#e0812f"),
    "golden": rgb("#e0a052"),
    "yellow": rgb("#edc548"),
    "green": rgb("#4d8f4a"),
    "blue": rgb("#3a6cc0"),
    "purple": rgb("#7d54b5"),
    "pink": rgb("#ee9dbb"),
    "white": rgb("#f1ede4"),
    "black": rgb("#2b2829"),
    "grey": rgb("#989aa0"),
    "brown": rgb("#7c5030"),
}
"""The colours of the common colour attributes."""
