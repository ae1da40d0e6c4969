"""The ledger is correct after any sequence of operations."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.examples import examples

from filmgate.domain import NewVideo, Recipe, Size, VideoError, new_id
from filmgate.errors import InsufficientQuota, InvalidValue, NotFound
from filmgate.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable


def _video(account_id: str, price: int) -> NewVideo:
    recipe = Recipe(prompt="p", size=Size(1280, 720), seconds=4, seed=1)
    return NewVideo(
        id=new_id(), account_id=account_id, model="sora-2", engine="scene", recipe=recipe, price_micros=price
    )


async def _balance(store: Store, account_id: str) -> int | None:
    account = await store.accounts.get_account(account_id)
    assert account is not None
    return account.balance_micros


async def test_ten_thousand_creates_with_balance_for_a_hundred(store: Store) -> None:
    """Exactly a hundred are accepted, the others get the reason, and the balance is zero, not less."""
    owner = await store.accounts.create_account("poor", 100 * 7)
    creates = [store.videos.create(_video(owner.id, 7), 1.0) for _ in range(10_000)]
    answers = await asyncio.gather(*creates, return_exceptions=True)
    assert sum(isinstance(answer, tuple) for answer in answers) == 100
    assert sum(isinstance(answer, InsufficientQuota) for answer in answers) == 9_900
    assert await _balance(store, owner.id) == 0
    assert await store.videos.count_unfinished(owner.id) == 100
    assert await store.ledger.audit() == []


async def test_a_failed_video_is_free(store: Store) -> None:
    """Its hold is released, once."""
    owner = await store.accounts.create_account("one", 10)
    video, _ = await store.videos.create(_video(owner.id, 10), 1.0)
    assert await _balance(store, owner.id) == 0
    why = VideoError("x", "x")
    assert await store.videos.fail(video.id, why, 2.0)
    assert not await store.videos.fail(video.id, why, 2.0)
    assert await _balance(store, owner.id) == 10


async def test_grants(store: Store) -> None:
    """A grant raises the balance, a negative one lowers it, never below zero; unknown accounts are refused."""
    owner = await store.accounts.create_account("one", 0)
    await store.ledger.grant(owner.id, 10, 1.0)
    await store.ledger.grant(owner.id, -4, 2.0)
    assert await _balance(store, owner.id) == 6
    with pytest.raises(InvalidValue):
        await store.ledger.grant(owner.id, -7, 3.0)
    for amount in (5, -5):
        with pytest.raises((NotFound, InvalidValue)):
            await store.ledger.grant("acct_nobody", amount, 3.0)
    assert await _balance(store, owner.id) == 6
    assert await store.ledger.audit() == []


async def test_the_audit_reports_every_error(store: Store, tmp_path: Path) -> None:
    """A balance and a video changed by hand are each reported in a sentence."""
    owner = await store.accounts.create_account("one", 10)
    video, _ = await store.videos.create(_video(owner.id, 3), 1.0)
    bare = sqlite3.connect(tmp_path / "rows.sqlite", isolation_level=None)
    bare.execute("UPDATE account SET balance_micros = 9")
    bare.execute("UPDATE video SET price_micros = 2")
    bare.close()
    assert await store.ledger.audit() == [
        f"account {owner.id}: the balance is 9, the entries sum to 7",
        f"account {owner.id}: 3 held and 0 captured are kept, the videos sum to 2, 0",
        f"video {video.id} (queued): expected hold -2 of {owner.id}, found hold -3 of {owner.id}",
    ]


async def test_the_audit_checks_the_days(store: Store, tmp_path: Path) -> None:
    """A day that is missing, wrong or too much is reported with what the ledger says."""
    owner = await store.accounts.create_account("one", 10)
    video, _ = await store.videos.create(_video(owner.id, 3), 1.0)
    await store.videos.record_intent(video.id, "token", 1.0)
    await store.videos.record_ticket(video.id, "token", "ticket", 1.0)
    await store.videos.start_fetching(video.id, 1.0)
    await store.videos.complete(video.id, [], {}, 1.0, None)
    bare = sqlite3.connect(tmp_path / "rows.sqlite", isolation_level=None)
    bare.execute("UPDATE usage_day SET videos = 2, captured_micros = 5")
    bare.close()
    day, made = f"account {owner.id}, 1970-01-01, sora-2", "1 videos, 4 s for 3"
    assert await store.ledger.audit() == [
        f"{day}: 2 videos, 4 s for 5 is kept but not in the ledger",
        f"{day}: {made} is in the ledger but not kept",
    ]


_STEPS = st.lists(
    st.tuples(st.sampled_from(["create", "complete", "fail", "delete", "grant"]), st.integers(0, 9)),
    min_size=1,
    max_size=40,
)


def _step(store: Store, account_id: str, videos: list[str], kind: str, number: int) -> Callable[[], object]:
    chosen = videos[number % len(videos)] if videos else "video_none"

    async def create() -> None:
        video, _ = await store.videos.create(_video(account_id, number), 1.0)
        videos.append(video.id)

    async def complete() -> None:
        await store.videos.record_intent(chosen, "t", 1.0)
        await store.videos.record_ticket(chosen, "t", "t", 1.0)
        await store.videos.start_fetching(chosen, 1.0)
        await store.videos.complete(chosen, [], {}, 1.0, None)

    steps = {
        "create": create,
        "complete": complete,
        "fail": lambda: store.videos.fail(chosen, VideoError("x", "x"), 1.0),
        "delete": lambda: store.videos.delete(chosen, account_id, 1.0),
        "grant": lambda: store.ledger.grant(account_id, number - 4, 1.0),
    }
    return steps[kind]


async def _run(steps: list[tuple[str, int]], balance: int | None, width: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "rows.sqlite")
        owner = await store.accounts.create_account("one", balance)
        videos: list[str] = []
        for begin in range(0, len(steps), width):
            calls = [_step(store, owner.id, videos, *step)() for step in steps[begin : begin + width]]
            await asyncio.gather(*calls, return_exceptions=True)  # type: ignore[call-overload]  # each is awaitable
            remaining = await _balance(store, owner.id)
            assert (remaining is None) == (balance is None)
            assert remaining is None or remaining >= 0
            assert await store.ledger.audit() == []
        await store.close()


@examples(25)
@given(steps=_STEPS, balance=st.one_of(st.none(), st.integers(0, 30)), width=st.sampled_from([1, 4, 40]))
def test_the_ledger_is_correct_after_any_interleaving(
    steps: list[tuple[str, int]], balance: int | None, width: int
) -> None:
    """The balance is the entries' sum and never negative; each video has its hold and at most one settlement."""
    asyncio.run(_run(steps, balance, width))
