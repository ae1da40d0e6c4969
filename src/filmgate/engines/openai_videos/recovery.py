"""Finds a job in the upstream's list after its reply was lost, and decides whether enough pages were read."""

from __future__ import annotations

from collections.abc import Sequence

from filmgate.errors import EngineUnavailable
from filmgate.wire.upstream import JobRequest, ListedJob

__all__ = ["CLOCK_TOLERANCE", "MAX_PAGES", "SubmissionLookup"]

MAX_PAGES = 20
"""Maximum number of pages of a list that are read."""

CLOCK_TOLERANCE = 60.0
"""Seconds by which a job's time and the response's ``Date`` may differ at the upstream."""


class SubmissionLookup:
    """One search of the list, page by page from the newest on.

    Args:
        request: the submitted request.
        since: Unix time of the submission, by our clock.
    """

    def __init__(self, request: JobRequest, since: float) -> None:
        self._request = request
        self._since = since
        self._earliest = since
        self._seen: dict[str, ListedJob] = {}

    def add_page(self, page: Sequence[ListedJob], *, more: bool, skew: float) -> bool:
        """Add a page and return whether the search is complete.

        Args:
            page: its jobs.
            more: whether another page follows.
            skew: seconds by which the upstream's clock is ahead of ours.

        Raises:
            EngineUnavailable: another page should follow, but the same jobs came again.
        """
        self._earliest = self._since + skew - CLOCK_TOLERANCE
        repeated = all(row.id in self._seen for row in page)
        self._seen |= {row.id: row for row in page}
        if not more or self._reaches_back(page):
            return True
        if repeated:
            raise EngineUnavailable("The engine's list can't be paged through, so a missing job can't be ruled out.")
        return False

    def matches(self) -> list[str]:
        """Return the tickets of the jobs that may result from the submission."""
        return [ticket for ticket, row in self._seen.items() if row.could_match(self._request, self._earliest)]

    def _reaches_back(self, page: Sequence[ListedJob]) -> bool:
        """Return whether no newer job follows: the page is sorted from new to old, and ends before the submission."""
        times = [row.created_at for row in page if row.created_at is not None]
        return len(times) == len(page) > 0 and times[0] > times[-1] and times[-1] < self._earliest
