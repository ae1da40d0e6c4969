"""The engine identity of each video, the log of submissions, and stored engine identities.

Everything here is frozen: it is what this revision changes, however the code changes.

Revision ID: 0004
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Double, PrimaryKeyConstraint, Text, text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TICKETED = text("ticket IS NOT NULL")


def upgrade() -> None:
    """Add columns and two tables, and record the engine in the history."""
    op.add_column("video", Column("identity", Text))
    op.execute(
        "ALTER TABLE video ADD COLUMN failovers INTEGER DEFAULT 0 NOT NULL "
        "CONSTRAINT video_failovers CHECK (failovers BETWEEN 0 AND 1)"
    )
    op.add_column("video_event", Column("engine", Text))
    op.create_table(
        "submission",
        Column("token", Text, primary_key=True),
        Column("video_id", Text, nullable=False, index=True),
        Column("engine", Text, nullable=False),
        Column("identity", Text, nullable=False),
        Column("at", Double, nullable=False),
        Column("ticket", Text),
    )
    op.create_index("submission_by_time", "submission", ["identity", "at"])
    op.create_index(
        "submission_by_ticket",
        "submission",
        ["identity", "ticket"],
        sqlite_where=_TICKETED,
        postgresql_where=_TICKETED,
    )
    op.create_table(
        "engine_identity",
        Column("id", Text, nullable=False),
        Column("engine", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("options", Text, nullable=False),
        Column("api_key", Text),
        Column("first_seen", Double, nullable=False),
        Column("last_seen", Double, nullable=False),
        PrimaryKeyConstraint("id", "engine"),
    )
    for statement in _sqlite_triggers():
        op.execute(statement)


def _sqlite_triggers() -> list[str]:
    changed = " OR ".join(f"NEW.{name} <> OLD.{name}" for name in ("status", "stage", "progress", "engine"))
    return [
        "DROP TRIGGER video_history_on_insert",
        "DROP TRIGGER video_history_on_update",
        _remember("insert", "INSERT ON video", ""),
        _remember("update", "UPDATE OF status, stage, progress, engine ON video", f"WHEN {changed}"),
        _refuse(
            "video_keeps_its_engine",
            "UPDATE OF engine ON video",
            "NEW.engine <> OLD.engine AND NEW.stage <> 'accepted'",
            "the engine of a submitted video changed",
        ),
        _refuse("video_failovers_rise", "UPDATE OF failovers ON video", "NEW.failovers < OLD.failovers", "forgotten"),
    ]


def _refuse(name: str, event: str, condition: str, reason: str) -> str:
    return f"CREATE TRIGGER {name} BEFORE {event} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{reason}'); END"


def _remember(name: str, event: str, condition: str) -> str:
    columns = "video_id, at, status, stage, progress, error_code, engine"
    values = ", ".join(f"NEW.{column}" for column in _REMEMBERED)
    insert = f"INSERT INTO video_event ({columns}) VALUES ({values});"  # noqa: S608 - constants of this file
    return f"CREATE TRIGGER video_history_on_{name} AFTER {event} {condition} BEGIN {insert} END"


_REMEMBERED = ("id", "updated_at", "status", "stage", "progress", "error_code", "engine")
