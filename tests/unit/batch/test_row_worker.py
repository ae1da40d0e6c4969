"""One row to its film, whatever the server says and wherever an earlier run was killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest

from filmgate.batch.journal import Accepted, Fetching, Intent
from filmgate.batch.results import Outcome
from filmgate.batch.row_worker import Rules, Server, spent
from filmgate.errors import ConnectionFailed, InvalidKey, OverBudget, SettingsError

from .conftest import FILM, error

if TYPE_CHECKING:
    from filmgate.batch.rows import Row

    from .conftest import Rows, Works

LOST = httpx2.ReadError("reset")
STRANGER = Server("https://vendor.test/v1", "account", honours_keys=False)


def _intend(works: Works, row: Row, *, age: float = 0, account: str = "account") -> None:
    """As a run leaves the journal that is killed while its create is on its way."""
    key = works.journal.idempotency_key(row.key, 1)
    at = works.now - age
    works.journal.note(
        Intent(row=row.key, attempt=1, idempotency_key=key, at=at, server=works.server.name, account=account)
    )


async def test_a_row_becomes_a_film(works: Works, rows: Rows) -> None:
    """Asked for once, saved whole; another run finds it here and asks for nothing."""
    [row] = rows("a dog")
    made = await works.make(row)
    assert (made.outcome, made.video_id) == (Outcome.SAVED, "video_0")
    assert made.path is not None
    assert made.path.read_bytes() == FILM
    works.again()
    assert (await works.make(row)).outcome is Outcome.KEPT
    assert len(works.vendor.keys) == 1


async def test_equal_rows_are_two_films(works: Works, rows: Rows) -> None:
    """Each under a key of its own."""
    for row in rows("a dog", "a dog"):
        await works.make(row)
    assert len(set(works.vendor.keys)) == len(works.vendor.made) == 2


@pytest.mark.parametrize("harm", ["gone", "short", "other"])
async def test_a_film_that_was_harmed_is_fetched_again(works: Works, rows: Rows, harm: str) -> None:
    """It is not asked for again: the server has it."""
    [row] = rows("a dog")
    path = (await works.make(row)).path
    assert path is not None
    path.unlink()
    if harm != "gone":
        path.write_bytes(FILM[:-1] + (b"" if harm == "short" else b"x"))
    assert (await works.make(row)).outcome is Outcome.SAVED
    assert path.read_bytes() == FILM
    assert len(works.vendor.keys) == 1


async def test_a_lost_reply_is_asked_for_under_the_same_key(works: Works, rows: Rows) -> None:
    """From a server that honours keys: one video."""
    works.vendor.script = [LOST, error(500, "server_error"), httpx2.Response(200, html="<p>")]
    [row] = rows("a dog")
    assert (await works.make(row)).outcome is Outcome.SAVED
    assert len(works.vendor.keys) == 4
    assert len(set(works.vendor.keys)) == len(works.vendor.made) == 1


async def test_a_lost_reply_is_unknown_elsewhere(works: Works, rows: Rows) -> None:
    """It is never sent again unless somebody says so; its price stays put aside."""
    works.server, works.vendor.by_key = STRANGER, None
    works.vendor.script = [LOST]
    [row] = rows("a dog")
    assert (await works.make(row)).outcome is Outcome.UNKNOWN
    assert spent(works.journal) == 10
    works.rules = Rules(retry_failed=True)
    works.again()
    assert (await works.make(row)).outcome is Outcome.UNKNOWN
    assert len(works.vendor.keys) == 1
    works.rules = Rules(resend_unknown=True)
    assert (await works.make(row)).outcome is Outcome.SAVED
    assert len(set(works.vendor.keys)) == 2


async def test_killed_before_the_reply(works: Works, rows: Rows) -> None:
    """The create is sent again under the key that stands in the journal."""
    [row] = rows("a dog")
    _intend(works, row)
    assert (await works.make(row)).outcome is Outcome.SAVED
    assert works.vendor.keys == [works.journal.idempotency_key(row.key, 1)]


@pytest.mark.parametrize("why", ["stranger", "old", "other account"])
async def test_killed_before_the_reply_where_the_key_means_nothing(works: Works, rows: Rows, why: str) -> None:
    """A vendor without keys, a key that was forgotten, another account: nobody knows, and nothing is sent."""
    [row] = rows("a dog")
    works.server = STRANGER if why == "stranger" else works.server
    _intend(works, row, age=90_000 if why == "old" else 0, account="x" if why == "other account" else "account")
    assert (await works.make(row)).outcome is Outcome.UNKNOWN
    assert works.vendor.keys == []


async def test_refused_after_a_lost_reply_is_unknown(works: Works, rows: Rows) -> None:
    """What the server says of the second create says nothing of the first."""
    works.vendor.script = [LOST, error(400, "invalid_value")]
    [row] = rows("a dog")
    assert (await works.make(row)).outcome is Outcome.UNKNOWN


async def test_killed_after_the_reply(works: Works, rows: Rows) -> None:
    """The video is taken up by its id."""
    [row] = rows("a dog")
    _intend(works, row)
    works.journal.note(Accepted(row.key, "video_7"))
    works.vendor.made["video_7"] = "a dog"
    assert (await works.make(row)).video_id == "video_7"
    assert works.vendor.keys == []


async def test_killed_while_saving(works: Works, rows: Rows) -> None:
    """What lies at the noted path is replaced; a part that is there is taken up where it ends."""
    [row] = rows("a dog")
    _intend(works, row)
    works.journal.note(Accepted(row.key, "video_7"))
    works.journal.note(Fetching(row.key, "there.mp4"))
    works.vendor.made["video_7"] = "a dog"
    (works.folder / "there.mp4").write_bytes(b"half")
    (works.folder / "there.mp4.one.part").write_bytes(FILM[:100])
    made = await works.make(row)
    assert made.path == works.folder / "there.mp4"
    assert made.path.read_bytes() == FILM
    assert not (works.folder / "there.mp4.one.part").exists()


async def test_another_server_is_not_mistaken_for_it(works: Works, rows: Rows) -> None:
    """A row in the making elsewhere stops the batch before anything is asked for."""
    [row] = rows("a dog")
    _intend(works, row)
    works.journal.note(Accepted(row.key, "video_7"))
    works.server = Server("https://other.test/v1", "account", honours_keys=True)
    with pytest.raises(SettingsError, match=r"vendor\.test"):
        await works.make(row)


async def test_refused_rows_fail_and_cost_nothing(works: Works, rows: Rows) -> None:
    """They stay failed until somebody asks for another try."""
    works.vendor.script = [error(400, "invalid_value")]
    [row] = rows("a dog")
    made = await works.make(row)
    assert (made.outcome, made.code, spent(works.journal)) == (Outcome.FAILED, "invalid_value", 0)
    assert (await works.make(row)).outcome is Outcome.FAILED
    assert len(works.vendor.keys) == 1
    works.rules = Rules(retry_failed=True)
    assert (await works.make(row)).outcome is Outcome.SAVED


async def test_a_failed_video_is_tried_again_under_another_key(works: Works, rows: Rows) -> None:
    """The same key would only find the failed one."""
    works.vendor.status = "failed"
    [row] = rows("a dog")
    made = await works.make(row)
    assert (made.outcome, made.code, spent(works.journal)) == (Outcome.FAILED, "moderation_blocked", 0)
    works.vendor.status = "completed"
    works.rules = Rules(retry_failed=True)
    assert (await works.make(row)).outcome is Outcome.SAVED
    assert len(set(works.vendor.keys)) == 2


async def test_a_busy_server_is_waited_for(works: Works, rows: Rows) -> None:
    """As long as it says; nothing counts as sent meanwhile."""
    works.vendor.script = [error(429, "rate_limit_exceeded", retry_after="7"), error(503, "unavailable"), LOST]
    began = works.now
    [row] = rows("a dog")
    assert (await works.make(row)).outcome is Outcome.SAVED
    assert works.now - began >= 8
    assert len(works.vendor.made) == 1


async def test_patience_ends(works: Works, rows: Rows) -> None:
    """A server that can't be reached stops the batch; the row is as if it had never been asked for."""
    works.vendor.script = [httpx2.ConnectError("refused")] * 100
    [row] = rows("a dog")
    with pytest.raises(ConnectionFailed):
        await works.make(row)
    assert works.journal.state(row.key).attempt == 0


async def test_a_wrong_key_stops_the_batch(works: Works, rows: Rows) -> None:
    """No row could be asked for with it."""
    works.vendor.script = [error(401, "invalid_api_key")]
    [row] = rows("a dog")
    with pytest.raises(InvalidKey):
        await works.make(row)
    assert works.journal.state(row.key).intent is None


async def test_the_budget_is_kept(works: Works, rows: Rows) -> None:
    """The row that would exceed it is not asked for."""
    works.budget = 9
    [row] = rows("a dog")
    with pytest.raises(OverBudget):
        await works.make(row)
    assert works.vendor.keys == []


async def test_a_download_that_fails_asks_for_no_other_film(works: Works, rows: Rows) -> None:
    """It is tried again, then left for the next run."""
    broken = httpx2.Response(200, content=b"<html>", headers={"content-type": "video/mp4"})
    works.vendor.contents = [broken] * 5
    [row] = rows("a dog")
    assert (await works.make(row)).outcome is Outcome.UNFETCHED
    works.again()
    assert (await works.make(row)).outcome is Outcome.SAVED
    assert len(works.vendor.keys) == 1


async def test_a_film_that_is_gone_fails(works: Works, rows: Rows) -> None:
    """Another is made only if somebody asks for it."""
    works.vendor.contents = [error(404, "video_expired")]
    [row] = rows("a dog")
    made = await works.make(row)
    assert (made.outcome, made.code) == (Outcome.FAILED, "video_expired")
