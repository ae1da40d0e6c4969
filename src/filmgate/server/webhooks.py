"""The handlers of ``/webhook_endpoints`` and ``/webhook_event_types``."""

from __future__ import annotations

import msgspec
from starlette.types import ASGIApp

from filmgate.server.body import BodyReader
from filmgate.server.request import RequestContext
from filmgate.server.responses import json_response
from filmgate.services.webhooks import EndpointView, WebhookService
from filmgate.wire import webhook
from filmgate.wire.webhook import EndpointObject

__all__ = ["WebhookHandlers"]

_NO_FILES = frozenset[str]()


class WebhookHandlers:
    """One method per route."""

    def __init__(self, webhooks: WebhookService, body_reader: BodyReader) -> None:
        self._webhooks = webhooks
        self._body_reader = body_reader

    async def create(self, request: RequestContext) -> ASGIApp:
        """``POST /webhook_endpoints``."""
        async with self._body_reader.read_fields(request.scope, request.receive, _NO_FILES) as fields:
            params = webhook.parse_create(fields)
        return _with_secret(await self._webhooks.create(request.principal, params))

    async def list(self, request: RequestContext) -> ASGIApp:
        """``GET /webhook_endpoints?after&limit``."""
        limit = request.int_param("limit", 20, 100)
        views, has_more = await self._webhooks.list(request.principal, after=request.query.get("after"), limit=limit)
        data = [_render_endpoint(view) for view in views]
        first_id, last_id = (data[0].id, data[-1].id) if data else (None, None)
        return json_response(webhook.EndpointList(data=data, first_id=first_id, last_id=last_id, has_more=has_more))

    async def retrieve(self, request: RequestContext) -> ASGIApp:
        """``GET /webhook_endpoints/{id}``."""
        return json_response(_render_endpoint(await self._webhooks.retrieve(request.principal, request.path_id)))

    async def update(self, request: RequestContext) -> ASGIApp:
        """``POST /webhook_endpoints/{id}``."""
        async with self._body_reader.read_fields(request.scope, request.receive, _NO_FILES) as fields:
            params = webhook.parse_update(fields)
        return json_response(_render_endpoint(await self._webhooks.update(request.principal, request.path_id, params)))

    async def delete(self, request: RequestContext) -> ASGIApp:
        """``DELETE /webhook_endpoints/{id}``."""
        await self._webhooks.delete(request.principal, request.path_id)
        return json_response(webhook.EndpointDeleted(id=request.path_id))

    async def rotate_secret(self, request: RequestContext) -> ASGIApp:
        """``POST /webhook_endpoints/{id}/rotate_secret``."""
        async with self._body_reader.read_fields(request.scope, request.receive, _NO_FILES) as fields:
            keep_old = webhook.parse_rotation(fields)
        return _with_secret(await self._webhooks.rotate_secret(request.principal, request.path_id, keep_old=keep_old))

    async def test(self, request: RequestContext) -> ASGIApp:
        """``POST /webhook_endpoints/{id}/test``."""
        async with self._body_reader.read_fields(request.scope, request.receive, _NO_FILES) as fields:
            event_type = webhook.parse_test(fields)
        status = await self._webhooks.test(request.principal, request.path_id, event_type)
        result = webhook.EndpointTest(webhook_endpoint_id=request.path_id, event_type=event_type, status_code=status)
        return json_response(result)

    async def event_types(self, _request: RequestContext) -> ASGIApp:
        """``GET /webhook_event_types``."""
        return json_response(webhook.EventTypeList(data=list(webhook.EVENT_TYPES)))


def _render_endpoint(view: EndpointView) -> EndpointObject:
    endpoint, disabled_at = view.endpoint, view.endpoint.disabled_at
    return EndpointObject(
        id=endpoint.id,
        name=endpoint.name,
        url=view.url,
        event_types=list(endpoint.event_types),
        signing_secret_hint=endpoint.secret_hint,
        created_at=int(endpoint.created_at),
        updated_at=int(endpoint.updated_at),
        disabled_at=None if disabled_at is None else int(disabled_at),
    )


def _with_secret(view: EndpointView) -> ASGIApp:
    fields = msgspec.structs.asdict(_render_endpoint(view))
    return json_response(webhook.EndpointWithSecret(**fields, signing_secret=view.secret or ""))
