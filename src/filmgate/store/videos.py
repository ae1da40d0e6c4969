"""Repository of videos: one method is one transaction is one transition."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
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
from filmgate.store.schema import asset, character, file, video, video_event

__all__ = ["VideoRepository", "read_versions"]

DURATION_SAMPLES = 20
"""Number of the latest completed videos of a kind from which a duration is estimated."""

DURATION_CACHE_SECONDS = 5.0
"""Seconds that an estimated duration is cached."""

DURATION_CACHE_SIZE = 1000
"""Maximum number of cached durations."""

MAX_TURN = 64
"""Turns that are told apart: an account's later unfinished videos all have this one."""

TURNS_PER_LOOP_TURN = 50
"""Turns that are counted before the event loop runs other tasks: a start may count a hundred thousand."""

_NOT_DELETED = video.c.deleted_at.is_(null())
_UNFINISHED = transitions.UNFINISHED
_BY_ID = video.c.id == bindparam("video_id")
_BY_OWNER = video.c.account_id == bindparam("owner")

_GET = select(*VIDEO_COLUMNS).where(_BY_ID, _NOT_DELETED)
_ABANDONED = select(*VIDEO_COLUMNS).where(
    _BY_ID,
    video.c.deleted_at.is_not(null()),
    video.c.cancel_requested == literal_column("1"),
    video.c.ticket.is_not(null()),
)
_VERSION = select(video.c.version).where(_BY_ID, _NOT_DELETED)
_IDS = func.json_each(bindparam("ids")).table_valued("value")
_VERSIONS = select(video.c.id, video.c.version).where(video.c.id.in_(select(_IDS.c.value)))
_OLDEST = select(*VIDEO_COLUMNS).where(_BY_OWNER, _NOT_DELETED).order_by(video.c.seq).limit(bindparam("most"))
_NEWEST = select(*VIDEO_COLUMNS).where(_BY_OWNER, _NOT_DELETED).order_by(video.c.seq.desc()).limit(bindparam("most"))
# A deleted video still marks a position in the list; an unknown or foreign one compares as NULL, so nothing follows it.
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
_PLACE = select(video.c.account_id, video.c.seq).where(_BY_ID)
_TURN = select(func.count()).select_from(
    select(literal_column("1"))
    .where(_BY_OWNER, _UNFINISHED, video.c.seq <= bindparam("place"))
    .limit(literal_column(str(MAX_TURN)))
    .subquery()
)
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
    select(file.c.id).where(file.c.key == bindparam("key")),
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
        writer: the group commit writer.
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
            The video, and whether it is new; an idempotent replay returns the existing one.

        Raises:
            InsufficientQuota: the balance does not cover it.
            TooManyRequests: the key's limits are reached.
            IdempotencyKeyReuse: the key was used within a day with another fingerprint.
        """
        return await self._writer.write(lambda connection: acceptance.accept(connection, new, now))

    async def get(self, video_id: str, account_id: str | None = None) -> VideoRecord | None:
        """Return the video; None if it is unknown, deleted or not ``account_id``'s."""
        row = self._reader.fetch_one(_GET, video_id=video_id)
        return None if row is None or account_id not in (None, row[2]) else to_video(row)

    async def refresh(self, video: VideoRecord) -> VideoRecord | None:
        """Return the current record; the same object if nothing changed, which is far cheaper than a read."""
        row = self._reader.fetch_one(_VERSION, video_id=video.id)
        return video if row is not None and row[0] == video.version else await self.get(video.id)

    async def page(
        self, account_id: str, *, after: str | None, limit: int, ascending: bool
    ) -> tuple[list[VideoRecord], bool]:
        """Return up to ``limit`` videos in acceptance order, and whether more follow.

        Args:
            account_id: id of the account.
            after: the id of the last video of the previous page; nothing follows an unknown one.
            limit: at least 1.
            ascending: oldest first.
        """
        page = _PAGES[ascending, after is not None]
        params = {"after": after} if after is not None else {}
        rows = self._reader.fetch_all(page, owner=account_id, most=limit + 1, **params)
        return [to_video(row) for row in rows[:limit]], len(rows) > limit

    async def assets(self, video_id: str) -> dict[AssetKind, Asset]:
        """Return the stored files of a video, including its reference."""
        rows = self._reader.fetch_all(_ASSETS, video_id=video_id)
        return {stored.kind: stored for stored in map(to_asset, rows)}

    async def delete(self, video_id: str, account_id: str, now: float) -> list[str]:
        """Delete a finished video; returns the storage keys that are no longer referenced.

        Raises:
            VideoNotFound: unknown, deleted or another account's.
            VideoNotDeletable: unfinished.
        """
        return await self._writer.write(
            lambda connection: acceptance.remove(connection, video_id, account_id, now), changed_video_id=video_id
        )

    async def cancel_and_delete(self, video_id: str, account_id: str, now: float) -> list[str]:
        """Delete a video in any state: cancellation, release, event and tombstone in one transaction.

        Returns:
            The storage keys that are no longer referenced.

        Raises:
            VideoNotFound: unknown, deleted or another account's.
        """
        return await self._writer.write(
            lambda connection: transitions.cancel_and_remove(connection, video_id, account_id, now),
            changed_video_id=video_id,
        )

    async def abandoned(self, video_id: str) -> VideoRecord | None:
        """Return the tombstone of a video that was deleted while an engine had its job; None: it is not such a one."""
        row = self._reader.fetch_one(_ABANDONED, video_id=video_id)
        return None if row is None else to_video(row)

    async def request_cancel(self, video_id: str, account_id: str, now: float) -> VideoRecord:
        """Record that the owner requests a cancellation; the flow performs it.

        Raises:
            VideoNotFound: unknown, deleted or another account's.
            VideoNotDeletable: already finished.
        """
        return await self._writer.write(
            lambda connection: acceptance.request_cancel(connection, video_id, account_id, now),
            changed_video_id=video_id,
        )

    async def next_slot_in(self, identity: str, per_minute: int, now: float) -> float:
        """Return the seconds until one more submission may be sent to the identity; 0: now."""
        return submissions.next_slot_in(self._reader, identity, per_minute, now)

    async def record_intent(
        self, video_id: str, token: str, now: float, *, identity: str = "", per_minute: int | None = None
    ) -> bool:
        """Move accepted -> submitting: from now on it may have been submitted, under ``token``.

        Args:
            video_id: id of the video.
            token: token of the submission.
            now: Unix seconds.
            identity: engine identity; empty for a local engine.
            per_minute: limit of submissions per minute to it, by all processes; above it nothing changes.
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
        """Move submitting under ``token`` -> watching ``ticket``, unless the ticket is another video's."""
        return await self._writer.write(
            partial(transitions.record_ticket, video_id=video_id, token=token, ticket=ticket, now=now),
            changed_video_id=video_id,
        )

    async def claimed_by_others(self, identity: str, tickets: Sequence[str], video_id: str) -> set[str]:
        """Return those of an identity's tickets that belong or belonged to another video."""
        return submissions.claimed_by_others(self._reader, identity, tickets, video_id)

    async def cancel_intent(self, video_id: str, token: str, now: float) -> bool:
        """Move submitting under ``token`` -> accepted: it was surely not submitted."""
        return await self._transition(transitions.CANCEL_INTENT, video_id, token=token, now=now)

    async def advance(self, video_id: str, *, progress: int, working: bool, now: float) -> bool:
        """Store the result of a poll; False if the video is not being watched any more.

        Args:
            video_id: id of the video.
            progress: percent; a lower value than before changes nothing, 100 is for completed videos only.
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
        """Move watching -> fetching; the status becomes in_progress."""
        return await self._transition(transitions.START_FETCHING, video_id, now=now)

    async def requeue(self, video_id: str, now: float) -> bool:
        """Move watching or fetching -> accepted: the engine lost its job. Status and progress stay."""
        return await self._transition(transitions.REQUEUE, video_id, now=now)

    async def reassign(self, video_id: str, *, engine: str, to: str, now: float) -> bool:
        """Move an accepted video to another engine; it was surely not submitted."""
        return await self._transition(transitions.REASSIGN, video_id, from_engine=engine, to_engine=to, now=now)

    async def fail_over(self, video_id: str, token: str, *, engine: str, to: str, now: float) -> bool:
        """Move submitting or watching under ``token`` -> accepted on another engine, once per video; the hold stays."""
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
        completed = await self._writer.write(
            lambda connection: transitions.complete(connection, video_id, assets, notes, now, expires_at),
            changed_video_id=video_id,
        )
        self._duration_cache.clear()
        return completed

    async def fail(self, video_id: str, error: VideoError, now: float) -> bool:
        """Move any unfinished video -> failed, with release and event in one transaction."""
        return await self._writer.write(
            lambda connection: transitions.fail(connection, video_id, error, now), changed_video_id=video_id
        )

    async def fail_if_intent(self, video_id: str, token: str | None, error: VideoError, now: float) -> bool:
        """Do the same, only if no other submission was started: the intent is still ``token``, or still none."""
        return await self._writer.write(
            lambda connection: transitions.fail_if_intent(connection, video_id, token, error, now),
            changed_video_id=video_id,
        )

    async def list_unfinished(self, *, updated_before: float, limit: int = 1000) -> list[UnfinishedVideo]:
        """Return unfinished videos unchanged since then, longest first."""
        return [
            UnfinishedVideo(*row) for row in self._reader.fetch_all(_UNFINISHED_ROWS, before=updated_before, most=limit)
        ]

    def turn(self, account_id: str, seq: int) -> int:
        """Return the turn of an account's video, as :meth:`turns` does, where its place is known."""
        return self._count(_TURN, owner=account_id, place=seq)

    async def turns(self, video_ids: Iterable[str]) -> dict[str, int]:
        """Return each video's turn in its account: 1 for the account's first unfinished video, up to MAX_TURN.

        A queue that runs by turn, then by acceptance, serves all accounts alike: one account's hundred videos do not
        hold up another's first.
        """
        turns = {}
        for number, video_id in enumerate(video_ids, 1):
            place = self._reader.fetch_one(_PLACE, video_id=video_id)
            turns[video_id] = 1 if place is None else self.turn(*place)
            if number % TURNS_PER_LOOP_TURN == 0:
                await asyncio.sleep(0)
        return turns

    async def raise_epoch(self, video_id: str, epoch: int) -> bool:
        """Raise ``epoch`` by one; False if another process did, or the video is finished."""
        return await self._transition(transitions.RAISE_EPOCH, video_id, seen=epoch)

    async def twin_submitted_at(self, video: VideoRecord, identity: str, since: float) -> float | None:
        """Return when the latest other video with the same prompt was submitted there; None if not since ``since``."""
        row = self._reader.fetch_one(_TWIN, goes_to=identity, since=since, words=video.prompt, video_id=video.id)
        return row[0] if row else None

    async def delete_old_submissions(self, now: float) -> int:
        """Delete old submissions of finished videos; returns how many."""
        return await self._writer.write(partial(submissions.delete_before, before=now - submissions.RETENTION))

    async def list_cancel_requests(self) -> set[str]:
        """Return the unfinished videos whose cancellation was requested."""
        return {video_id for (video_id,) in self._reader.fetch_all(_CANCEL_REQUESTS)}

    async def count_unfinished(self, account_id: str) -> int:
        """Count the account's unfinished videos."""
        return self._count(_RUNNING, owner=account_id)

    async def drop_expired(self, now: float, limit: int = 100) -> list[str]:
        """Delete the rows of up to ``limit`` files that are expired or no longer needed; returns their keys."""
        return await self._writer.write(partial(_drop_expired, now=now, limit=limit))

    async def referenced_keys(self, keys: Sequence[str]) -> set[str]:
        """Return those of the storage keys that some row references."""
        return {key for key in keys if self._reader.fetch_all(_REFERENCED, key=key)}

    async def history(self, video_id: str) -> list[VideoEvent]:
        """Return the video's history, oldest first; it remains after the video is deleted."""
        return [to_event(row) for row in self._reader.fetch_all(_HISTORY, video_id=video_id)]

    async def count_ahead(self, video: VideoRecord) -> int:
        """Count the queued videos of its engine that were accepted before it."""
        return self._count(_AHEAD, by=video.engine, place=video.seq)

    async def typical_seconds(self, engine: str, model: str, seconds: int) -> float | None:
        """Return the median seconds from create to completion of the latest such videos; None without any."""
        kind, now = (engine, model, seconds), self._clock()
        read_at, duration = self._duration_cache.get(kind, (float("-inf"), None))
        if not 0 <= now - read_at < DURATION_CACHE_SECONDS:
            rows = self._reader.fetch_all(_DURATIONS, by=engine, of_model=model, length=seconds)
            duration = median(row[0] for row in rows) if rows else None
            if len(self._duration_cache) >= DURATION_CACHE_SIZE:
                self._duration_cache.clear()
            self._duration_cache[kind] = (now, duration)
        return duration

    async def find_duplicate(
        self, account_id: str, fingerprint: str, since: float, key_id: str | None = None
    ) -> VideoRecord | None:
        """Return the newest video that the same request with the same key created since then."""
        return acceptance.find_duplicate(self._reader, account_id, key_id, fingerprint, since)

    async def find_replay(self, account_id: str, key: str, fingerprint: str, now: float) -> VideoRecord | None:
        """Return the video that an Idempotency-Key created within a day.

        Raises:
            IdempotencyKeyReuse: the key was used for another request.
        """
        return acceptance.find_replay(self._reader, account_id, key, fingerprint, now)

    async def check_limits(self, key_id: str, now: float, per_minute: int | None, running: int | None) -> None:
        """Raise if one more create would exceed a limit of the key now, or the dialect's own that are given.

        Raises:
            TooManyRequests: it would.
        """
        rate_limits.enforce(self._reader, key_id, now, per_minute, running)

    async def rate_limit_status(
        self, key_id: str, now: float, per_minute: int | None = None
    ) -> rate_limits.RateLimitStatus | None:
        """Return the state of the key's creates per minute, or the dialect's limit if lower; None if unlimited."""
        return rate_limits.rate_limit_status(self._reader, key_id, now, per_minute)

    async def _transition(self, statement: Executable, video_id: str, **params: object) -> bool:
        def write(connection: DbConnection) -> bool:
            return connection.execute(statement, video_id=video_id, **params) == 1

        return await self._writer.write(write, changed_video_id=video_id)

    def _count(self, statement: Executable, **params: object) -> int:
        row = self._reader.fetch_one(statement, **params)
        return int(row[0]) if row else 0


def read_versions(reader: DbConnection, video_ids: Collection[str]) -> dict[str, int]:
    """Return the versions of videos' rows, deleted or not, by id; a missing row is left out."""
    return dict(reader.fetch_all(_VERSIONS, ids=to_json(list(video_ids))))


def _drop_expired(connection: DbConnection, *, now: float, limit: int) -> list[str]:
    rows = connection.fetch_all(_EXPIRED, now=now, most=limit)
    for statement in (_FAILED_REFERENCES, _DONE_SOURCES):
        rows += connection.fetch_all(statement, most=limit - len(rows))
    for video_id, kind, _key in rows:
        connection.execute(_DROP_ASSET, video_id=video_id, what=kind)
    return [key for _video_id, _kind, key in rows]
