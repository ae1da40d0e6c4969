"""Reading off the upstream's list how many jobs stand at once: one request tells of a hundred of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from filmgate.wire.upstream import ListedJob

__all__ = ["ListScan"]

MAX_LENGTH_FACTOR = 4
"""How many times as long as its jobs alone a list may be: others use the account, too, and it keeps what is over."""

PAGE_SIZE = 100
"""Jobs of a page, as most servers have them."""


class ListScan:
    """One reading, page by page from the newest on.

    Args:
        tickets: the jobs in question.
    """

    def __init__(self, tickets: Collection[str]) -> None:
        self.matches: dict[str, ListedJob] = {}
        self._missing = set(tickets)
        self._seen: set[str] = set()
        self._pages_left = MAX_LENGTH_FACTOR * (len(tickets) // PAGE_SIZE + 1)

    def add_page(self, page: Sequence[ListedJob], *, more: bool) -> bool:
        """Take a page in; whether that is all that is worth reading.

        Args:
            page: its jobs.
            more: whether another page follows.
        """
        news = [row for row in page if row.id not in self._seen]
        self._seen.update(row.id for row in news)
        self._pages_left -= 1
        for row in news:
            if row.id in self._missing:
                self._missing.discard(row.id)
                self.matches[row.id] = row
        return not (news and more and self._missing and self._pages_left > 0)
