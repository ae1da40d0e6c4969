"""Garbage collection of a command: rare during its start, normal while it runs, none at its exit."""

from __future__ import annotations

import gc

__all__ = ["before_exit", "on_start", "when_ready"]

THRESHOLDS = gc.get_threshold()

START_THRESHOLD = 50_000
"""Allocations between two collections during the start. With Python's default of 700, the imports of one command
cause hundreds of collections that free nothing."""


def on_start() -> None:
    """Collect rarely; call before the imports of a command."""
    gc.set_threshold(START_THRESHOLD, *THRESHOLDS[1:])


def when_ready() -> None:
    """Collect normally; call when a long-running process has started: its imports are excluded from collections."""
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


def before_exit() -> None:
    """Skip the final collection, which visits every object of every module: 0.1 s for ``filmgate list``. Call last."""
    gc.freeze()
