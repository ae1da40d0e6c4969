"""Transitions of a video: each one guarded UPDATE, alone or in one transaction with its effects.

Every UPDATE names the state that it expects; a row in another state is not changed, and the result is False.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Update, bindparam, case, func, insert, literal_column, null, select, update

from filmgate.domain import CANCELLED, Asset, Stage, Status, VideoError, new_id
from filmgate.store import submissions
from filmgate.store.acceptance import add_asset, remove, request_cancel, require_owned
from filmgate.store.database import DbConnection
from filmgate.store.ledger import capture, release
from filmgate.store.rows import to_json
from filmgate.store.schema import outbox, video
from filmgate.store.usage import CompletedVideo

__all__ = [
    "ADVANCE",
    "CANCEL_INTENT",
    "CURRENT_PROGRESS",
    "FAIL_OVER",
    "RAISE_EPOCH",
    "REASSIGN",
    "REQUEUE",
    "START_FETCHING",
    "cancel_and_remove",
    "complete",
    "fail",
    "fail_if_intent",
    "record_intent",
    "record_ticket",
]

UNFINISHED = video.c.stage != literal_column("'done'")
"""Literal, so that the partial indexes apply."""


def _transition_from(*stages: Stage) -> Update:
    return (
        update(video)
        .where(video.c.id == bindparam("video_id"), video.c.stage.in_([_literal(stage) for stage in stages]))
        .values(version=video.c.version + 1, updated_at=bindparam("now"))
    )


def _literal(value: Status | Stage) -> ColumnElement[str]:
    return literal_column(f"'{value}'")


_IN_PROGRESS = {"status": str(Status.IN_PROGRESS), "started_at": func.coalesce(video.c.started_at, bindparam("now"))}
_CLEARED_SUBMISSION = {
    "stage": str(Stage.ACCEPTED),
    "submit_token": null(),
    "submit_at": null(),
    "ticket": null(),
    "identity": null(),
}
_SAME_TOKEN = video.c.submit_token == bindparam("token")
_WORKING = bindparam("working") == literal_column("1")

_RECORD_INTENT = (
    _transition_from(Stage.ACCEPTED)
    .values(
        stage=str(Stage.SUBMITTING),
        submit_token=bindparam("token"),
        submit_at=bindparam("now"),
        attempts=video.c.attempts + 1,
        identity=bindparam("goes_to"),
    )
    .returning(video.c.engine)
)
_RECORD_TICKET = (
    _transition_from(Stage.SUBMITTING)
    .where(_SAME_TOKEN)
    .values(stage=str(Stage.WATCHING), ticket=bindparam("given_ticket"))
)
_IDENTITY = select(video.c.identity).where(video.c.id == bindparam("video_id"))
_OTHER_ENGINE = {"engine": bindparam("to_engine"), "epoch": video.c.epoch + 1}
_SAME_ENGINE = video.c.engine == bindparam("from_engine")
_NEVER_FAILED_OVER = video.c.failovers == literal_column("0")
REASSIGN = _transition_from(Stage.ACCEPTED).where(_SAME_ENGINE, _NEVER_FAILED_OVER).values(**_OTHER_ENGINE)
FAIL_OVER = (
    _transition_from(Stage.SUBMITTING, Stage.WATCHING)
    .where(_SAME_ENGINE, _SAME_TOKEN, _NEVER_FAILED_OVER)
    .values(**_CLEARED_SUBMISSION, **_OTHER_ENGINE, failovers=video.c.failovers + 1)
)
CANCEL_INTENT = _transition_from(Stage.SUBMITTING).where(_SAME_TOKEN).values(**_CLEARED_SUBMISSION)
START_FETCHING = _transition_from(Stage.WATCHING).values(stage=str(Stage.FETCHING), **_IN_PROGRESS)
REQUEUE = _transition_from(Stage.WATCHING, Stage.FETCHING).values(**_CLEARED_SUBMISSION)
_MAX_PROGRESS = case((video.c.progress < bindparam("shown"), bindparam("shown")), else_=video.c.progress)
ADVANCE = _transition_from(Stage.WATCHING).values(
    progress=_MAX_PROGRESS,
    status=case((_WORKING, _literal(Status.IN_PROGRESS)), else_=video.c.status),
    started_at=case((_WORKING, func.coalesce(video.c.started_at, bindparam("now"))), else_=video.c.started_at),
)
CURRENT_PROGRESS = select(video.c.progress, video.c.status).where(
    video.c.id == bindparam("video_id"), video.c.stage == _literal(Stage.WATCHING)
)
"""What ADVANCE would start from; most polls have nothing new to write."""

RAISE_EPOCH = (
    update(video)
    .where(video.c.id == bindparam("video_id"), video.c.epoch == bindparam("seen"), UNFINISHED)
    .values(epoch=video.c.epoch + 1, version=video.c.version + 1)
)

_COMPLETE = (
    _transition_from(Stage.FETCHING)
    .values(
        status=str(Status.COMPLETED),
        stage=str(Stage.DONE),
        progress=100,
        completed_at=bindparam("now"),
        expires_at=bindparam("until"),
        notes=bindparam("notes_json"),
    )
    .returning(video.c.account_id, video.c.model, video.c.seconds, video.c.price_micros)
)
_FAIL = (
    _transition_from(*(stage for stage in Stage if stage is not Stage.DONE))
    .values(
        status=str(Status.FAILED),
        stage=str(Stage.DONE),
        error_code=bindparam("code"),
        error_message=bindparam("message"),
    )
    .returning(video.c.account_id, video.c.price_micros)
)
_FAIL_IF_INTENT = _FAIL.where(video.c.submit_token.is_not_distinct_from(bindparam("token")))
_ANNOUNCE = insert(outbox).values(
    id=bindparam("event_id"),
    type=bindparam("what"),
    video_id=bindparam("of_video"),
    account_id=bindparam("owner"),
    created_at=bindparam("now"),
)


def record_intent(
    connection: DbConnection, video_id: str, token: str, now: float, *, identity: str, per_minute: int | None
) -> bool:
    """Move accepted -> submitting and insert the submission, within the per-minute limit of its identity."""
    if identity and per_minute is not None and submissions.next_slot_in(connection, identity, per_minute, now) > 0:
        return False
    row = connection.fetch_one(_RECORD_INTENT, video_id=video_id, token=token, now=now, goes_to=identity)
    if row is not None and identity:
        submissions.record(connection, video_id, token, row[0], identity, now)
    return row is not None


def record_ticket(connection: DbConnection, video_id: str, token: str, ticket: str, now: float) -> bool:
    """Move submitting under ``token`` -> watching, unless the ticket is another video's."""
    identity = (connection.fetch_one(_IDENTITY, video_id=video_id) or [None])[0]
    if identity and submissions.is_claimed(connection, identity, ticket, video_id):
        return False
    if not connection.execute(_RECORD_TICKET, video_id=video_id, token=token, given_ticket=ticket, now=now):
        return False
    if identity:
        submissions.record_ticket(connection, token, ticket)
    return True


def complete(
    connection: DbConnection,
    video_id: str,
    assets: Sequence[Asset],
    notes: dict[str, object],
    now: float,
    expires_at: float | None,
) -> bool:
    """Move fetching -> completed, with its files, its capture and its event."""
    row = connection.fetch_one(_COMPLETE, video_id=video_id, notes_json=to_json(notes), now=now, until=expires_at)
    if row is None:
        return False
    for stored in assets:
        add_asset(connection, video_id, stored)
    owner, *made = row
    capture(connection, owner, video_id, CompletedVideo(*made), now)
    _announce(connection, "video.completed", video_id, owner, now)
    return True


def fail(connection: DbConnection, video_id: str, error: VideoError, now: float) -> bool:
    """Move any unfinished stage -> failed, with its release and its event."""
    row = connection.fetch_one(_FAIL, video_id=video_id, code=error.code, message=error.message, now=now)
    return row is not None and _release_and_announce(connection, video_id, row[0], row[1], now)


def fail_if_intent(connection: DbConnection, video_id: str, token: str | None, error: VideoError, now: float) -> bool:
    """Do the same, only if its intent is ``token`` (None: no intent)."""
    row = connection.fetch_one(
        _FAIL_IF_INTENT, video_id=video_id, token=token, code=error.code, message=error.message, now=now
    )
    return row is not None and _release_and_announce(connection, video_id, row[0], row[1], now)


def cancel_and_remove(connection: DbConnection, video_id: str, owner: str, now: float) -> list[str]:
    """Delete a video in any state; an unfinished one fails as cancelled first, with its release and its event.

    Returns:
        The storage keys to delete.

    Raises:
        VideoNotFound: unknown, deleted or another account's.
    """
    if not require_owned(connection, video_id, owner).finished:
        request_cancel(connection, video_id, owner, now)  # the tombstone keeps it: its job is to be cancelled
        fail(connection, video_id, CANCELLED, now)
    return remove(connection, video_id, owner, now)


def _release_and_announce(connection: DbConnection, video_id: str, owner: str, price: int, now: float) -> bool:
    release(connection, owner, video_id, price, now)
    _announce(connection, "video.failed", video_id, owner, now)
    return True


def _announce(connection: DbConnection, kind: str, video_id: str, owner: str, now: float) -> None:
    connection.execute(_ANNOUNCE, event_id=new_id("evt"), what=kind, of_video=video_id, owner=owner, now=now)
