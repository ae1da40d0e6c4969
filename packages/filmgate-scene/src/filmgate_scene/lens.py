"""The camera state at one moment, and how moves combine."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

__all__ = ["Lens", "Path", "combine", "ease"]


class Lens(Struct, frozen=True, kw_only=True):
    """The camera state at one moment, relative to the shot's start."""

    x: float = 0.0  # metres to the right
    y: float = 0.0  # metres up
    z: float = 0.0  # metres forward
    zoom: float = 1.0
    pan: float = 0.0  # frame widths by which the view turned to the right
    tilt: float = 0.0  # frame heights by which the view turned up


Path: TypeAlias = Callable[[float, float], Lens]
"""Maps the share of the shot (0 … 1) and its seconds to a lens; its metres are shares of the stage's ``reach``."""


def ease(share: float) -> float:
    """Ease from 0 to 1: slow at both ends but never stationary."""
    return 0.35 * share + 0.65 * share * share * (3 - 2 * share)


def combine(lenses: list[Lens]) -> Lens:
    """Combine several moves."""
    return Lens(
        x=sum(lens.x for lens in lenses),
        y=sum(lens.y for lens in lenses),
        z=sum(lens.z for lens in lenses),
        zoom=math.prod(lens.zoom for lens in lenses),
        pan=sum(lens.pan for lens in lenses),
        tilt=sum(lens.tilt for lens in lenses),
    )
