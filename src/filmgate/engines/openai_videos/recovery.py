"""Finding a job in the upstream's list after its reply got lost: what was seen, and whether that is enough to tell."""

from __future__ import annotations

from collections.abc import Sequence

from filmgate.errors import EngineUnavailable
from filmgate.wire.upstream import JobRequest, ListedJob

__all__ = ["CLOCK_TOLERANCE", "MAX_PAGES", "SubmissionLookup"]

MAX_PAGES = 20
"""Pages of a list that are read."""

CLOCK_TOLERANCE = 60.0
"""Seconds by which the time of a job and that of the answer may differ at the upstream."""


class SubmissionLookup:
    """One search, page by page from the newest on.

    Args:
        request: what was submitted.
        since: Unix time of the submission, by our clock.
    """

    def __init__(self, request: JobRequest, since: float) -> None:
        self._request = request
        self._since = since
        self._earliest = since
        self._seen: dict[str, ListedJob] = {}

    def add_page(self, page: Sequence[ListedJob], *, more: bool, skew: float) -> bool:
        """Take a page in; whether all that matters was seen now.

        Args:
            page: its jobs.
            more: whether another page follows.
            skew: seconds by which the upstream's clock is ahead of ours.

        Raises:
            EngineUnavailable: more is said to follow, and the same comes again.
        """
        self._earliest = self._since + skew - CLOCK_TOLERANCE
        repeated = all(row.id in self._seen for row in page)
        self._seen |= {row.id: row for row in page}
        if not more or self._reaches_back(page):
            return True
        if repeated:
            raise EngineUnavailable("The engine's list can't be paged through, so what it lacks is not known.")
        return False

    def matches(self) -> list[str]:
        """The tickets of what may have come of the order."""
        return [ticket for ticket, row in self._seen.items() if row.could_match(self._request, self._earliest)]

    def _reaches_back(self, page: Sequence[ListedJob]) -> bool:
        """Whether nothing newer follows: the page goes from new to old, and to before the submission."""
        times = [row.created_at for row in page if row.created_at is not None]
        return len(times) == len(page) > 0 and times[0] > times[-1] and times[-1] < self._earliest
