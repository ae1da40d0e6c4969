"""What can be done with webhook endpoints, named like the SDK: create, retrieve, list, update, delete, test, rotate."""

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
"""Seconds that an old secret goes on signing, if its owner wants that."""


class EndpointView(Struct, frozen=True):
    """An endpoint as its owner sees it."""

    endpoint: WebhookEndpoint
    url: str
    secret: str | None = None  # right after it was made


class WebhookService:
    """The use cases.

    Args:
        rows: where endpoints are kept.
        guard: what URLs go through.
        secret_box: what seals secrets and URLs.
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
        """A new endpoint, with its secret for the only time.

        Raises:
            RequestError: a field is missing, or the URL is none that is asked.
        """
        if fields.name is None or fields.url is None or fields.event_types is None:
            raise MissingParameter("url")
        await self._guard.check_url(fields.url)
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
        """One endpoint.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
        """
        return self._view(await self._repository.get(endpoint_id, principal.account_id))

    async def list(self, principal: Principal, *, after: str | None, limit: int) -> tuple[list[EndpointView], bool]:
        """A page of the account's endpoints, newest first, and whether more follow; nothing follows an unknown one."""
        found = await self._repository.list_for(principal.account_id)
        if after is not None:
            places = [place for place, endpoint in enumerate(found) if endpoint.id == after]
            found = found[places[0] + 1 :] if places else []
        return [self._view(endpoint) for endpoint in found[:limit]], len(found) > limit

    async def update(self, principal: Principal, endpoint_id: str, change: EndpointParams) -> EndpointView:
        """Change what was given; a new URL enables an endpoint that had been disabled.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
            InvalidUrl: the URL is none that is asked.
        """
        await self._repository.get(endpoint_id, principal.account_id)
        fields: dict[str, object] = {
            name: value for name, value in msgspec.structs.asdict(change).items() if value is not None
        }
        if change.url is not None:
            await self._guard.check_url(change.url)
            fields |= {"url": self._secret_box.encrypt(change.url), "disabled_at": None}
        if fields:
            fields["updated_at"] = self._clock()
        return self._view(await self._repository.update(endpoint_id, principal.account_id, **fields))

    async def delete(self, principal: Principal, endpoint_id: str) -> None:
        """Remove an endpoint; what it was still to be told is dropped.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
        """
        await self._repository.delete(endpoint_id, principal.account_id, self._clock())

    async def rotate_secret(self, principal: Principal, endpoint_id: str, *, keep_old: bool) -> EndpointView:
        """A new secret, shown this once; with ``keep_old``, both sign for 24 hours.

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
        """Send a sample event now, and return the status of the answer.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
            UrlUnreachable: it did not answer.
        """
        shown, now, event_id = await self.retrieve(principal, endpoint_id), self._clock(), new_id("evt")
        content = webhook.event_body(event_id, kind, now, new_id())
        secrets = [self._secret_box.decrypt(secret) for secret in shown.endpoint.signing_secrets(now)]
        headers = webhook.signed_headers(event_id, now, content, secrets)
        return await self._guard.post(shown.url, content, headers=headers, within=webhook.POST_TIMEOUT)

    def _view(self, endpoint: WebhookEndpoint) -> EndpointView:
        return EndpointView(endpoint, self._secret_box.decrypt(endpoint.url))
