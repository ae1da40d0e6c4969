"""Many rows side by side."""

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


async def test_no_more_at_once_than_asked_for(worker_env: WorkerEnv, rows: Rows) -> None:
    """And all of them in the end, in the file's order."""
    now, most = 0, 0

    async def make(row: BatchRow) -> RowResult:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return RowResult(row=row, outcome=RowOutcome.SAVED)

    asked = rows(*map(str, range(20)))
    ran = await run_rows(asked, make, worker_env.journal, concurrency=3, max_new=None)
    assert most == 3
    assert [result.row for result in ran.results] == asked


async def test_the_budget_stops_what_is_not_begun(worker_env: WorkerEnv, rows: Rows) -> None:
    """Rows in the making are finished; the others are as they were."""
    worker_env.budget = 25
    asked = rows("a", "b", "c", "d")
    purse_kept = await run_rows(asked, worker_env.make, worker_env.journal, concurrency=1, max_new=None)
    assert purse_kept.stopped is None  # each maker here has a purse of its own
    refused = [*asked[:1], *rows("e")]

    async def make(row: BatchRow) -> RowResult:
        if row.params.prompt == "e":
            raise OverBudget
        return await worker_env.make(row)

    ran = await run_rows(refused, make, worker_env.journal, concurrency=1, max_new=None)
    assert isinstance(ran.stopped, OverBudget)
    assert [result.outcome for result in ran.results] == [RowOutcome.ALREADY_SAVED, RowOutcome.SKIPPED]


async def test_a_limit_counts_new_rows_only(worker_env: WorkerEnv, rows: Rows) -> None:
    """What was asked for before is seen to whatever the limit."""
    asked = rows("a", "b", "c")
    await worker_env.make(asked[2])
    ran = await run_rows(asked, worker_env.make, worker_env.journal, concurrency=2, max_new=1)
    assert [result.outcome for result in ran.results] == [
        RowOutcome.SAVED,
        RowOutcome.SKIPPED,
        RowOutcome.ALREADY_SAVED,
    ]


async def test_failed_rows_are_a_batch_of_their_own(worker_env: WorkerEnv, rows: Rows) -> None:
    """With the reasons as remarks; rows of unknown fate are not in it; the archive has all."""
    worker_env.vendor.status = "failed"
    ran = await run_rows(rows("a", "b"), worker_env.make, worker_env.journal, concurrency=1, max_new=None)
    results = [*ran.results, RowResult(row=rows("c")[0], outcome=RowOutcome.UNKNOWN)]
    failed, archive = worker_env.folder / "failed.jsonl", worker_env.folder / "archive.jsonl"
    assert write_failed_rows(failed, results) == 2
    sheet = read_rows(failed.read_bytes(), "failed.jsonl", worker_env.folder)
    assert [row.params.prompt for row in sheet.rows] == ["a", "b"]
    assert json.loads(failed.read_text().splitlines()[0])["_error"] == "moderation_blocked"
    write_archive(archive, results)
    assert [json.loads(line)["status"] for line in archive.read_text().splitlines()] == ["failed", "failed", "unknown"]
    write_failed_rows(failed, [])
    assert not failed.exists()
