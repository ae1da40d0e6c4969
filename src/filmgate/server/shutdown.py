"""Requests that wait on purpose, and how a stopping server ends them politely."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["LongPollRegistry"]


class LongPollRegistry:
    """Long polls and event streams wait inside :meth:`waiting`; :meth:`end` lets them all go at once."""

    def __init__(self) -> None:
        self.draining = False
        self._waiting: set[asyncio.Task[object]] = set()

    @contextmanager
    def long_poll(self) -> Iterator[None]:
        """Wait in here: when the server stops, the block is left early and the request goes on after it."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task can wait")
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
        """Let everybody go, and let nobody wait from now on."""
        self.draining = True
        for task in self._waiting:
            task.cancel()
