"""Characters, and the source videos of extensions and edits.

Everything here is frozen: it is what this revision changes, however the code changes.

Revision ID: 0003
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Double, ForeignKey, Text, UniqueConstraint, text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SOURCE = text("kind = 'source'")


def upgrade() -> None:
    """Add the table of characters, and the index that finds sources to drop."""
    op.create_table(
        "character",
        Column("id", Text, primary_key=True),
        Column("account_id", Text, ForeignKey("account.id"), nullable=False),
        Column("name", Text, nullable=False),
        Column("created_at", Double, nullable=False),
        Column("picture", Text, nullable=False),
        Column("film", Text, nullable=False),
        Column("picture_key", Text, nullable=False, unique=True),
        Column("film_key", Text, nullable=False, unique=True),
        Column("key_id", Text),
        Column("idempotency_key", Text),
        Column("fingerprint", Text, nullable=False),
        UniqueConstraint("account_id", "idempotency_key"),
    )
    op.create_index("character_by_fingerprint", "character", ["account_id", "fingerprint", "created_at"])
    op.create_index("asset_source", "asset", ["video_id"], sqlite_where=_SOURCE, postgresql_where=_SOURCE)
