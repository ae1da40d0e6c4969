"""I10: descriptors, threads, tasks and memory come back to where they were."""

from __future__ import annotations

from collections.abc import Iterator

from filmgate.testing.checker.facts import Rest

__all__ = ["grown"]


def grown(rest: Rest) -> Iterator[str]:
    """What a process at rest holds more of than before its load."""
    for figure in ("descriptors", "threads", "tasks", "rss_bytes"):
        before, after = getattr(rest.before, figure), getattr(rest.after, figure)
        spare: int = getattr(rest.tolerance, figure)
        if before is not None and after is not None and after > before + spare:
            yield f"I10: {figure} went from {before} to {after}, {spare} more would be well"
