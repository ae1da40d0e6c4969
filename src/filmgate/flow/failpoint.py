"""Checkpoints: named steps of the workflow, at which a durability test can kill the process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial

from filmgate.errors import SettingsError

__all__ = ["CHECKPOINTS", "failpoint"]

CHECKPOINTS = (
    "accepted",  # the executor has loaded the video
    "intent",  # the intent to submit is committed, nothing was sent to the engine
    "submitted",  # the engine accepted the job, its ticket is only in memory
    "ticketed",  # the ticket is committed
    "watching",  # about to poll; passed at every poll
    "fetching",  # the engine is done, and the row is in that stage
    "fetched",  # the file is staged
    "verified",  # ... and is the requested video
    "kept",  # every file is stored under its key, no row references them
    "completed",  # completed, captured and announced in one transaction
    "failed_over",  # moved to another engine after its own had failed
    "failed",  # failed, released and announced in one transaction
)
"""Every step at which :func:`failpoint` can kill, in their order."""


def failpoint(spec: str) -> Callable[[str], None]:
    """Return a checkpoint function that kills this process by SIGKILL where ``spec`` says.

    Args:
        spec: ``"name"`` dies at the first pass, ``"name:3"`` at the third, ``""`` never.

    Raises:
        SettingsError: no such step.
    """
    if not spec:
        return _do_nothing
    name, _, count = spec.partition(":")
    if name not in CHECKPOINTS or not (count or "1").isdecimal() or int(count or 1) < 1:
        raise SettingsError(f"failpoint: '{spec}' is none of {', '.join(CHECKPOINTS)}, with ':n' for the n-th pass.")
    return partial(_count_down, name, [int(count or 1)])


def _do_nothing(_name: str) -> None:
    """Do nothing."""


def _count_down(name: str, remaining: list[int], passed: str) -> None:
    if passed == name:
        remaining[0] -= 1
        if remaining[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
