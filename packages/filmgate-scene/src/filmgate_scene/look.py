"""The look of a shot: the final grade."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

__all__ = ["Look", "Row", "graded", "replace", "saturate"]

Row: TypeAlias = tuple[float, float, float, float]


class Look(Struct, frozen=True, kw_only=True):
    """The last step from the painted frame to the final image."""

    matrix: tuple[Row, Row, Row] = ((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0))  # colour, offset
    vignette: float = 0.85
    grain: float = 0.8  # standard deviation in 8-bit steps
    bloom: float = 1.0  # multiplies the light's bloom
    paper: float = 0.0  # strength of the paper grain: painted instead of photographic
    softness: float = 0.0  # how far paint bleeds, in frame heights
    ink: float = 0.0  # strength of dark outlines
    sheets: int = 0  # number of layered sheets of coloured paper; 0: none


def graded(look: Look, *rows: Row) -> Look:
    """The look with one more colour matrix applied."""
    r, g, b = look.matrix

    def through(row: Row) -> Row:
        red, green, blue, offset = (row[0] * r[k] + row[1] * g[k] + row[2] * b[k] for k in range(4))
        return red, green, blue, offset + row[3]

    return replace(look, matrix=(through(rows[0]), through(rows[1]), through(rows[2])))


def saturate(look: Look, amount: float, lift: float = 0.0, gain: float = 1.0) -> Look:
    """A look with its saturation multiplied by ``amount``."""
    red, green, blue = (gain * (1 - amount) * weight for weight in (0.2126, 0.7152, 0.0722))
    scale = gain * amount
    return graded(
        look, (red + scale, green, blue, lift), (red, green + scale, blue, lift), (red, green, blue + scale, lift)
    )
