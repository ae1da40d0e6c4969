"""What can be done with webhook endpoints, named like the SDK: create, retrieve, list, update, delete, test, rotate."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Struct

from filmgate.domain import new_id
from filmgate.errors import MissingParameter
from filmgate.net import Guard
from filmgate.security.secret_box import Vault
from filmgate.store import Endpoint, Principal, WebhookRows
from filmgate.wire import webhook
from filmgate.wire.webhook import EndpointChange

__all__ = ["Shown", "Webhooks"]

KEEP_OLD = 24 * 3600.0
"""Seconds that an old secret goes on signing, if its owner wants that."""


class Shown(Struct, frozen=True):
    """An endpoint as its owner sees it."""

    endpoint: Endpoint
    url: str
    secret: str | None = None  # right after it was made


class Webhooks:
    """The use cases.

    Args:
        rows: where endpoints are kept.
        guard: what URLs go through.
        vault: what seals secrets and URLs.
        clock: Unix seconds.
    """

    def __init__(self, rows: WebhookRows, guard: Guard, vault: Vault, clock: Callable[[], float]) -> None:
        self._rows = rows
        self._guard = guard.about("url")
        self._vault = vault
        self._clock = clock

    async def create(self, principal: Principal, wanted: EndpointChange) -> Shown:
        """A new endpoint, with its secret for the only time.

        Raises:
            RequestError: a field is missing, or the URL is none that is asked.
        """
        if wanted.name is None or wanted.url is None or wanted.event_types is None:
            raise MissingParameter("url")
        await self._guard.check(wanted.url)
        secret, now = webhook.new_secret(), self._clock()
        endpoint = Endpoint(
            id=new_id("we"),
            account_id=principal.account_id,
            name=wanted.name,
            url=self._vault.seal(wanted.url),
            event_types=wanted.event_types,
            secret=self._vault.seal(secret),
            secret_hint=webhook.hint(secret),
            created_at=now,
            updated_at=now,
        )
        await self._rows.add(endpoint)
        return Shown(endpoint, wanted.url, secret)

    async def retrieve(self, principal: Principal, endpoint_id: str) -> Shown:
        """One endpoint.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
        """
        return self._shown(await self._rows.get(endpoint_id, principal.account_id))

    async def list(self, principal: Principal, *, after: str | None, limit: int) -> tuple[list[Shown], bool]:
        """A page of the account's endpoints, newest first, and whether more follow; nothing follows an unknown one."""
        found = await self._rows.of(principal.account_id)
        if after is not None:
            places = [place for place, endpoint in enumerate(found) if endpoint.id == after]
            found = found[places[0] + 1 :] if places else []
        return [self._shown(endpoint) for endpoint in found[:limit]], len(found) > limit

    async def update(self, principal: Principal, endpoint_id: str, change: EndpointChange) -> Shown:
        """Change what was given; a new URL enables an endpoint that had been disabled.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
            InvalidUrl: the URL is none that is asked.
        """
        await self._rows.get(endpoint_id, principal.account_id)
        fields: dict[str, object] = {
            name: value for name, value in msgspec.structs.asdict(change).items() if value is not None
        }
        if change.url is not None:
            await self._guard.check(change.url)
            fields |= {"url": self._vault.seal(change.url), "disabled_at": None}
        if fields:
            fields["updated_at"] = self._clock()
        return self._shown(await self._rows.change(endpoint_id, principal.account_id, **fields))

    async def delete(self, principal: Principal, endpoint_id: str) -> None:
        """Remove an endpoint; what it was still to be told is dropped.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
        """
        await self._rows.remove(endpoint_id, principal.account_id, self._clock())

    async def rotate_secret(self, principal: Principal, endpoint_id: str, *, keep_old: bool) -> Shown:
        """A new secret, shown this once; with ``keep_old``, both sign for 24 hours.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
        """
        old = await self._rows.get(endpoint_id, principal.account_id)
        secret, now = webhook.new_secret(), self._clock()
        changed = await self._rows.change(
            endpoint_id,
            principal.account_id,
            secret=self._vault.seal(secret),
            secret_hint=webhook.hint(secret),
            old_secret=old.secret if keep_old else None,
            old_secret_until=now + KEEP_OLD if keep_old else None,
            updated_at=now,
        )
        return msgspec.structs.replace(self._shown(changed), secret=secret)

    async def test(self, principal: Principal, endpoint_id: str, kind: str) -> int:
        """Send a sample event now, and return the status of the answer.

        Raises:
            WebhookEndpointNotFound: unknown, deleted or another account's.
            UrlUnreachable: it did not answer.
        """
        shown, now, event_id = await self.retrieve(principal, endpoint_id), self._clock(), new_id("evt")
        content = webhook.body(event_id, kind, now, new_id())
        secrets = [self._vault.open(secret) for secret in shown.endpoint.signing_secrets(now)]
        headers = webhook.headers(event_id, now, content, secrets)
        return await self._guard.post(shown.url, content, headers=headers, within=webhook.POST_TIMEOUT)

    def _shown(self, endpoint: Endpoint) -> Shown:
        return Shown(endpoint, self._vault.open(endpoint.url))
