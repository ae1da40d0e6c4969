"""Events that wait to be told to the outside; each was written in the transaction that made it true."""

from __future__ import annotations

from sqlalchemy import bindparam, null, select, update

from filmgate.store.database import Connection
from filmgate.store.group_commit import Batcher
from filmgate.store.rows import OutboxEvent
from filmgate.store.schema import outbox

__all__ = ["OutboxRows"]

_PENDING = (
    select(outbox.c.id, outbox.c.type, outbox.c.video_id, outbox.c.account_id, outbox.c.created_at)
    .where(outbox.c.delivered_at.is_(null()))
    .order_by(outbox.c.created_at, outbox.c.id)
    .limit(bindparam("most"))
)
_DELIVERED = (
    update(outbox)
    .where(outbox.c.id == bindparam("event_id"), outbox.c.delivered_at.is_(null()))
    .values(delivered_at=bindparam("now"))
)


class OutboxRows:
    """What is still to be delivered."""

    def __init__(self, reader: Connection, batcher: Batcher) -> None:
        self._reader = reader
        self._batcher = batcher

    async def pending(self, limit: int = 100) -> list[OutboxEvent]:
        """Undelivered events, oldest first."""
        fields = OutboxEvent.__struct_fields__
        rows = self._reader.rows(_PENDING, most=limit)
        return [OutboxEvent(**dict(zip(fields, row, strict=True))) for row in rows]

    async def delivered(self, event_id: str, now: float) -> bool:
        """Note a delivery; False if it was noted before."""
        return await self._batcher.write(lambda connection: connection.run(_DELIVERED, event_id=event_id, now=now) == 1)
