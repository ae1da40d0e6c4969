"""Spending of an account: totals and days, which are kept in the transactions that move the money."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct
from sqlalchemy import ColumnElement, bindparam, insert, select, update

from filmgate.store.database import DbConnection
from filmgate.store.schema import account, usage_day

__all__ = ["DAY_SECONDS", "AccountUsage", "CompletedVideo", "DailyUsage", "add_to_day", "format_day", "read_usage"]

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


class CompletedVideo(Struct, frozen=True):
    """What a completed video adds to its account's usage."""

    model: str
    seconds: int
    price_micros: int


_TOTALS = select(account.c.balance_micros, account.c.held_micros, account.c.captured_micros).where(
    account.c.id == bindparam("owner")
)
_DAYS = (
    select(*(usage_day.c[name] for name in ("day", "model", "videos", "seconds", "captured_micros")))
    .where(usage_day.c.account_id == bindparam("owner"), usage_day.c.day >= bindparam("first_day"))
    .order_by(usage_day.c.day.desc(), usage_day.c.model)
)
_KEY: dict[str, ColumnElement[object]] = {
    "account_id": bindparam("owner"),
    "day": bindparam("on_day"),
    "model": bindparam("of_model"),
}
_ADD = (
    update(usage_day)
    .where(*(usage_day.c[name] == value for name, value in _KEY.items()))
    .values(
        videos=usage_day.c.videos + 1,
        seconds=usage_day.c.seconds + bindparam("length"),
        captured_micros=usage_day.c.captured_micros + bindparam("price"),
    )
)
_OPEN_DAY = insert(usage_day).values(**_KEY, videos=1, seconds=bindparam("length"), captured_micros=bindparam("price"))


def add_to_day(connection: DbConnection, owner: str, made: CompletedVideo, now: float) -> None:
    """Add a completed video to its account's day."""
    key = {"owner": owner, "on_day": int(now // DAY_SECONDS), "of_model": made.model}
    added = {"length": made.seconds, "price": made.price_micros}
    if not connection.execute(_ADD, **key, **added):
        connection.execute(_OPEN_DAY, **key, **added)


def read_usage(connection: DbConnection, account_id: str, since: float) -> AccountUsage | None:
    """Return the balance, holds and spending, by model for each day since then; None if there is no such account."""
    row = connection.fetch_one(_TOTALS, owner=account_id)
    if row is None:
        return None
    balance, held, captured = row
    days = [
        DailyUsage(date=format_day(day), model=model, videos=count, seconds=seconds, captured_micros=spent)
        for day, model, count, seconds, spent in connection.fetch_all(
            _DAYS, owner=account_id, first_day=int(since // DAY_SECONDS)
        )
    ]
    return AccountUsage(balance_micros=balance, held_micros=held, captured_micros=captured, days=days)


def format_day(day: int) -> str:
    """Return the UTC date of a day number: ``2026-11-30``."""
    return datetime.fromtimestamp(day * DAY_SECONDS, UTC).date().isoformat()
