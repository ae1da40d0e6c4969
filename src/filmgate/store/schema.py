"""The current tables. The migrations hold frozen copies; a test keeps the two the same.

Values are portable: text, integers, doubles, JSON as text, booleans as 0 and 1. The valid contents of a row are CHECKs
built from the tables of :mod:`filmgate.domain`, so that no code path can store an invalid video. The valid *changes*
of a row (no illegal transition, no falling progress, no edited history) are enforced by triggers in the migrations.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from filmgate.domain import STAGE_STATUSES, Stage, Status

__all__ = [
    "account",
    "api_key",
    "asset",
    "character",
    "delivery_total",
    "engine_identity",
    "file",
    "file_usage",
    "ledger_entry",
    "metadata",
    "outbox",
    "resolution",
    "statistics",
    "submission",
    "usage_day",
    "video",
    "video_event",
    "webhook_delivery",
    "webhook_endpoint",
    "worker",
]

metadata = MetaData()


def _one_of(column: str, values: type[Status | Stage]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


def _stage_statuses() -> str:
    pairs = [
        f"(stage = '{stage}' AND status IN ({', '.join(repr(str(status)) for status in sorted(statuses))}))"
        for stage, statuses in STAGE_STATUSES.items()
    ]
    return " OR ".join(pairs)


account = Table(
    "account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("balance_micros", Integer),  # NULL: unlimited
    Column("created_at", Double, nullable=False),
    Column(
        "held_micros",  # for its unfinished videos
        Integer,
        CheckConstraint("held_micros >= 0", name="account_held"),
        nullable=False,
        server_default=text("0"),
    ),
    Column(
        "captured_micros",  # for its completed videos
        Integer,
        CheckConstraint("captured_micros >= 0", name="account_captured"),
        nullable=False,
        server_default=text("0"),
    ),
    CheckConstraint("balance_micros >= 0", name="account_never_overdrawn"),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),  # the first 8 characters, for humans
    Column("sha256", Text, nullable=False, unique=True),  # hex; the key itself is not stored
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("revoked_at", Double),
    Column("requests_per_minute", Integer),
    Column("running_limit", Integer),
    Column("models", Text),  # JSON list; NULL: all
)

video = Table(
    "video",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("model", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("seconds", Integer, nullable=False),  # rendered by an engine, to estimate durations by length
    Column("recipe", Text, nullable=False),  # JSON, without the prompt
    Column("prompt", Text),  # the only copy; NULL once deleted
    Column("metadata", Text, nullable=False),  # JSON
    Column("notes", Text, nullable=False),  # JSON
    Column("price_micros", Integer, nullable=False),
    Column("remixed_from_video_id", Text),
    Column("status", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("progress", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("started_at", Double),
    Column("completed_at", Double),
    Column("expires_at", Double),
    Column("error_code", Text),
    Column("error_message", Text),
    Column("ticket", Text),
    Column("submit_token", Text),
    Column("submit_at", Double),
    Column("attempts", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("cancel_requested", Integer, nullable=False),
    Column("deleted_at", Double),
    Column("idempotency_key", Text),
    Column("fingerprint", Text, nullable=False),
    Column("key_id", Text),  # the key of the request; NULL: no key
    Column("callback_url", Text),  # encrypted: it may carry a secret
    Column("identity", Text),  # of what it was submitted to; NULL: not submitted
    Column(
        "failovers",
        Integer,
        CheckConstraint("failovers BETWEEN 0 AND 1", name="video_failovers"),
        nullable=False,
        server_default=text("0"),
    ),
    CheckConstraint(_one_of("status", Status), name="video_status"),
    CheckConstraint(_one_of("stage", Stage), name="video_stage"),
    CheckConstraint(_stage_statuses(), name="video_stage_status"),
    CheckConstraint("progress BETWEEN 0 AND 100", name="video_progress"),
    CheckConstraint("(progress = 100) = (status = 'completed')", name="video_progress_100"),
    CheckConstraint("(completed_at IS NOT NULL) = (status = 'completed')", name="video_completed_at"),
    CheckConstraint("(error_code IS NOT NULL) = (status = 'failed')", name="video_error"),
    CheckConstraint("(error_code IS NULL) = (error_message IS NULL)", name="video_error_whole"),
    CheckConstraint("expires_at IS NULL OR status = 'completed'", name="video_expires_at"),
    CheckConstraint("started_at IS NOT NULL OR status <> 'in_progress'", name="video_started_at"),
    CheckConstraint("submit_token IS NOT NULL OR stage <> 'submitting'", name="video_submit_token"),
    CheckConstraint("ticket IS NOT NULL OR stage NOT IN ('watching', 'fetching')", name="video_ticket"),
    CheckConstraint("price_micros >= 0", name="video_price"),
    CheckConstraint("cancel_requested IN (0, 1)", name="video_cancel_requested"),
    CheckConstraint("deleted_at IS NULL OR (stage = 'done' AND prompt IS NULL)", name="video_tombstone"),
    sqlite_autoincrement=True,  # a position in acceptance order is never reused
)

# A partial index serves only queries that repeat its condition literally.
_LISTED = text("deleted_at IS NULL")
_UNFINISHED = text("stage <> 'done'")
_QUEUED = text("status = 'queued'")
_CANCELLING = text("cancel_requested = 1 AND stage <> 'done'")
_COMPLETED = text("status = 'completed'")
_EXPIRING = text("expires_at IS NOT NULL")
_KEYED = text("idempotency_key IS NOT NULL")
_REFERENCE = text("kind = 'reference'")
_SOURCE = text("kind = 'source'")
_SETTLED = text("kind IN ('capture', 'release')")
_UNDELIVERED = text("delivered_at IS NULL")
_DOUBTFUL = text("error_code = 'submission_unknown'")

Index("video_by_account", video.c.account_id, video.c.seq, sqlite_where=_LISTED)
Index("video_unfinished", video.c.updated_at, sqlite_where=_UNFINISHED)
Index("video_running", video.c.account_id, sqlite_where=_UNFINISHED)
Index("video_queued", video.c.engine, video.c.seq, sqlite_where=_QUEUED)
Index("video_cancelling", video.c.id, sqlite_where=_CANCELLING)
Index(
    "video_experience",
    video.c.engine,
    video.c.model,
    video.c.seconds,
    video.c.completed_at,
    video.c.created_at,
    sqlite_where=_COMPLETED,
)
Index("video_expiring", video.c.expires_at, sqlite_where=_EXPIRING)
Index("video_by_fingerprint", video.c.account_id, video.c.fingerprint, video.c.created_at)
Index(
    "video_idempotency",
    video.c.account_id,
    video.c.idempotency_key,
    unique=True,
    sqlite_where=_KEYED,
)

Index("video_doubtful", video.c.seq, sqlite_where=_DOUBTFUL)
Index("video_by_key", video.c.key_id, video.c.created_at)
Index("video_running_by_key", video.c.key_id, sqlite_where=_UNFINISHED)

asset = Table(
    "asset",
    metadata,
    Column("video_id", Text, ForeignKey("video.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("media_type", Text, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    PrimaryKeyConstraint("video_id", "kind"),
)
Index("asset_reference", asset.c.video_id, sqlite_where=_REFERENCE)
Index("asset_source", asset.c.video_id, sqlite_where=_SOURCE)

character = Table(
    "character",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("picture", Text, nullable=False),  # JSON of an asset: the video's first frame
    Column("film", Text, nullable=False),  # JSON of an asset
    Column("picture_key", Text, nullable=False, unique=True),  # the assets' keys, to look them up
    Column("film_key", Text, nullable=False, unique=True),
    Column("key_id", Text),  # the key it was created with
    Column("idempotency_key", Text),
    Column("fingerprint", Text, nullable=False),
    UniqueConstraint("account_id", "idempotency_key"),
)
Index("character_by_fingerprint", character.c.account_id, character.c.fingerprint, character.c.created_at)

file = Table(
    "file",
    metadata,
    Column("id", Text, primary_key=True),  # ids sort by creation
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("filename", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),  # NULL: kept until it is deleted
    Column("key_id", Text),  # the key it was uploaded with
    Column("idempotency_key", Text),
    Column("fingerprint", Text, nullable=False),
    UniqueConstraint("account_id", "idempotency_key"),
)
Index("file_by_account", file.c.account_id, file.c.id)
Index("file_by_purpose", file.c.account_id, file.c.purpose, file.c.id)
Index("file_by_fingerprint", file.c.account_id, file.c.fingerprint, file.c.created_at)
Index("file_expiring", file.c.expires_at, sqlite_where=_EXPIRING)

file_usage = Table(
    "file_usage",
    metadata,
    Column("account_id", Text, ForeignKey("account.id"), primary_key=True),
    Column("files", Integer, nullable=False),  # what its rows in `file` add up to, expired ones included
    Column("bytes", Integer, nullable=False),
    CheckConstraint("files >= 0 AND bytes >= 0", name="file_usage_never_negative"),
)

ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("account_id", Text, ForeignKey("account.id"), nullable=False, index=True),
    Column("video_id", Text, ForeignKey("video.id")),
    Column("kind", Text, nullable=False),
    Column("amount_micros", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    CheckConstraint("kind IN ('grant', 'hold', 'capture', 'release')", name="ledger_kind"),
    CheckConstraint("(kind = 'grant') = (video_id IS NULL)", name="ledger_video"),
    CheckConstraint("kind <> 'hold' OR amount_micros <= 0", name="ledger_hold"),
    CheckConstraint("kind <> 'release' OR amount_micros >= 0", name="ledger_release"),
    CheckConstraint("kind <> 'capture' OR amount_micros = 0", name="ledger_capture"),
    UniqueConstraint("video_id", "kind"),
    sqlite_autoincrement=True,
)
Index("ledger_settled_once", ledger_entry.c.video_id, unique=True, sqlite_where=_SETTLED)

Index(
    "ledger_by_kind",
    ledger_entry.c.account_id,
    ledger_entry.c.kind,
    ledger_entry.c.created_at,
    ledger_entry.c.amount_micros,
)

usage_day = Table(
    "usage_day",
    metadata,
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("day", Integer, nullable=False),  # Unix time / 86400
    Column("model", Text, nullable=False),
    Column("videos", Integer, nullable=False),  # completed on that day
    Column("seconds", Integer, nullable=False),  # of video
    Column("captured_micros", Integer, nullable=False),
    PrimaryKeyConstraint("account_id", "day", "model"),
    CheckConstraint("captured_micros >= 0", name="usage_day_captured"),
)

delivery_total = Table(
    "delivery_total",
    metadata,
    Column("outcome", Text, primary_key=True),
    Column("deliveries", Integer, nullable=False),  # settled rows of webhook_delivery with that outcome
)

statistics = Table(
    "statistics",
    metadata,
    Column("name", Text, primary_key=True),
    Column("state", Text, nullable=False),  # JSON: sums over the rows up to a position, to go on from
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),  # evt_…; the webhook-id of every delivery
    Column("type", Text, nullable=False),
    Column("video_id", Text, ForeignKey("video.id"), nullable=False),
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("delivered_at", Double),  # since then its deliveries are in webhook_delivery
    CheckConstraint("type IN ('video.completed', 'video.failed')", name="outbox_type"),
    UniqueConstraint("video_id", "type"),
)
Index("outbox_undelivered", outbox.c.created_at, sqlite_where=_UNDELIVERED)

video_event = Table(
    "video_event",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("video_id", Text, nullable=False, index=True),
    Column("at", Double, nullable=False),
    Column("status", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("progress", Integer, nullable=False),
    Column("error_code", Text),
    Column("engine", Text),  # NULL: written before engines were recorded
    sqlite_autoincrement=True,
)

resolution = Table(
    "resolution",
    metadata,
    Column("video_id", Text, ForeignKey("video.id"), primary_key=True),
    Column("outcome", Text, nullable=False),  # what an operator found out about a submission of unknown outcome
    Column("note", Text, nullable=False),
    Column("at", Double, nullable=False),
    CheckConstraint("outcome IN ('lost', 'made', 'refunded')", name="resolution_outcome"),
)

submission = Table(
    "submission",
    metadata,
    Column("token", Text, primary_key=True),
    Column("video_id", Text, nullable=False, index=True),
    Column("engine", Text, nullable=False),
    Column("identity", Text, nullable=False),
    Column("at", Double, nullable=False),  # of the intent
    Column("ticket", Text),
)
_TICKETED = text("ticket IS NOT NULL")
Index("submission_by_time", submission.c.identity, submission.c.at)
Index(
    "submission_by_ticket",
    submission.c.identity,
    submission.c.ticket,
    sqlite_where=_TICKETED,
)

engine_identity = Table(
    "engine_identity",
    metadata,
    Column("id", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("options", Text, nullable=False),  # JSON, without the key
    Column("api_key", Text),  # encrypted
    Column("first_seen", Double, nullable=False),
    Column("last_seen", Double, nullable=False),
    PrimaryKeyConstraint("id", "engine"),
)

worker = Table(
    "worker",
    metadata,
    Column("executor_id", Text, primary_key=True),
    Column("seen_at", Double, nullable=False),
)

webhook_endpoint = Table(
    "webhook_endpoint",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),  # encrypted: it may carry a secret
    Column("event_types", Text, nullable=False),  # JSON list
    Column("secret", Text, nullable=False),  # encrypted
    Column("secret_hint", Text, nullable=False),
    Column("old_secret", Text),  # encrypted; signs as well until old_secret_until
    Column("old_secret_until", Double),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("disabled_at", Double),  # it answered 410
    CheckConstraint("(old_secret IS NULL) = (old_secret_until IS NULL)", name="webhook_endpoint_old_secret"),
)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("event_id", Text, ForeignKey("outbox.id"), nullable=False),
    Column("endpoint_id", Text),  # NULL: to the video's own callback_url
    Column("tries", Integer, nullable=False),
    Column("next_at", Double, nullable=False),  # when it is due; a process that tries it moves this ahead first
    Column("settled_at", Double),
    Column("outcome", Text),
    Column("last_status", Integer),  # of the last answer; NULL: there was none
    CheckConstraint("(settled_at IS NULL) = (outcome IS NULL)", name="webhook_delivery_settled"),
    CheckConstraint("outcome IN ('delivered', 'failed', 'dropped')", name="webhook_delivery_outcome"),
    sqlite_autoincrement=True,
)
_UNSETTLED = text("settled_at IS NULL")
Index(
    "webhook_delivery_due",
    webhook_delivery.c.next_at,
    sqlite_where=_UNSETTLED,
)
Index("webhook_delivery_of", webhook_delivery.c.event_id, webhook_delivery.c.endpoint_id)
