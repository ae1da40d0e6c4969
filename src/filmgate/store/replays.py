"""Finds the object that an Idempotency-Key or an SDK's resend refers to, in a table of objects that requests create."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Column, Table, bindparam, literal_column, null, select, update

from filmgate.errors import IdempotencyKeyReuse
from filmgate.store.acceptance import IDEMPOTENCY_SECONDS
from filmgate.store.database import DbConnection

__all__ = ["Repeatable", "ReplayLookup"]


class Repeatable(Protocol):
    """A row that is about to be inserted."""

    @property
    def account_id(self) -> str:
        """The owner."""

    @property
    def key_id(self) -> str | None:
        """The key of the request."""

    @property
    def idempotency_key(self) -> str | None:
        """The client's header."""

    @property
    def resend_since(self) -> float | None:
        """Since when an equal request of the key counts as this one; None: the request is no resend."""

    @property
    def fingerprint(self) -> str:
        """Digest of the request."""


class ReplayLookup:
    """The statements for one table.

    Args:
        table: has the columns account_id, key_id, idempotency_key, fingerprint and created_at.
        columns: those that :meth:`find` returns.
    """

    def __init__(self, table: Table, columns: Sequence[Column[Any]]) -> None:
        owned = table.c.account_id == bindparam("owner")
        keyed = table.c.idempotency_key == bindparam("key")
        self._same_key = select(*columns, table.c.fingerprint).where(
            owned, keyed, table.c.created_at > bindparam("since")
        )
        self._forget_key = (
            update(table).where(owned, keyed, table.c.created_at <= bindparam("before")).values(idempotency_key=null())
        )
        self._same_request = (
            select(*columns)
            .where(
                owned,
                table.c.fingerprint == bindparam("digest"),
                table.c.created_at >= bindparam("since"),
                table.c.key_id.is_not_distinct_from(bindparam("with_key")),
            )
            .order_by(table.c.created_at.desc())
            .limit(literal_column("1"))
        )

    def find(self, connection: DbConnection, new: Repeatable, now: float) -> tuple[Any, ...] | None:
        """Return the row that the request created before; None if it is a new request.

        Raises:
            IdempotencyKeyReuse: its key was used within a day for another request.
        """
        if new.idempotency_key is not None:
            key, day_ago = new.idempotency_key, now - IDEMPOTENCY_SECONDS
            connection.execute(self._forget_key, owner=new.account_id, key=key, before=day_ago)
            if row := connection.fetch_one(self._same_key, owner=new.account_id, key=key, since=day_ago):
                if row[-1] != new.fingerprint:
                    raise IdempotencyKeyReuse
                return row[:-1]
        if new.resend_since is None:
            return None
        since, digest = new.resend_since, new.fingerprint
        return connection.fetch_one(
            self._same_request, owner=new.account_id, digest=digest, since=since, with_key=new.key_id
        )
