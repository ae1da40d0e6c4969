"""Webhook endpoints and the deliveries of events.

An event is written to the outbox in the transaction that it reports. :meth:`WebhookRepository.fan_out` turns it into
one delivery per endpoint, and one for the video's own callback URL. Before a process attempts a delivery, it moves its
``next_at`` ahead, by compare-and-set: other processes skip the delivery until then, and retry it if the process died.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, delete, func, insert, literal_column, null, select, update

from filmgate.errors import InvalidValue, NotFound, WebhookEndpointNotFound
from filmgate.store.database import DbConnection
from filmgate.store.group_commit import GroupCommitWriter
from filmgate.store.rows import to_json
from filmgate.store.schema import delivery_total, outbox, video, webhook_delivery, webhook_endpoint

__all__ = ["PendingDelivery", "WebhookEndpoint", "WebhookRepository"]

MAX_ENDPOINTS = 50
"""Endpoints per account: every event goes to each of them."""

MAX_DUE_PER_ENDPOINT = 4
"""Deliveries to one endpoint in flight at once, so that a slow one does not delay the others."""

MAX_DUE_PER_ACCOUNT = 16
"""Deliveries of one account that are started at once, so that its many endpoints do not delay another account's."""


class WebhookEndpoint(Struct, frozen=True, kw_only=True):
    """A receiver of events; url and secrets are encrypted."""

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
        """Return the encrypted secrets that sign at Unix time ``now``: the current one, and an unexpired old one."""
        if self.old_secret is not None and now < (self.old_secret_until or 0):
            return [self.secret, self.old_secret]
        return [self.secret]


class PendingDelivery(Struct, frozen=True):
    """An unsettled delivery of one event to one receiver."""

    id: int
    event_id: str
    type: str
    video_id: str
    account_id: str
    created_at: float  # of the event
    endpoint_id: str | None  # None: to the video's callback URL
    callback_url: str | None  # encrypted
    tries: int
    next_at: float


_decode_types = msgspec.json.Decoder(tuple[str, ...]).decode
_COLUMNS = tuple(webhook_endpoint.c[field] for field in WebhookEndpoint.__struct_fields__)
_BY_ID = webhook_endpoint.c.id == bindparam("endpoint")
_BY_OWNER = webhook_endpoint.c.account_id == bindparam("owner")

_INSERT = insert(webhook_endpoint).values(**{name: bindparam(name) for name in WebhookEndpoint.__struct_fields__})
_COUNT = select(func.count()).select_from(webhook_endpoint).where(_BY_OWNER)
_GET = select(*_COLUMNS).where(_BY_ID, _BY_OWNER)
_LIST = select(*_COLUMNS).where(_BY_OWNER).order_by(webhook_endpoint.c.created_at.desc(), webhook_endpoint.c.id.desc())
_DELETE = delete(webhook_endpoint).where(_BY_ID, _BY_OWNER)
_REPLACE = (
    update(webhook_endpoint)
    .where(_BY_ID)
    .values(**{name: bindparam(name) for name in WebhookEndpoint.__struct_fields__ if name not in ("id", "account_id")})
)
_DISABLE = update(webhook_endpoint).where(_BY_ID, webhook_endpoint.c.disabled_at.is_(null()))
_DISABLE = _DISABLE.values(disabled_at=bindparam("now"))

_MARK_FANNED_OUT = (
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
_BY_ENDPOINT = (
    select(
        webhook_delivery.c.id,
        webhook_delivery.c.next_at,
        outbox.c.account_id,
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
_BY_ACCOUNT = (
    select(
        _BY_ENDPOINT.c.id,
        func.row_number()
        .over(partition_by=_BY_ENDPOINT.c.account_id, order_by=(_BY_ENDPOINT.c.rank, _BY_ENDPOINT.c.next_at))
        .label("turn"),
    )
    .where(_BY_ENDPOINT.c.rank <= literal_column(str(MAX_DUE_PER_ENDPOINT)))
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
        _BY_ACCOUNT.join(webhook_delivery, webhook_delivery.c.id == _BY_ACCOUNT.c.id)
        .join(outbox, outbox.c.id == webhook_delivery.c.event_id)
        .join(video, video.c.id == outbox.c.video_id)
    )
    .where(_BY_ACCOUNT.c.turn <= literal_column(str(MAX_DUE_PER_ACCOUNT)))
    .order_by(_BY_ACCOUNT.c.turn, webhook_delivery.c.next_at)
    .limit(bindparam("most"))
)
_IF_CLAIMED = (
    webhook_delivery.c.id == bindparam("delivery"),
    webhook_delivery.c.next_at == bindparam("seen"),
    _UNSETTLED,
)
_CLAIM = update(webhook_delivery).where(*_IF_CLAIMED).values(next_at=bindparam("until"))
_RECORD_FAILURE = (
    update(webhook_delivery)
    .where(*_IF_CLAIMED)
    .values(tries=webhook_delivery.c.tries + 1, next_at=bindparam("next"), last_status=bindparam("status"))
)
_SETTLE = (
    update(webhook_delivery)
    .where(*_IF_CLAIMED)
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

_ADD_SETTLED = (
    update(delivery_total)
    .where(delivery_total.c.outcome == bindparam("how"))
    .values(deliveries=delivery_total.c.deliveries + bindparam("count"))
)
_FIRST_SETTLED = insert(delivery_total).values(outcome=bindparam("how"), deliveries=bindparam("count"))


class WebhookRepository:
    """Endpoints and deliveries.

    Args:
        reader: the reading connection.
        writer: the group commit writer.
    """

    def __init__(self, reader: DbConnection, writer: GroupCommitWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def add(self, endpoint: WebhookEndpoint) -> None:
        """Insert an endpoint.

        Raises:
            InvalidValue: the account has MAX_ENDPOINTS already.
        """

        def write(connection: DbConnection) -> None:
            if connection.fetch_all(_COUNT, owner=endpoint.account_id)[0][0] >= MAX_ENDPOINTS:
                raise InvalidValue(f"At most {MAX_ENDPOINTS} webhook endpoints are kept; delete one first.")
            connection.execute(_INSERT, **_to_values(endpoint))

        await self._writer.write(write)

    async def get(self, endpoint_id: str, account_id: str) -> WebhookEndpoint:
        """Return one endpoint.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
        """
        return _require_owned(self._reader, endpoint_id, account_id)

    async def list_for(self, account_id: str) -> list[WebhookEndpoint]:
        """Return all endpoints of an account, newest first."""
        return [_to_endpoint(row) for row in self._reader.fetch_all(_LIST, owner=account_id)]

    async def update(self, endpoint_id: str, account_id: str, **fields: object) -> WebhookEndpoint:
        """Replace some of an endpoint's fields.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
        """

        def write(connection: DbConnection) -> WebhookEndpoint:
            changed = msgspec.structs.replace(_require_owned(connection, endpoint_id, account_id), **fields)
            values = {name: value for name, value in _to_values(changed).items() if name not in ("id", "account_id")}
            connection.execute(_REPLACE, endpoint=endpoint_id, **values)
            return changed

        return await self._writer.write(write)

    async def delete(self, endpoint_id: str, account_id: str, now: float) -> None:
        """Delete an endpoint and drop its pending deliveries.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
        """

        def write(connection: DbConnection) -> None:
            if connection.execute(_DELETE, endpoint=endpoint_id, owner=account_id) != 1:
                raise WebhookEndpointNotFound(endpoint_id)
            _drop(connection, endpoint_id, now)

        await self._writer.write(write)

    async def fan_out(self, event_id: str, now: float) -> int:
        """Turn an event of the outbox into its deliveries, once; returns how many there are."""

        def write(connection: DbConnection) -> int:
            return (
                _insert_deliveries(connection, event_id, now)
                if connection.execute(_MARK_FANNED_OUT, event=event_id, now=now)
                else 0
            )

        return await self._writer.write(write)

    async def redeliver(self, event_id: str, now: float) -> int:
        """Deliver an event again to all receivers, under the same id; returns how many receivers there are.

        Raises:
            NotFound: there is no such event.
        """
        return await self._writer.write(lambda connection: _insert_deliveries(connection, event_id, now))

    async def list_due(self, now: float, limit: int) -> list[PendingDelivery]:
        """Return the deliveries that are due, in turns round the accounts, and only a few per account."""
        return [PendingDelivery(*row) for row in self._reader.fetch_all(_DUE, now=now, most=limit)]

    async def claim(self, delivery: PendingDelivery, until: float) -> PendingDelivery | None:
        """Claim a delivery until then; None if another process was first."""
        claimed = await self._write(_CLAIM, delivery=delivery.id, seen=delivery.next_at, until=until)
        return msgspec.structs.replace(delivery, next_at=until) if claimed else None

    async def record_failure(self, delivery: PendingDelivery, status: int | None, next_at: float) -> bool:
        """Record a failed attempt, and when the next is due; False if the claim was lost."""
        return await self._write(
            _RECORD_FAILURE, delivery=delivery.id, seen=delivery.next_at, status=status, next=next_at
        )

    async def settle(self, delivery: PendingDelivery, outcome: str, status: int | None, now: float) -> bool:
        """Record the last attempt: ``delivered``, ``failed`` or ``dropped``; False if the claim was lost."""

        def write(connection: DbConnection) -> bool:
            settled = connection.execute(
                _SETTLE, delivery=delivery.id, seen=delivery.next_at, how=outcome, status=status, now=now
            )
            _count_settled(connection, outcome, settled)
            return settled == 1

        return await self._writer.write(write)

    async def disable(self, endpoint_id: str, now: float) -> None:
        """Disable an endpoint and drop its pending deliveries."""

        def write(connection: DbConnection) -> None:
            connection.execute(_DISABLE, endpoint=endpoint_id, now=now)
            _drop(connection, endpoint_id, now)

        await self._writer.write(write)

    async def _write(self, statement: Any, **params: object) -> bool:
        return await self._writer.write(lambda connection: connection.execute(statement, **params) == 1)


def _drop(connection: DbConnection, endpoint_id: str, now: float) -> None:
    _count_settled(connection, "dropped", connection.execute(_DROP, endpoint=endpoint_id, now=now))


def _count_settled(connection: DbConnection, outcome: str, count: int) -> None:
    if count and not connection.execute(_ADD_SETTLED, how=outcome, count=count):
        connection.execute(_FIRST_SETTLED, how=outcome, count=count)


def _insert_deliveries(connection: DbConnection, event_id: str, now: float) -> int:
    row = connection.fetch_one(_EVENT, event=event_id)
    if row is None:
        raise NotFound(f"Event '{event_id}' not found.")
    owner, kind, callback_url = row
    endpoint_ids: Sequence[str | None] = [
        endpoint.id
        for endpoint in map(_to_endpoint, connection.fetch_all(_LIST, owner=owner))
        if kind in endpoint.event_types and endpoint.disabled_at is None
    ]
    receivers = [*endpoint_ids, *([] if callback_url is None else [None])]
    for receiver in receivers:
        connection.execute(_DELIVER, event=event_id, endpoint=receiver, now=now)
    return len(receivers)


def _require_owned(connection: DbConnection, endpoint_id: str, owner: str) -> WebhookEndpoint:
    row = connection.fetch_one(_GET, endpoint=endpoint_id, owner=owner)
    if row is None:
        raise WebhookEndpointNotFound(endpoint_id)
    return _to_endpoint(row)


def _to_endpoint(row: tuple[Any, ...]) -> WebhookEndpoint:
    values = dict(zip(WebhookEndpoint.__struct_fields__, row, strict=True))
    return WebhookEndpoint(**{**values, "event_types": _decode_types(values["event_types"])})


def _to_values(endpoint: WebhookEndpoint) -> dict[str, object]:
    return {**msgspec.structs.asdict(endpoint), "event_types": to_json(endpoint.event_types)}
