"""The registry of sounds by name: a bed has the requested length, an event is short."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from filmgate_scene.registry import Words

__all__ = ["BEDS", "EVENTS", "RATE", "WORDS", "Bed", "Event", "Mono", "Stereo", "bed", "event"]

RATE = 48_000

Mono: TypeAlias = NDArray[np.float32]
Stereo: TypeAlias = NDArray[np.float32]
Bed: TypeAlias = Callable[[int, np.random.Generator], Stereo]
"""Maps a number of samples and a random generator to (samples, 2), at a natural level around 0.1 rms or less."""
Event: TypeAlias = Callable[[np.random.Generator], Mono]
"""Maps a random generator to (samples,), at a natural level."""

_beds: dict[str, Bed] = {}
_events: dict[str, Event] = {}
_words: dict[str, Words] = {}

BEDS: Mapping[str, Bed] = MappingProxyType(_beds)
EVENTS: Mapping[str, Event] = MappingProxyType(_events)
WORDS: Mapping[str, Words] = MappingProxyType(_words)
"""Names of the sounds in both languages."""


def bed(*names: str, en: str, zh: str) -> Callable[[Bed], Bed]:
    """Register the decorated function as a bed."""

    def register(make: Bed) -> Bed:
        _beds.update(dict.fromkeys(names, make))
        _words.update(dict.fromkeys(names, Words(en=(en,), zh=(zh,))))
        return make

    return register


def event(*names: str, en: str, zh: str) -> Callable[[Event], Event]:
    """Register the decorated function as a short sound."""

    def register(make: Event) -> Event:
        _events.update(dict.fromkeys(names, make))
        _words.update({name: Words(en=(en,), zh=(zh,)) for name in names if name not in _beds})
        return make

    return register
