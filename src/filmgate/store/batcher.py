"""Group commit: whatever is written while one commit is synced becomes the next commit.

Coroutines append to a list; one hand-off a batch goes to a thread that owns the writing connection. Every write is a
function of the connection, run inside a savepoint, so that one that fails does no harm to the others; nobody hears
of a success before the whole batch is on disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from filmgate.errors import FilmgateError, Unavailable
from filmgate.store.database import Connection

__all__ = ["Batcher"]

T = TypeVar("T")

# What a write may raise without being a fault of the whole batch: our own refusals, and values the driver can't bind.
_OWN_FAULTS = (FilmgateError, ValueError, TypeError, ArithmeticError)

_Outcome = tuple[Any, Exception | None]


class _Write(Generic[T]):
    """One write that waits for its commit."""

    __slots__ = ("changes", "function", "future")

    def __init__(self, function: Callable[[Connection], T], future: asyncio.Future[T], changes: str | None) -> None:
        self.function = function
        self.future = future
        self.changes = changes


class Batcher:
    """Turns single writes into grouped, durable commits.

    Args:
        connection: the writing connection; used by the batcher's thread only.
        committed: called on the event loop with a video's id after a commit that changed it.
    """

    def __init__(self, connection: Connection, committed: Callable[[str], None]) -> None:
        self._connection = connection
        self._committed = committed
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="filmgate-store")
        self._waiting: list[_Write[Any]] = []
        self._scheduled = False
        self._closed = False

    async def write(self, function: Callable[[Connection], T], changes: str | None = None) -> T:
        """Run ``function`` in the next batch; returns its result once it is on disk.

        A caller that is cancelled before the hand-off has written nothing; afterwards the write takes its course.

        Args:
            function: reads and writes through the connection; raises to undo all it did.
            changes: the video that a true result means to have changed.

        Raises:
            StorageFault: the disk refused the commit; nothing of the batch was kept.
            Unavailable: the store is closed.
        """
        if self._closed:
            raise Unavailable
        loop = asyncio.get_running_loop()
        write = _Write(function, loop.create_future(), changes)
        self._waiting.append(write)
        if not self._scheduled:
            self._scheduled = True
            # Not at once: whoever else is ready in this turn of the loop shares the commit.
            loop.call_soon(self._hand_off, loop)
        return await write.future

    async def close(self) -> None:
        """Finish what was handed in, then stop the thread."""
        self._closed = True
        futures = [write.future for write in self._waiting]
        if futures:
            await asyncio.wait(futures)
        await asyncio.get_running_loop().run_in_executor(self._thread, lambda: None)
        self._thread.shutdown(wait=True)

    def _hand_off(self, loop: asyncio.AbstractEventLoop) -> None:
        batch = [write for write in self._waiting if not write.future.done()]
        self._waiting = []
        self._scheduled = bool(batch)
        if batch:
            commit = loop.run_in_executor(self._thread, self._commit, batch)
            commit.add_done_callback(lambda done: self._deliver(loop, batch, done))

    def _deliver(
        self, loop: asyncio.AbstractEventLoop, batch: list[_Write[Any]], done: asyncio.Future[list[_Outcome]]
    ) -> None:
        if self._waiting:
            self._hand_off(loop)
        else:
            self._scheduled = False
        fault = done.exception()
        outcomes = [(None, fault)] * len(batch) if fault else done.result()
        for write, (result, error) in zip(batch, outcomes, strict=True):
            if not write.future.done():
                write.future.set_exception(error) if error else write.future.set_result(result)
            if write.changes and result and not error:
                self._committed(write.changes)

    def _commit(self, batch: list[_Write[Any]]) -> list[_Outcome]:
        connection = self._connection
        connection.control("BEGIN")
        try:
            outcomes = [self._attempt(write) for write in batch]
            connection.control("COMMIT")
        except BaseException:
            connection.abandon()
            raise
        return outcomes

    def _attempt(self, write: _Write[Any]) -> _Outcome:
        connection = self._connection
        connection.control("SAVEPOINT attempt")
        try:
            result = write.function(connection)
        except _OWN_FAULTS as error:
            # Where the disk's refusal ended the transaction itself, this raises and the whole batch fails.
            connection.control("ROLLBACK TO attempt")
            connection.control("RELEASE attempt")
            return None, error
        connection.control("RELEASE attempt")
        return result, None
