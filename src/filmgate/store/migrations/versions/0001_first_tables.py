"""The first tables.

Everything here is frozen: it is the schema at this revision, however the code changes.

Revision ID: 0001
"""

from __future__ import annotations

from alembic import op
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

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TRANSITIONS = {
    "queued": ("completed", "failed", "in_progress"),
    "in_progress": ("completed", "failed"),
    "completed": (),
    "failed": (),
}

_STAGE_STATUSES = (
    "(stage = 'accepted' AND status IN ('in_progress', 'queued'))"
    " OR (stage = 'submitting' AND status IN ('in_progress', 'queued'))"
    " OR (stage = 'watching' AND status IN ('in_progress', 'queued'))"
    " OR (stage = 'fetching' AND status IN ('in_progress'))"
    " OR (stage = 'done' AND status IN ('completed', 'failed'))"
)

metadata = MetaData()


account = Table(
    "account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("balance_micros", Integer),
    Column("created_at", Double, nullable=False),
    CheckConstraint("balance_micros >= 0", name="account_never_overdrawn"),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("sha256", Text, nullable=False, unique=True),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("revoked_at", Double),
    Column("requests_per_minute", Integer),
    Column("running_limit", Integer),
    Column("models", Text),
)

video = Table(
    "video",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("model", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("recipe", Text, nullable=False),
    Column("prompt", Text),
    Column("metadata", Text, nullable=False),
    Column("notes", Text, nullable=False),
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
    CheckConstraint("status IN ('queued', 'in_progress', 'completed', 'failed')", name="video_status"),
    CheckConstraint("stage IN ('accepted', 'submitting', 'watching', 'fetching', 'done')", name="video_stage"),
    CheckConstraint(_STAGE_STATUSES, name="video_stage_status"),
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
    sqlite_autoincrement=True,
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
_SETTLED = text("kind IN ('capture', 'release')")
_UNDELIVERED = text("delivered_at IS NULL")

Index("video_by_account", video.c.account_id, video.c.seq, sqlite_where=_LISTED, postgresql_where=_LISTED)
Index("video_unfinished", video.c.updated_at, sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED)
Index("video_running", video.c.account_id, sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED)
Index("video_queued", video.c.engine, video.c.seq, sqlite_where=_QUEUED, postgresql_where=_QUEUED)
Index("video_cancelling", video.c.id, sqlite_where=_CANCELLING, postgresql_where=_CANCELLING)
Index(
    "video_experience",
    video.c.engine,
    video.c.model,
    video.c.seconds,
    video.c.completed_at,
    video.c.created_at,
    sqlite_where=_COMPLETED,
    postgresql_where=_COMPLETED,
)
Index("video_expiring", video.c.expires_at, sqlite_where=_EXPIRING, postgresql_where=_EXPIRING)
Index("video_by_fingerprint", video.c.account_id, video.c.fingerprint, video.c.created_at)
Index(
    "video_idempotency",
    video.c.account_id,
    video.c.idempotency_key,
    unique=True,
    sqlite_where=_KEYED,
    postgresql_where=_KEYED,
)

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
Index("asset_reference", asset.c.video_id, sqlite_where=_REFERENCE, postgresql_where=_REFERENCE)

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
Index("ledger_settled_once", ledger_entry.c.video_id, unique=True, sqlite_where=_SETTLED, postgresql_where=_SETTLED)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("video_id", Text, ForeignKey("video.id"), nullable=False),
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("delivered_at", Double),
    CheckConstraint("type IN ('video.completed', 'video.failed')", name="outbox_type"),
    UniqueConstraint("video_id", "type"),
)
Index("outbox_undelivered", outbox.c.created_at, sqlite_where=_UNDELIVERED, postgresql_where=_UNDELIVERED)

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
    sqlite_autoincrement=True,
)

worker = Table(
    "worker",
    metadata,
    Column("executor_id", Text, primary_key=True),
    Column("seen_at", Double, nullable=False),
)


def upgrade() -> None:
    """Create the tables, and the triggers that enforce what no CHECK can see."""
    metadata.create_all(op.get_bind())
    for statement in _sqlite_triggers():
        op.get_bind().exec_driver_sql(statement)


def _sqlite_triggers() -> list[str]:
    return [
        _refuse("video_moves_forward", "UPDATE OF status ON video", _illegal_move(), "illegal move of status"),
        _refuse("video_progress_rises", "UPDATE OF progress ON video", "NEW.progress < OLD.progress", "progress fell"),
        _refuse("video_is_kept", "DELETE ON video", "1", "a video becomes a tombstone"),
        *[
            _refuse(f"{table}_is_kept_on_{verb.lower()}", f"{verb} ON {table}", "1", f"{table} is append-only")
            for table in ("ledger_entry", "video_event")
            for verb in ("UPDATE", "DELETE")
        ],
        _remember("insert", "INSERT ON video", ""),
        _remember(
            "update",
            "UPDATE OF status, stage, progress ON video",
            "WHEN NEW.status <> OLD.status OR NEW.stage <> OLD.stage OR NEW.progress <> OLD.progress",
        ),
    ]


def _illegal_move() -> str:
    moves = [(before, after) for before, following in TRANSITIONS.items() for after in following]
    legal = " OR ".join(f"(OLD.status = '{before}' AND NEW.status = '{after}')" for before, after in moves)
    return f"NEW.status <> OLD.status AND NOT ({legal})"


def _refuse(name: str, event: str, condition: str, reason: str) -> str:
    return f"CREATE TRIGGER {name} BEFORE {event} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{reason}'); END"


def _remember(name: str, event: str, condition: str) -> str:
    columns = "video_id, at, status, stage, progress, error_code"
    values = "NEW.id, NEW.updated_at, NEW.status, NEW.stage, NEW.progress, NEW.error_code"
    insert = f"INSERT INTO video_event ({columns}) VALUES ({values});"  # noqa: S608 - constants of this file
    return f"CREATE TRIGGER video_history_on_{name} AFTER {event} {condition} BEGIN {insert} END"
