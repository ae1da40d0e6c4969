"""How many connections the server holds: strangers' connections never take the descriptors that it works with."""

from __future__ import annotations

import resource
from typing import Protocol

__all__ = ["ConnectionPool", "connection_limit", "raise_descriptor_limit"]

DESCRIPTORS_WANTED = 65_536
"""Descriptors that a process asks for at its start, if it may."""

RESERVED_DESCRIPTORS = 256
"""Descriptors kept for the database, engines, webhooks and files."""

DESCRIPTORS_PER_CONNECTION = 3
"""A download holds its connection, a duplicate of it for sendfile, and the file."""


class _Connection(Protocol):
    def close_idle(self) -> None:
        """Close the connection; no request is being answered on it."""


class ConnectionPool:
    """The open connections of a server.

    Args:
        limit: how many there may be; beyond it the connection that was idle for longest is closed, or the new one
            refused.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: set[_Connection] = set()
        self._idle: dict[_Connection, None] = {}  # longest first

    def admit(self, connection: _Connection) -> bool:
        """Add a connection; False if there is no room for it, since all others are answered right now."""
        if len(self._open) >= self._limit:
            longest_idle = next(iter(self._idle), None)
            if longest_idle is None:
                return False
            self.remove(longest_idle)
            longest_idle.close_idle()
        self._open.add(connection)
        self._idle[connection] = None
        return True

    def set_busy(self, connection: _Connection) -> None:
        """Record that a request is being answered on a connection."""
        self._idle.pop(connection, None)

    def set_idle(self, connection: _Connection) -> None:
        """Record that none is."""
        if connection in self._open:
            self._idle[connection] = None

    def remove(self, connection: _Connection) -> None:
        """Forget a connection that is closed."""
        self._open.discard(connection)
        self._idle.pop(connection, None)


def raise_descriptor_limit() -> int:
    """Raise this process's limit of descriptors as far as it may and needs; returns the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS_WANTED if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS_WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return DESCRIPTORS_WANTED if soft == resource.RLIM_INFINITY else soft


def connection_limit(descriptors: int) -> int:
    """Return how many connections a process with that many descriptors may hold."""
    return max(16, (descriptors - RESERVED_DESCRIPTORS) // DESCRIPTORS_PER_CONNECTION)
