"""Many rows side by side."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from filmgate.batch.parser import read
from filmgate.batch.reports import write_archive, write_failed
from filmgate.batch.results import Outcome, Result
from filmgate.batch.runner import run
from filmgate.errors import OverBudget

if TYPE_CHECKING:
    from filmgate.batch.rows import Row

    from .conftest import Rows, WorkerEnv


async def test_no_more_at_once_than_asked_for(worker_env: WorkerEnv, rows: Rows) -> None:
    """And all of them in the end, in the file's order."""
    now, most = 0, 0

    async def make(row: Row) -> Result:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return Result(row=row, outcome=Outcome.SAVED)

    asked = rows(*map(str, range(20)))
    ran = await run(asked, make, worker_env.journal, concurrency=3, most=None)
    assert most == 3
    assert [result.row for result in ran.results] == asked


async def test_the_budget_stops_what_is_not_begun(worker_env: WorkerEnv, rows: Rows) -> None:
    """Rows in the making are finished; the others are as they were."""
    worker_env.budget = 25
    asked = rows("a", "b", "c", "d")
    purse_kept = await run(asked, worker_env.make, worker_env.journal, concurrency=1, most=None)
    assert purse_kept.stopped is None  # each maker here has a purse of its own
    refused = [*asked[:1], *rows("e")]

    async def make(row: Row) -> Result:
        if row.wanted.prompt == "e":
            raise OverBudget
        return await worker_env.make(row)

    ran = await run(refused, make, worker_env.journal, concurrency=1, most=None)
    assert isinstance(ran.stopped, OverBudget)
    assert [result.outcome for result in ran.results] == [Outcome.KEPT, Outcome.LEFT]


async def test_a_limit_counts_new_rows_only(worker_env: WorkerEnv, rows: Rows) -> None:
    """What was asked for before is seen to whatever the limit."""
    asked = rows("a", "b", "c")
    await worker_env.make(asked[2])
    ran = await run(asked, worker_env.make, worker_env.journal, concurrency=2, most=1)
    assert [result.outcome for result in ran.results] == [Outcome.SAVED, Outcome.LEFT, Outcome.KEPT]


async def test_failed_rows_are_a_batch_of_their_own(worker_env: WorkerEnv, rows: Rows) -> None:
    """With the reasons as remarks; rows of unknown fate are not in it; the archive has all."""
    worker_env.vendor.status = "failed"
    ran = await run(rows("a", "b"), worker_env.make, worker_env.journal, concurrency=1, most=None)
    results = [*ran.results, Result(row=rows("c")[0], outcome=Outcome.UNKNOWN)]
    failed, archive = worker_env.folder / "failed.jsonl", worker_env.folder / "archive.jsonl"
    assert write_failed(failed, results) == 2
    sheet = read(failed.read_bytes(), "failed.jsonl", worker_env.folder)
    assert [row.wanted.prompt for row in sheet.rows] == ["a", "b"]
    assert json.loads(failed.read_text().splitlines()[0])["_error"] == "moderation_blocked"
    write_archive(archive, results)
    assert [json.loads(line)["status"] for line in archive.read_text().splitlines()] == ["failed", "failed", "unknown"]
    write_failed(failed, [])
    assert not failed.exists()
