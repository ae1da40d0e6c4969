"""Resolutions by operators of videos with an unknown outcome, and an index of these videos.

Everything here is frozen: it is what this revision changes, however the code changes.

Revision ID: 0005
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, Double, ForeignKey, Text, text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_DOUBTFUL = text("error_code = 'submission_unknown'")


def upgrade() -> None:
    """Add a table and an index."""
    op.create_table(
        "resolution",
        Column("video_id", Text, ForeignKey("video.id"), primary_key=True),
        Column("outcome", Text, nullable=False),
        Column("note", Text, nullable=False),
        Column("at", Double, nullable=False),
        CheckConstraint("outcome IN ('lost', 'made', 'refunded')", name="resolution_outcome"),
    )
    op.create_index("video_doubtful", "video", ["seq"], sqlite_where=_DOUBTFUL, postgresql_where=_DOUBTFUL)
