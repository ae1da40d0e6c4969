"""How long films take here, by experience."""

from __future__ import annotations

from filmgate.engines.base import Job

__all__ = ["RenderSpeed"]

_LEARNING_RATE = 0.3  # how much the newest film counts


class RenderSpeed:
    """Learns seconds a million pixels from every film; until the first, a guess for two ordinary cores."""

    def __init__(self) -> None:
        self._per_million = 0.035
        self._startup = 1.5  # preparing the first shot, in seconds

    def expected_seconds(self, job: Job) -> float:
        """How long a job takes once it is begun."""
        return self._startup + self._per_million * _megapixels(job)

    def learn(self, job: Job, elapsed: float) -> None:
        """A film took so long, from its first frame to its file."""
        if elapsed > 0:
            self._per_million += _LEARNING_RATE * (elapsed / _megapixels(job) - self._per_million)


def _megapixels(job: Job) -> float:
    """Pixels to draw, in millions, at 24 frames a second."""
    return 24 * job.seconds * job.size.width * job.size.height / 1e6
