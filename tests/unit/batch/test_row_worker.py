"""One row to its film, whatever the server says and wherever an earlier run was killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest

from filmgate.batch.journal import Accepted, DownloadStarted, Intent
from filmgate.batch.results import RowOutcome
from filmgate.batch.row_worker import RetryRules, ServerIdentity, total_spent_micros
from filmgate.errors import ConnectionFailed, InvalidKey, OverBudget, SettingsError

from .conftest import FILM, error

if TYPE_CHECKING:
    from filmgate.batch.rows import BatchRow

    from .conftest import Rows, WorkerEnv

LOST = httpx2.ReadError("reset")
STRANGER = ServerIdentity("https://vendor.test/v1", "account", honours_keys=False)


def _intend(worker_env: WorkerEnv, row: BatchRow, *, age: float = 0, account: str = "account") -> None:
    """As a run leaves the journal that is killed while its create is on its way."""
    key = worker_env.journal.idempotency_key(row.key, 1)
    at = worker_env.now - age
    worker_env.journal.append(
        Intent(row=row.key, attempt=1, idempotency_key=key, at=at, server=worker_env.server.name, account=account)
    )


async def test_a_row_becomes_a_film(worker_env: WorkerEnv, rows: Rows) -> None:
    """Asked for once, saved whole; another run finds it here and asks for nothing."""
    [row] = rows("a dog")
    made = await worker_env.make(row)
    assert (made.outcome, made.video_id) == (RowOutcome.SAVED, "video_0")
    assert made.path is not None
    assert made.path.read_bytes() == FILM
    worker_env.again()
    assert (await worker_env.make(row)).outcome is RowOutcome.ALREADY_SAVED
    assert len(worker_env.vendor.keys) == 1


async def test_equal_rows_are_two_films(worker_env: WorkerEnv, rows: Rows) -> None:
    """Each under a key of its own."""
    for row in rows("a dog", "a dog"):
        await worker_env.make(row)
    assert len(set(worker_env.vendor.keys)) == len(worker_env.vendor.made) == 2


@pytest.mark.parametrize("harm", ["gone", "short", "other"])
async def test_a_film_that_was_harmed_is_fetched_again(worker_env: WorkerEnv, rows: Rows, harm: str) -> None:
    """It is not asked for again: the server has it."""
    [row] = rows("a dog")
    path = (await worker_env.make(row)).path
    assert path is not None
    path.unlink()
    if harm != "gone":
        path.write_bytes(FILM[:-1] + (b"" if harm == "short" else b"x"))
    assert (await worker_env.make(row)).outcome is RowOutcome.SAVED
    assert path.read_bytes() == FILM
    assert len(worker_env.vendor.keys) == 1


async def test_a_lost_reply_is_asked_for_under_the_same_key(worker_env: WorkerEnv, rows: Rows) -> None:
    """From a server that honours keys: one video."""
    worker_env.vendor.script = [LOST, error(500, "server_error"), httpx2.Response(200, html="<p>")]
    [row] = rows("a dog")
    assert (await worker_env.make(row)).outcome is RowOutcome.SAVED
    assert len(worker_env.vendor.keys) == 4
    assert len(set(worker_env.vendor.keys)) == len(worker_env.vendor.made) == 1


async def test_a_lost_reply_is_unknown_elsewhere(worker_env: WorkerEnv, rows: Rows) -> None:
    """It is never sent again unless somebody says so; its price stays put aside."""
    worker_env.server, worker_env.vendor.by_key = STRANGER, None
    worker_env.vendor.script = [LOST]
    [row] = rows("a dog")
    assert (await worker_env.make(row)).outcome is RowOutcome.UNKNOWN
    assert total_spent_micros(worker_env.journal) == 10
    worker_env.rules = RetryRules(retry_failed=True)
    worker_env.again()
    assert (await worker_env.make(row)).outcome is RowOutcome.UNKNOWN
    assert len(worker_env.vendor.keys) == 1
    worker_env.rules = RetryRules(resend_unknown=True)
    assert (await worker_env.make(row)).outcome is RowOutcome.SAVED
    assert len(set(worker_env.vendor.keys)) == 2


async def test_killed_before_the_reply(worker_env: WorkerEnv, rows: Rows) -> None:
    """The create is sent again under the key that stands in the journal."""
    [row] = rows("a dog")
    _intend(worker_env, row)
    assert (await worker_env.make(row)).outcome is RowOutcome.SAVED
    assert worker_env.vendor.keys == [worker_env.journal.idempotency_key(row.key, 1)]


@pytest.mark.parametrize("why", ["stranger", "old", "other account"])
async def test_killed_before_the_reply_where_the_key_means_nothing(worker_env: WorkerEnv, rows: Rows, why: str) -> None:
    """A vendor without keys, a key that was forgotten, another account: nobody knows, and nothing is sent."""
    [row] = rows("a dog")
    worker_env.server = STRANGER if why == "stranger" else worker_env.server
    _intend(worker_env, row, age=90_000 if why == "old" else 0, account="x" if why == "other account" else "account")
    assert (await worker_env.make(row)).outcome is RowOutcome.UNKNOWN
    assert worker_env.vendor.keys == []


async def test_refused_after_a_lost_reply_is_unknown(worker_env: WorkerEnv, rows: Rows) -> None:
    """What the server says of the second create says nothing of the first."""
    worker_env.vendor.script = [LOST, error(400, "invalid_value")]
    [row] = rows("a dog")
    assert (await worker_env.make(row)).outcome is RowOutcome.UNKNOWN


async def test_killed_after_the_reply(worker_env: WorkerEnv, rows: Rows) -> None:
    """The video is taken up by its id."""
    [row] = rows("a dog")
    _intend(worker_env, row)
    worker_env.journal.append(Accepted(row.key, "video_7"))
    worker_env.vendor.made["video_7"] = "a dog"
    assert (await worker_env.make(row)).video_id == "video_7"
    assert worker_env.vendor.keys == []


async def test_killed_while_saving(worker_env: WorkerEnv, rows: Rows) -> None:
    """What lies at the noted path is replaced; a part that is there is taken up where it ends."""
    [row] = rows("a dog")
    _intend(worker_env, row)
    worker_env.journal.append(Accepted(row.key, "video_7"))
    worker_env.journal.append(DownloadStarted(row.key, "there.mp4"))
    worker_env.vendor.made["video_7"] = "a dog"
    (worker_env.folder / "there.mp4").write_bytes(b"half")
    (worker_env.folder / "there.mp4.one.part").write_bytes(FILM[:100])
    made = await worker_env.make(row)
    assert made.path == worker_env.folder / "there.mp4"
    assert made.path.read_bytes() == FILM
    assert not (worker_env.folder / "there.mp4.one.part").exists()


async def test_another_server_is_not_mistaken_for_it(worker_env: WorkerEnv, rows: Rows) -> None:
    """A row in the making elsewhere stops the batch before anything is asked for."""
    [row] = rows("a dog")
    _intend(worker_env, row)
    worker_env.journal.append(Accepted(row.key, "video_7"))
    worker_env.server = ServerIdentity("https://other.test/v1", "account", honours_keys=True)
    with pytest.raises(SettingsError, match=r"vendor\.test"):
        await worker_env.make(row)


async def test_refused_rows_fail_and_cost_nothing(worker_env: WorkerEnv, rows: Rows) -> None:
    """They stay failed until somebody asks for another try."""
    worker_env.vendor.script = [error(400, "invalid_value")]
    [row] = rows("a dog")
    made = await worker_env.make(row)
    assert (made.outcome, made.code, total_spent_micros(worker_env.journal)) == (RowOutcome.FAILED, "invalid_value", 0)
    assert (await worker_env.make(row)).outcome is RowOutcome.FAILED
    assert len(worker_env.vendor.keys) == 1
    worker_env.rules = RetryRules(retry_failed=True)
    assert (await worker_env.make(row)).outcome is RowOutcome.SAVED


async def test_a_failed_video_is_tried_again_under_another_key(worker_env: WorkerEnv, rows: Rows) -> None:
    """The same key would only find the failed one."""
    worker_env.vendor.status = "failed"
    [row] = rows("a dog")
    made = await worker_env.make(row)
    assert (made.outcome, made.code, total_spent_micros(worker_env.journal)) == (
        RowOutcome.FAILED,
        "moderation_blocked",
        0,
    )
    worker_env.vendor.status = "completed"
    worker_env.rules = RetryRules(retry_failed=True)
    assert (await worker_env.make(row)).outcome is RowOutcome.SAVED
    assert len(set(worker_env.vendor.keys)) == 2


async def test_a_busy_server_is_waited_for(worker_env: WorkerEnv, rows: Rows) -> None:
    """As long as it says; nothing counts as sent meanwhile."""
    worker_env.vendor.script = [error(429, "rate_limit_exceeded", retry_after="7"), error(503, "unavailable"), LOST]
    began = worker_env.now
    [row] = rows("a dog")
    assert (await worker_env.make(row)).outcome is RowOutcome.SAVED
    assert worker_env.now - began >= 8
    assert len(worker_env.vendor.made) == 1


async def test_patience_ends(worker_env: WorkerEnv, rows: Rows) -> None:
    """A server that can't be reached stops the batch; the row is as if it had never been asked for."""
    worker_env.vendor.script = [httpx2.ConnectError("refused")] * 100
    [row] = rows("a dog")
    with pytest.raises(ConnectionFailed):
        await worker_env.make(row)
    assert worker_env.journal.state(row.key).attempt == 0


async def test_a_wrong_key_stops_the_batch(worker_env: WorkerEnv, rows: Rows) -> None:
    """No row could be asked for with it."""
    worker_env.vendor.script = [error(401, "invalid_api_key")]
    [row] = rows("a dog")
    with pytest.raises(InvalidKey):
        await worker_env.make(row)
    assert worker_env.journal.state(row.key).intent is None


async def test_the_budget_is_kept(worker_env: WorkerEnv, rows: Rows) -> None:
    """The row that would exceed it is not asked for."""
    worker_env.budget = 9
    [row] = rows("a dog")
    with pytest.raises(OverBudget):
        await worker_env.make(row)
    assert worker_env.vendor.keys == []


async def test_a_download_that_fails_asks_for_no_other_film(worker_env: WorkerEnv, rows: Rows) -> None:
    """It is tried again, then left for the next run."""
    broken = httpx2.Response(200, content=b"<html>", headers={"content-type": "video/mp4"})
    worker_env.vendor.contents = [broken] * 5
    [row] = rows("a dog")
    assert (await worker_env.make(row)).outcome is RowOutcome.DOWNLOAD_FAILED
    worker_env.again()
    assert (await worker_env.make(row)).outcome is RowOutcome.SAVED
    assert len(worker_env.vendor.keys) == 1


async def test_a_film_that_is_gone_fails(worker_env: WorkerEnv, rows: Rows) -> None:
    """Another is made only if somebody asks for it."""
    worker_env.vendor.contents = [error(404, "video_expired")]
    [row] = rows("a dog")
    made = await worker_env.make(row)
    assert (made.outcome, made.code) == (RowOutcome.FAILED, "video_expired")
