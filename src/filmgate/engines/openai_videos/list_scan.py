"""Reads the status of many jobs from the upstream's list: one request covers a hundred of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from filmgate.wire.upstream import ListedJob

__all__ = ["ListScan"]

MAX_LENGTH_FACTOR = 4
"""Maximum list length as a multiple of its jobs: others use the account too, and finished jobs stay listed."""

PAGE_SIZE = 100
"""Jobs a page, as on most servers."""


class ListScan:
    """One scan of the list, page by page from the newest on.

    Args:
        tickets: the jobs to find.
    """

    def __init__(self, tickets: Collection[str]) -> None:
        self.matches: dict[str, ListedJob] = {}
        self._missing = set(tickets)
        self._seen: set[str] = set()
        self._pages_left = MAX_LENGTH_FACTOR * (len(tickets) // PAGE_SIZE + 1)

    def add_page(self, page: Sequence[ListedJob], *, more: bool) -> bool:
        """Add a page and return whether the scan is complete.

        Args:
            page: its jobs.
            more: whether another page follows.
        """
        new_rows = [row for row in page if row.id not in self._seen]
        self._seen.update(row.id for row in new_rows)
        self._pages_left -= 1
        for row in new_rows:
            if row.id in self._missing:
                self._missing.discard(row.id)
                self.matches[row.id] = row
        return not (new_rows and more and self._missing and self._pages_left > 0)
