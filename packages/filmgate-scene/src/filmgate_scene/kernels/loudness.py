"""Perceptually weighted sound power."""

from __future__ import annotations

import numpy as np

from filmgate_scene.kernels.declare import F32x2, F64x1, F64x2, kernel

__all__ = ["weighted_power"]


@kernel
def weighted_power(sound: F32x2, filters: F64x2, piece: int) -> F64x1:
    """The power of each complete piece of ``piece`` samples of (samples, channels), summed over the channels.

    ``filters``: b0, b1, b2, a1, a2 of each second-order section that the sound passes first.
    """
    powers = np.zeros(sound.shape[0] // piece, np.float64)
    state = np.zeros((filters.shape[0], 2), np.float64)
    for channel in range(sound.shape[1]):
        state[:] = 0.0
        for number in range(powers.size):
            total = 0.0
            for at in range(number * piece, (number + 1) * piece):
                value = np.float64(sound[at, channel])
                for k in range(filters.shape[0]):
                    out = filters[k, 0] * value + state[k, 0]
                    state[k, 0] = filters[k, 1] * value - filters[k, 3] * out + state[k, 1]
                    state[k, 1] = filters[k, 2] * value - filters[k, 4] * out
                    value = out
                total += value * value
            powers[number] += total / piece
    return powers
