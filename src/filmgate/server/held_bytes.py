"""The bytes of request bodies that are held in memory: bounded in all, and for each account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from filmgate.errors import TooManyRequests

__all__ = ["ACCOUNT_KEY", "HeldBody", "HeldBytes"]

ACCOUNT_KEY = "filmgate.account"
"""The key of the ASGI scope under which the account of an authenticated request is found."""

TOTAL_LIMIT = 512 * 1024 * 1024
"""Bytes of all bodies at once."""

ACCOUNT_LIMIT = 96 * 1024 * 1024
"""Bytes of an account's bodies at once: three of the largest."""

SMALL = 64 * 1024
"""Bytes of a body that is always read, however much memory other bodies take."""


class HeldBody:
    """One body, as far as it has arrived."""

    def __init__(self, held: HeldBytes, account: str) -> None:
        self.data = bytearray()
        self._held = held
        self._account = account

    def extend(self, chunk: bytes) -> None:
        """Add the next bytes.

        Raises:
            TooManyRequests: the account, or all accounts together, have too many bytes in memory.
        """
        self._held.add(self._account, len(chunk), of=len(self.data) + len(chunk))
        self.data += chunk


class HeldBytes:
    """Counts the bytes in memory."""

    def __init__(self) -> None:
        self.total = 0
        self._by_account: Counter[str] = Counter()

    @contextmanager
    def body(self, account: str) -> Iterator[HeldBody]:
        """Provide a body that counts until the block ends."""
        held = HeldBody(self, account)
        try:
            yield held
        finally:
            self.total -= len(held.data)
            self._by_account[account] -= len(held.data)
            if self._by_account[account] <= 0:
                del self._by_account[account]

    def add(self, account: str, count: int, *, of: int) -> None:
        """Count bytes of a body that has ``of`` bytes with them.

        Raises:
            TooManyRequests: as :meth:`HeldBody.extend` says.
        """
        if of > SMALL and (self.total + count > TOTAL_LIMIT or self._by_account[account] + count > ACCOUNT_LIMIT):
            raise TooManyRequests("Too many large requests are being received; send this one again in a moment.")
        self.total += count
        self._by_account[account] += count
