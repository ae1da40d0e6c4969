"""Long polls and event streams, and how shutdown cancels them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["LongPollRegistry"]


class LongPollRegistry:
    """Long polls and event streams run inside :meth:`long_poll`; :meth:`cancel_all` ends them all at once."""

    def __init__(self) -> None:
        self.draining = False
        self._waiting: set[asyncio.Task[object]] = set()

    @contextmanager
    def long_poll(self) -> Iterator[None]:
        """Wait inside this block: shutdown leaves it early, and the request continues after it."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("long_poll needs a running task")
        if self.draining:
            task.cancel()
        self._waiting.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if not self.draining or task.uncancel() > 0:
                raise
        finally:
            self._waiting.discard(task)

    def cancel_all(self) -> None:
        """Cancel all long polls, and from now on each new one at once."""
        self.draining = True
        for task in self._waiting:
            task.cancel()
