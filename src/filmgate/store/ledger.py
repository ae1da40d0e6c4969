"""Money: an append-only ledger whose entries sum to each account's balance, and totals that are kept with it.

A video has one hold, taken in the transaction that accepts it, and then either a capture (completed: the held money is
spent) or a release (failed: it is credited back). An account without a balance is unlimited; its entries are written
all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy import bindparam, insert, null, or_, update

from filmgate.errors import InvalidValue, NotFound
from filmgate.store.audit import audit
from filmgate.store.database import DbConnection
from filmgate.store.group_commit import GroupCommitWriter
from filmgate.store.schema import account, ledger_entry
from filmgate.store.usage import AccountUsage, CompletedVideo, add_to_day, read_usage

__all__ = ["LedgerRepository", "append_entry", "capture", "credit", "debit", "hold", "release"]

_DEBIT = (
    update(account)
    .where(
        account.c.id == bindparam("owner"),
        or_(account.c.balance_micros.is_(null()), account.c.balance_micros >= bindparam("price")),
    )
    .values(balance_micros=account.c.balance_micros - bindparam("price"))
)
_HOLD = _DEBIT.values(held_micros=account.c.held_micros + bindparam("price"))
_IS_OWNER = account.c.id == bindparam("owner")
_CREDIT = update(account).where(_IS_OWNER).values(balance_micros=account.c.balance_micros + bindparam("amount"))
_RELEASE = _CREDIT.values(held_micros=account.c.held_micros - bindparam("amount"))
_CAPTURE = (
    update(account)
    .where(_IS_OWNER)
    .values(
        held_micros=account.c.held_micros - bindparam("amount"),
        captured_micros=account.c.captured_micros + bindparam("amount"),
    )
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


def debit(connection: DbConnection, owner: str, amount: int) -> bool:
    """Debit the balance, in one guarded UPDATE; False if the balance does not cover it."""
    return connection.execute(_DEBIT, owner=owner, price=amount) == 1


def hold(connection: DbConnection, owner: str, price: int) -> bool:
    """Hold a video's price: debit it from the balance; False if the balance does not cover it. Its entry follows."""
    return connection.execute(_HOLD, owner=owner, price=price) == 1


def capture(connection: DbConnection, owner: str, video_id: str, made: CompletedVideo, now: float) -> None:
    """Capture the hold: the money is spent, on that day, and no release can follow."""
    append_entry(connection, owner, video_id, "capture", 0, now)
    connection.execute(_CAPTURE, owner=owner, amount=made.price_micros)
    add_to_day(connection, owner, made, now)


def release(connection: DbConnection, owner: str, video_id: str, price: int, now: float) -> None:
    """Release the hold: credit it back."""
    append_entry(connection, owner, video_id, "release", price, now)
    connection.execute(_RELEASE, owner=owner, amount=price)


def credit(connection: DbConnection, owner: str, amount: int) -> bool:
    """Credit the balance; False if there is no such account."""
    return connection.execute(_CREDIT, owner=owner, amount=amount) == 1


class LedgerRepository:
    """Grants, usage, and the audit of the ledger."""

    def __init__(
        self, reader: DbConnection, writer: GroupCommitWriter, open_reader: Callable[[], DbConnection]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._open_reader = open_reader

    async def grant(self, account_id: str, amount_micros: int, now: float) -> None:
        """Credit an account's balance; a negative amount debits it.

        Raises:
            NotFound: no such account.
            InvalidValue: the balance would fall below zero.
        """

        def write(connection: DbConnection) -> None:
            if amount_micros < 0 and not debit(connection, account_id, -amount_micros):
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
        """Check every account's sum, every video's entries and the totals; returns a sentence for each error.

        It reads one snapshot on a connection and a thread of its own, so that the server continues meanwhile.
        """
        return await asyncio.to_thread(self._audit)

    def _audit(self) -> list[str]:
        connection = self._open_reader()
        try:
            connection.control("BEGIN DEFERRED")
            return audit(connection)
        finally:
            connection.close()
