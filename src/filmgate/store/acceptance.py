"""Accepting and deleting videos: statements, and the functions that run as one transaction each."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, insert, literal_column, null, select, update

from filmgate.domain import Asset, NewVideo, Stage, Status, Video
from filmgate.errors import IdempotencyKeyReuse, InsufficientQuota, VideoNotDeletable, VideoNotFound
from filmgate.store import rate_limits
from filmgate.store.database import Connection
from filmgate.store.ledger import enter, hold
from filmgate.store.rows import (
    VIDEO_COLUMNS,
    accepted_video,
    asset_values,
    buried_recipe_json,
    new_video_values,
    to_video,
)
from filmgate.store.schema import asset, video

__all__ = ["IDEMPOTENCY_SECONDS", "accept", "add_asset", "remove", "replayed", "request_cancel", "resent"]

IDEMPOTENCY_SECONDS = 24 * 3600.0
"""How long a client's Idempotency-Key stands for the video it made."""

_WRITTEN = (
    *("id", "account_id", "model", "engine", "seconds", "recipe", "prompt", "metadata", "price_micros"),
    *("remixed_from_video_id", "created_at", "updated_at", "idempotency_key", "fingerprint"),
    *("key_id", "callback_url"),
)
_INSERT = (
    insert(video)
    .values(
        **{name: bindparam(name) for name in _WRITTEN},
        notes="{}",
        status=str(Status.QUEUED),
        stage=str(Stage.ACCEPTED),
        progress=0,
        version=0,
        attempts=0,
        epoch=0,
        cancel_requested=0,
    )
    .returning(video.c.seq)
)
_INSERT_ASSET = insert(asset).values(**{column.name: bindparam(column.name) for column in asset.c})

_SAME_KEY = select(*VIDEO_COLUMNS, video.c.fingerprint).where(
    video.c.account_id == bindparam("owner"),
    video.c.idempotency_key == bindparam("key"),
    video.c.idempotency_key.is_not(null()),
)
_SAME_REQUEST = (
    select(*VIDEO_COLUMNS)
    .where(
        video.c.account_id == bindparam("owner"),
        video.c.deleted_at.is_(null()),
        video.c.fingerprint == bindparam("digest"),
        video.c.created_at >= bindparam("since"),
        video.c.key_id.is_not_distinct_from(bindparam("asked_with")),
    )
    .order_by(video.c.seq.desc())
    .limit(literal_column("1"))
)
_FORGET_KEY = (
    update(video)
    .where(
        video.c.account_id == bindparam("owner"),
        video.c.idempotency_key == bindparam("key"),
        video.c.idempotency_key.is_not(null()),
        video.c.created_at <= bindparam("before"),
    )
    .values(idempotency_key=null())
)

_OWN = select(*VIDEO_COLUMNS).where(
    video.c.id == bindparam("video_id"), video.c.account_id == bindparam("owner"), video.c.deleted_at.is_(null())
)
_ASK_TO_STOP = (
    update(video)
    .where(
        video.c.id == bindparam("video_id"),
        video.c.account_id == bindparam("owner"),
        video.c.stage != literal_column("'done'"),
        video.c.cancel_requested == literal_column("0"),
    )
    .values(cancel_requested=1, version=video.c.version + 1, updated_at=bindparam("now"))
)
_BURY = (
    update(video)
    .where(video.c.id == bindparam("video_id"))
    .values(
        deleted_at=bindparam("now"),
        updated_at=bindparam("now"),
        version=video.c.version + 1,
        prompt=null(),
        callback_url=null(),
        metadata="{}",
        notes="{}",
        recipe=bindparam("recipe_left"),
    )
)
_DROP_ASSETS = delete(asset).where(asset.c.video_id == bindparam("video_id")).returning(asset.c.key)


def accept(connection: Connection, new: NewVideo, now: float) -> tuple[Video, bool]:
    """Insert video, hold and reference; or find what the same Idempotency-Key, or the same request, made before.

    Raises:
        InsufficientQuota: the balance does not cover the price.
        TooManyRequests: the key's limits are reached; what was found before counts against none of them.
        IdempotencyKeyReuse: the key stands for another request.
    """
    if seen := _seen(connection, new, now):
        return seen, False
    if new.key_id is not None:
        rate_limits.check(connection, new.key_id, now, new.creates_a_minute, new.running_limit)
    if not hold(connection, new.account_id, new.price_micros):
        raise InsufficientQuota
    [(seq,)] = connection.rows(_INSERT, **new_video_values(new, now))
    enter(connection, new.account_id, new.id, "hold", -new.price_micros, now)
    for given in (new.recipe.reference, new.recipe.source):
        if given is not None:
            add_asset(connection, new.id, given)
    return accepted_video(new, seq, now), True


def _seen(connection: Connection, new: NewVideo, now: float) -> Video | None:
    if new.idempotency_key is not None:
        connection.run(_FORGET_KEY, owner=new.account_id, key=new.idempotency_key, before=now - IDEMPOTENCY_SECONDS)
        if seen := replayed(connection, new.account_id, new.idempotency_key, new.fingerprint, now):
            return seen
    if new.resend_since is not None:
        return resent(connection, new.account_id, new.key_id, new.fingerprint, new.resend_since)
    return None


def replayed(connection: Connection, owner: str, key: str, fingerprint: str, now: float) -> Video | None:
    """What an Idempotency-Key made within a day.

    Raises:
        IdempotencyKeyReuse: the key stands for another request.
    """
    row = connection.row(_SAME_KEY, owner=owner, key=key)
    if row is None:
        return None
    seen = to_video(row[:-1])
    if seen.created_at <= now - IDEMPOTENCY_SECONDS:
        return None
    if row[-1] != fingerprint:
        raise IdempotencyKeyReuse
    return seen


def resent(connection: Connection, owner: str, key_id: str | None, fingerprint: str, since: float) -> Video | None:
    """The newest video that the same request of the same key made since then."""
    row = connection.row(_SAME_REQUEST, owner=owner, digest=fingerprint, since=since, asked_with=key_id)
    return to_video(row) if row else None


def add_asset(connection: Connection, video_id: str, stored: Asset) -> None:
    """Name a stored file in a row."""
    connection.run(_INSERT_ASSET, **asset_values(video_id, stored))


def request_cancel(connection: Connection, video_id: str, owner: str, now: float) -> Video:
    """Leave the flow a note to stop; leaving it twice changes nothing.

    Raises:
        VideoNotFound: unknown, deleted or another account's.
        VideoNotDeletable: finished already.
    """
    connection.run(_ASK_TO_STOP, video_id=video_id, owner=owner, now=now)
    seen = _own(connection, video_id, owner)
    if seen.finished:
        raise VideoNotDeletable("The video is finished already.")
    return seen


def remove(connection: Connection, video_id: str, owner: str, now: float) -> list[str]:
    """Leave a tombstone: no prompt, no metadata, no files; returns the storage keys to delete.

    Raises:
        VideoNotFound: unknown, deleted or another account's.
        VideoNotDeletable: still being made.
    """
    seen = _own(connection, video_id, owner)
    if not seen.finished:
        raise VideoNotDeletable("The video is still being made; cancel it first, or wait until it is finished.")
    connection.run(_BURY, video_id=video_id, now=now, recipe_left=buried_recipe_json(seen.recipe))
    return [key for (key,) in connection.rows(_DROP_ASSETS, video_id=video_id)]


def _own(connection: Connection, video_id: str, owner: str) -> Video:
    row = connection.row(_OWN, video_id=video_id, owner=owner)
    if row is None:
        raise VideoNotFound(video_id)
    return to_video(row)
