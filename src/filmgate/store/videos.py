"""The rows of videos: one method is one transaction is one transition."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from statistics import median

from sqlalchemy import Executable, bindparam, delete, func, literal_column, null, select, union_all

from filmgate.domain import Asset, AssetKind, NewVideo, Status, Video, VideoError, VideoEvent
from filmgate.store import acceptance, rate_limits, submissions, transitions
from filmgate.store.database import Connection
from filmgate.store.group_commit import Batcher
from filmgate.store.rows import (
    ASSET_COLUMNS,
    EVENT_COLUMNS,
    VIDEO_COLUMNS,
    Unfinished,
    to_asset,
    to_event,
    to_json,
    to_video,
)
from filmgate.store.schema import asset, character, video, video_event

__all__ = ["VideoRows", "versions"]

EXPERIENCE = 20
"""How many of the last completed videos of a kind say how long the next will take."""

EXPERIENCE_SECONDS = 5.0
"""How long a learnt duration is kept before the rows are asked again."""

EXPERIENCE_KINDS = 1000
"""How many learnt durations are kept."""

_LISTED = video.c.deleted_at.is_(null())
_UNFINISHED = transitions.UNFINISHED
_THIS = video.c.id == bindparam("video_id")
_OWNER = video.c.account_id == bindparam("owner")

_GET = select(*VIDEO_COLUMNS).where(_THIS, _LISTED)
_VERSION = select(video.c.version).where(_THIS, _LISTED)
_GIVEN = func.json_each(bindparam("ids")).table_valued("value")
_VERSIONS = select(video.c.id, video.c.version).where(video.c.id.in_(select(_GIVEN.c.value)))
_OLDEST = select(*VIDEO_COLUMNS).where(_OWNER, _LISTED).order_by(video.c.seq).limit(bindparam("most"))
_NEWEST = select(*VIDEO_COLUMNS).where(_OWNER, _LISTED).order_by(video.c.seq.desc()).limit(bindparam("most"))
# A deleted video still marks a place in the list; an unknown or foreign one compares as NULL, so nothing follows it.
_PLACE = select(video.c.seq).where(video.c.id == bindparam("after"), _OWNER).correlate(None).scalar_subquery()
_PAGES = {
    (True, False): _OLDEST,
    (False, False): _NEWEST,
    (True, True): _OLDEST.where(video.c.seq > _PLACE),
    (False, True): _NEWEST.where(video.c.seq < _PLACE),
}
_ASSETS = select(*ASSET_COLUMNS).where(asset.c.video_id == bindparam("video_id"))
_HISTORY = select(*EVENT_COLUMNS).where(video_event.c.video_id == bindparam("video_id")).order_by(video_event.c.seq)
_WORK = (
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
_CANCELS = select(video.c.id).where(video.c.cancel_requested == literal_column("1"), _UNFINISHED)
_RUNNING = select(func.count()).select_from(video).where(_OWNER, _UNFINISHED)
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
    .limit(literal_column(str(EXPERIENCE)))
)
_KNOWN = union_all(
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
_USELESS = (
    select(asset.c.video_id, asset.c.kind, asset.c.key)
    .select_from(_JOINED)
    .where(asset.c.kind == literal_column("'reference'"), video.c.status == literal_column("'failed'"))
    .limit(bindparam("most"))
)
_USED_UP = (
    select(asset.c.video_id, asset.c.kind, asset.c.key)
    .select_from(_JOINED)
    .where(asset.c.kind == literal_column("'source'"), video.c.stage == literal_column("'done'"))
    .limit(bindparam("most"))
)
_DROP_ASSET = delete(asset).where(asset.c.video_id == bindparam("video_id"), asset.c.kind == bindparam("what"))


class VideoRows:
    """Reads run at once on a connection of their own; writes return when they are on disk.

    Args:
        reader: the reading connection.
        batcher: what groups the writes.
        clock: Unix seconds.
    """

    def __init__(self, reader: Connection, batcher: Batcher, clock: Callable[[], float]) -> None:
        self._reader = reader
        self._batcher = batcher
        self._clock = clock
        self._learnt: dict[tuple[str, str, int], tuple[float, float | None]] = {}

    async def create(self, new: NewVideo, now: float) -> tuple[Video, bool]:
        """Accept a video: row, hold and history in one transaction.

        Returns:
            The video, and whether it is new; an idempotent replay gives the one made before.

        Raises:
            InsufficientQuota: the balance does not cover it.
            TooManyRequests: the key's limits are reached.
            IdempotencyKeyReuse: the key was used within a day with another fingerprint.
        """
        return await self._batcher.write(lambda connection: acceptance.accept(connection, new, now))

    async def get(self, video_id: str, account_id: str | None = None) -> Video | None:
        """The video; None if it is unknown, deleted or not ``account_id``'s."""
        row = self._reader.row(_GET, video_id=video_id)
        return None if row is None or account_id not in (None, row[2]) else to_video(row)

    async def fresh(self, video: Video) -> Video | None:
        """The video as it is now: the same object where nothing changed, which is cheaper by far to find out."""
        row = self._reader.row(_VERSION, video_id=video.id)
        return video if row is not None and row[0] == video.version else await self.get(video.id)

    async def page(
        self, account_id: str, *, after: str | None, limit: int, ascending: bool
    ) -> tuple[list[Video], bool]:
        """Up to ``limit`` videos in the order of acceptance, and whether more follow.

        Args:
            account_id: whose.
            after: the id of the video that the page before ended with; nothing follows an unknown one.
            limit: at least 1.
            ascending: oldest first.
        """
        page = _PAGES[ascending, after is not None]
        given = {"after": after} if after is not None else {}
        rows = self._reader.rows(page, owner=account_id, most=limit + 1, **given)
        return [to_video(row) for row in rows[:limit]], len(rows) > limit

    async def assets(self, video_id: str) -> dict[AssetKind, Asset]:
        """The stored files of a video, its reference among them."""
        rows = self._reader.rows(_ASSETS, video_id=video_id)
        return {stored.kind: stored for stored in map(to_asset, rows)}

    async def delete(self, video_id: str, account_id: str, now: float) -> list[str]:
        """Delete a finished video; returns the storage keys that nothing names any more.

        Raises:
            VideoNotFound: unknown, deleted or another account's.
            VideoNotDeletable: still being made.
        """
        return await self._batcher.write(
            lambda connection: acceptance.remove(connection, video_id, account_id, now), changes=video_id
        )

    async def request_cancel(self, video_id: str, account_id: str, now: float) -> Video:
        """Note that its owner wants it stopped; the flow sees to it.

        Raises:
            VideoNotFound: unknown, deleted or another account's.
            VideoNotDeletable: finished already.
        """
        return await self._batcher.write(
            lambda connection: acceptance.request_cancel(connection, video_id, account_id, now), changes=video_id
        )

    async def pace(self, identity: str, per_minute: int, now: float) -> float:
        """Seconds until one more submission may go there, of so many a minute."""
        return submissions.pace(self._reader, identity, per_minute, now)

    async def intend(
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
        return await self._batcher.write(
            partial(
                transitions.intend, video_id=video_id, token=token, now=now, identity=identity, per_minute=per_minute
            ),
            changes=video_id,
        )

    async def ticketed(self, video_id: str, token: str, ticket: str, now: float) -> bool:
        """Move submitting under ``token`` -> watching ``ticket``; never if that is another video's (:meth:`taken`)."""
        return await self._batcher.write(
            partial(transitions.ticketed, video_id=video_id, token=token, ticket=ticket, now=now), changes=video_id
        )

    async def taken(self, identity: str, tickets: Sequence[str], video_id: str) -> set[str]:
        """Those of the tickets given under an identity that another video than this one has, or had."""
        return submissions.taken(self._reader, identity, tickets, video_id)

    async def withdraw(self, video_id: str, token: str, now: float) -> bool:
        """Move submitting under ``token`` -> accepted: it was surely not submitted."""
        return await self._move(transitions.WITHDRAW, video_id, token=token, now=now)

    async def advance(self, video_id: str, *, progress: int, working: bool, now: float) -> bool:
        """Show what a look at the engine gave; False if the video is not being watched any more.

        Args:
            video_id: whose.
            progress: percent; one below what was shown before changes nothing, 100 is for complete videos only.
            working: the engine has begun: queued -> in_progress.
            now: Unix seconds.
        """
        row = self._reader.row(transitions.AS_ADVANCED, video_id=video_id)
        if row is None:
            return False
        if progress <= row[0] and not (working and row[1] == Status.QUEUED):
            return True
        return await self._move(transitions.ADVANCE, video_id, shown=min(progress, 99), working=int(working), now=now)

    async def fetching(self, video_id: str, now: float) -> bool:
        """Move watching -> fetching; it is in_progress, if it wasn't."""
        return await self._move(transitions.FETCHING, video_id, now=now)

    async def restart(self, video_id: str, now: float) -> bool:
        """Move watching or fetching -> accepted: the engine lost its work. Status and progress stay."""
        return await self._move(transitions.RESTART, video_id, now=now)

    async def rebind(self, video_id: str, *, engine: str, to: str, now: float) -> bool:
        """Hand an accepted video on to another engine, which surely has not been asked yet."""
        return await self._move(transitions.REBIND, video_id, from_engine=engine, to_engine=to, now=now)

    async def fail_over(self, video_id: str, token: str, *, engine: str, to: str, now: float) -> bool:
        """Move submitting or watching under ``token`` -> accepted by another engine, once a video; the hold stays."""
        return await self._move(transitions.FAIL_OVER, video_id, token=token, from_engine=engine, to_engine=to, now=now)

    async def complete(
        self,
        video_id: str,
        assets: list[Asset],
        notes: dict[str, object],
        now: float,
        expires_at: float | None,
    ) -> bool:
        """Move fetching -> completed, with files, capture and event in one transaction."""
        done = await self._batcher.write(
            lambda connection: transitions.complete(connection, video_id, assets, notes, now, expires_at),
            changes=video_id,
        )
        self._learnt.clear()
        return done

    async def fail(self, video_id: str, error: VideoError, now: float) -> bool:
        """Move any unfinished video -> failed, with release and event in one transaction."""
        return await self._batcher.write(
            lambda connection: transitions.fail(connection, video_id, error, now), changes=video_id
        )

    async def fail_under(self, video_id: str, token: str | None, error: VideoError, now: float) -> bool:
        """Do the same as long as nobody began another submission: the intent is still ``token``, or still none."""
        return await self._batcher.write(
            lambda connection: transitions.fail_under(connection, video_id, token, error, now), changes=video_id
        )

    async def unfinished(self, *, updated_before: float, limit: int = 1000) -> list[Unfinished]:
        """Unfinished videos that nothing has happened to since, longest first."""
        return [Unfinished(*row) for row in self._reader.rows(_WORK, before=updated_before, most=limit)]

    async def raise_epoch(self, video_id: str, epoch: int) -> bool:
        """From ``epoch`` to the next; False if somebody else did, or the video is finished."""
        return await self._move(transitions.RAISE_EPOCH, video_id, seen=epoch)

    async def twin_submitted_at(self, video: Video, identity: str, since: float) -> float | None:
        """When the last other video with the same prompt began to be submitted there, if that was since then."""
        row = self._reader.row(_TWIN, goes_to=identity, since=since, words=video.prompt, video_id=video.id)
        return row[0] if row else None

    async def forget_submissions(self, now: float) -> int:
        """Drop what was submitted long ago for videos that are over; returns how many."""
        return await self._batcher.write(partial(submissions.forget, before=now - submissions.FORGET_AFTER))

    async def cancels(self) -> set[str]:
        """The unfinished videos that are to be stopped."""
        return {video_id for (video_id,) in self._reader.rows(_CANCELS)}

    async def running(self, account_id: str) -> int:
        """How many of the account's videos are unfinished."""
        return self._number(_RUNNING, owner=account_id)

    async def expire(self, now: float, limit: int = 100) -> list[str]:
        """Drop the rows of up to ``limit`` files that are past their time, or of no use; returns their keys."""
        return await self._batcher.write(partial(_expire, now=now, limit=limit))

    async def known_keys(self, keys: Sequence[str]) -> set[str]:
        """Those of the storage keys that some row names."""
        return {key for key in keys if self._reader.rows(_KNOWN, key=key)}

    async def history(self, video_id: str) -> list[VideoEvent]:
        """All that ever happened to it, oldest first; deleting the video leaves it."""
        return [to_event(row) for row in self._reader.rows(_HISTORY, video_id=video_id)]

    async def ahead(self, video: Video) -> int:
        """How many queued videos of its engine were accepted before it."""
        return self._number(_AHEAD, by=video.engine, place=video.seq)

    async def typical_seconds(self, engine: str, model: str, seconds: int) -> float | None:
        """The median time from create to completion of the last such videos; None without any."""
        kind, now = (engine, model, seconds), self._clock()
        read_at, learnt = self._learnt.get(kind, (float("-inf"), None))
        if not 0 <= now - read_at < EXPERIENCE_SECONDS:
            rows = self._reader.rows(_DURATIONS, by=engine, of_model=model, length=seconds)
            learnt = median(row[0] for row in rows) if rows else None
            if len(self._learnt) >= EXPERIENCE_KINDS:
                self._learnt.clear()
            self._learnt[kind] = (now, learnt)
        return learnt

    async def find_resend(
        self, account_id: str, fingerprint: str, since: float, key_id: str | None = None
    ) -> Video | None:
        """The newest video that the same request of the same key made since then."""
        return acceptance.resent(self._reader, account_id, key_id, fingerprint, since)

    async def find_replay(self, account_id: str, key: str, fingerprint: str, now: float) -> Video | None:
        """The video that an Idempotency-Key made within a day.

        Raises:
            IdempotencyKeyReuse: it made it for another request.
        """
        return acceptance.replayed(self._reader, account_id, key, fingerprint, now)

    async def rate(self, key_id: str, now: float, per_minute: int | None = None) -> rate_limits.Rate | None:
        """How a key stands with its creates a minute and the dialect's; None if there is no such limit."""
        return rate_limits.rate(self._reader, key_id, now, per_minute)

    async def _move(self, statement: Executable, video_id: str, **params: object) -> bool:
        def write(connection: Connection) -> bool:
            return connection.run(statement, video_id=video_id, **params) == 1

        return await self._batcher.write(write, changes=video_id)

    def _number(self, statement: Executable, **params: object) -> int:
        row = self._reader.row(statement, **params)
        return int(row[0]) if row else 0


def versions(reader: Connection, video_ids: Collection[str]) -> dict[str, int]:
    """The versions of videos' rows, deleted or not, by id; one that has no row is missing."""
    return dict(reader.rows(_VERSIONS, ids=to_json(list(video_ids))))


def _expire(connection: Connection, *, now: float, limit: int) -> list[str]:
    rows = connection.rows(_EXPIRED, now=now, most=limit)
    for unneeded in (_USELESS, _USED_UP):
        rows += connection.rows(unneeded, most=limit - len(rows))
    for video_id, kind, _key in rows:
        connection.run(_DROP_ASSET, video_id=video_id, what=kind)
    return [key for _video_id, _kind, key in rows]
