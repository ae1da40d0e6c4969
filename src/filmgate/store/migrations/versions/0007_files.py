"""Uploaded files, and what an account's files add up to.

Everything here is frozen: it is what this revision changes, however the code changes.

Revision ID: 0007
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, Double, ForeignKey, Integer, Text, UniqueConstraint, text

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_EXPIRING = text("expires_at IS NOT NULL")


def upgrade() -> None:
    """Add two tables and their indexes."""
    op.create_table(
        "file",
        Column("id", Text, primary_key=True),
        Column("account_id", Text, ForeignKey("account.id"), nullable=False),
        Column("filename", Text, nullable=False),
        Column("purpose", Text, nullable=False),
        Column("media_type", Text, nullable=False),
        Column("bytes", Integer, nullable=False),
        Column("sha256", Text, nullable=False),
        Column("key", Text, nullable=False, unique=True),
        Column("created_at", Double, nullable=False),
        Column("expires_at", Double),
        Column("key_id", Text),
        Column("idempotency_key", Text),
        Column("fingerprint", Text, nullable=False),
        UniqueConstraint("account_id", "idempotency_key"),
    )
    op.create_index("file_by_account", "file", ["account_id", "id"])
    op.create_index("file_by_purpose", "file", ["account_id", "purpose", "id"])
    op.create_index("file_by_fingerprint", "file", ["account_id", "fingerprint", "created_at"])
    op.create_index("file_expiring", "file", ["expires_at"], sqlite_where=_EXPIRING, postgresql_where=_EXPIRING)
    op.create_table(
        "file_usage",
        Column("account_id", Text, ForeignKey("account.id"), primary_key=True),
        Column("files", Integer, nullable=False),
        Column("bytes", Integer, nullable=False),
        CheckConstraint("files >= 0 AND bytes >= 0", name="file_usage_never_negative"),
    )
