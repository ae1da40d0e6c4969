"""How loud it is, and keeping it there: integrated loudness by ITU-R BS.1770-4, and a limiter that does not click."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmgate.engines.scene.sound.registry import RATE, Stereo

__all__ = ["integrated_loudness", "limit", "normalise"]

# The K-weighting's two filters at 48 kHz, BS.1770-4 tables 1 and 2: numerator, denominator.
_SHELF = (1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)
_HIGH_PASS = (1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)
_BLOCK, _STEP = 400, 100  # milliseconds
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0
_PIECE = 48  # samples whose peak is one number to the limiter
_REACH = 5  # pieces that it looks ahead and behind


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
    """The sound at ``target`` LUFS with no sample above ``ceiling``; silence stays as it is.

    Twice, for the limiter takes something away.
    """
    for _ in range(2):
        loudness = integrated_loudness(sound)
        if loudness == float("-inf"):
            return sound
        sound = limit(sound * np.float32(10 ** ((target - loudness) / 20)), ceiling)
    return sound


def limit(sound: Stereo, ceiling: float) -> Stereo:
    """The sound with its peaks turned down to ``ceiling``, by a gain that moves smoothly over some milliseconds."""
    count = len(sound)
    pieces = -(-count // _PIECE)
    peaks = np.zeros(pieces * _PIECE, np.float32)
    peaks[:count] = np.abs(sound).max(axis=1)
    highest = peaks.reshape(pieces, _PIECE).max(axis=1)
    if not count or highest.max() <= ceiling:
        return sound
    needed = np.minimum(1.0, ceiling / np.maximum(highest, 1e-9))
    # The smallest gain within reach, then its mean over the same reach: never above what the middle needs.
    window = 2 * _REACH + 1
    smallest = np.lib.stride_tricks.sliding_window_view(np.pad(needed, 2 * _REACH, mode="edge"), window).min(axis=1)
    smooth = np.convolve(smallest, np.hanning(window + 2)[1:-1] / np.hanning(window + 2).sum(), "valid")
    gain = np.interp((np.arange(count) + 0.5) / _PIECE - 0.5, np.arange(pieces), smooth)
    return np.clip(sound * gain[:, None].astype(np.float32), -ceiling, ceiling)


def _block_powers(sound: Stereo) -> NDArray[np.float64]:
    """The K-weighted power of every block of 400 ms, one each 100 ms, summed over the channels."""
    length = 1 << max(1, (len(sound) - 1).bit_length()) if len(sound) else 2
    weight = _weights(length)
    spectrum = np.fft.rfft(np.asarray(sound, np.float32), length, axis=0) * weight[:, None]
    weighted = np.fft.irfft(spectrum, length, axis=0)[: len(sound)]
    total = np.concatenate([[0.0], np.cumsum((weighted * weighted).sum(axis=1), dtype=np.float64)])
    block = RATE * _BLOCK // 1000
    starts = np.arange(0, max(0, len(sound) - block + 1), RATE * _STEP // 1000)
    return np.asarray((total[starts + block] - total[starts]) / block, np.float64)


def _weights(length: int) -> NDArray[np.complex64]:
    """The K-weighting's frequency response."""
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(length))
    response = np.ones_like(z)
    for numerator, denominator in (_SHELF, _HIGH_PASS):
        response *= np.polyval(numerator[::-1], z) / np.polyval(denominator[::-1], z)
    return np.asarray(response, np.complex64)


def _lufs(power: NDArray[np.float64] | np.floating) -> NDArray[np.float64]:
    return np.asarray(-0.691 + 10 * np.log10(np.maximum(power, 1e-20)))
