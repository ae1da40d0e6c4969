"""I10: descriptors, threads, tasks and memory return to their earlier level."""

from __future__ import annotations

from collections.abc import Iterator

from filmgate.testing.checker.facts import ResourceCheck

__all__ = ["resource_leaks"]


def resource_leaks(check: ResourceCheck) -> Iterator[str]:
    """Resources of which a process at rest holds more than before its load."""
    for figure in ("descriptors", "threads", "tasks", "rss_bytes"):
        before, after = getattr(check.before, figure), getattr(check.after, figure)
        spare: int = getattr(check.tolerance, figure)
        if before is not None and after is not None and after > before + spare:
            yield f"I10: {figure} went from {before} to {after}, {spare} more would be well"
