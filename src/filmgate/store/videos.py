"""The rows of videos: one method is one transaction is one transition."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from statistics import median

from sqlalchemy import Executable, bindparam, delete, func, literal_column, null, select, union_all

from filmgate.domain import Asset, AssetKind, NewVideo, Status, VideoError, VideoEvent, VideoRecord
from filmgate.store import acceptance, rate_limits, submissions, transitions
from filmgate.store.database import DbConnection
from filmgate.store.group_commit import GroupCommitWriter
from filmgate.store.rows import (
    ASSET_COLUMNS,
    EVENT_COLUMNS,
    VIDEO_COLUMNS,
    UnfinishedVideo,
    to_asset,
    to_event,
    to_json,
    to_video,
)
from filmgate.store.schema import asset, character, video, video_event

__all__ = ["VideoRepository", "read_versions"]

DURATION_SAMPLES = 20
"""How many of the last completed videos of a kind say how long the next will take."""

DURATION_CACHE_SECONDS = 5.0
"""How long a learnt duration is kept before the rows are asked again."""

DURATION_CACHE_SIZE = 1000
"""How many learnt durations are kept."""

_NOT_DELETED = video.c.deleted_at.is_(null())
_UNFINISHED = transitions.UNFINISHED
_BY_ID = video.c.id == bindparam("video_id")
_BY_OWNER = video.c.account_id == bindparam("owner")

_GET = select(*VIDEO_COLUMNS).where(_BY_ID, _NOT_DELETED)
_VERSION = select(video.c.version).where(_BY_ID, _NOT_DELETED)
_IDS = func.json_each(bindparam("ids")).table_valued("value")
_VERSIONS = select(video.c.id, video.c.version).where(video.c.id.in_(select(_IDS.c.value)))
_OLDEST = select(*VIDEO_COLUMNS).where(_BY_OWNER, _NOT_DELETED).order_by(video.c.seq).limit(bindparam("most"))
_NEWEST = select(*VIDEO_COLUMNS).where(_BY_OWNER, _NOT_DELETED).order_by(video.c.seq.desc()).limit(bindparam("most"))
# A deleted video still marks a place in the list; an unknown or foreign one compares as NULL, so nothing follows it.
_AFTER_SEQ = select(video.c.seq).where(video.c.id == bindparam("after"), _BY_OWNER).correlate(None).scalar_subquery()
_PAGES = {
    (True, False): _OLDEST,
    (False, False): _NEWEST,
    (True, True): _OLDEST.where(video.c.seq > _AFTER_SEQ),
    (False, True): _NEWEST.where(video.c.seq < _AFTER_SEQ),
}
_ASSETS = select(*ASSET_COLUMNS).where(asset.c.video_id == bindparam("video_id"))
_HISTORY = select(*EVENT_COLUMNS).where(video_event.c.video_id == bindparam("video_id")).order_by(video_event.c.seq)
_UNFINISHED_ROWS = (
    select(video.c.id, video.c.engine, video.c.epoch)
    .where(_UNFINISHED, video.c.updated_at < bindparam("before"))
    .order_by(video.c.updated_at)
    .limit(bindparam("most"))
)
_TWIN = select(func.max(video.c.submit_at)).where(
    _UNFINISHED,
    video.c.stage == literal_column("'submitting'"),
    video.c.identity == bindparam("goes_to"),
    video.c.submit_at > bindparam("since"),
    video.c.prompt == bindparam("words"),
    video.c.id != bindparam("video_id"),
)
_CANCEL_REQUESTS = select(video.c.id).where(video.c.cancel_requested == literal_column("1"), _UNFINISHED)
_RUNNING = select(func.count()).select_from(video).where(_BY_OWNER, _UNFINISHED)
_AHEAD = (
    select(func.count())
    .select_from(video)
    .where(
        video.c.engine == bindparam("by"),
        video.c.seq < bindparam("place"),
        video.c.status == literal_column(f"'{Status.QUEUED}'"),
    )
)
_DURATIONS = (
    select(video.c.completed_at - video.c.created_at)
    .where(
        video.c.engine == bindparam("by"),
        video.c.model == bindparam("of_model"),
        video.c.seconds == bindparam("length"),
        video.c.status == literal_column(f"'{Status.COMPLETED}'"),
    )
    .order_by(video.c.completed_at.desc())
    .limit(literal_column(str(DURATION_SAMPLES)))
)
_REFERENCED = union_all(
    select(asset.c.key).where(asset.c.key == bindparam("key")),
    select(character.c.id).where(character.c.picture_key == bindparam("key")),
    select(character.c.id).where(character.c.film_key == bindparam("key")),
)
_JOINED = asset.join(video, video.c.id == asset.c.video_id)
_EXPIRED = (
    select(asset.c.video_id, asset.c.kind, asset.c.key)
    .select_from(_JOINED)
    .where(video.c.expires_at.is_not(null()), video.c.expires_at <= bindparam("now"))
    .limit(bindparam("most"))
)
_FAILED_REFERENCES = (
    select(asset.c.video_id, asset.c.kind, asset.c.key)
    .select_from(_JOINED)
    .where(asset.c.kind == literal_column("'reference'"), video.c.status == literal_column("'failed'"))
    .limit(bindparam("most"))
)
_DONE_SOURCES = (
    select(asset.c.video_id, asset.c.kind, asset.c.key)
    .select_from(_JOINED)
    .where(asset.c.kind == literal_column("'source'"), video.c.stage == literal_column("'done'"))
    .limit(bindparam("most"))
)
_DROP_ASSET = delete(asset).where(asset.c.video_id == bindparam("video_id"), asset.c.kind == bindparam("what"))


class VideoRepository:
    """Reads run at once on a connection of their own; writes return when they are on disk.

    Args:
        reader: the reading connection.
        writer: what groups the writes.
        clock: Unix seconds.
    """

    def __init__(self, reader: DbConnection, writer: GroupCommitWriter, clock: Callable[[], float]) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._duration_cache: dict[tuple[str, str, int], tuple[float, float | None]] = {}

    async def create(self, new: NewVideo, now: float) -> tuple[VideoRecord, bool]:
        """Accept a video: row, hold and history in one transaction.

        Returns:
            The video, and whether it is new; an idempotent replay gives the one made before.

        Raises:
            InsufficientQuota: the balance does not cover it.
            TooManyRequests: the key's limits are reached.
            IdempotencyKeyReuse: the key was used within a day with another fingerprint.
        """
        return await self._writer.write(lambda connection: acceptance.accept(connection, new, now))

    async def get(self, video_id: str, account_id: str | None = None) -> VideoRecord | None:
        """The video; None if it is unknown, deleted or not ``account_id``'s."""
        row = self._reader.fetch_one(_GET, video_id=video_id)
        return None if row is None or account_id not in (None, row[2]) else to_video(row)

    async def refresh(self, video: VideoRecord) -> VideoRecord | None:
        """The video as it is now: the same object where nothing changed, which is cheaper by far to find out."""
        row = self._reader.fetch_one(_VERSION, video_id=video.id)
        return video if row is not None and row[0] == video.version else await self.get(video.id)

    async def page(
        self, account_id: str, *, after: str | None, limit: int, ascending: bool
    ) -> tuple[list[VideoRecord], bool]:
        """Up to ``limit`` videos in the order of acceptance, and whether more follow.

        Args:
            account_id: whose.
            after: the id of the video that the page before ended with; nothing follows an unknown one.
            limit: at least 1.
            ascending: oldest first.
        """
        page = _PAGES[ascending, after is not None]
        given = {"after": after} if after is not None else {}
        rows = self._reader.fetch_all(page, owner=account_id, most=limit + 1, **given)
        return [to_video(row) for row in rows[:limit]], len(rows) > limit

    async def assets(self, video_id: str) -> dict[AssetKind, Asset]:
        """The stored files of a video, its reference among them."""
        rows = self._reader.fetch_all(_ASSETS, video_id=video_id)
        return {stored.kind: stored for stored in map(to_asset, rows)}

    async def delete(self, video_id: str, account_id: str, now: float) -> list[str]:
        """Delete a finished video; returns the storage keys that nothing names any more.

        Raises:
            VideoNotFound: unknown, deleted or another account's.
            VideoNotDeletable: still being made.
        """
        return await self._writer.write(
            lambda connection: acceptance.remove(connection, video_id, account_id, now), changed_video_id=video_id
        )

    async def request_cancel(self, video_id: str, account_id: str, now: float) -> VideoRecord:
        """Note that its owner wants it stopped; the flow sees to it.

        Raises:
            VideoNotFound: unknown, deleted or another account's.
            VideoNotDeletable: finished already.
        """
        return await self._writer.write(
            lambda connection: acceptance.request_cancel(connection, video_id, account_id, now),
            changed_video_id=video_id,
        )

    async def next_slot_in(self, identity: str, per_minute: int, now: float) -> float:
        """Seconds until one more submission may go there, of so many a minute."""
        return submissions.next_slot_in(self._reader, identity, per_minute, now)

    async def record_intent(
        self, video_id: str, token: str, now: float, *, identity: str = "", per_minute: int | None = None
    ) -> bool:
        """Move accepted -> submitting: from here on an engine may have been asked, under ``token``.

        Args:
            video_id: whose.
            token: of the submission.
            now: Unix seconds.
            identity: what the submission goes to; empty for a local engine.
            per_minute: how many go there a minute, of all processes; one too many changes nothing.
        """
        return await self._writer.write(
            partial(
                transitions.record_intent,
                video_id=video_id,
                token=token,
                now=now,
                identity=identity,
                per_minute=per_minute,
            ),
            changed_video_id=video_id,
        )

    async def record_ticket(self, video_id: str, token: str, ticket: str, now: float) -> bool:
        """Move submitting under ``token`` -> watching ``ticket``; never if that is another video's (:meth:`taken`)."""
        return await self._writer.write(
            partial(transitions.record_ticket, video_id=video_id, token=token, ticket=ticket, now=now),
            changed_video_id=video_id,
        )

    async def claimed_by_others(self, identity: str, tickets: Sequence[str], video_id: str) -> set[str]:
        """Those of the tickets given under an identity that another video than this one has, or had."""
        return submissions.claimed_by_others(self._reader, identity, tickets, video_id)

    async def cancel_intent(self, video_id: str, token: str, now: float) -> bool:
        """Move submitting under ``token`` -> accepted: it was surely not submitted."""
        return await self._transition(transitions.CANCEL_INTENT, video_id, token=token, now=now)

    async def advance(self, video_id: str, *, progress: int, working: bool, now: float) -> bool:
        """Show what a look at the engine gave; False if the video is not being watched any more.

        Args:
            video_id: whose.
            progress: percent; one below what was shown before changes nothing, 100 is for complete videos only.
            working: the engine has begun: queued -> in_progress.
            now: Unix seconds.
        """
        row = self._reader.fetch_one(transitions.CURRENT_PROGRESS, video_id=video_id)
        if row is None:
            return False
        if progress <= row[0] and not (working and row[1] == Status.QUEUED):
            return True
        return await self._transition(
            transitions.ADVANCE, video_id, shown=min(progress, 99), working=int(working), now=now
        )

    async def start_fetching(self, video_id: str, now: float) -> bool:
        """Move watching -> fetching; it is in_progress, if it wasn't."""
        return await self._transition(transitions.START_FETCHING, video_id, now=now)

    async def requeue(self, video_id: str, now: float) -> bool:
        """Move watching or fetching -> accepted: the engine lost its work. Status and progress stay."""
        return await self._transition(transitions.REQUEUE, video_id, now=now)

    async def reassign(self, video_id: str, *, engine: str, to: str, now: float) -> bool:
        """Hand an accepted video on to another engine, which surely has not been asked yet."""
        return await self._transition(transitions.REASSIGN, video_id, from_engine=engine, to_engine=to, now=now)

    async def fail_over(self, video_id: str, token: str, *, engine: str, to: str, now: float) -> bool:
        """Move submitting or watching under ``token`` -> accepted by another engine, once a video; the hold stays."""
        return await self._transition(
            transitions.FAIL_OVER, video_id, token=token, from_engine=engine, to_engine=to, now=now
        )

    async def complete(
        self,
        video_id: str,
        assets: list[Asset],
        notes: dict[str, object],
        now: float,
        expires_at: float | None,
    ) -> bool:
        """Move fetching -> completed, with files, capture and event in one transaction."""
        done = await self._writer.write(
            lambda connection: transitions.complete(connection, video_id, assets, notes, now, expires_at),
            changed_video_id=video_id,
        )
        self._duration_cache.clear()
        return done

    async def fail(self, video_id: str, error: VideoError, now: float) -> bool:
        """Move any unfinished video -> failed, with release and event in one transaction."""
        return await self._writer.write(
            lambda connection: transitions.fail(connection, video_id, error, now), changed_video_id=video_id
        )

    async def fail_if_intent(self, video_id: str, token: str | None, error: VideoError, now: float) -> bool:
        """Do the same as long as nobody began another submission: the intent is still ``token``, or still none."""
        return await self._writer.write(
            lambda connection: transitions.fail_if_intent(connection, video_id, token, error, now),
            changed_video_id=video_id,
        )

    async def list_unfinished(self, *, updated_before: float, limit: int = 1000) -> list[UnfinishedVideo]:
        """Unfinished videos that nothing has happened to since, longest first."""
        return [
            UnfinishedVideo(*row) for row in self._reader.fetch_all(_UNFINISHED_ROWS, before=updated_before, most=limit)
        ]

    async def raise_epoch(self, video_id: str, epoch: int) -> bool:
        """From ``epoch`` to the next; False if somebody else did, or the video is finished."""
        return await self._transition(transitions.RAISE_EPOCH, video_id, seen=epoch)

    async def twin_submitted_at(self, video: VideoRecord, identity: str, since: float) -> float | None:
        """When the last other video with the same prompt began to be submitted there, if that was since then."""
        row = self._reader.fetch_one(_TWIN, goes_to=identity, since=since, words=video.prompt, video_id=video.id)
        return row[0] if row else None

    async def delete_old_submissions(self, now: float) -> int:
        """Drop what was submitted long ago for videos that are over; returns how many."""
        return await self._writer.write(partial(submissions.delete_before, before=now - submissions.RETENTION))

    async def list_cancel_requests(self) -> set[str]:
        """The unfinished videos that are to be stopped."""
        return {video_id for (video_id,) in self._reader.fetch_all(_CANCEL_REQUESTS)}

    async def count_unfinished(self, account_id: str) -> int:
        """How many of the account's videos are unfinished."""
        return self._count(_RUNNING, owner=account_id)

    async def drop_expired(self, now: float, limit: int = 100) -> list[str]:
        """Drop the rows of up to ``limit`` files that are past their time, or of no use; returns their keys."""
        return await self._writer.write(partial(_drop_expired, now=now, limit=limit))

    async def referenced_keys(self, keys: Sequence[str]) -> set[str]:
        """Those of the storage keys that some row names."""
        return {key for key in keys if self._reader.fetch_all(_REFERENCED, key=key)}

    async def history(self, video_id: str) -> list[VideoEvent]:
        """All that ever happened to it, oldest first; deleting the video leaves it."""
        return [to_event(row) for row in self._reader.fetch_all(_HISTORY, video_id=video_id)]

    async def count_ahead(self, video: VideoRecord) -> int:
        """How many queued videos of its engine were accepted before it."""
        return self._count(_AHEAD, by=video.engine, place=video.seq)

    async def typical_seconds(self, engine: str, model: str, seconds: int) -> float | None:
        """The median time from create to completion of the last such videos; None without any."""
        kind, now = (engine, model, seconds), self._clock()
        read_at, learnt = self._duration_cache.get(kind, (float("-inf"), None))
        if not 0 <= now - read_at < DURATION_CACHE_SECONDS:
            rows = self._reader.fetch_all(_DURATIONS, by=engine, of_model=model, length=seconds)
            learnt = median(row[0] for row in rows) if rows else None
            if len(self._duration_cache) >= DURATION_CACHE_SIZE:
                self._duration_cache.clear()
            self._duration_cache[kind] = (now, learnt)
        return learnt

    async def find_duplicate(
        self, account_id: str, fingerprint: str, since: float, key_id: str | None = None
    ) -> VideoRecord | None:
        """The newest video that the same request of the same key made since then."""
        return acceptance.find_duplicate(self._reader, account_id, key_id, fingerprint, since)

    async def find_replay(self, account_id: str, key: str, fingerprint: str, now: float) -> VideoRecord | None:
        """The video that an Idempotency-Key made within a day.

        Raises:
            IdempotencyKeyReuse: it made it for another request.
        """
        return acceptance.find_replay(self._reader, account_id, key, fingerprint, now)

    async def rate_limit_status(
        self, key_id: str, now: float, per_minute: int | None = None
    ) -> rate_limits.RateLimitStatus | None:
        """How a key stands with its creates a minute and the dialect's; None if there is no such limit."""
        return rate_limits.rate_limit_status(self._reader, key_id, now, per_minute)

    async def _transition(self, statement: Executable, video_id: str, **params: object) -> bool:
        def write(connection: DbConnection) -> bool:
            return connection.execute(statement, video_id=video_id, **params) == 1

        return await self._writer.write(write, changed_video_id=video_id)

    def _count(self, statement: Executable, **params: object) -> int:
        row = self._reader.fetch_one(statement, **params)
        return int(row[0]) if row else 0


def read_versions(reader: DbConnection, video_ids: Collection[str]) -> dict[str, int]:
    """The versions of videos' rows, deleted or not, by id; one that has no row is missing."""
    return dict(reader.fetch_all(_VERSIONS, ids=to_json(list(video_ids))))


def _drop_expired(connection: DbConnection, *, now: float, limit: int) -> list[str]:
    rows = connection.fetch_all(_EXPIRED, now=now, most=limit)
    for unneeded in (_FAILED_REFERENCES, _DONE_SOURCES):
        rows += connection.fetch_all(unneeded, most=limit - len(rows))
    for video_id, kind, _key in rows:
        connection.execute(_DROP_ASSET, video_id=video_id, what=kind)
    return [key for _video_id, _kind, key in rows]
