"""Outbox: events to deliver, each written in the transaction that made it true."""

from __future__ import annotations

from sqlalchemy import bindparam, null, select

from filmgate.store.database import DbConnection
from filmgate.store.rows import OutboxEvent
from filmgate.store.schema import outbox

__all__ = ["OutboxRepository"]

_PENDING = (
    select(outbox.c.id, outbox.c.type, outbox.c.video_id, outbox.c.account_id, outbox.c.created_at)
    .where(outbox.c.delivered_at.is_(null()))
    .order_by(outbox.c.created_at, outbox.c.id)
    .limit(bindparam("most"))
)


class OutboxRepository:
    """Undelivered events."""

    def __init__(self, reader: DbConnection) -> None:
        self._reader = reader

    async def pending(self, limit: int = 100) -> list[OutboxEvent]:
        """Return undelivered events, oldest first."""
        fields = OutboxEvent.__struct_fields__
        rows = self._reader.fetch_all(_PENDING, most=limit)
        return [OutboxEvent(**dict(zip(fields, row, strict=True))) for row in rows]
