"""Many rows side by side, until all are done or nothing more can be."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from filmgate.batch.journal import Journal
from filmgate.batch.results import Result
from filmgate.batch.row_worker import result_of
from filmgate.batch.rows import Row
from filmgate.errors import FilmgateError

__all__ = ["Ran", "ordered", "run"]


class Ran(Struct, frozen=True):
    """How a batch ended: a result for each row, in their order, and what stopped it before its end, if anything."""

    results: Sequence[Result]
    stopped: FilmgateError | OSError | None = None


async def run(
    rows: Sequence[Row],
    make: Callable[[Row], Awaitable[Result]],
    journal: Journal,
    *,
    concurrency: int,
    most: int | None,
) -> Ran:
    """Make all rows into films.

    Args:
        rows: in the file's order.
        make: one row to its result; what it raises stops the batch: rows in the making are finished, none is begun.
        journal: how they stand; rows in the making come first.
        concurrency: rows at once.
        most: how many rows may be asked for that were never asked for; None: all.
    """
    waiting = deque(ordered(rows, journal, most))
    found: dict[str, Result] = {}
    stopped: list[FilmgateError | OSError] = []

    async def work() -> None:
        while waiting and not stopped:
            row = waiting.popleft()
            try:
                found[row.key] = await make(row)
            except (FilmgateError, OSError) as error:
                stopped.append(error)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(concurrency, len(waiting))):
            group.create_task(work())
    results = [found.get(row.key) or result_of(row, journal) for row in rows]
    return Ran(results, stopped[0] if stopped else None)


def ordered(rows: Sequence[Row], journal: Journal, most: int | None = None) -> list[Row]:
    """The rows in the order in which they are seen to: those that the server has already first, then new ones."""
    begun = [row for row in rows if _is_begun(row, journal)]
    fresh = [row for row in rows if not _is_begun(row, journal)]
    return begun + fresh[:most]


def _is_begun(row: Row, journal: Journal) -> bool:
    state = journal.state(row.key)
    return bool(state.intent or state.video_id or state.ended)
