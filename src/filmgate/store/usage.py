"""Spending of an account: sums over its ledger."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct
from sqlalchemy import Integer, bindparam, cast, func, literal_column, select

from filmgate.store.database import DbConnection
from filmgate.store.schema import account, ledger_entry, video

__all__ = ["AccountUsage", "DailyUsage", "read_usage"]

DAY_SECONDS = 86_400


class DailyUsage(Struct, frozen=True, kw_only=True):
    """The videos of one model that were completed on one day."""

    date: str  # UTC, YYYY-MM-DD
    model: str
    videos: int
    seconds: int  # of video
    captured_micros: int


class AccountUsage(Struct, frozen=True, kw_only=True):
    """An account's money in micro-units, at one moment."""

    balance_micros: int | None  # available; None: unlimited
    held_micros: int  # for unfinished videos
    captured_micros: int  # spent in total
    days: list[DailyUsage]  # newest first


_IS_OWNER = account.c.id == bindparam("owner")
_HELD = (
    select(func.coalesce(func.sum(video.c.price_micros), 0))
    .where(video.c.account_id == account.c.id, video.c.stage != literal_column("'done'"))
    .correlate(account)
    .scalar_subquery()
)
_DEBITED = (
    select(func.coalesce(-func.sum(ledger_entry.c.amount_micros), 0))
    .where(
        ledger_entry.c.account_id == account.c.id, ledger_entry.c.kind.in_(map(literal_column, ("'hold'", "'release'")))
    )
    .correlate(account)
    .scalar_subquery()
)
_TOTALS = select(account.c.balance_micros, _HELD, _DEBITED).where(_IS_OWNER)
_DAY_NUMBER = cast(ledger_entry.c.created_at / DAY_SECONDS, Integer)
_DAYS = (
    select(_DAY_NUMBER, video.c.model, func.count(), func.sum(video.c.seconds), func.sum(video.c.price_micros))
    .select_from(ledger_entry.join(video, video.c.id == ledger_entry.c.video_id))
    .where(
        ledger_entry.c.account_id == bindparam("owner"),
        ledger_entry.c.kind == literal_column("'capture'"),
        ledger_entry.c.created_at >= bindparam("since"),
    )
    .group_by(_DAY_NUMBER, video.c.model)
    .order_by(_DAY_NUMBER.desc(), video.c.model)
)


def read_usage(connection: DbConnection, account_id: str, since: float) -> AccountUsage | None:
    """Return the balance, holds and spending, by day and model since then; None if there is no such account."""
    row = connection.fetch_one(_TOTALS, owner=account_id)
    if row is None:
        return None
    balance, held, debited = row
    days = [
        DailyUsage(date=_date(day), model=model, videos=count, seconds=seconds, captured_micros=spent)
        for day, model, count, seconds, spent in connection.fetch_all(_DAYS, owner=account_id, since=since)
    ]
    return AccountUsage(balance_micros=balance, held_micros=held, captured_micros=debited - held, days=days)


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_SECONDS, UTC).date().isoformat()
