"""Stored engine identities: a video's job is polled at the engine it was submitted to, even after a reconfiguration."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, delete, exists, insert, literal_column, select, update

from filmgate.store.database import DbConnection
from filmgate.store.group_commit import GroupCommitWriter
from filmgate.store.rows import to_json
from filmgate.store.schema import engine_identity, video

__all__ = ["EngineIdentity", "EngineIdentityRepository"]


class EngineIdentity(Struct, frozen=True, kw_only=True):
    """An engine as it was configured: enough to rebuild it."""

    id: str  # identifies where its submissions go
    engine: str  # the engine name in the rows
    kind: str
    options: Mapping[str, object]
    api_key: str | None = None  # encrypted


_IN_USE = (
    video.c.engine == engine_identity.c.engine,
    video.c.identity == engine_identity.c.id,
    video.c.stage != literal_column("'done'"),
)
_BY_KEY = (engine_identity.c.id == bindparam("identity_id"), engine_identity.c.engine == bindparam("engine_name"))
_COLUMNS = (
    engine_identity.c.id,
    engine_identity.c.engine,
    engine_identity.c.kind,
    engine_identity.c.options,
    engine_identity.c.api_key,
)
_GET = select(*_COLUMNS).where(*_BY_KEY)
_LIST_IN_USE = select(*_COLUMNS).where(exists().where(*_IN_USE)).order_by(engine_identity.c.first_seen)
_UPDATE_SEEN = (
    update(engine_identity)
    .where(*_BY_KEY)
    .values(
        last_seen=bindparam("now"),
        kind=bindparam("new_kind"),
        options=bindparam("new_options"),
        api_key=bindparam("encrypted_key"),
    )
)
_INSERT = insert(engine_identity).values(
    id=bindparam("identity_id"),
    engine=bindparam("engine_name"),
    kind=bindparam("new_kind"),
    options=bindparam("new_options"),
    api_key=bindparam("encrypted_key"),
    first_seen=bindparam("now"),
    last_seen=bindparam("now"),
)
_DELETE_UNUSED = delete(engine_identity).where(
    engine_identity.c.last_seen < bindparam("before"), ~exists().where(*_IN_USE)
)


class EngineIdentityRepository:
    """Identities of configured and retired engines."""

    def __init__(self, reader: DbConnection, writer: GroupCommitWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def record_seen(self, identity: EngineIdentity, now: float) -> None:
        """Store an identity, or update when it was last configured."""
        values: dict[str, object] = {
            "identity_id": identity.id,
            "engine_name": identity.engine,
            "new_kind": identity.kind,
            "new_options": to_json(identity.options),
            "encrypted_key": identity.api_key,
        }

        def write(connection: DbConnection) -> None:
            if not connection.execute(_UPDATE_SEEN, now=now, **values):
                connection.execute(_INSERT, now=now, **values)

        await self._writer.write(write)

    async def get(self, engine: str, identity: str) -> EngineIdentity | None:
        """Return one identity; None if it is not stored."""
        row = self._reader.fetch_one(_GET, engine_name=engine, identity_id=identity)
        return None if row is None else _to_identity(row)

    async def list_in_use(self) -> list[EngineIdentity]:
        """Return the identities that unfinished videos were submitted to, first seen first."""
        return [_to_identity(row) for row in self._reader.fetch_all(_LIST_IN_USE)]

    async def delete_unused(self, before: float) -> int:
        """Delete identities not seen since then that no unfinished video needs; returns how many."""
        return await self._writer.write(lambda connection: connection.execute(_DELETE_UNUSED, before=before))


def _to_identity(row: tuple[str, str, str, str, str | None]) -> EngineIdentity:
    identity, engine, kind, options, api_key = row
    return EngineIdentity(id=identity, engine=engine, kind=kind, options=msgspec.json.decode(options), api_key=api_key)
