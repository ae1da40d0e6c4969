"""Heartbeats of the processes that run flows."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, insert, select, update

from filmgate.store.database import Connection
from filmgate.store.group_commit import Batcher
from filmgate.store.schema import worker

__all__ = ["WorkerRows"]

_BEAT = update(worker).where(worker.c.executor_id == bindparam("executor")).values(seen_at=bindparam("now"))
_FIRST = insert(worker).values(executor_id=bindparam("executor"), seen_at=bindparam("now"))
_DEAD = select(worker.c.executor_id).where(worker.c.seen_at < bindparam("before")).order_by(worker.c.executor_id)
_FORGET = delete(worker).where(worker.c.executor_id == bindparam("executor"))


class WorkerRows:
    """Who is alive."""

    def __init__(self, reader: Connection, batcher: Batcher) -> None:
        self._reader = reader
        self._batcher = batcher

    async def beat(self, executor_id: str, now: float) -> None:
        """Say that the process lives."""

        def write(connection: Connection) -> None:
            if not connection.run(_BEAT, executor=executor_id, now=now):
                connection.run(_FIRST, executor=executor_id, now=now)

        await self._batcher.write(write)

    async def dead(self, before: float) -> list[str]:
        """The processes that have not been heard of since then."""
        return [executor_id for (executor_id,) in self._reader.rows(_DEAD, before=before)]

    async def forget(self, executor_id: str) -> None:
        """Drop a process whose work was taken over."""
        await self._batcher.write(lambda connection: connection.run(_FORGET, executor=executor_id))
