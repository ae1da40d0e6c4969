"""Runs the rows of a batch concurrently, until all are done or an error stops the batch."""

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
    """The end of a batch: a result for each row, in their order, and the error that stopped it, if any."""

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
    """Run all rows.

    Args:
        rows: in the file's order.
        process: one row to its result; an error stops the batch: running rows finish, no new one starts.
        journal: the rows' states; started rows come first.
        concurrency: rows at once.
        max_new: how many rows may be submitted for the first time; None: all.
    """
    pending = deque(order_rows(rows, journal, max_new))
    results: dict[str, RowResult] = {}
    errors: list[FilmgateError | OSError] = []

    async def run_pending() -> None:
        while pending and not errors:
            row = pending.popleft()
            try:
                results[row.key] = await process(row)
            except (FilmgateError, OSError) as error:
                errors.append(error)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(concurrency, len(pending))):
            group.create_task(run_pending())
    ordered = [results.get(row.key) or result_from_journal(row, journal) for row in rows]
    return BatchResult(ordered, errors[0] if errors else None)


def order_rows(rows: Sequence[BatchRow], journal: Journal, max_new: int | None = None) -> list[BatchRow]:
    """Return the rows in processing order: those already submitted first, then new ones."""
    started = [row for row in rows if _is_started(row, journal)]
    new = [row for row in rows if not _is_started(row, journal)]
    return started + new[:max_new]


def _is_started(row: BatchRow, journal: Journal) -> bool:
    state = journal.state(row.key)
    return bool(state.intent or state.video_id or state.ended)
