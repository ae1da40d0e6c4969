"""Heartbeats of the processes that run workflows."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, insert, select, update

from filmgate.store.database import DbConnection
from filmgate.store.group_commit import GroupCommitWriter
from filmgate.store.schema import worker

__all__ = ["WorkerRepository"]

_UPDATE = update(worker).where(worker.c.executor_id == bindparam("executor")).values(seen_at=bindparam("now"))
_INSERT = insert(worker).values(executor_id=bindparam("executor"), seen_at=bindparam("now"))
_DEAD = select(worker.c.executor_id).where(worker.c.seen_at < bindparam("before")).order_by(worker.c.executor_id)
_FORGET = delete(worker).where(worker.c.executor_id == bindparam("executor"))


class WorkerRepository:
    """Live workers."""

    def __init__(self, reader: DbConnection, writer: GroupCommitWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def record_heartbeat(self, executor_id: str, now: float) -> None:
        """Record that the process is alive."""

        def write(connection: DbConnection) -> None:
            if not connection.execute(_UPDATE, executor=executor_id, now=now):
                connection.execute(_INSERT, executor=executor_id, now=now)

        await self._writer.write(write)

    async def list_dead(self, before: float) -> list[str]:
        """Return the processes without a heartbeat since then."""
        return [executor_id for (executor_id,) in self._reader.fetch_all(_DEAD, before=before)]

    async def delete(self, executor_id: str) -> None:
        """Delete a process whose workflows were adopted."""
        await self._writer.write(lambda connection: connection.execute(_FORGET, executor=executor_id))
