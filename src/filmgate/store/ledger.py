"""Money: an append-only ledger whose entries sum to each account's balance.

A video has one hold, taken in the transaction that accepts it, and then either a capture (completed: the held money is
spent) or a release (failed: it is credited back). An account without a balance is unlimited; its entries are written
all the same.
"""

from __future__ import annotations

from sqlalchemy import bindparam, func, insert, null, or_, select, update

from filmgate.domain import Status
from filmgate.errors import InvalidValue, NotFound
from filmgate.store.database import DbConnection
from filmgate.store.group_commit import GroupCommitWriter
from filmgate.store.schema import account, ledger_entry, video
from filmgate.store.usage import AccountUsage, read_usage

__all__ = ["LedgerRepository", "append_entry", "audit", "capture", "credit", "hold", "release"]

_DEBIT = (
    update(account)
    .where(
        account.c.id == bindparam("owner"),
        or_(account.c.balance_micros.is_(null()), account.c.balance_micros >= bindparam("price")),
    )
    .values(balance_micros=account.c.balance_micros - bindparam("price"))
)
_CREDIT = (
    update(account)
    .where(account.c.id == bindparam("owner"))
    .values(balance_micros=account.c.balance_micros + bindparam("amount"))
)
_INSERT_ENTRY = insert(ledger_entry).values(
    account_id=bindparam("owner"),
    video_id=bindparam("of_video"),
    kind=bindparam("what"),
    amount_micros=bindparam("amount"),
    created_at=bindparam("now"),
)


def append_entry(
    connection: DbConnection, owner: str, video_id: str | None, kind: str, amount: int, now: float
) -> None:
    """Append an entry; the caller updates the balance."""
    connection.execute(_INSERT_ENTRY, owner=owner, of_video=video_id, what=kind, amount=amount, now=now)


def hold(connection: DbConnection, owner: str, price: int) -> bool:
    """Debit the price from the balance, in one guarded UPDATE; False if the balance does not cover it."""
    return connection.execute(_DEBIT, owner=owner, price=price) == 1


def capture(connection: DbConnection, owner: str, video_id: str, now: float) -> None:
    """Capture the hold: no money moves, and no release can follow."""
    append_entry(connection, owner, video_id, "capture", 0, now)


def release(connection: DbConnection, owner: str, video_id: str, price: int, now: float) -> None:
    """Release the hold: credit it back."""
    append_entry(connection, owner, video_id, "release", price, now)
    credit(connection, owner, price)


def credit(connection: DbConnection, owner: str, amount: int) -> bool:
    """Credit the balance; False if there is no such account."""
    return connection.execute(_CREDIT, owner=owner, amount=amount) == 1


_BALANCES = (
    select(account.c.id, account.c.balance_micros, func.coalesce(func.sum(ledger_entry.c.amount_micros), 0))
    .select_from(account.outerjoin(ledger_entry, ledger_entry.c.account_id == account.c.id))
    .where(account.c.balance_micros.is_not(null()))
    .group_by(account.c.id, account.c.balance_micros)
)
_VIDEOS = select(video.c.id, video.c.account_id, video.c.status, video.c.price_micros)
_ENTRIES = select(
    ledger_entry.c.video_id, ledger_entry.c.account_id, ledger_entry.c.kind, ledger_entry.c.amount_micros
).where(ledger_entry.c.video_id.is_not(null()))


class LedgerRepository:
    """Grants, usage, and the audit of the ledger."""

    def __init__(self, reader: DbConnection, writer: GroupCommitWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def grant(self, account_id: str, amount_micros: int, now: float) -> None:
        """Credit an account's balance; a negative amount debits it.

        Raises:
            NotFound: no such account.
            InvalidValue: the balance would fall below zero.
        """

        def write(connection: DbConnection) -> None:
            if amount_micros < 0 and not hold(connection, account_id, -amount_micros):
                raise InvalidValue("The account does not exist, or its balance is smaller than that.")
            if amount_micros >= 0 and not credit(connection, account_id, amount_micros):
                raise NotFound(f"Account '{account_id}' not found.")
            append_entry(connection, account_id, None, "grant", amount_micros, now)

        await self._writer.write(write)

    async def usage(self, account_id: str, since: float) -> AccountUsage:
        """Return the account's balance, holds and spending, by day and model since then.

        Raises:
            NotFound: no such account.
        """
        usage = read_usage(self._reader, account_id, since)
        if usage is None:
            raise NotFound(f"Account '{account_id}' not found.")
        return usage

    async def audit(self) -> list[str]:
        """Check every account's sum and every video's entries; returns a sentence for each error."""
        return await self._writer.write(audit)


def audit(connection: DbConnection) -> list[str]:
    """Return the errors in the ledger, as sentences; run in one transaction, so that it sees one snapshot."""
    errors = [
        f"account {owner}: the balance is {balance}, the entries sum to {total}"
        for owner, balance, total in connection.fetch_all(_BALANCES)
        if balance != total
    ]
    entries: dict[str, list[tuple[str, str, int]]] = {}
    for video_id, owner, kind, amount in connection.fetch_all(_ENTRIES):
        entries.setdefault(video_id, []).append((owner, kind, amount))
    for video_id, owner, status, price in connection.fetch_all(_VIDEOS):
        expected = sorted((owner, *entry) for entry in _expected(status, price))
        actual = sorted(entries.get(video_id, []))
        if actual != expected:
            errors.append(
                f"video {video_id} ({status}): expected {_format_entries(expected)}, found {_format_entries(actual)}"
            )
    return errors


def _expected(status: str, price: int) -> list[tuple[str, int]]:
    match status:
        case Status.COMPLETED:
            return [("hold", -price), ("capture", 0)]
        case Status.FAILED:
            return [("hold", -price), ("release", price)]
        case _:
            return [("hold", -price)]


def _format_entries(entries: list[tuple[str, str, int]]) -> str:
    return ", ".join(f"{kind} {amount} of {owner}" for owner, kind, amount in entries) or "nothing"
