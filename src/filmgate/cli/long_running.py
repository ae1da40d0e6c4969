"""Helpers of the commands that run until stopped: ``serve``, ``worker`` and ``mock``."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filmgate.atomic_files import atomic_write

__all__ = ["stop_event", "write_ready_file"]


@contextmanager
def write_ready_file(path: Path | None, text: str) -> Iterator[None]:
    """Keep a file with ``text`` while the block runs, i.e. while the process is ready; None: do nothing."""
    if path is None:
        yield
        return
    atomic_write(path, text.encode("ascii"), durable=False)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def stop_event() -> Iterator[asyncio.Event]:
    """Yield an event that SIGINT and SIGTERM set while the block runs."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
