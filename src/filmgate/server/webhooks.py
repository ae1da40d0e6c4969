"""The handlers of ``/webhook_endpoints`` and ``/webhook_event_types``."""

from __future__ import annotations

import msgspec
from starlette.types import ASGIApp

from filmgate.server.body import BodyReader
from filmgate.server.request import Call
from filmgate.server.responses import json_reply
from filmgate.services.webhooks import Shown, Webhooks
from filmgate.wire import webhook
from filmgate.wire.webhook import EndpointObject

__all__ = ["WebhookHandlers"]

_NO_FILES = frozenset[str]()


class WebhookHandlers:
    """One method a route."""

    def __init__(self, webhooks: Webhooks, body: BodyReader) -> None:
        self._webhooks = webhooks
        self._body = body

    async def create(self, call: Call) -> ASGIApp:
        """``POST /webhook_endpoints``."""
        async with self._body.fields(call.scope, call.receive, _NO_FILES) as fields:
            wanted = webhook.parse_new(fields)
        return _whole(await self._webhooks.create(call.principal, wanted))

    async def list(self, call: Call) -> ASGIApp:
        """``GET /webhook_endpoints?after&limit``."""
        limit = call.whole("limit", 20, 100)
        shown, more = await self._webhooks.list(call.principal, after=call.query.get("after") or None, limit=limit)
        data = [_rendered(each) for each in shown]
        first_id, last_id = (data[0].id, data[-1].id) if data else (None, None)
        return json_reply(webhook.EndpointList(data=data, first_id=first_id, last_id=last_id, has_more=more))

    async def retrieve(self, call: Call) -> ASGIApp:
        """``GET /webhook_endpoints/{id}``."""
        return json_reply(_rendered(await self._webhooks.retrieve(call.principal, call.target)))

    async def update(self, call: Call) -> ASGIApp:
        """``POST /webhook_endpoints/{id}``."""
        async with self._body.fields(call.scope, call.receive, _NO_FILES) as fields:
            change = webhook.parse_change(fields)
        return json_reply(_rendered(await self._webhooks.update(call.principal, call.target, change)))

    async def delete(self, call: Call) -> ASGIApp:
        """``DELETE /webhook_endpoints/{id}``."""
        await self._webhooks.delete(call.principal, call.target)
        return json_reply(webhook.EndpointDeleted(id=call.target))

    async def rotate_secret(self, call: Call) -> ASGIApp:
        """``POST /webhook_endpoints/{id}/rotate_secret``."""
        async with self._body.fields(call.scope, call.receive, _NO_FILES) as fields:
            keep_old = webhook.parse_rotation(fields)
        return _whole(await self._webhooks.rotate_secret(call.principal, call.target, keep_old=keep_old))

    async def test(self, call: Call) -> ASGIApp:
        """``POST /webhook_endpoints/{id}/test``."""
        async with self._body.fields(call.scope, call.receive, _NO_FILES) as fields:
            kind = webhook.parse_test(fields)
        status = await self._webhooks.test(call.principal, call.target, kind)
        tested = webhook.EndpointTest(webhook_endpoint_id=call.target, event_type=kind, status_code=status)
        return json_reply(tested)

    async def event_types(self, _call: Call) -> ASGIApp:
        """``GET /webhook_event_types``."""
        return json_reply(webhook.EventTypeList(data=list(webhook.EVENT_TYPES)))


def _rendered(shown: Shown) -> EndpointObject:
    endpoint, disabled_at = shown.endpoint, shown.endpoint.disabled_at
    return EndpointObject(
        id=endpoint.id,
        name=endpoint.name,
        url=shown.url,
        event_types=list(endpoint.event_types),
        signing_secret_hint=endpoint.secret_hint,
        created_at=int(endpoint.created_at),
        updated_at=int(endpoint.updated_at),
        disabled_at=None if disabled_at is None else int(disabled_at),
    )


def _whole(shown: Shown) -> ASGIApp:
    visible = msgspec.structs.asdict(_rendered(shown))
    return json_reply(webhook.EndpointWithSecret(**visible, signing_secret=shown.secret or ""))
