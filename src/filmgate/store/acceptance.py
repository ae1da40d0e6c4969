"""Acceptance and deletion of videos: statements, and functions that each run as one transaction."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, insert, literal_column, null, select, update

from filmgate.domain import Asset, NewVideo, Stage, Status, VideoRecord
from filmgate.errors import IdempotencyKeyReuse, InsufficientQuota, VideoNotDeletable, VideoNotFound
from filmgate.store import rate_limits
from filmgate.store.database import DbConnection
from filmgate.store.ledger import append_entry, hold
from filmgate.store.rows import (
    VIDEO_COLUMNS,
    accepted_video,
    asset_values,
    new_video_values,
    to_video,
    tombstone_recipe_json,
)
from filmgate.store.schema import asset, video

__all__ = ["IDEMPOTENCY_SECONDS", "accept", "add_asset", "find_duplicate", "find_replay", "remove", "request_cancel"]

IDEMPOTENCY_SECONDS = 24 * 3600.0
"""Seconds for which a client's Idempotency-Key refers to the video it created."""

_INSERT_COLUMNS = (
    *("id", "account_id", "model", "engine", "seconds", "recipe", "prompt", "metadata", "price_micros"),
    *("remixed_from_video_id", "created_at", "updated_at", "idempotency_key", "fingerprint"),
    *("key_id", "callback_url"),
)
_INSERT = (
    insert(video)
    .values(
        **{name: bindparam(name) for name in _INSERT_COLUMNS},
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
        video.c.key_id.is_not_distinct_from(bindparam("with_key")),
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

_OWNED = select(*VIDEO_COLUMNS).where(
    video.c.id == bindparam("video_id"), video.c.account_id == bindparam("owner"), video.c.deleted_at.is_(null())
)
_REQUEST_CANCEL = (
    update(video)
    .where(
        video.c.id == bindparam("video_id"),
        video.c.account_id == bindparam("owner"),
        video.c.stage != literal_column("'done'"),
        video.c.cancel_requested == literal_column("0"),
    )
    .values(cancel_requested=1, version=video.c.version + 1, updated_at=bindparam("now"))
)
_LEAVE_TOMBSTONE = (
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


def accept(connection: DbConnection, new: NewVideo, now: float) -> tuple[VideoRecord, bool]:
    """Insert video, hold and reference; or return the video of the same Idempotency-Key or the same request.

    Raises:
        InsufficientQuota: the balance does not cover the price.
        TooManyRequests: the key's limits are reached; returning an existing video is exempt.
        IdempotencyKeyReuse: the key was used for another request.
    """
    if existing := _find_existing(connection, new, now):
        return existing, False
    if new.key_id is not None:
        rate_limits.enforce(connection, new.key_id, now, new.creates_per_minute, new.running_limit)
    if not hold(connection, new.account_id, new.price_micros):
        raise InsufficientQuota
    [(seq,)] = connection.fetch_all(_INSERT, **new_video_values(new, now))
    append_entry(connection, new.account_id, new.id, "hold", -new.price_micros, now)
    for source_asset in (new.recipe.reference, new.recipe.source):
        if source_asset is not None:
            add_asset(connection, new.id, source_asset)
    return accepted_video(new, seq, now), True


def _find_existing(connection: DbConnection, new: NewVideo, now: float) -> VideoRecord | None:
    if new.idempotency_key is not None:
        connection.execute(_FORGET_KEY, owner=new.account_id, key=new.idempotency_key, before=now - IDEMPOTENCY_SECONDS)
        if existing := find_replay(connection, new.account_id, new.idempotency_key, new.fingerprint, now):
            return existing
    if new.resend_since is not None:
        return find_duplicate(connection, new.account_id, new.key_id, new.fingerprint, new.resend_since)
    return None


def find_replay(connection: DbConnection, owner: str, key: str, fingerprint: str, now: float) -> VideoRecord | None:
    """Return the video that an Idempotency-Key created within a day.

    Raises:
        IdempotencyKeyReuse: the key was used for another request.
    """
    row = connection.fetch_one(_SAME_KEY, owner=owner, key=key)
    if row is None:
        return None
    existing = to_video(row[:-1])
    if existing.created_at <= now - IDEMPOTENCY_SECONDS:
        return None
    if row[-1] != fingerprint:
        raise IdempotencyKeyReuse
    return existing


def find_duplicate(
    connection: DbConnection, owner: str, key_id: str | None, fingerprint: str, since: float
) -> VideoRecord | None:
    """Return the newest video that the same request with the same key created since then."""
    row = connection.fetch_one(_SAME_REQUEST, owner=owner, digest=fingerprint, since=since, with_key=key_id)
    return to_video(row) if row else None


def add_asset(connection: DbConnection, video_id: str, stored: Asset) -> None:
    """Insert the row of a stored file."""
    connection.execute(_INSERT_ASSET, **asset_values(video_id, stored))


def request_cancel(connection: DbConnection, video_id: str, owner: str, now: float) -> VideoRecord:
    """Request a cancellation from the flow; a second request changes nothing.

    Raises:
        VideoNotFound: unknown, deleted or another account's.
        VideoNotDeletable: already finished.
    """
    connection.execute(_REQUEST_CANCEL, video_id=video_id, owner=owner, now=now)
    record = require_owned(connection, video_id, owner)
    if record.finished:
        raise VideoNotDeletable("The video is finished already.")
    return record


def remove(connection: DbConnection, video_id: str, owner: str, now: float) -> list[str]:
    """Replace the video by a tombstone without prompt, metadata and files; returns the storage keys to delete.

    Raises:
        VideoNotFound: unknown, deleted or another account's.
        VideoNotDeletable: unfinished.
    """
    record = require_owned(connection, video_id, owner)
    if not record.finished:
        raise VideoNotDeletable("The video is still being made; cancel it first, or wait until it is finished.")
    connection.execute(_LEAVE_TOMBSTONE, video_id=video_id, now=now, recipe_left=tombstone_recipe_json(record.recipe))
    return [key for (key,) in connection.fetch_all(_DROP_ASSETS, video_id=video_id)]


def require_owned(connection: DbConnection, video_id: str, owner: str) -> VideoRecord:
    """Return the video.

    Raises:
        VideoNotFound: unknown, deleted or another account's.
    """
    row = connection.fetch_one(_OWNED, video_id=video_id, owner=owner)
    if row is None:
        raise VideoNotFound(video_id)
    return to_video(row)
