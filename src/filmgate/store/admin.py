"""Videos as an operator sees them: of all accounts, deleted ones too, with everything that belongs to them."""

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
from filmgate.store.schema import asset, ledger_entry, outbox, resolution, submission, video, webhook_delivery

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
"""What became of a submission in doubt: it never arrived, it was made and paid for in vain, or the money came back."""

RESOLUTION_OUTCOMES: tuple[ResolutionOutcome, ...] = ("lost", "made", "refunded")


class VideoFilter(Struct, frozen=True, kw_only=True):
    """Which videos."""

    status: Status | None = None
    engine: str | None = None
    account_id: str | None = None
    quiet_since: float | None = None  # unfinished ones that nothing has happened to since then
    unresolved_only: bool = False  # ended as submission_unknown, and nobody has said what became of it


class Resolution(Struct, frozen=True, kw_only=True):
    """What an operator found out."""

    video_id: str
    outcome: str
    note: str
    at: float


class Submission(Struct, frozen=True, kw_only=True):
    """One time that a video left the house."""

    engine: str
    at: float  # of the intent
    ticket: str | None
    token: str


class LedgerEntry(Struct, frozen=True, kw_only=True):
    """A line of the ledger."""

    kind: str
    amount_micros: int
    created_at: float


class WebhookDelivery(Struct, frozen=True, kw_only=True):
    """One event for one receiver."""

    event_id: str
    type: str
    endpoint_id: str | None  # None: the video's own callback URL; or nobody was told yet
    tries: int
    last_status: int | None
    outcome: str | None  # None: it goes on


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
_RESOLUTION = select(*(resolution.c[field] for field in Resolution.__struct_fields__)).where(
    resolution.c.video_id == bindparam("video_id")
)
_INSERT_RESOLUTION = insert(resolution).values(**{name: bindparam(name) for name in Resolution.__struct_fields__})
_UPDATE_RESOLUTION = (
    update(resolution)
    .where(resolution.c.video_id == bindparam("of_video"))
    .values(outcome=bindparam("found"), note=bindparam("said"), at=bindparam("now"))
)


class AdminQueries:
    """What operators look at, and the one thing that they may say."""

    def __init__(self, reader: DbConnection, writer: GroupCommitWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def find(self, criteria: VideoFilter, limit: int) -> list[VideoRecord]:
        """Up to ``limit`` videos, newest first."""
        return [
            to_video(row)
            for row in self._reader.fetch_all(_select_videos(criteria), most=limit, **_filter_params(criteria))
        ]

    async def get(self, video_id: str) -> VideoRecord:
        """The video, deleted or not.

        Raises:
            VideoNotFound: there never was such a one.
        """
        row = self._reader.fetch_one(_BY_ID, video_id=video_id)
        if row is None:
            raise VideoNotFound(video_id)
        return to_video(row)

    async def submissions(self, video_id: str) -> list[Submission]:
        """Every time that it may have reached an engine."""
        return _to_structs(Submission, self._reader.fetch_all(_SUBMISSIONS, video_id=video_id))

    async def ledger_entries(self, video_id: str) -> list[LedgerEntry]:
        """What was booked for it."""
        return _to_structs(LedgerEntry, self._reader.fetch_all(_LEDGER_ENTRIES, video_id=video_id))

    async def webhook_deliveries(self, video_id: str) -> list[WebhookDelivery]:
        """Who was told of it."""
        return _to_structs(WebhookDelivery, self._reader.fetch_all(_WEBHOOK_DELIVERIES, video_id=video_id))

    async def count_expired(self, now: float) -> int:
        """How many files are past their time and still there."""
        row = self._reader.fetch_one(_EXPIRED, now=now)
        return int(row[0]) if row else 0

    async def resolution(self, video_id: str) -> Resolution | None:
        """What an operator found out, if one did."""
        found = _to_structs(Resolution, self._reader.fetch_all(_RESOLUTION, video_id=video_id))
        return found[0] if found else None

    async def resolve(self, video_id: str, outcome: ResolutionOutcome, note: str, now: float) -> None:
        """Note what became of a submission in doubt; said again, the last word counts. No money moves.

        Raises:
            VideoNotFound: there never was such a one.
            InvalidValue: it did not end in doubt.
        """
        found = await self.get(video_id)
        if found.error is None or found.error.code != "submission_unknown":
            raise InvalidValue(f"{video_id} did not end as submission_unknown: there is nothing to resolve.")

        def write(connection: DbConnection) -> None:
            if connection.execute(_UPDATE_RESOLUTION, of_video=video_id, found=outcome, said=note, now=now) == 0:
                connection.execute(_INSERT_RESOLUTION, video_id=video_id, outcome=outcome, note=note, at=now)

        await self._writer.write(write)


def _select_videos(criteria: VideoFilter) -> Select[Any]:
    chosen = select(*VIDEO_COLUMNS).order_by(video.c.seq.desc()).limit(bindparam("most"))
    if criteria.status is not None:
        chosen = chosen.where(video.c.status == bindparam("status"))
    if criteria.engine is not None:
        chosen = chosen.where(video.c.engine == bindparam("engine"))
    if criteria.account_id is not None:
        chosen = chosen.where(video.c.account_id == bindparam("account_id"))
    if criteria.quiet_since is not None:
        chosen = chosen.where(transitions.UNFINISHED, video.c.updated_at < bindparam("quiet_since"))
    if criteria.unresolved_only:
        chosen = chosen.where(_IS_UNKNOWN, _UNRESOLVED)
    return chosen


def _filter_params(criteria: VideoFilter) -> dict[str, object]:
    names = ("status", "engine", "account_id", "quiet_since")
    return {name: value for name in names if (value := getattr(criteria, name)) is not None}


def _to_structs(kind: type[Any], rows: list[tuple[Any, ...]]) -> list[Any]:
    return [kind(**dict(zip(kind.__struct_fields__, row, strict=True))) for row in rows]
