"""I3: one hold a video, and one capture or release; the ledger sums to the balance, which is never below zero."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from filmgate.testing.checker.facts import TERMINAL, Entry, Row, Rows

__all__ = ["misbooked"]


def misbooked(rows: Rows) -> Iterator[str]:
    """Accounts and videos of which the books are wrong."""
    sums: Counter[str] = Counter()
    by_video: defaultdict[str | None, list[Entry]] = defaultdict(list)
    for entry in rows.entries:
        sums[entry.account_id] += entry.amount_micros
        by_video[entry.video_id].append(entry)
    for account_id, balance in rows.balances.items():
        if balance is not None and balance < 0:
            yield f"I3: {account_id} owes {-balance}"
        if balance is not None and balance != sums[account_id]:
            yield f"I3: {account_id} has {balance}, its ledger says {sums[account_id]}"
    for row in rows.videos:
        if row.status in TERMINAL:
            yield from _settled(row, by_video[row.id])


def _settled(row: Row, entries: Sequence[Entry]) -> Iterator[str]:
    end, net = ("capture", -row.price_micros) if row.status == "completed" else ("release", 0)
    kinds, total = [entry.kind for entry in entries], sum(entry.amount_micros for entry in entries)
    if sorted(kinds) != sorted(["hold", end]):
        yield f"I3: {row.id} is {row.status} and booked as {kinds}"
    elif total != net:
        yield f"I3: {row.id} costs {net}, booked are {total}"
    if {entry.account_id for entry in entries} - {row.account_id}:
        yield f"I3: {row.id} is booked on another account"
