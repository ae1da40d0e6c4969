"""I3: one hold a video, and one capture or release; the ledger sums to the balance, which is never below zero."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from filmgate.testing.checker.facts import TERMINAL, DatabaseSnapshot, LedgerRow, VideoRow

__all__ = ["ledger_errors"]


def ledger_errors(database: DatabaseSnapshot) -> Iterator[str]:
    """Accounts and videos whose ledger entries are wrong."""
    sums: Counter[str] = Counter()
    by_video: defaultdict[str | None, list[LedgerRow]] = defaultdict(list)
    for entry in database.ledger:
        sums[entry.account_id] += entry.amount_micros
        by_video[entry.video_id].append(entry)
    for account_id, balance in database.balances.items():
        if balance is not None and balance < 0:
            yield f"I3: {account_id} owes {-balance}"
        if balance is not None and balance != sums[account_id]:
            yield f"I3: {account_id} has {balance}, its ledger says {sums[account_id]}"
    for row in database.videos:
        if row.status in TERMINAL:
            yield from _settlement_errors(row, by_video[row.id])


def _settlement_errors(row: VideoRow, entries: Sequence[LedgerRow]) -> Iterator[str]:
    end, net = ("capture", -row.price_micros) if row.status == "completed" else ("release", 0)
    kinds, total = [entry.kind for entry in entries], sum(entry.amount_micros for entry in entries)
    if sorted(kinds) != sorted(["hold", end]):
        yield f"I3: {row.id} is {row.status} and booked as {kinds}"
    elif total != net:
        yield f"I3: {row.id} costs {net}, booked are {total}"
    if {entry.account_id for entry in entries} - {row.account_id}:
        yield f"I3: {row.id} is booked on another account"
