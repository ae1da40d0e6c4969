"""Who is told of events, and what of it is still to be done.

An event waits in the outbox, written with what it tells of. From there :meth:`WebhookRows.fan_out` makes one delivery
an endpoint, and one for the video's own callback URL. A process that tries a delivery first moves its ``next_at``
ahead, by compare-and-set: the others leave it alone until then, and find it again if the process died.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, delete, func, insert, literal_column, null, select, update

from filmgate.errors import InvalidValue, NotFound, WebhookEndpointNotFound
from filmgate.store.database import Connection
from filmgate.store.group_commit import Batcher
from filmgate.store.rows import to_json
from filmgate.store.schema import outbox, video, webhook_delivery, webhook_endpoint

__all__ = ["Delivery", "Endpoint", "WebhookRows"]

MOST = 50
"""Endpoints of an account: every event goes to each of them."""

AT_ONCE = 4
"""Deliveries to one endpoint that are taken at once, so that a slow one keeps nobody else waiting."""


class Endpoint(Struct, frozen=True, kw_only=True):
    """Who is told; url and secrets are sealed."""

    id: str
    account_id: str
    name: str
    url: str
    event_types: tuple[str, ...]
    secret: str
    secret_hint: str
    old_secret: str | None = None
    old_secret_until: float | None = None
    created_at: float
    updated_at: float
    disabled_at: float | None = None

    def signing_secrets(self, now: float) -> list[str]:
        """The encrypted secrets that sign at this Unix time: the current one, and the old one until it expires."""
        if self.old_secret is not None and now < (self.old_secret_until or 0):
            return [self.secret, self.old_secret]
        return [self.secret]


class Delivery(Struct, frozen=True):
    """One event for one receiver, as it stands."""

    id: int
    event_id: str
    type: str
    video_id: str
    account_id: str
    created_at: float  # of the event
    endpoint_id: str | None  # None: to the video's callback URL
    callback_url: str | None  # sealed
    tries: int
    next_at: float


_types = msgspec.json.Decoder(tuple[str, ...]).decode
_COLUMNS = tuple(webhook_endpoint.c[field] for field in Endpoint.__struct_fields__)
_THIS = webhook_endpoint.c.id == bindparam("endpoint")
_OWNER = webhook_endpoint.c.account_id == bindparam("owner")

_INSERT = insert(webhook_endpoint).values(**{name: bindparam(name) for name in Endpoint.__struct_fields__})
_COUNT = select(func.count()).select_from(webhook_endpoint).where(_OWNER)
_GET = select(*_COLUMNS).where(_THIS, _OWNER)
_OF = select(*_COLUMNS).where(_OWNER).order_by(webhook_endpoint.c.created_at.desc(), webhook_endpoint.c.id.desc())
_DELETE = delete(webhook_endpoint).where(_THIS, _OWNER)
_REPLACE = (
    update(webhook_endpoint)
    .where(_THIS)
    .values(**{name: bindparam(name) for name in Endpoint.__struct_fields__ if name not in ("id", "account_id")})
)
_DISABLE = update(webhook_endpoint).where(_THIS, webhook_endpoint.c.disabled_at.is_(null()))
_DISABLE = _DISABLE.values(disabled_at=bindparam("now"))

_TAKE_EVENT = (
    update(outbox)
    .where(outbox.c.id == bindparam("event"), outbox.c.delivered_at.is_(null()))
    .values(delivered_at=bindparam("now"))
)
_EVENT = (
    select(outbox.c.account_id, outbox.c.type, video.c.callback_url)
    .select_from(outbox.join(video, video.c.id == outbox.c.video_id))
    .where(outbox.c.id == bindparam("event"))
)
_DELIVER = insert(webhook_delivery).values(
    event_id=bindparam("event"), endpoint_id=bindparam("endpoint"), tries=0, next_at=bindparam("now")
)

_UNSETTLED = webhook_delivery.c.settled_at.is_(null())
_RANKED = (
    select(
        webhook_delivery.c.id,
        func.row_number()
        .over(
            partition_by=func.coalesce(webhook_delivery.c.endpoint_id, outbox.c.account_id),
            order_by=webhook_delivery.c.next_at,
        )
        .label("rank"),
    )
    .select_from(webhook_delivery.join(outbox, outbox.c.id == webhook_delivery.c.event_id))
    .where(_UNSETTLED, webhook_delivery.c.next_at <= bindparam("now"))
    .subquery()
)
_DUE = (
    select(
        webhook_delivery.c.id,
        webhook_delivery.c.event_id,
        outbox.c.type,
        outbox.c.video_id,
        outbox.c.account_id,
        outbox.c.created_at,
        webhook_delivery.c.endpoint_id,
        video.c.callback_url,
        webhook_delivery.c.tries,
        webhook_delivery.c.next_at,
    )
    .select_from(
        _RANKED.join(webhook_delivery, webhook_delivery.c.id == _RANKED.c.id)
        .join(outbox, outbox.c.id == webhook_delivery.c.event_id)
        .join(video, video.c.id == outbox.c.video_id)
    )
    .where(_RANKED.c.rank <= literal_column(str(AT_ONCE)))
    .order_by(webhook_delivery.c.next_at)
    .limit(bindparam("most"))
)
_AS_SEEN = (webhook_delivery.c.id == bindparam("delivery"), webhook_delivery.c.next_at == bindparam("seen"), _UNSETTLED)
_CLAIM = update(webhook_delivery).where(*_AS_SEEN).values(next_at=bindparam("until"))
_TRIED = (
    update(webhook_delivery)
    .where(*_AS_SEEN)
    .values(tries=webhook_delivery.c.tries + 1, next_at=bindparam("next"), last_status=bindparam("status"))
)
_SETTLE = (
    update(webhook_delivery)
    .where(*_AS_SEEN)
    .values(
        tries=webhook_delivery.c.tries + 1,
        settled_at=bindparam("now"),
        outcome=bindparam("how"),
        last_status=bindparam("status"),
    )
)
_DROP = (
    update(webhook_delivery)
    .where(webhook_delivery.c.endpoint_id == bindparam("endpoint"), _UNSETTLED)
    .values(settled_at=bindparam("now"), outcome="dropped")
)


class WebhookRows:
    """Endpoints and deliveries.

    Args:
        reader: the reading connection.
        batcher: what groups the writes.
    """

    def __init__(self, reader: Connection, batcher: Batcher) -> None:
        self._reader = reader
        self._batcher = batcher

    async def add(self, endpoint: Endpoint) -> None:
        """A new endpoint.

        Raises:
            InvalidValue: the account has as many as it may.
        """

        def write(connection: Connection) -> None:
            if connection.rows(_COUNT, owner=endpoint.account_id)[0][0] >= MOST:
                raise InvalidValue(f"At most {MOST} webhook endpoints are kept; delete one first.")
            connection.run(_INSERT, **_values(endpoint))

        await self._batcher.write(write)

    async def get(self, endpoint_id: str, account_id: str) -> Endpoint:
        """One endpoint.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
        """
        return _own(self._reader, endpoint_id, account_id)

    async def of(self, account_id: str) -> list[Endpoint]:
        """All of an account's, newest first."""
        return [_endpoint(row) for row in self._reader.rows(_OF, owner=account_id)]

    async def change(self, endpoint_id: str, account_id: str, **fields: object) -> Endpoint:
        """Replace some of an endpoint's fields.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
        """

        def write(connection: Connection) -> Endpoint:
            changed = msgspec.structs.replace(_own(connection, endpoint_id, account_id), **fields)
            values = {name: value for name, value in _values(changed).items() if name not in ("id", "account_id")}
            connection.run(_REPLACE, endpoint=endpoint_id, **values)
            return changed

        return await self._batcher.write(write)

    async def remove(self, endpoint_id: str, account_id: str, now: float) -> None:
        """Delete an endpoint; what it was still to be told is dropped.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
        """

        def write(connection: Connection) -> None:
            if connection.run(_DELETE, endpoint=endpoint_id, owner=account_id) != 1:
                raise WebhookEndpointNotFound(endpoint_id)
            connection.run(_DROP, endpoint=endpoint_id, now=now)

        await self._batcher.write(write)

    async def fan_out(self, event_id: str, now: float) -> int:
        """Turn an event of the outbox into its deliveries, once; returns how many there are."""

        def write(connection: Connection) -> int:
            return _deliver(connection, event_id, now) if connection.run(_TAKE_EVENT, event=event_id, now=now) else 0

        return await self._batcher.write(write)

    async def replay(self, event_id: str, now: float) -> int:
        """Tell everybody of an event once more, under its old id; returns how many are told.

        Raises:
            NotFound: there is no such event.
        """
        return await self._batcher.write(lambda connection: _deliver(connection, event_id, now))

    async def due(self, now: float, limit: int) -> list[Delivery]:
        """What is to be tried by now, longest due first, only a few to each receiver."""
        return [Delivery(*row) for row in self._reader.rows(_DUE, now=now, most=limit)]

    async def claim(self, delivery: Delivery, until: float) -> Delivery | None:
        """The delivery as ours until then; None if another process was first."""
        claimed = await self._write(_CLAIM, delivery=delivery.id, seen=delivery.next_at, until=until)
        return msgspec.structs.replace(delivery, next_at=until) if claimed else None

    async def tried(self, delivery: Delivery, status: int | None, next_at: float) -> bool:
        """Note a try in vain, and when the next is due; False if the claim was lost."""
        return await self._write(_TRIED, delivery=delivery.id, seen=delivery.next_at, status=status, next=next_at)

    async def settle(self, delivery: Delivery, outcome: str, status: int | None, now: float) -> bool:
        """Note the last try: ``delivered`` or ``failed``; False if the claim was lost."""
        seen = delivery.next_at
        return await self._write(_SETTLE, delivery=delivery.id, seen=seen, how=outcome, status=status, now=now)

    async def disable(self, endpoint_id: str, now: float) -> None:
        """Tell an endpoint nothing more; what it was still to be told is dropped."""

        def write(connection: Connection) -> None:
            connection.run(_DISABLE, endpoint=endpoint_id, now=now)
            connection.run(_DROP, endpoint=endpoint_id, now=now)

        await self._batcher.write(write)

    async def _write(self, statement: Any, **params: object) -> bool:
        return await self._batcher.write(lambda connection: connection.run(statement, **params) == 1)


def _deliver(connection: Connection, event_id: str, now: float) -> int:
    row = connection.row(_EVENT, event=event_id)
    if row is None:
        raise NotFound(f"Event '{event_id}' not found.")
    owner, kind, callback_url = row
    listening: Sequence[str | None] = [
        endpoint.id
        for endpoint in map(_endpoint, connection.rows(_OF, owner=owner))
        if kind in endpoint.event_types and endpoint.disabled_at is None
    ]
    receivers = [*listening, *([] if callback_url is None else [None])]
    for receiver in receivers:
        connection.run(_DELIVER, event=event_id, endpoint=receiver, now=now)
    return len(receivers)


def _own(connection: Connection, endpoint_id: str, owner: str) -> Endpoint:
    row = connection.row(_GET, endpoint=endpoint_id, owner=owner)
    if row is None:
        raise WebhookEndpointNotFound(endpoint_id)
    return _endpoint(row)


def _endpoint(row: tuple[Any, ...]) -> Endpoint:
    values = dict(zip(Endpoint.__struct_fields__, row, strict=True))
    return Endpoint(**{**values, "event_types": _types(values["event_types"])})


def _values(endpoint: Endpoint) -> dict[str, object]:
    return {**msgspec.structs.asdict(endpoint), "event_types": to_json(endpoint.event_types)}
