"""The light of a shot: sky, sun, haze and lamps, and the times of day."""

from __future__ import annotations

import math

from msgspec import Struct
from msgspec.structs import replace

from filmgate_scene.palette import Colour, mix, scale, times

__all__ = ["Light", "replace"]

_WHITE: Colour = (1.0, 1.0, 1.0)


class Light(Struct, frozen=True, kw_only=True):
    """The light of a place. Colours multiply colours painted as in plain daylight."""

    sky: tuple[tuple[float, Colour], ...]  # sky colours from the zenith (0) to the horizon (1)
    sun: tuple[float, float] = (0.7, 0.13)  # across the frame, and above the horizon in frame heights
    sun_size: float = 0.03  # radius in frame heights; 0: hidden
    sun_colour: Colour = _WHITE
    glow: Colour = _WHITE  # colour around the sun and along the horizon
    glow_amount: float = 1.0
    cloud_lit: Colour = _WHITE
    cloud_shadow: Colour = (0.7, 0.72, 0.78)
    clouds: float = 0.45  # share of the sky that clouds cover, 0 … 1
    ambient: Colour = (0.55, 0.6, 0.7)
    key: Colour = (0.5, 0.48, 0.42)  # the sun's light
    haze: Colour = (0.75, 0.82, 0.9)
    haze_depth: float = 120.0  # metres until two thirds are haze
    stars: int = 0
    lamps: float = 0.0  # brightness of windows and lanterns
    moon: bool = False
    glitter: float = 0.5  # strength of the sun's reflection on water
    bloom: tuple[float, float] = (0.8, 0.5)  # bloom: threshold, amount

    def shade(self, colour: Colour, depth: float = 0.0, lit: float = 0.6) -> Colour:
        """``colour`` in this light, ``lit`` by the sun, seen through ``depth`` metres of haze."""
        light = (
            self.ambient[0] + self.key[0] * lit,
            self.ambient[1] + self.key[1] * lit,
            self.ambient[2] + self.key[2] * lit,
        )
        return mix(times(colour, light), self.haze, self.veil(depth))

    def veil(self, depth: float) -> float:
        """How much haze covers things ``depth`` metres away, 0 … 1."""
        return 1.0 - math.exp(-depth / self.haze_depth)

    def toward(self) -> tuple[float, float]:
        """The light's direction in the frame, for solids: x to the right, y down."""
        x = (self.sun[0] - 0.5) * 1.6
        y = -0.35 - 0.9 * max(0.0, self.sun[1])
        size = math.hypot(x, y)
        return x / size, y / size


def overcast(light: Light, amount: float) -> Light:
    """The same time of day under a closed sky."""
    grey = sum(scale(light.sky[len(light.sky) // 2][1], 1 / 3))
    cover = mix((grey, grey, grey), light.haze, 0.35)
    return replace(
        light,
        sky=tuple((at, mix(colour, scale(cover, 0.75 + 0.25 * at), amount * 0.8)) for at, colour in light.sky),
        sun_size=light.sun_size if amount < 0.5 else 0.0,
        glow_amount=light.glow_amount * (1 - 0.75 * amount),
        cloud_lit=mix(light.cloud_lit, scale(cover, 1.08), amount * 0.7),
        cloud_shadow=mix(light.cloud_shadow, scale(cover, 0.62), amount * 0.7),
        clouds=max(light.clouds, 0.45 + 0.4 * amount),
        ambient=mix(light.ambient, scale(_WHITE, 0.9 * sum(light.ambient) / 3), amount * 0.5),
        key=scale(light.key, 1 - 0.7 * amount),
        stars=0 if amount > 0.5 else light.stars,
        glitter=light.glitter * (1 - amount) if amount < 0.6 else 0.0,
        lamps=max(light.lamps, 0.3 * amount),
    )
