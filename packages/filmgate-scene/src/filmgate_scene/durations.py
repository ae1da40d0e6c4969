"""Estimates rendering time from the videos rendered so far."""

from __future__ import annotations

from filmgate.engines.base import Job

__all__ = ["RenderSpeed"]

_LEARNING_RATE = 0.3  # weight of the newest video in the running average


class RenderSpeed:
    """Learns seconds per million pixels from every video; starts with a guess for two ordinary cores."""

    def __init__(self) -> None:
        self._per_million = 0.035
        self._startup = 1.5  # seconds to prepare the first shot

    def expected_seconds(self, job: Job) -> float:
        """Seconds that a job takes once it has started."""
        return self._startup + self._per_million * _megapixels(job)

    def learn(self, job: Job, elapsed: float) -> None:
        """Record how long a video took, from its first frame to its file."""
        if elapsed > 0:
            self._per_million += _LEARNING_RATE * (elapsed / _megapixels(job) - self._per_million)


def _megapixels(job: Job) -> float:
    """Pixels to draw, in millions, at 24 frames a second."""
    return 24 * job.seconds * job.size.width * job.size.height / 1e6
