"""Where the camera is and how it moves."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from filmgate.engines.scene import registry

__all__ = ["Lens", "Path", "combine", "ease"]


class Lens(Struct, frozen=True, kw_only=True):
    """The camera at one moment, relative to where the shot was set up."""

    x: float = 0.0  # metres to the right
    y: float = 0.0  # metres up
    z: float = 0.0  # metres forward
    zoom: float = 1.0
    pan: float = 0.0  # frame widths that the view turned to the right
    tilt: float = 0.0  # frame heights that the view turned up


Path: TypeAlias = Callable[[float, float], Lens]
"""From the share of the shot (0 … 1) and its seconds to a lens; its metres are shares of the stage's ``reach``."""


def ease(share: float) -> float:
    """From 0 to 1, slow at both ends but never standing still."""
    return 0.35 * share + 0.65 * share * share * (3 - 2 * share)


def combine(lenses: list[Lens]) -> Lens:
    """Several moves at once."""
    return Lens(
        x=sum(lens.x for lens in lenses),
        y=sum(lens.y for lens in lenses),
        z=sum(lens.z for lens in lenses),
        zoom=math.prod(lens.zoom for lens in lenses),
        pan=sum(lens.pan for lens in lenses),
        tilt=sum(lens.tilt for lens in lenses),
    )


@registry.camera(
    "static",
    en=("static shot", "static camera", "still camera", "fixed camera", "locked-off", "static"),
    zh=("固定镜头", "静止镜头", "固定机位"),
)
def static(share: float, seconds: float) -> Lens:
    """On a tripod."""
    del share, seconds
    return Lens()


@registry.camera("pan", en=("pan", "pans", "panning"), zh=("摇镜", "平移", "横移", "摇摄", "横摇"))
def pan(share: float, seconds: float) -> Lens:
    """Turning from left to right."""
    del seconds
    return Lens(pan=0.16 * (ease(share) - 0.5), x=0.15 * (share - 0.5))


@registry.camera("tilt", en=("tilt", "tilts", "tilting", "tilt up"), zh=("俯仰", "上摇", "仰拍"))
def tilt(share: float, seconds: float) -> Lens:
    """Looking up, or rather from low to high."""
    del seconds
    return Lens(tilt=0.07 * (ease(share) - 0.5) * 2)


@registry.camera(
    "zoom",
    en=("zoom", "zooms", "zooming", "close-up", "closeup", "close up"),
    zh=("变焦", "拉近", "推近", "特写", "放大"),
)
def zoom(share: float, seconds: float) -> Lens:
    """The lens grows longer."""
    del seconds
    return Lens(zoom=1 + 0.22 * ease(share))


@registry.camera(
    "dolly", en=("dolly", "push in", "push-in", "pushes in", "moves forward"), zh=("推镜头", "推镜", "推进", "前进")
)
def dolly(share: float, seconds: float) -> Lens:
    """Moving slowly into the picture."""
    return Lens(z=0.7 * (ease(share) - 0.15), y=0.02 * math.sin(seconds * 0.7))


@registry.camera("orbit", en=("orbit", "orbits", "orbiting", "circling", "arc shot"), zh=("环绕", "绕着", "围绕"))
def orbit(share: float, seconds: float) -> Lens:
    """Round the middle of the picture: sideways while turning back."""
    del seconds
    angle = (ease(share) - 0.5) * 1.8
    return Lens(x=0.9 * math.sin(angle), z=0.25 * math.cos(angle), pan=-0.10 * math.sin(angle))


@registry.camera(
    "aerial",
    en=("aerial", "drone", "bird's-eye", "birds-eye", "bird's eye", "flyover", "from above"),
    zh=("航拍", "无人机", "俯瞰", "鸟瞰", "俯拍"),
)
def aerial(share: float, seconds: float) -> Lens:
    """Rising and flying on."""
    return Lens(y=0.5 * ease(share), z=0.9 * share, tilt=-0.03 * ease(share), x=0.05 * math.sin(seconds * 0.4))


@registry.camera(
    "follow",
    en=("follow", "follows", "following", "tracking shot", "tracking", "tracks"),
    zh=("跟拍", "跟随", "跟踪", "追踪镜头"),
)
def follow(share: float, seconds: float) -> Lens:
    """Beside whoever moves; the stage adds their speed."""
    return Lens(x=0.35 * (share - 0.5), y=0.015 * math.sin(seconds * 2.1), zoom=1 + 0.04 * ease(share))


@registry.camera("handheld", en=("handheld", "hand-held", "shaky", "documentary"), zh=("手持", "晃动", "纪录片"))
def handheld(share: float, seconds: float) -> Lens:
    """Breathing, never quite still."""
    t = seconds
    return Lens(
        pan=0.006 * (math.sin(t * 1.7) + 0.5 * math.sin(t * 4.1 + 1)),
        tilt=0.008 * (math.sin(t * 1.3 + 2) + 0.4 * math.sin(t * 3.7)),
        z=0.25 * share,
        zoom=1.03,
    )
