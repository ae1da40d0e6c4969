"""Log of submissions sent to upstreams: attributes tickets to videos and enforces per-minute limits.

Local engines have no identity and no entries here.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, exists, func, insert, literal_column, null, select, update

from filmgate.store.database import DbConnection
from filmgate.store.rows import to_json
from filmgate.store.schema import submission, video

__all__ = [
    "RETENTION",
    "WINDOW",
    "claimed_by_others",
    "delete_before",
    "is_claimed",
    "next_slot_in",
    "record",
    "record_ticket",
]

WINDOW = 61.0
"""Seconds over which submissions to an upstream are counted: a minute, plus some variation of network latency."""

RETENTION = 90 * 86400.0
"""Seconds after which a submission of a finished video is deleted."""

_TICKETS = func.json_each(bindparam("tickets")).table_valued("value")
_INSERT = insert(submission).values(
    token=bindparam("token"),
    video_id=bindparam("video_id"),
    engine=bindparam("by"),
    identity=bindparam("goes_to"),
    at=bindparam("now"),
)
_SET_TICKET = (
    update(submission)
    .where(submission.c.token == bindparam("token_now"))
    .values(ticket=func.coalesce(submission.c.ticket, bindparam("given_ticket")))
)
_CLAIMED = select(submission.c.ticket).where(
    submission.c.identity == bindparam("goes_to"),
    submission.c.ticket.is_not(null()),
    submission.c.ticket.in_(select(_TICKETS.c.value)),
    submission.c.video_id != bindparam("video_id"),
)
_NTH_NEWEST = (
    select(submission.c.at)
    .where(
        submission.c.identity == bindparam("goes_to"), submission.c.at.between(bindparam("since"), bindparam("until"))
    )
    .order_by(submission.c.at.desc())
    .limit(literal_column("1"))
    .offset(bindparam("skipped"))
)
_DELETE_OLD = delete(submission).where(
    submission.c.at < bindparam("before"),
    ~exists().where(video.c.id == submission.c.video_id, video.c.stage != literal_column("'done'")),
)


def record(connection: DbConnection, video_id: str, token: str, engine: str, identity: str, now: float) -> None:
    """Insert a submission that is about to be sent."""
    connection.execute(_INSERT, token=token, video_id=video_id, by=engine, goes_to=identity, now=now)


def record_ticket(connection: DbConnection, token: str, ticket: str) -> None:
    """Record the ticket that the upstream returned."""
    connection.execute(_SET_TICKET, token_now=token, given_ticket=ticket)


def claimed_by_others(connection: DbConnection, identity: str, tickets: Sequence[str], video_id: str) -> set[str]:
    """Return those of the tickets that belong to another video."""
    if not identity or not tickets:
        return set()
    rows = connection.fetch_all(_CLAIMED, goes_to=identity, tickets=to_json(list(tickets)), video_id=video_id)
    return {ticket for (ticket,) in rows}


def is_claimed(connection: DbConnection, identity: str, ticket: str, video_id: str) -> bool:
    """Whether the ticket belongs to another video."""
    return bool(claimed_by_others(connection, identity, [ticket], video_id))


def next_slot_in(connection: DbConnection, identity: str, per_minute: int, now: float) -> float:
    """Return the seconds until one more submission may be sent; 0: now."""
    # A clock that was set back leaves rows dated in the future: those far ahead would block all submissions until then.
    window = {"since": now - WINDOW, "until": now + WINDOW}
    row = connection.fetch_one(_NTH_NEWEST, goes_to=identity, skipped=per_minute - 1, **window)
    return 0.0 if row is None else max(0.0, row[0] + WINDOW - now)


def delete_before(connection: DbConnection, before: float) -> int:
    """Delete submissions before then of finished videos; returns how many."""
    return connection.execute(_DELETE_OLD, before=before)
