"""When Python collects garbage: seldom while a command starts, not at all when it ends, as usual in between."""

from __future__ import annotations

import gc

__all__ = ["before_exit", "on_start", "when_ready"]

THRESHOLDS = gc.get_threshold()

START_THRESHOLD = 50_000
"""Allocations between two collections while a command starts. With Python's 700 the imports of one command cause
hundreds, which find nothing."""


def on_start() -> None:
    """Call it before the imports of a command."""
    gc.set_threshold(START_THRESHOLD, *THRESHOLDS[1:])


def when_ready() -> None:
    """Call it once a process that goes on for days has started: later collections pass over what the start made."""
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


def before_exit() -> None:
    """Call it last. Python's final collection would visit every object of every module: 0.1 s for ``filmgate list``."""
    gc.freeze()
