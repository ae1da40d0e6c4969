"""One row to its video, for any server response and any point at which an earlier run was killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest

from filmgate.batch.journal import Accepted, DownloadStarted, Intent
from filmgate.batch.results import RowOutcome
from filmgate.batch.row_worker import RetryRules, ServerIdentity, total_spent_micros
from filmgate.errors import ConnectionFailed, InvalidKey, OverBudget, SettingsError

from .conftest import MP4, error

if TYPE_CHECKING:
    from filmgate.batch.rows import BatchRow

    from .conftest import Rows, WorkerEnv

LOST = httpx2.ReadError("reset")
SERVER_WITHOUT_KEYS = ServerIdentity("https://vendor.test/v1", "account", honours_keys=False)


def _record_intent(worker_env: WorkerEnv, row: BatchRow, *, age: float = 0, account: str = "account") -> None:
    """Leave the journal of a run that was killed while its create was being sent."""
    key = worker_env.journal.idempotency_key(row.key, 1)
    at = worker_env.now - age
    worker_env.journal.append(
        Intent(row=row.key, attempt=1, idempotency_key=key, at=at, server=worker_env.server.name, account=account)
    )


async def test_a_row_is_submitted_once_and_saved(worker_env: WorkerEnv, rows: Rows) -> None:
    """Another run finds the file and submits nothing."""
    [row] = rows("a dog")
    result = await worker_env.process(row)
    assert (result.outcome, result.video_id) == (RowOutcome.SAVED, "video_0")
    assert result.path is not None
    assert result.path.read_bytes() == MP4
    worker_env.reopen()
    assert (await worker_env.process(row)).outcome is RowOutcome.ALREADY_SAVED
    assert len(worker_env.vendor.keys) == 1


async def test_equal_rows_make_two_videos(worker_env: WorkerEnv, rows: Rows) -> None:
    """Each has its own key."""
    for row in rows("a dog", "a dog"):
        await worker_env.process(row)
    assert len(set(worker_env.vendor.keys)) == len(worker_env.vendor.prompts) == 2


@pytest.mark.parametrize("harm", ["gone", "short", "other"])
async def test_a_damaged_file_is_downloaded_again(worker_env: WorkerEnv, rows: Rows, harm: str) -> None:
    """Without another submission: the server still has the video."""
    [row] = rows("a dog")
    path = (await worker_env.process(row)).path
    assert path is not None
    path.unlink()
    if harm != "gone":
        path.write_bytes(MP4[:-1] + (b"" if harm == "short" else b"x"))
    assert (await worker_env.process(row)).outcome is RowOutcome.SAVED
    assert path.read_bytes() == MP4
    assert len(worker_env.vendor.keys) == 1


async def test_a_lost_response_is_retried_with_the_same_key(worker_env: WorkerEnv, rows: Rows) -> None:
    """The server honours keys, so it makes one video."""
    worker_env.vendor.script = [LOST, error(500, "server_error"), httpx2.Response(200, html="<p>")]
    [row] = rows("a dog")
    assert (await worker_env.process(row)).outcome is RowOutcome.SAVED
    assert len(worker_env.vendor.keys) == 4
    assert len(set(worker_env.vendor.keys)) == len(worker_env.vendor.prompts) == 1


async def test_a_lost_response_is_unknown_without_keys(worker_env: WorkerEnv, rows: Rows) -> None:
    """It is sent again only with resend_unknown; its price stays reserved."""
    worker_env.server, worker_env.vendor.by_key = SERVER_WITHOUT_KEYS, None
    worker_env.vendor.script = [LOST]
    [row] = rows("a dog")
    assert (await worker_env.process(row)).outcome is RowOutcome.UNKNOWN
    assert total_spent_micros(worker_env.journal) == 10
    worker_env.rules = RetryRules(retry_failed=True)
    worker_env.reopen()
    assert (await worker_env.process(row)).outcome is RowOutcome.UNKNOWN
    assert len(worker_env.vendor.keys) == 1
    worker_env.rules = RetryRules(resend_unknown=True)
    assert (await worker_env.process(row)).outcome is RowOutcome.SAVED
    assert len(set(worker_env.vendor.keys)) == 2


async def test_a_run_killed_before_the_response_sends_the_same_key(worker_env: WorkerEnv, rows: Rows) -> None:
    """The one from the journal."""
    [row] = rows("a dog")
    _record_intent(worker_env, row)
    assert (await worker_env.process(row)).outcome is RowOutcome.SAVED
    assert worker_env.vendor.keys == [worker_env.journal.idempotency_key(row.key, 1)]


@pytest.mark.parametrize("why", ["stranger", "old", "other account"])
async def test_an_intent_is_unknown_where_its_key_is_not_honoured(worker_env: WorkerEnv, rows: Rows, why: str) -> None:
    """A vendor without keys, an expired key, another account: nothing is sent."""
    [row] = rows("a dog")
    worker_env.server = SERVER_WITHOUT_KEYS if why == "stranger" else worker_env.server
    _record_intent(
        worker_env, row, age=90_000 if why == "old" else 0, account="x" if why == "other account" else "account"
    )
    assert (await worker_env.process(row)).outcome is RowOutcome.UNKNOWN
    assert worker_env.vendor.keys == []


async def test_a_rejection_after_a_lost_response_is_unknown(worker_env: WorkerEnv, rows: Rows) -> None:
    """The rejection of the second create does not show the outcome of the first."""
    worker_env.vendor.script = [LOST, error(400, "invalid_value")]
    [row] = rows("a dog")
    assert (await worker_env.process(row)).outcome is RowOutcome.UNKNOWN


async def test_a_run_killed_after_the_response_continues_the_video(worker_env: WorkerEnv, rows: Rows) -> None:
    """By its id, without another submission."""
    [row] = rows("a dog")
    _record_intent(worker_env, row)
    worker_env.journal.append(Accepted(row.key, "video_7"))
    worker_env.vendor.prompts["video_7"] = "a dog"
    assert (await worker_env.process(row)).video_id == "video_7"
    assert worker_env.vendor.keys == []


async def test_a_run_killed_while_saving_resumes_the_download(worker_env: WorkerEnv, rows: Rows) -> None:
    """A file at the recorded path is replaced; a part file is resumed."""
    [row] = rows("a dog")
    _record_intent(worker_env, row)
    worker_env.journal.append(Accepted(row.key, "video_7"))
    worker_env.journal.append(DownloadStarted(row.key, "there.mp4"))
    worker_env.vendor.prompts["video_7"] = "a dog"
    (worker_env.folder / "there.mp4").write_bytes(b"half")
    (worker_env.folder / "there.mp4.one.part").write_bytes(MP4[:100])
    result = await worker_env.process(row)
    assert result.path == worker_env.folder / "there.mp4"
    assert result.path.read_bytes() == MP4
    assert not (worker_env.folder / "there.mp4.one.part").exists()


async def test_a_row_running_on_another_server_stops_the_batch(worker_env: WorkerEnv, rows: Rows) -> None:
    """Before anything is submitted."""
    [row] = rows("a dog")
    _record_intent(worker_env, row)
    worker_env.journal.append(Accepted(row.key, "video_7"))
    worker_env.server = ServerIdentity("https://other.test/v1", "account", honours_keys=True)
    with pytest.raises(SettingsError, match=r"vendor\.test"):
        await worker_env.process(row)


async def test_rejected_rows_fail_and_cost_nothing(worker_env: WorkerEnv, rows: Rows) -> None:
    """They stay failed until a run with retry_failed."""
    worker_env.vendor.script = [error(400, "invalid_value")]
    [row] = rows("a dog")
    result = await worker_env.process(row)
    assert (result.outcome, result.code, total_spent_micros(worker_env.journal)) == (
        RowOutcome.FAILED,
        "invalid_value",
        0,
    )
    assert (await worker_env.process(row)).outcome is RowOutcome.FAILED
    assert len(worker_env.vendor.keys) == 1
    worker_env.rules = RetryRules(retry_failed=True)
    assert (await worker_env.process(row)).outcome is RowOutcome.SAVED


async def test_a_failed_video_is_retried_with_another_key(worker_env: WorkerEnv, rows: Rows) -> None:
    """The same key would return the failed one."""
    worker_env.vendor.status = "failed"
    [row] = rows("a dog")
    result = await worker_env.process(row)
    assert (result.outcome, result.code, total_spent_micros(worker_env.journal)) == (
        RowOutcome.FAILED,
        "moderation_blocked",
        0,
    )
    worker_env.vendor.status = "completed"
    worker_env.rules = RetryRules(retry_failed=True)
    assert (await worker_env.process(row)).outcome is RowOutcome.SAVED
    assert len(set(worker_env.vendor.keys)) == 2


async def test_a_busy_server_is_waited_for(worker_env: WorkerEnv, rows: Rows) -> None:
    """For as long as it demands; only one video is made."""
    worker_env.vendor.script = [error(429, "rate_limit_exceeded", retry_after="7"), error(503, "unavailable"), LOST]
    started_at = worker_env.now
    [row] = rows("a dog")
    assert (await worker_env.process(row)).outcome is RowOutcome.SAVED
    assert worker_env.now - started_at >= 8
    assert len(worker_env.vendor.prompts) == 1


async def test_a_long_outage_stops_the_batch(worker_env: WorkerEnv, rows: Rows) -> None:
    """The row stays as if it had never been submitted."""
    worker_env.vendor.script = [httpx2.ConnectError("refused")] * 100
    [row] = rows("a dog")
    with pytest.raises(ConnectionFailed):
        await worker_env.process(row)
    assert worker_env.journal.state(row.key).attempt == 0


async def test_an_invalid_key_stops_the_batch(worker_env: WorkerEnv, rows: Rows) -> None:
    """No other row could be submitted with it."""
    worker_env.vendor.script = [error(401, "invalid_api_key")]
    [row] = rows("a dog")
    with pytest.raises(InvalidKey):
        await worker_env.process(row)
    assert worker_env.journal.state(row.key).intent is None


async def test_a_row_over_the_budget_is_not_submitted(worker_env: WorkerEnv, rows: Rows) -> None:
    """OverBudget is raised before the create."""
    worker_env.budget = 9
    [row] = rows("a dog")
    with pytest.raises(OverBudget):
        await worker_env.process(row)
    assert worker_env.vendor.keys == []


async def test_a_failed_download_does_not_submit_again(worker_env: WorkerEnv, rows: Rows) -> None:
    """It is retried, then left to the next run."""
    broken = httpx2.Response(200, content=b"<html>", headers={"content-type": "video/mp4"})
    worker_env.vendor.content_replies = [broken] * 5
    [row] = rows("a dog")
    assert (await worker_env.process(row)).outcome is RowOutcome.DOWNLOAD_FAILED
    worker_env.reopen()
    assert (await worker_env.process(row)).outcome is RowOutcome.SAVED
    assert len(worker_env.vendor.keys) == 1


async def test_an_expired_video_fails(worker_env: WorkerEnv, rows: Rows) -> None:
    """Another one is made only with retry_failed."""
    worker_env.vendor.content_replies = [error(404, "video_expired")]
    [row] = rows("a dog")
    result = await worker_env.process(row)
    assert (result.outcome, result.code) == (RowOutcome.FAILED, "video_expired")
