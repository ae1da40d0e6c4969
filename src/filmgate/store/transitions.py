"""The flow's moves: each one guarded UPDATE, alone or with what has to be true with it.

Every UPDATE names the state that it expects; a row in another state is left as it is, and the answer is False.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Update, bindparam, case, func, insert, literal_column, null, select, update

from filmgate.domain import Asset, Stage, Status, VideoError, new_id
from filmgate.store import submissions
from filmgate.store.acceptance import add_asset
from filmgate.store.database import Connection
from filmgate.store.ledger import capture, release
from filmgate.store.rows import to_json
from filmgate.store.schema import outbox, video

__all__ = [
    "ADVANCE",
    "AS_ADVANCED",
    "FAIL_OVER",
    "FETCHING",
    "RAISE_EPOCH",
    "REBIND",
    "RESTART",
    "WITHDRAW",
    "complete",
    "fail",
    "fail_under",
    "intend",
    "ticketed",
]

UNFINISHED = video.c.stage != literal_column("'done'")
"""Literal, so that the partial indexes serve it."""


def _move(*stages: Stage) -> Update:
    return (
        update(video)
        .where(video.c.id == bindparam("video_id"), video.c.stage.in_([_word(stage) for stage in stages]))
        .values(version=video.c.version + 1, updated_at=bindparam("now"))
    )


def _word(value: Status | Stage) -> ColumnElement[str]:
    return literal_column(f"'{value}'")


_BEGUN = {"status": str(Status.IN_PROGRESS), "started_at": func.coalesce(video.c.started_at, bindparam("now"))}
_FORGOTTEN = {
    "stage": str(Stage.ACCEPTED),
    "submit_token": null(),
    "submit_at": null(),
    "ticket": null(),
    "identity": null(),
}
_SAME_TOKEN = video.c.submit_token == bindparam("token")
_WORKING = bindparam("working") == literal_column("1")

_INTEND = (
    _move(Stage.ACCEPTED)
    .values(
        stage=str(Stage.SUBMITTING),
        submit_token=bindparam("token"),
        submit_at=bindparam("now"),
        attempts=video.c.attempts + 1,
        identity=bindparam("goes_to"),
    )
    .returning(video.c.engine)
)
_TICKETED = (
    _move(Stage.SUBMITTING).where(_SAME_TOKEN).values(stage=str(Stage.WATCHING), ticket=bindparam("given_ticket"))
)
_SUBMITTED_TO = select(video.c.identity).where(video.c.id == bindparam("video_id"))
_OTHER_ENGINE = {"engine": bindparam("to_engine"), "epoch": video.c.epoch + 1}
_SAME_ENGINE = video.c.engine == bindparam("from_engine")
_NEVER_FAILED_OVER = video.c.failovers == literal_column("0")
REBIND = _move(Stage.ACCEPTED).where(_SAME_ENGINE, _NEVER_FAILED_OVER).values(**_OTHER_ENGINE)
FAIL_OVER = (
    _move(Stage.SUBMITTING, Stage.WATCHING)
    .where(_SAME_ENGINE, _SAME_TOKEN, _NEVER_FAILED_OVER)
    .values(**_FORGOTTEN, **_OTHER_ENGINE, failovers=video.c.failovers + 1)
)
WITHDRAW = _move(Stage.SUBMITTING).where(_SAME_TOKEN).values(**_FORGOTTEN)
FETCHING = _move(Stage.WATCHING).values(stage=str(Stage.FETCHING), **_BEGUN)
RESTART = _move(Stage.WATCHING, Stage.FETCHING).values(**_FORGOTTEN)
_RISEN = case((video.c.progress < bindparam("shown"), bindparam("shown")), else_=video.c.progress)
ADVANCE = _move(Stage.WATCHING).values(
    progress=_RISEN,
    status=case((_WORKING, _word(Status.IN_PROGRESS)), else_=video.c.status),
    started_at=case((_WORKING, func.coalesce(video.c.started_at, bindparam("now"))), else_=video.c.started_at),
)
AS_ADVANCED = select(video.c.progress, video.c.status).where(
    video.c.id == bindparam("video_id"), video.c.stage == _word(Stage.WATCHING)
)
"""What ADVANCE would start from; most looks have nothing new to write."""

RAISE_EPOCH = (
    update(video)
    .where(video.c.id == bindparam("video_id"), video.c.epoch == bindparam("seen"), UNFINISHED)
    .values(epoch=video.c.epoch + 1, version=video.c.version + 1)
)

_COMPLETE = (
    _move(Stage.FETCHING)
    .values(
        status=str(Status.COMPLETED),
        stage=str(Stage.DONE),
        progress=100,
        completed_at=bindparam("now"),
        expires_at=bindparam("until"),
        notes=bindparam("said"),
    )
    .returning(video.c.account_id)
)
_FAIL = (
    _move(*(stage for stage in Stage if stage is not Stage.DONE))
    .values(
        status=str(Status.FAILED),
        stage=str(Stage.DONE),
        error_code=bindparam("code"),
        error_message=bindparam("message"),
    )
    .returning(video.c.account_id, video.c.price_micros)
)
_FAIL_UNDER = _FAIL.where(video.c.submit_token.is_not_distinct_from(bindparam("token")))
_ANNOUNCE = insert(outbox).values(
    id=bindparam("event_id"),
    type=bindparam("what"),
    video_id=bindparam("of_video"),
    account_id=bindparam("owner"),
    created_at=bindparam("now"),
)


def intend(
    connection: Connection, video_id: str, token: str, now: float, *, identity: str, per_minute: int | None
) -> bool:
    """Move accepted -> submitting, and write the submission down; not beyond so many a minute of its identity."""
    if identity and per_minute is not None and submissions.pace(connection, identity, per_minute, now) > 0:
        return False
    row = connection.row(_INTEND, video_id=video_id, token=token, now=now, goes_to=identity)
    if row is not None and identity:
        submissions.note(connection, video_id, token, row[0], identity, now)
    return row is not None


def ticketed(connection: Connection, video_id: str, token: str, ticket: str, now: float) -> bool:
    """Move submitting under ``token`` -> watching, unless the ticket is another video's."""
    identity = (connection.row(_SUBMITTED_TO, video_id=video_id) or [None])[0]
    if identity and submissions.is_taken(connection, identity, ticket, video_id):
        return False
    if not connection.run(_TICKETED, video_id=video_id, token=token, given_ticket=ticket, now=now):
        return False
    if identity:
        submissions.note_ticket(connection, token, ticket)
    return True


def complete(
    connection: Connection,
    video_id: str,
    assets: Sequence[Asset],
    notes: dict[str, object],
    now: float,
    expires_at: float | None,
) -> bool:
    """Move fetching -> completed, with its files, its capture and its event."""
    row = connection.row(_COMPLETE, video_id=video_id, said=to_json(notes), now=now, until=expires_at)
    if row is None:
        return False
    for stored in assets:
        add_asset(connection, video_id, stored)
    capture(connection, row[0], video_id, now)
    _announce(connection, "video.completed", video_id, row[0], now)
    return True


def fail(connection: Connection, video_id: str, error: VideoError, now: float) -> bool:
    """Move whatever unfinished stage -> failed, with its release and its event."""
    row = connection.row(_FAIL, video_id=video_id, code=error.code, message=error.message, now=now)
    return row is not None and _settled(connection, video_id, row[0], row[1], now)


def fail_under(connection: Connection, video_id: str, token: str | None, error: VideoError, now: float) -> bool:
    """Do the same, unless it is under another intent than ``token`` (None: under any)."""
    row = connection.row(_FAIL_UNDER, video_id=video_id, token=token, code=error.code, message=error.message, now=now)
    return row is not None and _settled(connection, video_id, row[0], row[1], now)


def _settled(connection: Connection, video_id: str, owner: str, price: int, now: float) -> bool:
    release(connection, owner, video_id, price, now)
    _announce(connection, "video.failed", video_id, owner, now)
    return True


def _announce(connection: Connection, kind: str, video_id: str, owner: str, now: float) -> None:
    connection.run(_ANNOUNCE, event_id=new_id("evt"), what=kind, of_video=video_id, owner=owner, now=now)
