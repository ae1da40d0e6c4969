"""Operations on webhook endpoints, named like the SDK: create, retrieve, list, update, delete, test, rotate."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Struct

from filmgate.domain import new_id
from filmgate.errors import MissingParameter
from filmgate.net.guard import Guard
from filmgate.security.secret_box import SecretBox
from filmgate.store import Principal, WebhookEndpoint, WebhookRepository
from filmgate.wire import webhook
from filmgate.wire.webhook import EndpointParams

__all__ = ["EndpointView", "WebhookService"]

OLD_SECRET_LIFETIME = 24 * 3600.0
"""Seconds for which an old secret still signs, if the owner asks for that."""


class EndpointView(Struct, frozen=True):
    """A webhook endpoint as shown to its owner."""

    endpoint: WebhookEndpoint
    url: str
    secret: str | None = None  # only right after it was created


class WebhookService:
    """Manages the webhook endpoints of all accounts.

    Args:
        rows: the endpoint rows.
        guard: checks and requests the URLs.
        secret_box: encrypts secrets and URLs.
        clock: Unix seconds.
    """

    def __init__(
        self, rows: WebhookRepository, guard: Guard, secret_box: SecretBox, clock: Callable[[], float]
    ) -> None:
        self._repository = rows
        self._guard = guard.for_param("url")
        self._secret_box = secret_box
        self._clock = clock

    async def create(self, principal: Principal, fields: EndpointParams) -> EndpointView:
        """Create an endpoint and return its secret, which is not shown again.

        Raises:
            RequestError: a field is missing, or the URL may not be requested.
        """
        if fields.name is None or fields.url is None or fields.event_types is None:
            raise MissingParameter("url")
        await self._guard.for_owner(principal.account_id).check_url(fields.url)
        secret, now = webhook.new_secret(), self._clock()
        endpoint = WebhookEndpoint(
            id=new_id("we"),
            account_id=principal.account_id,
            name=fields.name,
            url=self._secret_box.encrypt(fields.url),
            event_types=fields.event_types,
            secret=self._secret_box.encrypt(secret),
            secret_hint=webhook.secret_hint(secret),
            created_at=now,
            updated_at=now,
        )
        await self._repository.add(endpoint)
        return EndpointView(endpoint, fields.url, secret)

    async def retrieve(self, principal: Principal, endpoint_id: str) -> EndpointView:
        """Return one endpoint.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
        """
        return self._view(await self._repository.get(endpoint_id, principal.account_id))

    async def list(self, principal: Principal, *, after: str | None, limit: int) -> tuple[list[EndpointView], bool]:
        """Return a page of endpoints, newest first, and whether more follow; empty after an unknown ``after``."""
        endpoints = await self._repository.list_for(principal.account_id)
        if after is not None:
            positions = [position for position, endpoint in enumerate(endpoints) if endpoint.id == after]
            endpoints = endpoints[positions[0] + 1 :] if positions else []
        return [self._view(endpoint) for endpoint in endpoints[:limit]], len(endpoints) > limit

    async def update(self, principal: Principal, endpoint_id: str, change: EndpointParams) -> EndpointView:
        """Change the fields that are not None; a new URL enables a disabled endpoint.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
            InvalidUrl: the URL may not be requested.
        """
        await self._repository.get(endpoint_id, principal.account_id)
        fields: dict[str, object] = {
            name: value for name, value in msgspec.structs.asdict(change).items() if value is not None
        }
        if change.url is not None:
            await self._guard.for_owner(principal.account_id).check_url(change.url)
            fields |= {"url": self._secret_box.encrypt(change.url), "disabled_at": None}
        if fields:
            fields["updated_at"] = self._clock()
        return self._view(await self._repository.update(endpoint_id, principal.account_id, **fields))

    async def delete(self, principal: Principal, endpoint_id: str) -> None:
        """Remove an endpoint and drop its undelivered events.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
        """
        await self._repository.delete(endpoint_id, principal.account_id, self._clock())

    async def rotate_secret(self, principal: Principal, endpoint_id: str, *, keep_old: bool) -> EndpointView:
        """Create a new secret, which is shown only once; with ``keep_old``, both sign for 24 hours.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
        """
        old = await self._repository.get(endpoint_id, principal.account_id)
        secret, now = webhook.new_secret(), self._clock()
        changed = await self._repository.update(
            endpoint_id,
            principal.account_id,
            secret=self._secret_box.encrypt(secret),
            secret_hint=webhook.secret_hint(secret),
            old_secret=old.secret if keep_old else None,
            old_secret_until=now + OLD_SECRET_LIFETIME if keep_old else None,
            updated_at=now,
        )
        return msgspec.structs.replace(self._view(changed), secret=secret)

    async def test(self, principal: Principal, endpoint_id: str, kind: str) -> int:
        """Send a sample event now and return the HTTP status of the response.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
            UrlUnreachable: no response came.
        """
        view, now, event_id = await self.retrieve(principal, endpoint_id), self._clock(), new_id("evt")
        content = webhook.event_body(event_id, kind, now, new_id())
        secrets = [self._secret_box.decrypt(secret) for secret in view.endpoint.signing_secrets(now)]
        headers = webhook.signed_headers(event_id, now, content, secrets)
        guard = self._guard.for_owner(principal.account_id)
        return await guard.post(view.url, content, headers=headers, within=webhook.POST_TIMEOUT)

    def _view(self, endpoint: WebhookEndpoint) -> EndpointView:
        return EndpointView(endpoint, self._secret_box.decrypt(endpoint.url))
