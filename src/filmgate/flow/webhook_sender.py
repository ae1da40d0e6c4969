"""Telling the outside of events: at least once, under one id, for three days.

Everything stands in the rows: a process that dies in the middle of a try leaves a claim that runs out, and whoever
comes next tries again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Protocol

import structlog

from filmgate.errors import InvalidUrl, UrlUnreachable
from filmgate.security.secret_box import Vault
from filmgate.store import Delivery, Store
from filmgate.wire import webhook

__all__ = ["Deliveries"]

LEASE = 2 * webhook.POST_TIMEOUT
"""Seconds for which a claimed delivery is left to the process that claimed it."""

AT_ONCE = 64
"""Tries that one process has under way."""

log = structlog.get_logger()


class Post(Protocol):
    """Sends a body and returns the status of the answer: :meth:`filmgate.net.Guard.post`."""

    def __call__(self, url: str, body: bytes, *, headers: Mapping[str, str], within: float) -> Awaitable[int]:
        """Send."""
        ...


class Deliveries:
    """What is to be told, and the tries under way.

    Args:
        store: the rows.
        vault: what opens secrets and URLs.
        post: the guarded way out.
        clock: Unix seconds.
        roll: random numbers in [0, 1), for the jitter.
    """

    def __init__(
        self,
        store: Store,
        vault: Vault,
        post: Post,
        clock: Callable[[], float],
        roll: Callable[[], float] = random.random,
    ) -> None:
        self._rows = store.webhooks
        self._outbox = store.outbox
        self._vault = vault
        self._post = post
        self._clock = clock
        self._roll = roll
        self._trying: set[asyncio.Task[None]] = set()

    async def sweep(self) -> int:
        """Begin every try that is due, as far as there is room; returns how many."""
        for event in await self._outbox.pending():
            await self._rows.fan_out(event.id, self._clock())
        begun = 0
        for delivery in await self._rows.due(self._clock(), max(0, AT_ONCE - len(self._trying))):
            ours = await self._rows.claim(delivery, self._clock() + LEASE)
            if ours is not None:
                self._begin(ours)
                begun += 1
        return begun

    async def settled(self) -> None:
        """Return when every try that was begun is over."""
        while self._trying:
            await asyncio.wait(self._trying)

    async def stop(self) -> None:
        """Drop the tries under way; their claims run out, and they are tried again."""
        for task in self._trying:
            task.cancel()
        await asyncio.gather(*self._trying, return_exceptions=True)

    def _begin(self, delivery: Delivery) -> None:
        task = asyncio.create_task(self._run(delivery), name="webhook")
        self._trying.add(task)
        task.add_done_callback(self._trying.discard)

    async def _run(self, delivery: Delivery) -> None:
        """The outermost frame of a try: whatever happens in it, the claim runs out."""
        try:
            await self._try(delivery)
        except Exception:
            log.exception("webhook.stumbled", event_id=delivery.event_id)

    async def _try(self, delivery: Delivery) -> None:
        now = self._clock()
        url, secrets = await self._receiver(delivery, now)
        if url is None:
            await self._rows.settle(delivery, "dropped", None, now)
            return
        body = webhook.body(delivery.event_id, delivery.type, delivery.created_at, delivery.video_id)
        headers = webhook.headers(delivery.event_id, now, body, secrets)
        try:
            status = await self._post(url, body, headers=headers, within=webhook.POST_TIMEOUT)
        except (InvalidUrl, UrlUnreachable):
            status = None
        await self._note(delivery, status)

    async def _receiver(self, delivery: Delivery, now: float) -> tuple[str | None, list[str]]:
        """Where it goes, if anywhere, and what signs it: a callback is signed by all of its account's endpoints."""
        endpoints = [each for each in await self._rows.of(delivery.account_id) if each.disabled_at is None]
        if delivery.endpoint_id is not None:
            endpoints = [each for each in endpoints if each.id == delivery.endpoint_id]
            sealed = endpoints[0].url if endpoints else None
        else:
            sealed = delivery.callback_url
        secrets = [self._vault.open(secret) for each in endpoints for secret in each.signing_secrets(now)]
        return None if sealed is None else self._vault.open(sealed), secrets

    async def _note(self, delivery: Delivery, status: int | None) -> None:
        now, tries = self._clock(), delivery.tries + 1
        log.info("webhook.tried", event_id=delivery.event_id, endpoint=delivery.endpoint_id, status=status, tries=tries)
        wait = webhook.delay(tries, self._roll())
        if status is not None and HTTPStatus(200) <= status < HTTPStatus.MULTIPLE_CHOICES:
            await self._rows.settle(delivery, "delivered", status, now)
        elif status == HTTPStatus.GONE or wait is None:
            await self._rows.settle(delivery, "failed", status, now)
        else:
            await self._rows.tried(delivery, status, now + wait)
        if status == HTTPStatus.GONE and delivery.endpoint_id is not None:
            await self._rows.disable(delivery.endpoint_id, now)
