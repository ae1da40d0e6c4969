"""Sound cues of a shot, emitted by the code that draws it, so that sound and video stay in sync."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["SoundCues", "SoundEvent"]


class SoundEvent(Struct, frozen=True, order=True):
    """One short sound."""

    time: float  # seconds from the shot's first frame
    kind: str  # "step", "splash", "bite", "thunder", "bark", "meow", "chirp", "whoosh", "wave"
    pan: float = 0.0  # stereo position: -1 left … 1 right
    gain: float = 1.0  # loudness, 0 … 1


class SoundCues(Struct, frozen=True, kw_only=True):
    """The ambience and the events of one shot.

    ``ambience`` holds the loudness, 0 … 1, of: waves, wind, rain, water, city, traffic, birds, gulls, crickets,
    chatter, fire, hum, underwater, pad.
    """

    ambience: dict[str, float] = {}
    events: tuple[SoundEvent, ...] = ()
