"""Webhook delivery: at least once, under one event id, for three days.

All state is in the rows: a process that dies during an attempt leaves a claim that expires, and another process tries
again.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Protocol

import structlog

from filmgate.errors import InvalidUrl, UrlUnreachable
from filmgate.security.secret_box import SecretBox
from filmgate.store import PendingDelivery, Store
from filmgate.wire import webhook

__all__ = ["WebhookSender"]

CLAIM_LEASE = 2 * webhook.POST_TIMEOUT
"""Seconds for which a claimed delivery belongs to the process that claimed it."""

MAX_CONCURRENT = 256
"""Attempts that one process runs at once."""

MAX_PER_ACCOUNT = 16
"""Attempts that it runs at once for one account: receivers that answer late hold up their own account's alone."""

log = structlog.get_logger()


class HttpPost(Protocol):
    """Posts a body and returns the status of the response: :meth:`filmgate.net.Guard.post`."""

    def __call__(
        self, url: str, body: bytes, *, headers: Mapping[str, str], within: float, owner: str | None = None
    ) -> Awaitable[int]:
        """Send, for the account ``owner``."""
        ...


class WebhookSender:
    """Sends due deliveries, and tracks the attempts in flight.

    Args:
        store: the store.
        secret_box: decrypts secrets and URLs.
        post: the guarded HTTP client.
        clock: Unix seconds.
        roll: random numbers in [0, 1), for the jitter.
    """

    def __init__(
        self,
        store: Store,
        secret_box: SecretBox,
        post: HttpPost,
        clock: Callable[[], float],
        roll: Callable[[], float] = random.random,
    ) -> None:
        self._repository = store.webhooks
        self._outbox = store.outbox
        self._secret_box = secret_box
        self._post = post
        self._clock = clock
        self._roll = roll
        self._in_flight: set[asyncio.Task[None]] = set()
        self._per_account: Counter[str] = Counter()  # attempts in flight

    async def send_due(self) -> int:
        """Start every attempt that is due, up to MAX_CONCURRENT; returns how many."""
        for event in await self._outbox.pending():
            await self._repository.fan_out(event.id, self._clock())
        started = 0
        for delivery in await self._repository.list_due(self._clock(), max(0, MAX_CONCURRENT - len(self._in_flight))):
            if self._per_account[delivery.account_id] >= MAX_PER_ACCOUNT:
                continue
            claimed = await self._repository.claim(delivery, self._clock() + CLAIM_LEASE)
            if claimed is not None:
                self._start_attempt(claimed)
                started += 1
        return started

    async def wait_idle(self) -> None:
        """Return when all started attempts are over."""
        while self._in_flight:
            await asyncio.wait(self._in_flight)

    async def stop(self) -> None:
        """Cancel the attempts in flight; their claims expire, and they are tried again."""
        for task in self._in_flight:
            task.cancel()
        await asyncio.gather(*self._in_flight, return_exceptions=True)

    def _start_attempt(self, delivery: PendingDelivery) -> None:
        task = asyncio.create_task(self._run_attempt(delivery), name="webhook")
        self._in_flight.add(task)
        self._per_account[delivery.account_id] += 1
        task.add_done_callback(lambda done: self._end_attempt(done, delivery.account_id))

    def _end_attempt(self, done: asyncio.Task[None], account_id: str) -> None:
        self._in_flight.discard(done)
        self._per_account[account_id] -= 1
        if not self._per_account[account_id]:
            del self._per_account[account_id]

    async def _run_attempt(self, delivery: PendingDelivery) -> None:
        """Run one attempt; whatever happens in it, the claim expires."""
        try:
            await self._attempt(delivery)
        except Exception:
            log.exception("webhook.crashed", event_id=delivery.event_id)

    async def _attempt(self, delivery: PendingDelivery) -> None:
        now = self._clock()
        url, secrets = await self._resolve_receiver(delivery, now)
        if url is None:
            await self._repository.settle(delivery, "dropped", None, now)
            return
        body = webhook.event_body(delivery.event_id, delivery.type, delivery.created_at, delivery.video_id)
        headers = webhook.signed_headers(delivery.event_id, now, body, secrets)
        try:
            status = await self._post(
                url, body, headers=headers, within=webhook.POST_TIMEOUT, owner=delivery.account_id
            )
        except (InvalidUrl, UrlUnreachable):
            status = None
        await self._record_result(delivery, status)

    async def _resolve_receiver(self, delivery: PendingDelivery, now: float) -> tuple[str | None, list[str]]:
        """Return the URL, if any, and the signing secrets: a callback is signed by all of its account's endpoints."""
        endpoints = [
            endpoint
            for endpoint in await self._repository.list_for(delivery.account_id)
            if endpoint.disabled_at is None
        ]
        if delivery.endpoint_id is not None:
            endpoints = [endpoint for endpoint in endpoints if endpoint.id == delivery.endpoint_id]
            encrypted_url = endpoints[0].url if endpoints else None
        else:
            encrypted_url = delivery.callback_url
        secrets = [
            self._secret_box.decrypt(secret) for endpoint in endpoints for secret in endpoint.signing_secrets(now)
        ]
        return None if encrypted_url is None else self._secret_box.decrypt(encrypted_url), secrets

    async def _record_result(self, delivery: PendingDelivery, status: int | None) -> None:
        now, tries = self._clock(), delivery.tries + 1
        log.info(
            "webhook.attempted",
            event_id=delivery.event_id,
            endpoint=delivery.endpoint_id,
            status=status,
            attempts=tries,
        )
        retry_delay = webhook.retry_delay(tries, self._roll())
        if status is not None and HTTPStatus(200) <= status < HTTPStatus.MULTIPLE_CHOICES:
            await self._repository.settle(delivery, "delivered", status, now)
        elif status == HTTPStatus.GONE or retry_delay is None:
            await self._repository.settle(delivery, "failed", status, now)
        else:
            await self._repository.record_failure(delivery, status, now + retry_delay)
        if status == HTTPStatus.GONE and delivery.endpoint_id is not None:
            await self._repository.disable(delivery.endpoint_id, now)
