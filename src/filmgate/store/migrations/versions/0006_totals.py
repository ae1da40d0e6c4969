"""Totals of each account, of its days, and of webhook deliveries: what was summed up from all rows before.

Everything here is frozen: it is what this revision changes, however the code changes.

Revision ID: 0006
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, PrimaryKeyConstraint, Text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the totals, and fill them from the rows."""
    for name in ("held", "captured"):
        op.execute(
            f"ALTER TABLE account ADD COLUMN {name}_micros INTEGER DEFAULT 0 NOT NULL "
            f"CONSTRAINT account_{name} CHECK ({name}_micros >= 0)"
        )
    op.create_table(
        "usage_day",
        Column("account_id", Text, ForeignKey("account.id"), nullable=False),
        Column("day", Integer, nullable=False),
        Column("model", Text, nullable=False),
        Column("videos", Integer, nullable=False),
        Column("seconds", Integer, nullable=False),
        Column("captured_micros", Integer, nullable=False),
        PrimaryKeyConstraint("account_id", "day", "model"),
        CheckConstraint("captured_micros >= 0", name="usage_day_captured"),
    )
    op.create_table(
        "delivery_total",
        Column("outcome", Text, primary_key=True),
        Column("deliveries", Integer, nullable=False),
    )
    op.create_table(
        "statistics",
        Column("name", Text, primary_key=True),
        Column("state", Text, nullable=False),
    )
    for statement in _FILL:
        op.execute(statement)


_FILL = (
    """
    INSERT INTO usage_day (account_id, day, model, videos, seconds, captured_micros)
    SELECT entry.account_id, CAST(entry.created_at / 86400 AS INTEGER), video.model,
           count(*), sum(video.seconds), sum(video.price_micros)
    FROM ledger_entry AS entry JOIN video ON video.id = entry.video_id
    WHERE entry.kind = 'capture'
    GROUP BY 1, 2, 3
    """,
    """
    UPDATE account SET captured_micros = coalesce(
        (SELECT sum(usage_day.captured_micros) FROM usage_day WHERE usage_day.account_id = account.id), 0)
    """,
    """
    UPDATE account SET held_micros = coalesce(
        (SELECT sum(video.price_micros) FROM video WHERE video.account_id = account.id AND video.stage <> 'done'), 0)
    """,
    """
    INSERT INTO delivery_total (outcome, deliveries)
    SELECT outcome, count(*) FROM webhook_delivery WHERE settled_at IS NOT NULL GROUP BY outcome
    """,
)
