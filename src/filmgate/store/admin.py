"""Queries for operators: videos of all accounts, deleted ones too, with everything that belongs to them."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import Select, bindparam, func, insert, literal_column, null, select, update

from filmgate.domain import Status, VideoRecord
from filmgate.errors import InvalidValue, VideoNotFound
from filmgate.store import transitions
from filmgate.store.database import DbConnection
from filmgate.store.group_commit import GroupCommitWriter
from filmgate.store.rows import VIDEO_COLUMNS, to_video
from filmgate.store.schema import asset, file, ledger_entry, outbox, resolution, submission, video, webhook_delivery

__all__ = [
    "RESOLUTION_OUTCOMES",
    "AdminQueries",
    "LedgerEntry",
    "Resolution",
    "ResolutionOutcome",
    "Submission",
    "VideoFilter",
    "WebhookDelivery",
]

ResolutionOutcome = Literal["lost", "made", "refunded"]
"""Resolution of an unknown outcome: never submitted, made and paid for but not delivered, or refunded upstream."""

RESOLUTION_OUTCOMES: tuple[ResolutionOutcome, ...] = ("lost", "made", "refunded")


class VideoFilter(Struct, frozen=True, kw_only=True):
    """Filter of videos; None: any."""

    status: Status | None = None
    engine: str | None = None
    account_id: str | None = None
    quiet_since: float | None = None  # unfinished ones unchanged since then
    unresolved_only: bool = False  # failed with submission_unknown and not resolved


class Resolution(Struct, frozen=True, kw_only=True):
    """How an operator resolved a submission of unknown outcome."""

    video_id: str
    outcome: str
    note: str
    at: float


class Submission(Struct, frozen=True, kw_only=True):
    """One submission of a video to an engine."""

    engine: str
    at: float  # of the intent
    ticket: str | None
    token: str


class LedgerEntry(Struct, frozen=True, kw_only=True):
    """An entry of the ledger."""

    kind: str
    amount_micros: int
    created_at: float


class WebhookDelivery(Struct, frozen=True, kw_only=True):
    """Delivery of one event to one receiver."""

    event_id: str
    type: str
    endpoint_id: str | None  # None: the video's own callback URL, or not delivered yet
    tries: int
    last_status: int | None
    outcome: str | None  # None: pending


_IS_UNKNOWN = video.c.error_code == literal_column("'submission_unknown'")
_UNRESOLVED = video.c.id.not_in(select(resolution.c.video_id))
_BY_ID = select(*VIDEO_COLUMNS).where(video.c.id == bindparam("video_id"))
_SUBMISSIONS = (
    select(*(submission.c[field] for field in Submission.__struct_fields__))
    .where(submission.c.video_id == bindparam("video_id"))
    .order_by(submission.c.at)
)
_LEDGER_ENTRIES = (
    select(*(ledger_entry.c[field] for field in LedgerEntry.__struct_fields__))
    .where(ledger_entry.c.video_id == bindparam("video_id"))
    .order_by(ledger_entry.c.id)
)
_WEBHOOK_DELIVERIES = (
    select(
        outbox.c.id,
        outbox.c.type,
        webhook_delivery.c.endpoint_id,
        webhook_delivery.c.tries,
        webhook_delivery.c.last_status,
        webhook_delivery.c.outcome,
    )
    .select_from(outbox.join(webhook_delivery, webhook_delivery.c.event_id == outbox.c.id))
    .where(outbox.c.video_id == bindparam("video_id"))
    .order_by(webhook_delivery.c.id)
)
_EXPIRED = (
    select(func.count())
    .select_from(asset.join(video, video.c.id == asset.c.video_id))
    .where(video.c.expires_at.is_not(null()), video.c.expires_at <= bindparam("now"))
)
_EXPIRED_UPLOADS = (
    select(func.count())
    .select_from(file)
    .where(file.c.expires_at.is_not(null()), file.c.expires_at <= bindparam("now"))
)
_RESOLUTION = select(*(resolution.c[field] for field in Resolution.__struct_fields__)).where(
    resolution.c.video_id == bindparam("video_id")
)
_INSERT_RESOLUTION = insert(resolution).values(**{name: bindparam(name) for name in Resolution.__struct_fields__})
_UPDATE_RESOLUTION = (
    update(resolution)
    .where(resolution.c.video_id == bindparam("of_video"))
    .values(outcome=bindparam("new_outcome"), note=bindparam("new_note"), at=bindparam("now"))
)


class AdminQueries:
    """Queries and the resolution of unknown outcomes."""

    def __init__(self, reader: DbConnection, writer: GroupCommitWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def find(self, criteria: VideoFilter, limit: int) -> list[VideoRecord]:
        """Return up to ``limit`` videos, newest first."""
        return [
            to_video(row)
            for row in self._reader.fetch_all(_select_videos(criteria), most=limit, **_filter_params(criteria))
        ]

    async def get(self, video_id: str) -> VideoRecord:
        """Return the video, deleted or not.

        Raises:
            VideoNotFound: there never was such a video.
        """
        row = self._reader.fetch_one(_BY_ID, video_id=video_id)
        if row is None:
            raise VideoNotFound(video_id)
        return to_video(row)

    async def submissions(self, video_id: str) -> list[Submission]:
        """Return every submission that may have reached an engine."""
        return _to_structs(Submission, self._reader.fetch_all(_SUBMISSIONS, video_id=video_id))

    async def ledger_entries(self, video_id: str) -> list[LedgerEntry]:
        """Return the video's ledger entries."""
        return _to_structs(LedgerEntry, self._reader.fetch_all(_LEDGER_ENTRIES, video_id=video_id))

    async def webhook_deliveries(self, video_id: str) -> list[WebhookDelivery]:
        """Return the deliveries of the video's events."""
        return _to_structs(WebhookDelivery, self._reader.fetch_all(_WEBHOOK_DELIVERIES, video_id=video_id))

    async def count_expired(self, now: float) -> int:
        """Count the files that have expired and still exist."""
        counts = [self._reader.fetch_one(statement, now=now) for statement in (_EXPIRED, _EXPIRED_UPLOADS)]
        return sum(row[0] for row in counts if row)

    async def resolution(self, video_id: str) -> Resolution | None:
        """Return how an operator resolved the video; None if it is not resolved."""
        resolutions = _to_structs(Resolution, self._reader.fetch_all(_RESOLUTION, video_id=video_id))
        return resolutions[0] if resolutions else None

    async def resolve(self, video_id: str, outcome: ResolutionOutcome, note: str, now: float) -> None:
        """Record the resolution of an unknown outcome; a later call replaces it. No money moves.

        Raises:
            VideoNotFound: there never was such a video.
            InvalidValue: its outcome is not unknown.
        """
        record = await self.get(video_id)
        if record.error is None or record.error.code != "submission_unknown":
            raise InvalidValue(f"{video_id} did not end as submission_unknown: there is nothing to resolve.")

        def write(connection: DbConnection) -> None:
            if (
                connection.execute(_UPDATE_RESOLUTION, of_video=video_id, new_outcome=outcome, new_note=note, now=now)
                == 0
            ):
                connection.execute(_INSERT_RESOLUTION, video_id=video_id, outcome=outcome, note=note, at=now)

        await self._writer.write(write)


def _select_videos(criteria: VideoFilter) -> Select[Any]:
    statement = select(*VIDEO_COLUMNS).order_by(video.c.seq.desc()).limit(bindparam("most"))
    if criteria.status is not None:
        statement = statement.where(video.c.status == bindparam("status"))
    if criteria.engine is not None:
        statement = statement.where(video.c.engine == bindparam("engine"))
    if criteria.account_id is not None:
        statement = statement.where(video.c.account_id == bindparam("account_id"))
    if criteria.quiet_since is not None:
        statement = statement.where(transitions.UNFINISHED, video.c.updated_at < bindparam("quiet_since"))
    if criteria.unresolved_only:
        statement = statement.where(_IS_UNKNOWN, _UNRESOLVED)
    return statement


def _filter_params(criteria: VideoFilter) -> dict[str, object]:
    names = ("status", "engine", "account_id", "quiet_since")
    return {name: value for name in names if (value := getattr(criteria, name)) is not None}


def _to_structs(kind: type[Any], rows: list[tuple[Any, ...]]) -> list[Any]:
    return [kind(**dict(zip(kind.__struct_fields__, row, strict=True))) for row in rows]
