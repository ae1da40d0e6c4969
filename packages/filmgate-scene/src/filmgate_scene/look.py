"""How a shot is finished: the grade."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

__all__ = ["Look", "Row", "graded", "replace", "saturate"]

Row: TypeAlias = tuple[float, float, float, float]


class Look(Struct, frozen=True, kw_only=True):
    """The last step from the painted frame to the picture."""

    matrix: tuple[Row, Row, Row] = ((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0))  # colour, offset
    vignette: float = 0.85
    grain: float = 0.8  # standard deviation in 8-bit steps
    bloom: float = 1.0  # times the light's own
    paper: float = 0.0  # how much the paper's tooth shows: paint instead of film
    softness: float = 0.0  # how far paint runs, in frame heights
    ink: float = 0.0  # dark outlines
    sheets: int = 0  # of coloured paper laid on one another; 0: none


def graded(look: Look, *rows: Row) -> Look:
    """The look seen through one more matrix."""
    r, g, b = look.matrix

    def through(row: Row) -> Row:
        red, green, blue, offset = (row[0] * r[k] + row[1] * g[k] + row[2] * b[k] for k in range(4))
        return red, green, blue, offset + row[3]

    return replace(look, matrix=(through(rows[0]), through(rows[1]), through(rows[2])))


def saturate(look: Look, amount: float, lift: float = 0.0, gain: float = 1.0) -> Look:
    """A look whose colours are ``amount`` times as strong."""
    red, green, blue = (gain * (1 - amount) * weight for weight in (0.2126, 0.7152, 0.0722))
    own = gain * amount
    return graded(look, (red + own, green, blue, lift), (red, green + own, blue, lift), (red, green, blue + own, lift))
