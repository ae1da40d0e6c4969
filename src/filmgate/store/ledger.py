"""Money: an append-only ledger whose entries sum to each account's balance.

A video has one hold, taken in the transaction that accepts it, and then either a capture (delivered: the held money is
gone) or a release (failed: it is back). An account without a balance is not limited; its entries are written all the
same.
"""

from __future__ import annotations

from sqlalchemy import bindparam, func, insert, null, or_, select, update

from filmgate.domain import Status
from filmgate.errors import InvalidValue, NotFound
from filmgate.store.database import Connection
from filmgate.store.group_commit import Batcher
from filmgate.store.schema import account, ledger_entry, video
from filmgate.store.usage import Usage, usage

__all__ = ["LedgerRows", "audit", "capture", "enter", "give", "hold", "release"]

_TAKE = (
    update(account)
    .where(
        account.c.id == bindparam("owner"),
        or_(account.c.balance_micros.is_(null()), account.c.balance_micros >= bindparam("price")),
    )
    .values(balance_micros=account.c.balance_micros - bindparam("price"))
)
_GIVE = (
    update(account)
    .where(account.c.id == bindparam("owner"))
    .values(balance_micros=account.c.balance_micros + bindparam("amount"))
)
_ENTER = insert(ledger_entry).values(
    account_id=bindparam("owner"),
    video_id=bindparam("of_video"),
    kind=bindparam("what"),
    amount_micros=bindparam("amount"),
    created_at=bindparam("now"),
)


def enter(connection: Connection, owner: str, video_id: str | None, kind: str, amount: int, now: float) -> None:
    """Append an entry; the balance is the caller's."""
    connection.run(_ENTER, owner=owner, of_video=video_id, what=kind, amount=amount, now=now)


def hold(connection: Connection, owner: str, price: int) -> bool:
    """Take the price from the balance, in one guarded UPDATE; False if it does not cover it."""
    return connection.run(_TAKE, owner=owner, price=price) == 1


def capture(connection: Connection, owner: str, video_id: str, now: float) -> None:
    """What was held is spent: nothing moves, and no release can follow."""
    enter(connection, owner, video_id, "capture", 0, now)


def release(connection: Connection, owner: str, video_id: str, price: int, now: float) -> None:
    """Give what was held back."""
    enter(connection, owner, video_id, "release", price, now)
    give(connection, owner, price)


def give(connection: Connection, owner: str, amount: int) -> bool:
    """Put money on the balance; False if there is no such account."""
    return connection.run(_GIVE, owner=owner, amount=amount) == 1


_SUMS = (
    select(account.c.id, account.c.balance_micros, func.coalesce(func.sum(ledger_entry.c.amount_micros), 0))
    .select_from(account.outerjoin(ledger_entry, ledger_entry.c.account_id == account.c.id))
    .where(account.c.balance_micros.is_not(null()))
    .group_by(account.c.id, account.c.balance_micros)
)
_VIDEOS = select(video.c.id, video.c.account_id, video.c.status, video.c.price_micros)
_ENTRIES = select(
    ledger_entry.c.video_id, ledger_entry.c.account_id, ledger_entry.c.kind, ledger_entry.c.amount_micros
).where(ledger_entry.c.video_id.is_not(null()))


class LedgerRows:
    """Grants, and the proof that the books are right."""

    def __init__(self, reader: Connection, batcher: Batcher) -> None:
        self._reader = reader
        self._batcher = batcher

    async def grant(self, account_id: str, amount_micros: int, now: float) -> None:
        """Put money on an account's balance; a negative amount takes it off again.

        Raises:
            NotFound: no such account.
            InvalidValue: the balance would fall below zero.
        """

        def write(connection: Connection) -> None:
            if amount_micros < 0 and not hold(connection, account_id, -amount_micros):
                raise InvalidValue("The account does not exist, or its balance is smaller than that.")
            if amount_micros >= 0 and not give(connection, account_id, amount_micros):
                raise NotFound(f"Account '{account_id}' not found.")
            enter(connection, account_id, None, "grant", amount_micros, now)

        await self._batcher.write(write)

    async def usage(self, account_id: str, since: float) -> Usage:
        """What the account has, holds and spent, by day and model since then.

        Raises:
            NotFound: no such account.
        """
        found = usage(self._reader, account_id, since)
        if found is None:
            raise NotFound(f"Account '{account_id}' not found.")
        return found

    async def audit(self) -> list[str]:
        """Check every account's sum and every video's entries; a sentence for each that is wrong."""
        return await self._batcher.write(audit)


def audit(connection: Connection) -> list[str]:
    """What is wrong with the books, in sentences; run in one transaction, so that it sees one moment."""
    faults = [
        f"account {owner}: the balance is {balance}, the entries sum to {total}"
        for owner, balance, total in connection.rows(_SUMS)
        if balance != total
    ]
    entries: dict[str, list[tuple[str, str, int]]] = {}
    for video_id, owner, kind, amount in connection.rows(_ENTRIES):
        entries.setdefault(video_id, []).append((owner, kind, amount))
    for video_id, owner, status, price in connection.rows(_VIDEOS):
        expected = sorted((owner, *entry) for entry in _expected(status, price))
        found = sorted(entries.get(video_id, []))
        if found != expected:
            faults.append(f"video {video_id} ({status}): expected {_spell(expected)}, found {_spell(found)}")
    return faults


def _expected(status: str, price: int) -> list[tuple[str, int]]:
    match status:
        case Status.COMPLETED:
            return [("hold", -price), ("capture", 0)]
        case Status.FAILED:
            return [("hold", -price), ("release", price)]
        case _:
            return [("hold", -price)]


def _spell(entries: list[tuple[str, str, int]]) -> str:
    return ", ".join(f"{kind} {amount} of {owner}" for owner, kind, amount in entries) or "nothing"
