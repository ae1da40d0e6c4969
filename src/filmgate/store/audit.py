"""The audit of the money: the ledger against balances, videos and the totals that are kept beside it.

Each check is one statement that returns the rows that are wrong, so that an audit holds no more than those in memory.
"""

from __future__ import annotations

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
)

from filmgate.domain import Status
from filmgate.store.database import DbConnection
from filmgate.store.schema import account, ledger_entry, usage_day, video
from filmgate.store.usage import DAY_SECONDS, format_day

__all__ = ["audit"]

MAX_ERRORS = 1000
"""Maximum errors of one kind that are told."""

_BALANCES = (
    select(account.c.id, account.c.balance_micros, func.coalesce(func.sum(ledger_entry.c.amount_micros), 0))
    .select_from(account.outerjoin(ledger_entry, ledger_entry.c.account_id == account.c.id))
    .where(account.c.balance_micros.is_not(null()))
    .group_by(account.c.id, account.c.balance_micros)
    .having(account.c.balance_micros != func.coalesce(func.sum(ledger_entry.c.amount_micros), 0))
    .limit(MAX_ERRORS)
)


def _video_sum(status: str) -> Select[tuple[str, int]]:
    """The prices of an account's videos that are completed, or unfinished."""
    condition = (
        video.c.status == literal_column(f"'{Status.COMPLETED}'")
        if status == Status.COMPLETED
        else video.c.stage != literal_column("'done'")
    )
    return (
        select(video.c.account_id, func.sum(video.c.price_micros).label("total"))
        .where(condition)
        .group_by(video.c.account_id)
    )


_HELD, _CAPTURED = _video_sum("unfinished").subquery(), _video_sum(Status.COMPLETED).subquery()
_TOTALS = (
    select(
        account.c.id,
        account.c.held_micros,
        func.coalesce(_HELD.c.total, 0),
        account.c.captured_micros,
        func.coalesce(_CAPTURED.c.total, 0),
    )
    .select_from(
        account.outerjoin(_HELD, _HELD.c.account_id == account.c.id).outerjoin(
            _CAPTURED, _CAPTURED.c.account_id == account.c.id
        )
    )
    .where(
        or_(
            account.c.held_micros != func.coalesce(_HELD.c.total, 0),
            account.c.captured_micros != func.coalesce(_CAPTURED.c.total, 0),
        )
    )
    .limit(MAX_ERRORS)
)

_DAY = cast(ledger_entry.c.created_at / DAY_SECONDS, Integer)
_EXPECTED_DAYS = (
    select(
        ledger_entry.c.account_id,
        _DAY.label("day"),
        video.c.model,
        func.count().label("videos"),
        func.sum(video.c.seconds).label("seconds"),
        func.sum(video.c.price_micros).label("captured_micros"),
    )
    .select_from(ledger_entry.join(video, video.c.id == ledger_entry.c.video_id))
    .where(ledger_entry.c.kind == literal_column("'capture'"))
    .group_by(ledger_entry.c.account_id, _DAY, video.c.model)
)
_DAY_COLUMNS = ("account_id", "day", "model", "videos", "seconds", "captured_micros")
_KEPT_DAYS = select(*(usage_day.c[name] for name in _DAY_COLUMNS))
_WRONG_DAYS = (
    (_KEPT_DAYS.except_(_EXPECTED_DAYS).limit(MAX_ERRORS), "is kept but not in the ledger"),
    (_EXPECTED_DAYS.except_(_KEPT_DAYS).limit(MAX_ERRORS), "is in the ledger but not kept"),
)

_IS_OWN = ledger_entry.c.account_id == video.c.account_id
_IS_COMPLETED = video.c.status == literal_column(f"'{Status.COMPLETED}'")
_IS_FAILED = video.c.status == literal_column(f"'{Status.FAILED}'")


def _count(kind: str, amount: ColumnElement[int] | int) -> ColumnElement[int]:
    matches = and_(_IS_OWN, ledger_entry.c.kind == literal_column(f"'{kind}'"), ledger_entry.c.amount_micros == amount)
    return func.coalesce(func.sum(case((matches, 1), else_=0)), 0)


_WRONG_VIDEOS = (
    select(video.c.id, video.c.account_id, video.c.status, video.c.price_micros)
    .select_from(video.outerjoin(ledger_entry, ledger_entry.c.video_id == video.c.id))
    .group_by(video.c.id, video.c.account_id, video.c.status, video.c.price_micros)
    .having(
        or_(
            _count("hold", -video.c.price_micros) != 1,
            _count("capture", 0) != case((_IS_COMPLETED, 1), else_=0),
            _count("release", video.c.price_micros) != case((_IS_FAILED, 1), else_=0),
            func.count(ledger_entry.c.id) != case((or_(_IS_COMPLETED, _IS_FAILED), 2), else_=1),
        )
    )
    .limit(MAX_ERRORS)
)
_ENTRIES = select(ledger_entry.c.account_id, ledger_entry.c.kind, ledger_entry.c.amount_micros).where(
    ledger_entry.c.video_id == bindparam("of_video")
)


def audit(connection: DbConnection) -> list[str]:
    """Return the errors, as sentences; run in one transaction, so that it sees one snapshot."""
    errors = [
        f"account {owner}: the balance is {balance}, the entries sum to {total}"
        for owner, balance, total in connection.fetch_all(_BALANCES)
    ]
    errors += [
        f"account {owner}: {held} held and {captured} captured are kept, the videos sum to {all_held}, {all_captured}"
        for owner, held, all_held, captured, all_captured in connection.fetch_all(_TOTALS)
    ]
    for statement, what in _WRONG_DAYS:
        errors += [
            f"account {owner}, {format_day(day)}, {model}: {videos} videos, {seconds} s for {spent} {what}"
            for owner, day, model, videos, seconds, spent in connection.fetch_all(statement)
        ]
    for video_id, owner, status, price in connection.fetch_all(_WRONG_VIDEOS):
        expected = sorted((owner, *entry) for entry in _expected(status, price))
        actual = sorted(connection.fetch_all(_ENTRIES, of_video=video_id))
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
