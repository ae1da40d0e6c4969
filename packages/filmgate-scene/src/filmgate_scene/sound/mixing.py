"""Mixes the sound cues of a video's shots into its soundtrack."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from filmgate_scene.cues import SoundCues
from filmgate_scene.sound import beds, events
from filmgate_scene.sound.loudness import normalise
from filmgate_scene.sound.registry import BEDS, EVENTS, RATE, Mono, Stereo
from filmgate_scene.sound.waves import place

__all__ = ["TARGET", "ShotSound", "mix"]

TARGET = -16.0
"""Loudness of every video in LUFS."""

_CEILING = 0.82  # share of full scale, which keeps AAC overshoots below clipping
_FADE_IN, _FADE_OUT = 0.12, 0.5
_SEAM = 0.005  # seconds of fade-in for an extension's sound
_TURN = 0.35  # seconds of fade for a bed at a cut
_ROOM_TONE = "wind"  # the bed for scenes without sounds: never digital silence
_ROOM_TONE_LEVEL = 0.3
_REGISTERED = (beds, events)  # imported because they register sounds


class ShotSound(Struct, frozen=True):
    """The sound cues of one shot, and its time span in the video in seconds."""

    start: float
    end: float
    cues: SoundCues


def mix(shots: Sequence[ShotSound], *, seconds: float, seed: int, since: float = 0.0) -> Stereo:
    """The soundtrack, float32 (samples, 2), of exactly ``seconds``; deterministic for a seed.

    A bed that continues over a cut has no seam. Unknown sounds are left out. If ``since`` is positive, the beds
    continue from that many seconds in another video, and nothing fades in.
    """
    count, before = round(seconds * RATE), round(since * RATE)
    soundtrack = np.zeros((count, 2), np.float32)
    for name in sorted(_heard(shots) or {_ROOM_TONE}):
        bed = BEDS[name](before + count, _random(seed, name))[before:]
        soundtrack += bed * _levels(shots, name, count)[:, None]
    _add_events(soundtrack, shots, seed)
    ends = _ends(count, _SEAM if before else _FADE_IN)[:, None]
    return normalise(soundtrack * ends, TARGET, _CEILING)


def _heard(shots: Sequence[ShotSound]) -> set[str]:
    """The known beds that are audible in some shot."""
    return {name for shot in shots for name, level in shot.cues.ambience.items() if name in BEDS and level > 0}


def _levels(shots: Sequence[ShotSound], name: str, count: int) -> Mono:
    """A bed's gain at every sample."""
    default = 0.0 if _heard(shots) else _ROOM_TONE_LEVEL
    times, levels = [0.0], [shots[0].cues.ambience.get(name, default) if shots else default]
    for shot in shots[1:]:
        level = shot.cues.ambience.get(name, default)
        times += [shot.start - _TURN / 2, shot.start + _TURN / 2]
        levels += [levels[-1], level]
    return np.interp(np.arange(count, dtype=np.float32) / RATE, times, levels).astype(np.float32)


def _add_events(soundtrack: Stereo, shots: Sequence[ShotSound], seed: int) -> None:
    """Add every known event at its time; no two events of a kind sound exactly alike."""
    for number, shot in enumerate(shots):
        random = _random(seed, f"events {number}")
        for event in sorted(shot.cues.events):
            if event.kind in EVENTS and 0 <= event.time < shot.end - shot.start:
                at = round((shot.start + event.time) * RATE)
                place(soundtrack, EVENTS[event.kind](random), at, event.pan, event.gain)


def _ends(count: int, fade_in: float) -> Mono:
    """Fade in and out along half a cosine."""
    t = np.arange(count, dtype=np.float32) / RATE
    rise = np.clip(np.minimum(t / fade_in, (count / RATE - t) / _FADE_OUT), 0, 1)
    return (0.5 - 0.5 * np.cos(np.pi * rise)).astype(np.float32)


def _random(seed: int, name: str) -> np.random.Generator:
    """An independent random generator for each sound: adding a sound does not change the others."""
    digest = hashlib.blake2b(f"{seed} {name}".encode(), digest_size=8).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))
