"""Loudness: integrated loudness by ITU-R BS.1770-4, normalisation, and a limiter that does not click."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmgate_scene.kernels.loudness import weighted_power
from filmgate_scene.sound.registry import RATE, Stereo

__all__ = ["integrated_loudness", "limit", "normalise"]

_K_WEIGHTING = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)
"""The two K-weighting filters at 48 kHz, BS.1770-4 tables 1 and 2: b0, b1, b2, a1, a2 each."""
_STEP = RATE // 10  # samples between block starts
_STEPS = 4  # steps in a block
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0
_PIECE = 48  # samples that the limiter treats as one peak
_REACH = 5  # pieces of look-ahead and look-behind


def integrated_loudness(sound: Stereo) -> float:
    """The loudness of sound (samples, channels) in LUFS; minus infinity for silence or less than 0.4 s."""
    power = _block_powers(sound)
    loudness = _lufs(power)
    gated = power[loudness > _ABSOLUTE_GATE]
    if not len(gated):
        return float("-inf")
    gated = power[loudness > max(_ABSOLUTE_GATE, float(_lufs(gated.mean())) + _RELATIVE_GATE)]
    return float(_lufs(gated.mean()))


def normalise(sound: Stereo, target: float, ceiling: float) -> Stereo:
    """The sound at ``target`` LUFS with no sample above ``ceiling``; silence is unchanged.

    Runs twice, since the limiter reduces the loudness.
    """
    for _ in range(2):
        loudness = integrated_loudness(sound)
        if loudness == float("-inf"):
            return sound
        sound = limit(sound * np.float32(10 ** ((target - loudness) / 20)), ceiling)
    return sound


def limit(sound: Stereo, ceiling: float) -> Stereo:
    """Turn the sound's peaks down to ``ceiling`` with a gain that changes smoothly over some milliseconds."""
    count = len(sound)
    pieces = -(-count // _PIECE)
    peaks = np.zeros(pieces * _PIECE, np.float32)
    peaks[:count] = np.abs(sound).max(axis=1)
    highest = peaks.reshape(pieces, _PIECE).max(axis=1)
    if not count or highest.max() <= ceiling:
        return sound
    needed = np.minimum(1.0, ceiling / np.maximum(highest, 1e-9))
    # The minimum gain within reach, then its mean over the same reach: never above what the centre needs.
    window = 2 * _REACH + 1
    smallest = np.lib.stride_tricks.sliding_window_view(np.pad(needed, 2 * _REACH, mode="edge"), window).min(axis=1)
    smooth = np.convolve(smallest, np.hanning(window + 2)[1:-1] / np.hanning(window + 2).sum(), "valid")
    gain = np.interp((np.arange(count) + 0.5) / _PIECE - 0.5, np.arange(pieces), smooth)
    return np.clip(sound * gain[:, None].astype(np.float32), -ceiling, ceiling)


def _block_powers(sound: Stereo) -> NDArray[np.float64]:
    """The K-weighted power of every block of 400 ms, one each 100 ms, summed over the channels."""
    powers = weighted_power(np.ascontiguousarray(sound, np.float32), _K_WEIGHTING, _STEP)
    if len(powers) < _STEPS:
        return np.zeros(0)
    return np.convolve(powers, np.full(_STEPS, 1 / _STEPS), "valid")


def _lufs(power: NDArray[np.float64] | np.floating) -> NDArray[np.float64]:
    return np.asarray(-0.691 + 10 * np.log10(np.maximum(power, 1e-20)))
