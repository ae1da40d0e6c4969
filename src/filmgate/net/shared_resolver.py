"""Name look-ups for many accounts, none of which can take all of them.

The system's resolver blocks a thread for as long as a name server is silent. So names that clients give are looked up
on threads of their own, apart from those of engines, and each account has a few at a time: a thread that still waits
for a silent name server counts against the account that named it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

__all__ = ["BusyResolver", "SharedResolver"]

THREADS = 16
"""Look-ups at once."""

PER_OWNER = 3
"""Look-ups at once of one account."""

TIMEOUT = 3.0
"""Seconds that a look-up may take."""


class BusyResolver(OSError):
    """A look-up took too long, or waited too long for the account's other ones."""


class SharedResolver:
    """Resolves the names of many owners.

    Args:
        lookup: blocks, and returns a host's addresses.
        timeout: seconds that a look-up may take, its wait included.
    """

    def __init__(self, lookup: Callable[[str, int], Sequence[str]] | None = None, timeout: float = TIMEOUT) -> None:
        self._lookup = lookup or _system_lookup
        self._timeout = timeout
        self._threads: ThreadPoolExecutor | None = None  # started with the first look-up
        self._slots: dict[str, asyncio.Semaphore] = {}  # by owner
        self._running: dict[tuple[str, str, int], asyncio.Future[Sequence[str]]] = {}

    async def resolve(self, owner: str, host: str, port: int) -> Sequence[str]:
        """Return a host's addresses; equal look-ups of an owner at the same time are one.

        Raises:
            BusyResolver: it took too long, or the owner's other look-ups did.
            OSError: the host has no address.
        """
        try:
            async with asyncio.timeout(self._timeout):
                key = (owner, host, port)
                if key not in self._running:
                    slots = self._slots.setdefault(owner, asyncio.Semaphore(PER_OWNER))
                    await slots.acquire()
                    if key in self._running:  # since another request waited for a slot as well
                        slots.release()
                    else:
                        self._running[key] = self._start(key)
                return await asyncio.shield(self._running[key])
        except TimeoutError as error:
            raise BusyResolver("no answer in time") from error

    def _start(self, key: tuple[str, str, int]) -> asyncio.Future[Sequence[str]]:
        self._threads = self._threads or ThreadPoolExecutor(THREADS, "names")
        running = asyncio.get_running_loop().run_in_executor(self._threads, self._lookup, *key[1:])
        running.add_done_callback(lambda done: self._end(key, done))
        return running

    def _end(self, key: tuple[str, str, int], done: asyncio.Future[Sequence[str]]) -> None:
        if not done.cancelled():
            done.exception()  # retrieved here, as those who asked may have given up
        self._running.pop(key, None)
        slots = self._slots[key[0]]
        slots.release()
        if not slots.locked() and not any(owner == key[0] for owner, *_ in self._running):
            del self._slots[key[0]]


def _system_lookup(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return list(dict.fromkeys(str(address[0]) for *_rest, address in found))
