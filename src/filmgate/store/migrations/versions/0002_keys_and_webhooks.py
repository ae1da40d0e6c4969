"""The API key of each video, and webhooks.

Everything here is frozen: it is what this revision changes, however the code changes.

Revision ID: 0002
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, Double, ForeignKey, Integer, Text, text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_UNFINISHED = text("stage <> 'done'")
_UNSETTLED = text("settled_at IS NULL")


def upgrade() -> None:
    """Add the columns, the indexes that count for limits and usage, and two tables."""
    op.add_column("video", Column("key_id", Text))
    op.add_column("video", Column("callback_url", Text))
    op.create_index("video_by_key", "video", ["key_id", "created_at"])
    op.create_index("video_running_by_key", "video", ["key_id"], sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED)
    op.create_index("ledger_by_kind", "ledger_entry", ["account_id", "kind", "created_at", "amount_micros"])
    _endpoints()
    _deliveries()


def _endpoints() -> None:
    op.create_table(
        "webhook_endpoint",
        Column("id", Text, primary_key=True),
        Column("account_id", Text, ForeignKey("account.id"), nullable=False, index=True),
        Column("name", Text, nullable=False),
        Column("url", Text, nullable=False),
        Column("event_types", Text, nullable=False),
        Column("secret", Text, nullable=False),
        Column("secret_hint", Text, nullable=False),
        Column("old_secret", Text),
        Column("old_secret_until", Double),
        Column("created_at", Double, nullable=False),
        Column("updated_at", Double, nullable=False),
        Column("disabled_at", Double),
        CheckConstraint("(old_secret IS NULL) = (old_secret_until IS NULL)", name="webhook_endpoint_old_secret"),
    )


def _deliveries() -> None:
    op.create_table(
        "webhook_delivery",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("event_id", Text, ForeignKey("outbox.id"), nullable=False),
        Column("endpoint_id", Text),
        Column("tries", Integer, nullable=False),
        Column("next_at", Double, nullable=False),
        Column("settled_at", Double),
        Column("outcome", Text),
        Column("last_status", Integer),
        CheckConstraint("(settled_at IS NULL) = (outcome IS NULL)", name="webhook_delivery_settled"),
        CheckConstraint("outcome IN ('delivered', 'failed', 'dropped')", name="webhook_delivery_outcome"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "webhook_delivery_due",
        "webhook_delivery",
        ["next_at"],
        sqlite_where=_UNSETTLED,
        postgresql_where=_UNSETTLED,
    )
    op.create_index("webhook_delivery_of", "webhook_delivery", ["event_id", "endpoint_id"])
