"""Many rows side by side, until all are done or nothing more can be."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from filmgate.batch.journal import Journal
from filmgate.batch.results import RowResult
from filmgate.batch.row_worker import result_from_journal
from filmgate.batch.rows import BatchRow
from filmgate.errors import FilmgateError

__all__ = ["BatchResult", "order_rows", "run_rows"]


class BatchResult(Struct, frozen=True):
    """How a batch ended: a result for each row, in their order, and what stopped it before its end, if anything."""

    results: Sequence[RowResult]
    stopped: FilmgateError | OSError | None = None


async def run_rows(
    rows: Sequence[BatchRow],
    process: Callable[[BatchRow], Awaitable[RowResult]],
    journal: Journal,
    *,
    concurrency: int,
    max_new: int | None,
) -> BatchResult:
    """Make all rows into films.

    Args:
        rows: in the file's order.
        process: one row to its result; what it raises stops the batch: rows in the making are finished, none is begun.
        journal: how they stand; rows in the making come first.
        concurrency: rows at once.
        max_new: how many rows may be asked for that were never asked for; None: all.
    """
    waiting = deque(order_rows(rows, journal, max_new))
    found: dict[str, RowResult] = {}
    stopped: list[FilmgateError | OSError] = []

    async def work() -> None:
        while waiting and not stopped:
            row = waiting.popleft()
            try:
                found[row.key] = await process(row)
            except (FilmgateError, OSError) as error:
                stopped.append(error)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(concurrency, len(waiting))):
            group.create_task(work())
    results = [found.get(row.key) or result_from_journal(row, journal) for row in rows]
    return BatchResult(results, stopped[0] if stopped else None)


def order_rows(rows: Sequence[BatchRow], journal: Journal, max_new: int | None = None) -> list[BatchRow]:
    """The rows in the order in which they are seen to: those that the server has already first, then new ones."""
    begun = [row for row in rows if _is_started(row, journal)]
    fresh = [row for row in rows if not _is_started(row, journal)]
    return begun + fresh[:max_new]


def _is_started(row: BatchRow, journal: Journal) -> bool:
    state = journal.state(row.key)
    return bool(state.intent or state.video_id or state.ended)
