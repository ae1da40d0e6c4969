"""Concurrent rows."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from filmgate.batch.parser import read_rows
from filmgate.batch.reports import write_archive, write_failed_rows
from filmgate.batch.results import RowOutcome, RowResult
from filmgate.batch.runner import run_rows
from filmgate.errors import OverBudget

if TYPE_CHECKING:
    from filmgate.batch.rows import BatchRow

    from .conftest import Rows, WorkerEnv


async def test_concurrency_is_limited(worker_env: WorkerEnv, rows: Rows) -> None:
    """All rows are processed, and results keep the file's order."""
    running, most_running = 0, 0

    async def process(row: BatchRow) -> RowResult:
        nonlocal running, most_running
        running += 1
        most_running = max(most_running, running)
        await asyncio.sleep(0)
        running -= 1
        return RowResult(row=row, outcome=RowOutcome.SAVED)

    batch_rows = rows(*map(str, range(20)))
    result = await run_rows(batch_rows, process, worker_env.journal, concurrency=3, max_new=None)
    assert most_running == 3
    assert [result.row for result in result.results] == batch_rows


async def test_a_spent_budget_starts_no_new_rows(worker_env: WorkerEnv, rows: Rows) -> None:
    """Running rows finish; the others keep their state."""
    worker_env.budget = 25
    batch_rows = rows("a", "b", "c", "d")
    within_budget = await run_rows(batch_rows, worker_env.process, worker_env.journal, concurrency=1, max_new=None)
    assert within_budget.stopped is None  # each worker here has its own budget
    over_budget = [*batch_rows[:1], *rows("e")]

    async def process(row: BatchRow) -> RowResult:
        if row.params.prompt == "e":
            raise OverBudget
        return await worker_env.process(row)

    result = await run_rows(over_budget, process, worker_env.journal, concurrency=1, max_new=None)
    assert isinstance(result.stopped, OverBudget)
    assert [result.outcome for result in result.results] == [RowOutcome.ALREADY_SAVED, RowOutcome.SKIPPED]


async def test_the_limit_counts_new_rows_only(worker_env: WorkerEnv, rows: Rows) -> None:
    """Rows that were submitted before are processed beyond it."""
    batch_rows = rows("a", "b", "c")
    await worker_env.process(batch_rows[2])
    result = await run_rows(batch_rows, worker_env.process, worker_env.journal, concurrency=2, max_new=1)
    assert [result.outcome for result in result.results] == [
        RowOutcome.SAVED,
        RowOutcome.SKIPPED,
        RowOutcome.ALREADY_SAVED,
    ]


async def test_failed_rows_are_written_as_a_batch(worker_env: WorkerEnv, rows: Rows) -> None:
    """With their errors as remarks, without rows of unknown outcome; the archive has all rows."""
    worker_env.vendor.status = "failed"
    result = await run_rows(rows("a", "b"), worker_env.process, worker_env.journal, concurrency=1, max_new=None)
    results = [*result.results, RowResult(row=rows("c")[0], outcome=RowOutcome.UNKNOWN)]
    failed, archive = worker_env.folder / "failed.jsonl", worker_env.folder / "archive.jsonl"
    assert write_failed_rows(failed, results) == 2
    parsed = read_rows(failed.read_bytes(), "failed.jsonl", worker_env.folder)
    assert [row.params.prompt for row in parsed.rows] == ["a", "b"]
    assert json.loads(failed.read_text().splitlines()[0])["_error"] == "moderation_blocked"
    write_archive(archive, results)
    assert [json.loads(line)["status"] for line in archive.read_text().splitlines()] == ["failed", "failed", "unknown"]
    write_failed_rows(failed, [])
    assert not failed.exists()
