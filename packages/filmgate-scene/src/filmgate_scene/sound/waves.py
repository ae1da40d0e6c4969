"""Building blocks of sounds: shaped noise, slow drifts, envelopes, tones."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from filmgate_scene.sound.registry import RATE, Mono, Stereo

__all__ = ["chirp", "decay", "drift", "hump", "noise", "place", "scatter", "seconds", "single", "tone", "wide_noise"]

_TAU = 2 * np.pi


def single(samples: ArrayLike) -> Stereo:
    """Convert sound to float32."""
    return np.asarray(samples, np.float32)


def seconds(count: int) -> Mono:
    """The time of each of ``count`` samples."""
    return np.arange(count, dtype=np.float32) / np.float32(RATE)


def noise(count: int, random: np.random.Generator, low: float, high: float, slope: float = 0.0) -> Mono:
    """Noise of rms 1 between two frequencies, its spectrum falling by ``slope`` (-0.5 is pink).

    Made in the frequency domain, with random phases: one inverse transform, no filter to settle.
    """
    length = 1 << max(8, (count - 1).bit_length())
    frequency = np.fft.rfftfreq(length, 1 / RATE).astype(np.float32)
    shape = np.maximum(frequency, 20.0) ** slope
    shape /= np.sqrt(1 + (frequency / high) ** 4)
    shape *= 1 - 1 / np.sqrt(1 + (frequency / max(low, 1.0)) ** 4)
    phase = random.random(len(frequency), dtype=np.float32) * np.float32(_TAU)
    spectrum = (shape * np.cos(phase) + 1j * (shape * np.sin(phase))).astype(np.complex64)
    signal = np.fft.irfft(spectrum, length).astype(np.float32)[:count]
    return (signal / max(1e-9, float(np.sqrt(np.mean(signal * signal))))).astype(np.float32)


def wide_noise(count: int, random: np.random.Generator, low: float, high: float, slope: float = 0.0) -> Stereo:
    """Stereo noise: a part common to both channels, and a part that differs."""
    left = noise(count, random, low, high, slope)
    other = noise(count, random, low, high, slope)
    return np.stack([0.8 * left + 0.6 * other, 0.8 * left - 0.6 * other], axis=1)


def drift(count: int, random: np.random.Generator, period: float, low: float, high: float = 1.0) -> Mono:
    """Slow, smooth, aperiodic movement between two levels; ``period`` in seconds."""
    coarse = seconds(count)[::256]
    phases = random.random(3) * _TAU
    sway = sum(np.sin(_TAU * coarse / (period * (1 + 0.37 * k)) + phases[k]) / (1 + k) for k in range(3)) / 1.84
    levels = low + (high - low) * (0.5 + 0.5 * np.asarray(sway))
    return np.interp(np.arange(count), np.arange(len(coarse)) * 256, levels).astype(np.float32)


def decay(count: int, attack: float, fall: float) -> Mono:
    """An envelope: up within ``attack`` seconds, then falling to a third every ``fall`` seconds, ending at zero."""
    t = seconds(count)
    ending = np.minimum(1.0, (count - 1 - np.arange(count)) / max(1.0, 0.1 * count))
    return single(np.minimum(1.0, t / attack) * np.exp(-np.maximum(0.0, t - attack) / fall) * ending)


def hump(count: int, sharpness: float = 1.0) -> Mono:
    """An envelope: a smooth swell from nothing to nothing."""
    return single(np.sin(np.pi * (np.arange(count) + 0.5) / count) ** sharpness)


def tone(count: int, frequency: float, *harmonics: float) -> Mono:
    """A tone with harmonics of the given strengths: the second, the third and so on."""
    phase = _TAU * frequency * seconds(count)
    signal = single(np.sin(phase))
    for number, strength in enumerate(harmonics, 2):
        signal += strength * np.sin(number * phase)
    return signal


def chirp(path: ArrayLike) -> Mono:
    """A tone that follows a path of frequencies, one value a sample."""
    return np.sin(_TAU * np.cumsum(np.asarray(path), dtype=np.float64) / RATE).astype(np.float32)


def place(onto: Stereo, sound: Mono, at: int, pan: float = 0.0, gain: float = 1.0) -> None:
    """Add a mono sound from sample ``at`` on with equal-power panning between left (-1) and right (1)."""
    begin, end = max(0, at), min(len(onto), at + len(sound))
    if begin >= end:
        return
    angle = (min(1.0, max(-1.0, pan)) + 1) * np.pi / 4
    audible = sound[begin - at : end - at]
    onto[begin:end, 0] += audible * np.float32(gain * np.cos(angle))
    onto[begin:end, 1] += audible * np.float32(gain * np.sin(angle))


def scatter(count: int, random: np.random.Generator, rate: float) -> list[int]:
    """Random moments, ``rate`` a second on average; their number is fixed."""
    number = max(1, round(rate * count / RATE))
    return sorted(int(at) for at in random.random(number) * count)
