"""What engines were when they got submissions: their videos are asked for there, whatever is configured by then."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, delete, exists, insert, literal_column, select, update

from filmgate.store.database import Connection
from filmgate.store.group_commit import Batcher
from filmgate.store.rows import to_json
from filmgate.store.schema import engine_identity, video

__all__ = ["Identity", "IdentityRows"]


class Identity(Struct, frozen=True, kw_only=True):
    """An engine as it was: enough to make it again."""

    id: str  # what its submissions went to
    engine: str  # the name under which rows know it
    kind: str
    options: Mapping[str, object]
    api_key: str | None = None  # sealed


_BOUND = (
    video.c.engine == engine_identity.c.engine,
    video.c.identity == engine_identity.c.id,
    video.c.stage != literal_column("'done'"),
)
_THIS = (engine_identity.c.id == bindparam("goes_to"), engine_identity.c.engine == bindparam("by"))
_COLUMNS = (
    engine_identity.c.id,
    engine_identity.c.engine,
    engine_identity.c.kind,
    engine_identity.c.options,
    engine_identity.c.api_key,
)
_GET = select(*_COLUMNS).where(*_THIS)
_NEEDED = select(*_COLUMNS).where(exists().where(*_BOUND)).order_by(engine_identity.c.first_seen)
_SEEN = (
    update(engine_identity)
    .where(*_THIS)
    .values(
        last_seen=bindparam("now"),
        kind=bindparam("of_kind"),
        options=bindparam("with_options"),
        api_key=bindparam("sealed"),
    )
)
_FIRST = insert(engine_identity).values(
    id=bindparam("goes_to"),
    engine=bindparam("by"),
    kind=bindparam("of_kind"),
    options=bindparam("with_options"),
    api_key=bindparam("sealed"),
    first_seen=bindparam("now"),
    last_seen=bindparam("now"),
)
_FORGET = delete(engine_identity).where(engine_identity.c.last_seen < bindparam("before"), ~exists().where(*_BOUND))


class IdentityRows:
    """The engines of now and before."""

    def __init__(self, reader: Connection, batcher: Batcher) -> None:
        self._reader = reader
        self._batcher = batcher

    async def see(self, identity: Identity, now: float) -> None:
        """Write down that an engine is such at present."""
        values: dict[str, object] = {
            "goes_to": identity.id,
            "by": identity.engine,
            "of_kind": identity.kind,
            "with_options": to_json(identity.options),
            "sealed": identity.api_key,
        }

        def write(connection: Connection) -> None:
            if not connection.run(_SEEN, now=now, **values):
                connection.run(_FIRST, now=now, **values)

        await self._batcher.write(write)

    async def get(self, engine: str, identity: str) -> Identity | None:
        """One of them."""
        row = self._reader.row(_GET, by=engine, goes_to=identity)
        return None if row is None else _identity(row)

    async def needed(self) -> list[Identity]:
        """Those that some unfinished video was submitted to, first seen first."""
        return [_identity(row) for row in self._reader.rows(_NEEDED)]

    async def forget(self, before: float) -> int:
        """Drop those not seen since then that no unfinished video needs; returns how many."""
        return await self._batcher.write(lambda connection: connection.run(_FORGET, before=before))


def _identity(row: tuple[str, str, str, str, str | None]) -> Identity:
    identity, engine, kind, options, api_key = row
    return Identity(id=identity, engine=engine, kind=kind, options=msgspec.json.decode(options), api_key=api_key)
